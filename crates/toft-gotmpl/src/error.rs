//! What can go wrong with a template.

/// An error in Go's words, such as `template: :1:2: executing "" at <.foo>: map has no entry for key "foo"`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(pub String);
