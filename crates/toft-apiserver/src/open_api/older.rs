//! The older form of the documents: one for all versions, with types that say less.
//!
//! Source: OpenAPI 2.0; kube-openapi `pkg/builder`; apiextensions-apiserver 0.36.3
//! `pkg/controller/openapi/v2/conversion.go`.

use toft_value::{Map, Value, value};

use super::types::REFERENCE;

const OLDER_REFERENCE: &str = "#/definitions/";

/// What the older form does not know of types.
const UNKNOWN: &[&str] = &["allOf", "anyOf", "default", "not", "nullable", "oneOf"];

/// One document of the older form from documents of the newer one.
pub(super) fn merged(documents: impl Iterator<Item = Value>) -> Value {
    let (mut paths, mut definitions) = (Map::new(), Map::new());
    for document in documents {
        for (name, schema) in members(document.at(&["components", "schemas"])) {
            definitions.insert(name.clone(), definition(name, schema));
        }
        for (path, item) in members(document.get("paths")) {
            paths.insert(path.clone(), path_item(item));
        }
    }
    value!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths,
        "definitions": definitions,
        "securityDefinitions": {
            "BearerToken": {"description": "Bearer Token authentication", "type": "apiKey", "name": "authorization", "in": "header"},
        },
        "security": [{"BearerToken": []}],
    })
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&smol_str::SmolStr, &Value)> {
    value.and_then(Value::as_map).into_iter().flatten()
}

/// Scalars with a name say one type here.
fn definition(name: &str, schema: &Value) -> Value {
    match name {
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => {
            value!({"type": "string", "format": "int-or-string"})
        }
        "io.k8s.apimachinery.pkg.api.resource.Quantity" => value!({"type": "string"}),
        _ => typed(schema),
    }
}

/// A type as the older form has it.
fn typed(schema: &Value) -> Value {
    if let [only] = schema.items_at(&["allOf"])
        && let Some(reference) = only.str_at(&["$ref"])
    {
        return referred(schema, reference);
    }
    let mut older = Map::new();
    for (key, inner) in members(Some(schema)) {
        let inner = match key.as_str() {
            "$ref" => older_reference(inner),
            "items" | "additionalProperties" if inner.as_map().is_some() => typed(inner),
            "properties" => {
                let properties = members(Some(inner));
                let properties: Map = properties
                    .map(|(name, property)| (name.clone(), typed(property)))
                    .collect();
                Value::Map(properties)
            }
            key if UNKNOWN.contains(&key) => continue,
            _ => inner.clone(),
        };
        older.insert(key.clone(), inner);
    }
    vague(schema, &mut older);
    Value::Map(older)
}

/// What clients of the older form would take for more than it is loses its type.
fn vague(schema: &Value, older: &mut Map) {
    let is = |key: &str| schema.bool_at(&[key]) == Some(true);
    let is_object = schema.get("x-kubernetes-group-version-kind").is_some();
    if is("nullable") {
        for key in ["type", "items", "properties", "additionalProperties"] {
            older.remove(key);
        }
    }
    if is("x-kubernetes-int-or-string") {
        older.remove("type");
    }
    if is("x-kubernetes-preserve-unknown-fields") {
        for key in ["items", "properties", "required"] {
            older.remove(key);
        }
        if !is_object {
            older.remove("type");
        }
    }
}

/// A property that refers to a type, with what it says besides.
fn referred(schema: &Value, reference: &str) -> Value {
    let mut older = Map::new();
    older.insert("$ref", older_reference(&reference.into()));
    for (key, inner) in members(Some(schema)) {
        if !UNKNOWN.contains(&key.as_str()) {
            older.insert(key.clone(), inner.clone());
        }
    }
    Value::Map(older)
}

fn older_reference(reference: &Value) -> Value {
    let text = reference.as_str().unwrap_or_default();
    text.replacen(REFERENCE, OLDER_REFERENCE, 1).into()
}

fn path_item(item: &Value) -> Value {
    let mut older = Map::new();
    for (key, inner) in members(Some(item)) {
        let inner = if key == "parameters" {
            Value::from(inner.items().iter().map(parameter).collect::<Vec<_>>())
        } else {
            operation(inner)
        };
        older.insert(key.clone(), inner);
    }
    Value::Map(older)
}

/// A parameter says its type itself.
fn parameter(parameter: &Value) -> Value {
    let mut older = parameter.clone();
    let schema = older.remove_at(&["schema"]).unwrap_or_default();
    for (key, inner) in members(Some(&schema)) {
        older.set_at(&[key], inner);
    }
    older
}

fn operation(operation: &Value) -> Value {
    let mut older = operation.clone();
    let mut parameters: Vec<Value> = operation
        .items_at(&["parameters"])
        .iter()
        .map(parameter)
        .collect();
    if let Some(body) = older.remove_at(&["requestBody"]) {
        let content = body.get("content");
        let media: Vec<Value> = members(content).map(|(media, _)| media.into()).collect();
        let schema = members(content).find_map(|(_, content)| content.get("schema"));
        let schema = schema.map(typed).unwrap_or_default();
        let mut parameter = value!({"name": "body", "in": "body", "schema": schema});
        if let Some(required) = body.get("required") {
            parameter.set_at(&["required"], required);
        }
        parameters.insert(0, parameter);
        older.set_at(&["consumes"], Value::from(media));
    }
    if !parameters.is_empty() {
        older.set_at(&["parameters"], Value::from(parameters));
    }
    let produces = members(operation.at(&["responses", "200", "content"]));
    let produces: Vec<Value> = produces.map(|(media, _)| media.into()).collect();
    older.set_at(&["produces"], Value::from(produces));
    older.set_at(&["schemes"], value!(["https"]));
    let responses = members(operation.get("responses"));
    let responses: Map = responses
        .map(|(code, answer)| (code.clone(), response(answer)))
        .collect();
    older.set_at(&["responses"], responses);
    older
}

fn response(answer: &Value) -> Value {
    let mut older = value!({"description": answer.get("description").cloned().unwrap_or_default()});
    let content = members(answer.get("content")).find_map(|(_, content)| content.get("schema"));
    if let Some(schema) = content {
        older.set_at(&["schema"], typed(schema));
    }
    older
}
