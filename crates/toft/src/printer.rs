//! The only thing that prints: data to stdout, talk to stderr.

use std::io::{self, IsTerminal as _, Write as _};

use clap::builder::StyledStr;
use toft_source::Style;

/// When to colour: always, never, or where a stream is a terminal and nothing speaks against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

/// What the surroundings say about printing.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    wish: Wish,
    stdout: Target,
    stderr: Target,
    /// Whether somebody looks, or this is a build machine.
    onlooker: Onlooker,
}

/// What environment variables wish for: `NO_COLOR` before `CLICOLOR_FORCE` before `TERM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    None,
    Colour,
    Plain,
}

/// Where a stream leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Terminal,
    Elsewhere,
}

/// Whether somebody looks at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Onlooker {
    Somebody,
    /// A build machine (`CI` is set).
    Nobody,
}

/// What a coloured word means; the colour is never the only sign of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something is wrong.
    Error,
    /// Something is odd, or on its way.
    Warning,
    /// All is well.
    Good,
    /// What to do.
    Help,
    /// A heading.
    Strong,
}

/// Prints, and knows whether a stream takes colour.
#[derive(Debug)]
pub(crate) struct Printer {
    stdout: io::Stdout,
    stderr: io::Stderr,
    data_style: Style,
    talk_style: Style,
    manner: Manner,
}

/// How talk that nobody asked for is told: progress, notes, what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Lines that are drawn over, where that makes sense.
    Live,
    /// Lines that stay.
    Lines,
    /// Not at all.
    Quiet,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volume {
    /// Everything that helps.
    Normal,
    /// Answers and errors.
    Quiet,
}

impl Environment {
    /// Reads the environment and looks where the streams lead.
    pub(crate) fn read() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let wish = match (set("NO_COLOR"), forced, dumb) {
            (true, _, _) | (false, false, true) => Wish::Plain,
            (false, true, _) => Wish::Colour,
            (false, false, false) => Wish::None,
        };
        let target = |terminal: bool| {
            if terminal {
                Target::Terminal
            } else {
                Target::Elsewhere
            }
        };
        Self {
            wish,
            onlooker: if set("CI") {
                Onlooker::Nobody
            } else {
                Onlooker::Somebody
            },
            stdout: target(io::stdout().is_terminal()),
            stderr: target(io::stderr().is_terminal()),
        }
    }

    fn manner(&self, volume: Volume) -> Manner {
        let is_watched = self.stderr == Target::Terminal && self.onlooker == Onlooker::Somebody;
        match volume {
            Volume::Quiet => Manner::Quiet,
            Volume::Normal if is_watched && self.wish != Wish::Plain => Manner::Live,
            Volume::Normal => Manner::Lines,
        }
    }

    fn style(&self, target: Target, colour: Colour) -> Style {
        let coloured = match (colour, self.wish) {
            (Colour::Always, _) | (Colour::Auto, Wish::Colour) => true,
            (Colour::Never, _) | (Colour::Auto, Wish::Plain) => false,
            (Colour::Auto, Wish::None) => target == Target::Terminal,
        };
        if coloured {
            Style::Coloured
        } else {
            Style::Plain
        }
    }
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Error => "1;31",
            Self::Warning => "33",
            Self::Good => "32",
            Self::Help => "36",
            Self::Strong => "1",
        }
    }
}

impl Printer {
    /// A printer for these surroundings.
    pub(crate) fn new(environment: &Environment, colour: Colour, volume: Volume) -> Self {
        Self {
            stdout: io::stdout(),
            stderr: io::stderr(),
            data_style: environment.style(environment.stdout, colour),
            talk_style: environment.style(environment.stderr, colour),
            manner: environment.manner(volume),
        }
    }

