//! Regular expressions of selectors, compiled only when a text is more than letters.
//!
//! Go's and Rust's syntax agree on what selectors use; both run in linear time.

use regex::Regex;

use crate::fault::Fault;

/// A regular expression, or a text that is one in name only.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// Matches everything.
    Any,
    /// The text is equal.
    Equal(String),
    /// The text holds this one.
    Holds(String),
    /// A regular expression.
    Expression(Box<Regex>),
}

impl Pattern {
    /// A pattern for the whole text; the empty one matches everything.
    ///
    /// Source: `anchorRegex`, kustomize 5.8.2 `api/types/selector.go`.
    pub(crate) fn anchored(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if is_plain(text) {
            return Ok(Self::Equal(text.to_owned()));
        }
        compile(&format!("^(?:{text})$"))
    }

    /// A pattern for a part of the text.
    pub(crate) fn unanchored(text: &str) -> Result<Self, Fault> {
        if is_plain(text) {
            return Ok(Self::Holds(text.to_owned()));
        }
        compile(text)
    }

    /// Whether the text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Equal(wanted) => wanted == text,
            Self::Holds(wanted) => text.contains(wanted.as_str()),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

fn compile(text: &str) -> Result<Pattern, Fault> {
    match Regex::new(text) {
        Ok(expression) => Ok(Pattern::Expression(Box::new(expression))),
        Err(error) => Err(Fault::new(format!("error parsing regexp: {error}"))),
    }
}

/// Whether no character of the text means anything in a regular expression.
fn is_plain(text: &str) -> bool {
    !text.contains([
        '\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$',
    ])
}
