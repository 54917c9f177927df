//! Exit codes, which scripts rely on.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// It is done.
    Done,
    /// The command worked and the answer is negative: not healthy.
    Negative,
    /// The arguments or the input are wrong, or the command could not run.
    Usage,
    /// What it should talk to does not answer.
    Unreachable,
    /// It took longer than it was given.
    TimedOut,
    /// It is our own fault.
    Bug,
    /// Ctrl-C, after leaving a consistent state.
    Interrupted,
    /// TERM, after leaving a consistent state.
    Terminated,
}

impl ExitStatus {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::TimedOut => 4,
            Self::Bug => 70,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}
