//! What is wrong with an object.

mod custom;

use toft_object::Gvk;
use toft_value::Value;

use crate::field_error::FieldError;
use crate::schemas::Schemas;

/// What is wrong with a new object; it is decoded and has its defaults.
pub fn validate(schemas: &Schemas, gvk: &Gvk, object: &Value) -> Vec<FieldError> {
    if schemas.builtin_schema(gvk).is_some() {
        return Vec::new();
    }
    match schemas.schema(gvk) {
        Some(schema) => custom::validate(schema, object),
        None => Vec::new(),
    }
}
