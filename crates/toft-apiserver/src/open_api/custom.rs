//! Types of custom kinds, as their definitions have them.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/controller/openapi/builder/builder.go`.

use toft_value::{Value, value};

use super::types::REFERENCE;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The schema of a definition, with what every object has.
pub(super) fn published(written: &Value) -> Value {
    let mut schema = written.clone();
    if schema.get("type").is_none() {
        schema.set_at(&["type"], "object");
    }
    embedded(&mut schema);
    object_fields(&mut schema);
    schema
}

fn object_fields(schema: &mut Value) {
    let metadata = value!({"allOf": [{"$ref": format!("{REFERENCE}{META}")}]});
    for (name, property) in [
        ("apiVersion", value!({"type": "string"})),
        ("kind", value!({"type": "string"})),
        ("metadata", metadata),
    ] {
        schema.set_at(&["properties", name], property);
    }
}

/// Whole objects within an object have these fields too, and must say what they are.
fn embedded(schema: &mut Value) {
    if let Some(properties) = schema.get("properties").and_then(toft_value::Value::as_map) {
        let names: Vec<_> = properties.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            within(schema, &["properties", &name]);
        }
    }
    for inner in ["items", "additionalProperties"] {
        within(schema, &[inner]);
    }
}

fn within(schema: &mut Value, path: &[&str]) {
    let Some(inner) = schema.at_mut(path).filter(|inner| inner.as_map().is_some()) else {
        return;
    };
    embedded(inner);
    if inner.bool_at(&["x-kubernetes-embedded-resource"]) == Some(true) {
        object_fields(inner);
        let mut required: Vec<Value> = inner.items_at(&["required"]).to_vec();
        for name in ["kind", "apiVersion"] {
            if !required.iter().any(|one| one.as_str() == Some(name)) {
                required.push(name.into());
            }
        }
        inner.set_at(&["required"], Value::from(required));
    }
}
