//! What a schema may say of lists, maps and rules.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/validation/validation.go`,
//! `ValidateCustomResourceDefinitionOpenAPISchema`. The expressions of rules are not compiled (ADR 0003).

use toft_value::Value;

use super::{DEPTH_MAX, Problems, text};
use crate::invalid::FieldError;

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];

/// What the standard has and definitions do not.
const NOT_SUPPORTED: &[&str] = &[
    "id",
    "additionalItems",
    "patternProperties",
    "definitions",
    "dependencies",
    "$ref",
];

/// What is wrong with a schema and all below it.
pub(super) fn problems(schema: &Value, field: &str, (problems, depth): (&mut Problems, usize)) {
    if depth > DEPTH_MAX || schema.as_map().is_none() {
        return;
    }
    standard(schema, field, problems);
    shapes(schema, field, problems);
    list_type(schema, field, problems);
    map_list(schema, field, problems);
    rules(schema, field, problems);
    for (step, inner) in inner(schema) {
        let field = format!("{field}.{step}");
        self::problems(inner, &field, (problems, depth + 1));
    }
}

/// The schemas below a schema.
fn inner(schema: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for key in ["items", "additionalProperties", "not"] {
        found.extend(schema.get(key).map(|inner| (key.to_owned(), inner)));
    }
    let properties = schema.get("properties").and_then(Value::as_map);
    for (name, property) in properties.into_iter().flatten() {
        found.push((format!("properties[{name}]"), property));
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        for (index, branch) in schema.items_at(&[list]).iter().enumerate() {
            found.push((format!("{list}[{index}]"), branch));
        }
    }
    found
}

fn standard(schema: &Value, field: &str, problems: &mut Problems) {
    let kind = text(schema, &["type"]);
    if !kind.is_empty() && !TYPES.contains(&kind) {
        let at = format!("{field}.type");
        problems.push(FieldError::not_supported(&at, &kind.into(), TYPES));
    }
    for key in NOT_SUPPORTED {
        let is_there = schema.get(key).is_some_and(|value| match value {
            Value::Null => false,
            Value::Str(text) => !text.is_empty() || *key == "$ref",
            Value::Map(map) => {
                !map.is_empty() || matches!(*key, "additionalItems" | "dependencies")
            }
            _ => true,
        });
        if is_there {
            let why = format!("{key} is not supported");
            problems.push(FieldError::forbidden(&format!("{field}.{key}"), &why));
        }
    }
    if kind == "null" {
        let why = "type cannot be set to null, use nullable as an alternative";
        problems.push(FieldError::forbidden(&format!("{field}.type"), why));
    }
    if schema.bool_at(&["uniqueItems"]) == Some(true) {
        let why =
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        problems.push(FieldError::forbidden(&format!("{field}.uniqueItems"), why));
    }
}

fn shapes(schema: &Value, field: &str, problems: &mut Problems) {
    const FREE: &str = "x-kubernetes-preserve-unknown-fields";
    let has_properties = schema
        .get("properties")
        .and_then(Value::as_map)
        .is_some_and(|map| !map.is_empty());
    let values = schema.get("additionalProperties");
    let restricts = values.is_some_and(|values| values.as_bool() != Some(true));
    if has_properties && restricts {
        let why = "additionalProperties and properties are mutual exclusive";
        let field = format!("{field}.additionalProperties");
        problems.push(FieldError::forbidden(&field, why));
    }
    if schema.bool_at(&[FREE]) == Some(false) {
        let field = format!("{field}.{FREE}");
        let why = "must be true or undefined";
        problems.push(FieldError::invalid(&field, &Value::Bool(false), why));
    }
    let Some(map_type) = schema.str_at(&["x-kubernetes-map-type"]) else {
        return;
    };
    must_be(schema, field, ("object", "x-kubernetes-map-type"), problems);
    if !matches!(map_type, "atomic" | "granular") {
        let at = format!("{field}.x-kubernetes-map-type");
        let supported = ["atomic", "granular"];
        problems.push(FieldError::not_supported(&at, &map_type.into(), &supported));
    }
}

