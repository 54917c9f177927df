//! The Go template language with its own runtime values, and the functions that Argo CD and Helm offer.
//!
//! A [`Template`] is parsed once and rendered with [`Data`], which knows Go's types as far as
//! templates can tell them apart. Errors have Go's words, with template name, line and column.
//! Clock and chance come in through [`Settings`]; work, output and nesting are bounded.

mod bounds;
mod builtins;
mod error;
mod exec;
mod format;
mod functions;
mod lex;
mod node;
mod number;
mod parse;
mod quote;
mod runtime;
mod scope;
mod session;
mod template;

pub use bounds::{Limits, NESTING_MAX, OUTPUT_BYTES_MAX, TEMPLATE_DEPTH_MAX, VALUES_MAX, WORK_MAX};
pub use error::TemplateError;
pub use functions::{
    Version, Vocabulary, is_range, is_version, newest, normalize, satisfies, slugify,
};
pub use runtime::{
    Data, Dict, DictKind, Emptiness, Items, ItemsKind, Record, RecordField, RecordType,
};
pub use session::{ClusterView, Session};
pub use template::{MissingKey, Options, Settings, Template, TemplateSet};
