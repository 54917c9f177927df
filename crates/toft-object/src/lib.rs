//! Kubernetes objects: identity, names, quantities, selectors, time; origins and renderings.

mod gvk;
mod object;
mod quantity;
mod rendering;
mod schedule;
mod selector;
mod selector_text;
mod time;

pub use gvk::{GroupKind, GroupResource, Gvk};
pub use object::{Object, ObjectError, ObjectId};
pub use quantity::{Quantity, QuantityError};
pub use rendering::{Origin, Rendered, Rendering};
pub use schedule::{Fields, Schedule};
pub use selector::{FieldRequirement, FieldSelector, LabelSelector, Requirement, SelectorError};
pub use time::{Time, TimeError};