/// An extension is for one type only.
fn must_be(
    schema: &Value,
    field: &str,
    (wanted, extension): (&str, &str),
    problems: &mut Problems,
) {
    let (kind, at) = (text(schema, &["type"]), format!("{field}.type"));
    let why = format!("must be {wanted} if {extension} is specified");
    if kind.is_empty() {
        problems.push(FieldError::required(&at, &why));
    } else if kind != wanted {
        problems.push(FieldError::invalid(&at, &kind.into(), &why));
    }
}

const LIST_TYPE: &str = "x-kubernetes-list-type";
const KEYS: &str = "x-kubernetes-list-map-keys";

fn list_type(schema: &Value, field: &str, problems: &mut Problems) {
    let list_type = schema.str_at(&[LIST_TYPE]);
    let at = format!("{field}.{LIST_TYPE}");
    if let Some(list_type) = list_type {
        must_be(schema, field, ("array", LIST_TYPE), problems);
        if text(schema, &["type"]) == "array" && list_type == "set" {
            set_items(schema, field, problems);
        }
        if !matches!(list_type, "atomic" | "set" | "map") {
            let supported = ["atomic", "set", "map"];
            problems.push(FieldError::not_supported(
                &at,
                &list_type.into(),
                &supported,
            ));
        }
    }
    if !schema.items_at(&[KEYS]).is_empty() {
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        match list_type {
            None => problems.push(FieldError::required(&at, why)),
            Some("map") => {}
            Some(other) => problems.push(FieldError::invalid(&at, &other.into(), why)),
        }
    }
    let nullable = schema.bool_at(&["items", "nullable"]) == Some(true);
    if let Some(list_type @ ("set" | "map")) = list_type
        && nullable
    {
        let why = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        problems.push(FieldError::forbidden(
            &format!("{field}.items.nullable"),
            &why,
        ));
    }
}

/// The items of a set are compared as wholes.
fn set_items(schema: &Value, field: &str, problems: &mut Problems) {
    const WHY: &str = "must be atomic as item of a list with x-kubernetes-list-type=set";
    let Some(items) = schema.get("items") else {
        return;
    };
    let inner_list = items.str_at(&[LIST_TYPE]);
    // Upstream shows the type of the list in both cases.
    let shown = inner_list.map_or(Value::Null, Value::from);
    let key = match text(items, &["type"]) {
        "array" if inner_list.is_some_and(|one| one != "atomic") => LIST_TYPE,
        "object" if items.str_at(&["x-kubernetes-map-type"]) != Some("atomic") => {
            "x-kubernetes-map-type"
        }
        _ => return,
    };
    let field = format!("{field}.items.{key}");
    problems.push(FieldError::invalid(&field, &shown, WHY));
}

/// Lists whose items are told apart by keys.
fn map_list(schema: &Value, field: &str, problems: &mut Problems) {
    if schema.str_at(&[LIST_TYPE]) != Some("map") {
        return;
    }
    let keys = schema.items_at(&[KEYS]);
    let at = format!("{field}.{KEYS}");
    if keys.is_empty() {
        let why = "must not be empty if x-kubernetes-list-type is map";
        problems.push(FieldError::required(&at, why));
    }
    let Some(items) = schema.get("items") else {
        let why = "must have a schema if x-kubernetes-list-type is map";
        problems.push(FieldError::required(&format!("{field}.items"), why));
        return;
    };
    let kind = text(items, &["type"]);
    if kind == "object" {
        for (index, key) in keys.iter().enumerate() {
            let name = key.as_str().unwrap_or_default();
            match text(items, &["properties", name, "type"]) {
                "array" | "object" => {
                    let why =
                        "must be a scalar type if parent array's x-kubernetes-list-type is map";
                    let field = format!("{field}.items.properties[{name}].type");
                    problems.push(FieldError::invalid(&field, &kind.into(), why));
                }
                _ if items.at(&["properties", name]).is_some() => {}
                _ => {
                    let why = "entries must all be names of item properties";
                    problems.push(FieldError::invalid(&at, &keys.to_vec().into(), why));
                }
            }
            if keys.iter().take(index).any(|one| one == key) {
                let why = "must not contain duplicate entries";
                problems.push(FieldError::invalid(&at, &keys.to_vec().into(), why));
            }
        }
    } else {
        let why = "must be object if parent array's x-kubernetes-list-type is map";
        let field = format!("{field}.items.type");
        problems.push(FieldError::invalid(&field, &kind.into(), why));
    }
    key_fields(schema, field, problems);
}

