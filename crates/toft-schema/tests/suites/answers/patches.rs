//! Patches of the three kinds.

use toft_object::Gvk;
use toft_schema::Schemas;
use toft_schema::patch::{self, PatchError};
use toft_value::{Value, value};

fn read(request: &Value) -> (Value, Value) {
    let read = |key| Value::from_json(request.str_at(&[key]).unwrap().as_bytes()).unwrap();
    (read("object"), read("patch"))
}

pub(crate) fn merge(request: &Value) -> Value {
    let (object, patch) = read(request);
    value!({"value": (patch::merge(&object, &patch))})
}

pub(crate) fn json(request: &Value) -> Value {
    let (object, patch) = read(request);
    match patch::json(&object, &patch) {
        Ok(value) => value!({"value": value}),
        Err(PatchError::Unprocessable(error)) => value!({"error": (format!("422 {error}"))}),
        Err(error) => value!({"error": (format!("400 {error}"))}),
    }
}

pub(crate) fn strategic(request: &Value) -> Value {
    let (object, patch) = read(request);
    let schemas = Schemas::builtin();
    let text = |key| object.str_at(&[key]).unwrap();
    let schema = schemas
        .schema(&Gvk::of(text("apiVersion"), text("kind")))
        .unwrap();
    match patch::strategic(schema, &object, &patch) {
        Ok(value) => value!({"value": value}),
        Err(error) => value!({"error": (error.to_string())}),
    }
}
