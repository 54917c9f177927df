//! Failures that a command ends with.

use std::error::Error;
use std::fmt;

use toft_source::{Diagnostic, render_text};

use crate::exit::ExitStatus;
use crate::printer::{Printer, Tone};

/// A failure with the exit code it deserves and what to do about it.
#[derive(Debug)]
pub(crate) struct Trouble {
    status: ExitStatus,
    message: String,
    help: Vec<String>,
    cause: Option<anyhow::Error>,
    diagnostics: Vec<Diagnostic>,
}

impl Trouble {
    /// The input or the arguments are wrong, or the command cannot run here.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, message)
    }

    /// It is our own fault.
    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Bug, message)
            .help("this is a bug in toft; please tell us what you did")
    }

    /// A failure that ends with `status`.
    pub(crate) fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            help: Vec::new(),
            cause: None,
            diagnostics: Vec::new(),
        }
    }

    /// The input is wrong, as these tell.
    pub(crate) fn input(diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            diagnostics,
            ..Self::usage("the input is wrong")
        }
    }

    /// What to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What went wrong below.
    pub(crate) fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(AsRef::as_ref)
    }
}

/// Tells a failure with its causes and what to do; gives the exit code it deserves.
///
/// A failure that names no exit code is one of the outside: the command could not run.
pub(crate) fn tell(error: &anyhow::Error, printer: &mut Printer) -> ExitStatus {
    let trouble = error.downcast_ref::<Trouble>();
    let status = trouble.map_or(ExitStatus::Usage, |trouble| trouble.status);
    if let Some(trouble) = trouble.filter(|trouble| !trouble.diagnostics.is_empty()) {
        printer.talk(&render_text(&trouble.diagnostics, printer.talk_style()));
        return status;
    }
    let mut lines = vec![format!("{}: {error}", printer.paint("error", Tone::Error))];
    let causes = error.chain().skip(1);
    lines.extend(causes.map(|cause| format!("  caused by: {cause}")));
    let help = trouble.into_iter().flat_map(|trouble| &trouble.help);
    lines.extend(help.map(|help| format!("{}: {help}", printer.paint("help", Tone::Help))));
    printer.talk(&(lines.join("\n") + "\n"));
    status
}
