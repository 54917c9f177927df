//! Schemas of built-in kinds and CRDs: discovery, fields, defaults, validation; the merges of the API server.
//!
//! [`Schemas`] is a value that knows every kind: the built-in ones from a table that is generated from
//! the data Kubernetes publishes, and those that CRDs add. [`Schema`] walks the fields of one kind.

pub mod apply;
mod argo;
mod crd;
mod decode;
mod defaults;
mod field_error;
mod go_text;
mod graph;
pub mod patch;
mod prune;
mod resource;
mod schema;
mod schemas;
mod table;
mod validate;

pub use argo::argo_crds;
pub use crd::{CRD_DEPTH_MAX, CrdError};
pub use decode::{DecodeError, Decoded, check_types, decode, decode_schema, unknown_fields};
pub use defaults::apply_defaults;
pub use field_error::{FieldError, FieldErrorKind, FieldPath};
pub use prune::{prune, prune_nulls};
pub use resource::{Resource, Subresource};
pub use schema::{
    Field, ListType, MapType, Omit, PatchStrategy, ProtoField, ProtoMessage, Schema, Shape,
};
pub use schemas::Schemas;
pub use validate::{subdomain_problem, validate, validate_update};
