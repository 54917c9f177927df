//! Source files, spans, diagnostics and their renderers.
//!
//! Everything that Toft reads comes out of a [`Files`] tree, and everything it has to say about what
//! it read is a [`Diagnostic`] that points back into a [`Source`]. A function that understands input
//! returns [`Checked`]: what it understood, and what it has to say about the rest.

mod diagnostic;
mod files;
mod links;
mod memory;
mod path;
mod remote;
mod render;
mod source;

pub use diagnostic::{Checked, Diagnostic, Fix, FixSafety, Label, Severity};
pub use files::{Entry, EntryKind, Files, ReadError};
pub use files::{FILE_BYTES_MAX, LINKS_MAX};
pub use links::{LinkTarget, follow_links};
pub use memory::MemoryFiles;
pub use path::{PathError, RepoPath};
pub use remote::{Remote, Remotes, WithRemotes};
pub use render::{DIAGNOSTICS_API_VERSION, Style, render_json, render_text};
pub use source::{Position, Source, Span};
