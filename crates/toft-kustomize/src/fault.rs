//! What goes wrong inside a transformation, before anyone knows where in the input it came from.

use std::fmt;

use crate::node::NodeKind;

/// A fact about an object or a field, one sentence in upstream's wording where there is one.
///
/// The step that meets it turns it into a diagnostic with a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Source: `InvalidNodeKindError`, `kyaml/yaml/fns.go`.
    pub(crate) fn wrong_kind(wanted: NodeKind, found: NodeKind) -> Self {
        Self(format!(
            "wrong node kind: expected {wanted} but got {found}"
        ))
    }

    /// The same fault with what was being done in front.
    #[must_use]
    pub(crate) fn within(self, context: impl fmt::Display) -> Self {
        Self(format!("{context}: {}", self.0))
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Scalar => "ScalarNode",
            Self::List => "SequenceNode",
            Self::Map => "MappingNode",
        })
    }
}
