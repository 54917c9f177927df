//! What makes a schema structural: every value has a type, said once and not under a condition.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/schema/{complete,validation}.go`.

use toft_value::Value;

use super::{DEPTH_MAX, Problems, text};
use crate::invalid::FieldError;

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// What is wrong with the schema of a version.
pub(super) fn problems(schema: &Value, field: &str) -> Problems {
    let mut problems = Problems::new();
    node(schema, (field, Level::Root), (&mut problems, 0));
    complete(schema, schema, (field, field), &mut problems);
    problems
}

fn is_set(schema: &Value, key: &str) -> bool {
    schema.bool_at(&[key]) == Some(true)
}

fn forbid(problems: &mut Problems, field: &str, why: &str) {
    problems.push(FieldError::forbidden(field, why));
}

fn node(schema: &Value, (field, level): (&str, Level), (problems, depth): (&mut Problems, usize)) {
    if depth > DEPTH_MAX {
        return;
    }
    let items = schema.get("items");
    if text(schema, &["type"]) == "array" && items.is_none() {
        let field = format!("{field}.items");
        problems.push(FieldError::required(&field, "must be specified"));
    }
    if let Some(items) = items {
        let field = format!("{field}.items");
        node(items, (&field, Level::Item), (problems, depth + 1));
    }
    for (name, property) in properties(schema) {
        let field = format!("{field}.properties[{name}]");
        node(property, (&field, Level::Field), (problems, depth + 1));
    }
    if let Some(values) = schema.get("additionalProperties") {
        let field = format!("{field}.additionalProperties");
        if level == Level::Root {
            forbid(problems, &field, "must not be used at the root");
        }
        if values.as_map().is_some() {
            node(values, (&field, Level::Field), (problems, depth + 1));
        }
    }
    extensions(schema, field, problems);
    conditions(schema, field, (problems, depth));
    kind(schema, (field, level), problems);
    object_fields(schema, (field, level), problems);
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let map = schema.get("properties").and_then(Value::as_map);
    let entries = map.into_iter().flatten();
    entries.map(|(name, property)| (name.as_str(), property))
}

const FREE: &str = "x-kubernetes-preserve-unknown-fields";
const NUMBER_OR_TEXT: &str = "x-kubernetes-int-or-string";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";

fn extensions(schema: &Value, field: &str, problems: &mut Problems) {
    for key in [FREE, EMBEDDED] {
        if is_set(schema, NUMBER_OR_TEXT) && is_set(schema, key) {
            let why = "must be false if x-kubernetes-int-or-string is true";
            let field = format!("{field}.{key}");
            problems.push(FieldError::invalid(&field, &Value::Bool(true), why));
        }
    }
}

fn kind(schema: &Value, (field, level): (&str, Level), problems: &mut Problems) {
    const EMBEDS: &str = "must be object if x-kubernetes-embedded-resource is true";
    let kind = text(schema, &["type"]);
    let at = format!("{field}.type");
    let is_embedded = is_set(schema, EMBEDDED);
    if is_embedded && kind != "object" {
        problems.push(if kind.is_empty() {
            FieldError::required(&at, EMBEDS)
        } else {
            FieldError::invalid(&at, &kind.into(), EMBEDS)
        });
    } else if kind.is_empty() && !is_set(schema, NUMBER_OR_TEXT) && !is_set(schema, FREE) {
        let why = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        problems.push(FieldError::required(&at, why));
    }
    if is_embedded && schema.get("additionalProperties").is_some() {
        let why = "must not be used if x-kubernetes-embedded-resource is set";
        forbid(problems, &format!("{field}.additionalProperties"), why);
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        problems.push(FieldError::invalid(
            &at,
            &kind.into(),
            "must be object at the root",
        ));
    }
    if is_embedded && !is_set(schema, FREE) && properties(schema).next().is_none() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        problems.push(FieldError::required(&format!("{field}.properties"), why));
    }
}

/// What every object has says no more than it must.
fn object_fields(schema: &Value, (field, level): (&str, Level), problems: &mut Problems) {
    if level != Level::Root && !is_set(schema, EMBEDDED) {
        return;
    }
    for (name, wanted) in [
        ("kind", "string"),
        ("apiVersion", "string"),
        ("metadata", "object"),
    ] {
        let Some(property) = schema.at(&["properties", name]) else {
            continue;
        };
        let kind = text(property, &["type"]);
        if kind != wanted {
            let field = format!("{field}.properties[{name}].type");
            let why = format!("must be {wanted}");
            problems.push(FieldError::invalid(&field, &kind.into(), &why));
        }
    }
    let Some(metadata) = schema.at(&["properties", "metadata"]) else {
        return;
    };
    let is_name = |(name, _): &(&str, &Value)| matches!(*name, "name" | "generateName");
    let only_names = properties(metadata).all(|one| is_name(&one));
    let only_known = metadata
        .as_map()
        .into_iter()
        .flatten()
        .all(|(key, _)| matches!(key.as_str(), "type" | "properties" | "default"));
    if level == Level::Root && !(only_names && only_known) {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        forbid(problems, &format!("{field}.properties[metadata]"), why);
    }
}

