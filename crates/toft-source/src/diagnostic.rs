//! What Toft has to say about input.

use crate::source::{Source, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not what was meant; the result is whole.
    Warning,
    /// The result is not what was asked for.
    Error,
}

/// A place in a source and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The text that is pointed into.
    pub source: Source,
    /// The exact bytes.
    pub span: Span,
    /// What stands under the bytes; may be empty.
    pub text: String,
}

/// Whether a fix can be applied without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixSafety {
    /// The meaning stays what the author evidently wanted.
    Safe,
    /// A person has to decide.
    Unsafe,
}

/// An edit that would mend the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The text to edit.
    pub source: Source,
    /// The bytes to replace.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
    /// Whether it can be applied without asking.
    pub safety: FixSafety,
}

/// One fact about the input: where, why, and what to do.
///
/// The first label is the primary place. `message` is one sentence without a final period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code, such as `KUS003`; never reused.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that states the fact.
    pub message: String,
    /// Places, the primary one first.
    pub labels: Vec<Label>,
    /// Why it matters, and what else is known.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<String>,
    /// The edit that would mend it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    /// A note without a place yet.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message.into())
    }

    fn new(severity: Severity, code: &'static str, message: String) -> Self {
        let (labels, notes, help, fix) = (Vec::new(), Vec::new(), Vec::new(), None);
        Self {
            code,
            severity,
            message,
            labels,
            notes,
            help,
            fix,
        }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            source: source.clone(),
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a piece of advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds the edit that would mend it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// What was understood, and what is to be said about the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<T> {
    /// What was understood.
    pub value: T,
    /// In the order they were found.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Checked<T> {
    /// A value about which there is nothing to say.
    pub fn clean(value: T) -> Self {
        Self {
            value,
            diagnostics: Vec::new(),
        }
    }

    /// Whether a diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The value, its diagnostics moved to the end of `diagnostics`.
    pub fn take(self, diagnostics: &mut Vec<Diagnostic>) -> T {
        diagnostics.extend(self.diagnostics);
        self.value
    }
}
