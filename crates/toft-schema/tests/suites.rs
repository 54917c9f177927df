//! What each suite checks.

pub(crate) mod answers;
pub(crate) mod apply;
pub(crate) mod decode;
pub(crate) mod defaults;
pub(crate) mod library;
pub(crate) mod patch;
pub(crate) mod validate;

pub(crate) use toft_testkit::recorded::{print, with_managers, without_registry};

use toft_object::Gvk;
use toft_testkit::Case;
use toft_value::Value;

/// A JSON file of a case.
pub(crate) fn read(case: &Case, name: &str) -> Result<Value, String> {
    let text = case.required(name)?;
    Value::from_json(text.as_bytes()).map_err(|error| format!("{name}: {error}"))
}

/// The kind of an object.
pub(crate) fn gvk(object: &Value) -> Gvk {
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default();
    Gvk::of(text("apiVersion"), text("kind"))
}
