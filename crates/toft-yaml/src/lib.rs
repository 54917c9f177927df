//! YAML text to tree to value and back, as kustomize and kubectl read and print it.
//!
//! [`parse`] reads text into a [`Tree`]: every node with its bytes, comments kept, nothing interpreted.
//! [`Document::to_value`] says what a document means to kustomize or to kubectl ([`Resolver`]), which
//! differ. [`values`] does both for a file of manifests. [`write()`] prints a value as all of upstream's
//! tools do. [`Edit`] changes a text without touching its comments and layout.

mod decode;
mod edit;
mod parse;
mod resolve;
mod scan;
mod text;
mod tree;
mod write;

pub use decode::{Located, REPEATED_KEY, refold, unmarshal, values};
pub use edit::Edit;
pub use parse::parse;
pub use resolve::{Plain, Resolver, resolve_plain};
pub use scan::{DEPTH_MAX, Style};
pub use tree::{Document, Layout, Node, NodeKind, Tree};
pub use write::write;

#[cfg(test)]
mod tests;