    /// A printer without colour.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self {
            stdout: io::stdout(),
            stderr: io::stderr(),
            data_style: Style::Plain,
            talk_style: Style::Plain,
            manner: Manner::Lines,
        }
    }

    /// Prints data to stdout. A reader that has seen enough (`| head`) is no failure.
    pub(crate) fn data(&mut self, text: &str) {
        let mut stdout = self.stdout.lock();
        let written = stdout.write_all(text.as_bytes());
        drop(written.and_then(|()| stdout.flush()));
    }

    /// Prints what helps to stderr: progress, notes, what was done.
    pub(crate) fn note(&mut self, text: &str) {
        if self.manner != Manner::Quiet {
            self.talk(text);
        }
    }

    /// Prints to stderr what must be said: errors. There is nobody to tell if that fails.
    pub(crate) fn talk(&mut self, text: &str) {
        drop(self.stderr.lock().write_all(text.as_bytes()));
    }

    /// Whether talk may be drawn over: a terminal that can.
    pub(crate) fn is_live(&self) -> bool {
        self.manner == Manner::Live
    }

    /// How talk looks.
    pub(crate) fn talk_style(&self) -> Style {
        self.talk_style
    }

    /// A word of talk in its tone.
    pub(crate) fn paint(&self, word: &str, tone: Tone) -> String {
        paint(word, tone, self.talk_style)
    }

    /// A word of data in its tone.
    pub(crate) fn paint_data(&self, word: &str, tone: Tone) -> String {
        paint(word, tone, self.data_style)
    }

    /// Text of clap for stderr.
    pub(crate) fn styled_for_talk(&self, text: &StyledStr) -> String {
        styled(text, self.talk_style)
    }

    /// Text of clap for stdout.
    pub(crate) fn styled_for_data(&self, text: &StyledStr) -> String {
        styled(text, self.data_style)
    }
}

/// Text of a repository or a cluster, which must not steer a terminal.
pub(crate) fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            inert.extend(character.escape_default());
        } else {
            inert.push(character);
        }
    }
    inert
}

fn paint(word: &str, tone: Tone, style: Style) -> String {
    match style {
        Style::Coloured => format!("\x1b[{}m{word}\x1b[0m", tone.code()),
        Style::Plain => word.to_owned(),
    }
}

fn styled(text: &StyledStr, style: Style) -> String {
    match style {
        Style::Coloured => text.ansi().to_string(),
        Style::Plain => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(wish: Wish, onlooker: Onlooker) -> Environment {
        Environment {
            wish,
            onlooker,
            stdout: Target::Elsewhere,
            stderr: Target::Terminal,
        }
    }

    #[test]
    fn colour_is_for_terminals_unless_somebody_says_otherwise() {
        let style = |wish, target, colour| terminal(wish, Onlooker::Somebody).style(target, colour);
        let (here, pipe) = (Target::Terminal, Target::Elsewhere);
        assert_eq!(style(Wish::None, here, Colour::Auto), Style::Coloured);
        assert_eq!(style(Wish::None, pipe, Colour::Auto), Style::Plain);
        assert_eq!(style(Wish::Plain, here, Colour::Auto), Style::Plain);
        assert_eq!(style(Wish::Colour, pipe, Colour::Auto), Style::Coloured);
        // Who asks for it on the command line gets it, whatever the environment says.
        assert_eq!(style(Wish::Plain, pipe, Colour::Always), Style::Coloured);
        assert_eq!(style(Wish::Colour, here, Colour::Never), Style::Plain);
    }

    #[test]
    fn lines_are_drawn_over_only_where_somebody_looks_at_a_terminal() {
        let manner = |wish, onlooker, volume| terminal(wish, onlooker).manner(volume);
        let (somebody, nobody) = (Onlooker::Somebody, Onlooker::Nobody);
        assert_eq!(manner(Wish::None, somebody, Volume::Normal), Manner::Live);
        assert_eq!(manner(Wish::Plain, somebody, Volume::Normal), Manner::Lines);
        assert_eq!(manner(Wish::None, nobody, Volume::Normal), Manner::Lines);
        assert_eq!(manner(Wish::None, somebody, Volume::Quiet), Manner::Quiet);
    }

    #[test]
    fn foreign_text_does_not_steer_the_terminal() {
        assert_eq!(inert("a\u{1b}[31mb\u{7}\tc"), "a\\u{1b}[31mb\\u{7}\tc");
    }
}