/// Every item has its keys.
fn key_fields(schema: &Value, field: &str, problems: &mut Problems) {
    const NO_VALUE: &str = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
    let required = schema.items_at(&["items", "required"]);
    for key in schema.items_at(&[KEYS]) {
        let name = key.as_str().unwrap_or_default();
        let Some(property) = schema.at(&["items", "properties", name]) else {
            continue;
        };
        let at = format!("{field}.items.properties[{name}]");
        if !required.contains(key) && property.get("default").is_none() {
            problems.push(FieldError::required(&format!("{at}.default"), NO_VALUE));
        }
        if property.bool_at(&["nullable"]) == Some(true) {
            let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            problems.push(FieldError::forbidden(&format!("{at}.nullable"), why));
        }
    }
}

const REASONS: &[&str] = &[
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

/// Rules, but for their expressions.
fn rules(schema: &Value, field: &str, problems: &mut Problems) {
    const RULES: &str = "x-kubernetes-validations";
    for (index, rule) in schema.items_at(&[RULES]).iter().enumerate() {
        let at = |key: &str| format!("{field}.{RULES}[{index}].{key}");
        let (expression, message) = (text(rule, &["rule"]), text(rule, &["message"]));
        let has_breaks = |text: &str| text.trim().contains(['\n', '\r']);
        if expression.trim().is_empty() {
            problems.push(FieldError::required(&at("rule"), "rule is not specified"));
        } else if !message.is_empty() && message.trim().is_empty() {
            let why = "must be non-empty if specified";
            problems.push(FieldError::invalid(&at("message"), &message.into(), why));
        } else if has_breaks(message) {
            let why = "must not contain line breaks";
            problems.push(FieldError::invalid(&at("message"), &message.into(), why));
        } else if has_breaks(expression) && message.trim().is_empty() {
            let why = "message must be specified if rule contains line breaks";
            problems.push(FieldError::required(&at("message"), why));
        }
        let computed = text(rule, &["messageExpression"]);
        if !computed.is_empty() && computed.trim().is_empty() {
            let why = "messageExpression must be non-empty if specified";
            problems.push(FieldError::required(&at("messageExpression"), why));
        }
        if let Some(reason) = rule
            .str_at(&["reason"])
            .filter(|one| !REASONS.contains(one))
        {
            let at = at("reason");
            problems.push(FieldError::not_supported(&at, &reason.into(), REASONS));
        }
        let path = text(rule, &["fieldPath"]);
        if !path.is_empty() {
            field_path((schema, path), &at("fieldPath"), problems);
        }
    }
}

fn field_path((schema, path): (&Value, &str), at: &str, problems: &mut Problems) {
    let mut wrong = |why: &str| problems.push(FieldError::invalid(at, &path.into(), why));
    if path.trim().is_empty() {
        wrong("must be non-empty if specified");
    }
    if path.contains(['\n', '\r']) {
        wrong("must not contain line breaks");
    }
    // What is in brackets may hold dots.
    if path.contains('[') {
        return;
    }
    let mut steps = path.split('.').skip(1);
    let found = steps.try_fold(schema, |schema, step| schema.at(&["properties", step]));
    if !path.starts_with('.') || found.is_none() {
        wrong("must be a valid path");
    }
}
