//! What is wrong with a chart, its values or a template.

use toft_source::{Diagnostic, Severity};

/// What is wrong, in Helm's words where Helm has them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// The code of the diagnostic.
    pub code: &'static str,
    /// One sentence or more.
    pub message: String,
}

/// The chart cannot be read.
pub(crate) const CHART: &str = "HLM001";
/// The values cannot be read or put together.
pub(crate) const VALUES: &str = "HLM002";
/// A dependency is missing.
pub(crate) const DEPENDENCY: &str = "HLM003";
/// The values do not fit the chart's schema.
pub(crate) const SCHEMA: &str = "HLM004";
/// A template failed.
pub(crate) const TEMPLATE: &str = "HLM005";
/// What a template gives is no object.
pub(crate) const MANIFEST: &str = "HLM006";
/// The chart or the options do not fit the cluster.
pub(crate) const OPTIONS: &str = "HLM007";

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// A release that is named twice over.
    pub fn two_names() -> Self {
        Self::new(
            OPTIONS,
            "cannot set --name-template and also specify a name",
        )
    }

    /// A release that is named, and gets a name besides.
    pub fn name_and_generated() -> Self {
        Self::new(
            OPTIONS,
            "cannot set --generate-name and also specify a name",
        )
    }

    /// Whether charts are missing that the chart needs.
    pub fn is_missing_dependency(&self) -> bool {
        self.code == DEPENDENCY
    }

    pub(crate) fn chart(message: impl Into<String>) -> Self {
        Self::new(CHART, message)
    }

    pub(crate) fn values(message: impl Into<String>) -> Self {
        Self::new(VALUES, message)
    }

    /// The problem with what was being done before it.
    pub(crate) fn during(self, what: &str) -> Self {
        Self {
            code: self.code,
            message: format!("{what}: {}", self.message),
        }
    }
}

impl From<Problem> for Diagnostic {
    fn from(problem: Problem) -> Self {
        Self::error(problem.code, problem.message)
    }
}

/// The first diagnostic that refuses.
pub(crate) fn first_error(diagnostics: &[Diagnostic]) -> Option<&Diagnostic> {
    let mut all = diagnostics.iter();
    all.find(|diagnostic| diagnostic.severity == Severity::Error)
}
