//! Kubernetes objects: identity, names, selectors, time; origins and renderings.

mod gvk;
mod object;
mod rendering;
mod selector;
mod time;

pub use gvk::{GroupKind, GroupResource, Gvk};
pub use object::{Object, ObjectError, ObjectId};
pub use rendering::{Origin, Rendered, Rendering};
pub use selector::{FieldRequirement, FieldSelector, LabelSelector, Requirement, SelectorError};
pub use time::{Time, TimeError};