/// `anyOf` a number and a text, which says no more than that it is either.
fn is_either(list: &[Value]) -> bool {
    let only_says = |schema: &Value, kind: &str| {
        schema.as_map().is_some_and(|map| map.len() == 1) && text(schema, &["type"]) == kind
    };
    match list {
        [one, other] => only_says(one, "integer") && only_says(other, "string"),
        _ => false,
    }
}

/// What a schema wants under conditions.
fn conditions(schema: &Value, field: &str, (problems, depth): (&mut Problems, usize)) {
    let first = schema.items_at(&["allOf"]).first();
    let is_first_either = first.is_some_and(|one| is_either(one.items_at(&["anyOf"])));
    for list in ["anyOf", "allOf", "oneOf"] {
        let branches = schema.items_at(&[list]);
        if list == "anyOf" && is_either(branches) {
            continue;
        }
        for (index, branch) in branches.iter().enumerate() {
            let field = format!("{field}.{list}[{index}]");
            let skips = list == "allOf" && index == 0 && is_first_either;
            let mut seen = branch.clone();
            if skips {
                seen.remove_at(&["anyOf"]);
            }
            conditional(&seen, &field, (problems, depth + 1));
        }
    }
    if let Some(not) = schema.get("not") {
        conditional(not, &format!("{field}.not"), (problems, depth + 1));
    }
}

/// What may not be said under a condition: the field, and what upstream wants it to be.
const NOT_NESTED: &[(&str, &str)] = &[
    ("type", "empty"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    (FREE, "false"),
    (EMBEDDED, "false"),
    (NUMBER_OR_TEXT, "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
    ("x-kubernetes-validations", "empty"),
];

fn conditional(schema: &Value, field: &str, (problems, depth): (&mut Problems, usize)) {
    if depth > DEPTH_MAX {
        return;
    }
    conditions(schema, field, (problems, depth));
    if let Some(items) = schema.get("items") {
        conditional(items, &format!("{field}.items"), (problems, depth + 1));
    }
    for (name, property) in properties(schema) {
        let field = format!("{field}.properties[{name}]");
        conditional(property, &field, (problems, depth + 1));
    }
    if schema.get("additionalProperties").is_some() {
        let field = format!("{field}.additionalProperties");
        forbid(problems, &field, "must be undefined to be structural");
    }
    for (key, wanted) in NOT_NESTED {
        let says = schema.get(key).is_some_and(|value| match value {
            Value::Bool(is) => *is || *wanted == "undefined",
            Value::Str(text) => !text.is_empty() || *wanted == "undefined",
            Value::List(list) => !list.is_empty(),
            Value::Null => false,
            _ => true,
        });
        if says {
            let why = format!("must be {wanted} to be structural");
            forbid(problems, &format!("{field}.{key}"), &why);
        }
    }
    if schema.at(&["properties", "metadata"]).is_some() {
        let why = "must not be specified in a nested context";
        forbid(problems, &format!("{field}.properties[metadata]"), why);
    }
}

/// What conditions speak of must be there without them.
fn complete(schema: &Value, branch: &Value, (field, said): (&str, &str), problems: &mut Problems) {
    let lists = ["allOf", "anyOf", "oneOf"].map(|list| (list, branch.items_at(&[list])));
    for (list, branches) in lists {
        for (index, inner) in branches.iter().enumerate() {
            let said = format!("{said}.{list}[{index}]");
            complete_branch(schema, inner, (field, &said), problems);
        }
    }
    if let Some(not) = branch.get("not") {
        complete_branch(schema, not, (field, &format!("{said}.not")), problems);
    }
}

fn complete_branch(
    schema: &Value,
    branch: &Value,
    (field, said): (&str, &str),
    problems: &mut Problems,
) {
    complete(schema, branch, (field, said), problems);
    if let Some(items) = branch.get("items") {
        let (field, said) = (format!("{field}.items"), format!("{said}.items"));
        below(schema.get("items"), items, (&field, &said), problems);
    }
    for (name, property) in properties(branch) {
        let step = format!("properties[{name}]");
        let (field, said) = (format!("{field}.{step}"), format!("{said}.{step}"));
        let found = schema.at(&["properties", name]);
        below(found, property, (&field, &said), problems);
    }
}

fn below(
    schema: Option<&Value>,
    branch: &Value,
    (field, said): (&str, &str),
    problems: &mut Problems,
) {
    let Some(schema) = schema else {
        let why = format!("because it is defined in {said}");
        problems.push(FieldError::required(field, &why));
        return;
    };
    complete_branch(schema, branch, (field, said), problems);
}
