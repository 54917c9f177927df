//! Cells that many kinds have.

use toft_object::{LabelSelector, Time};
use toft_value::{Map, Value};

pub(super) const NONE: &str = "<none>";

/// A text of an object, or `<none>`.
pub(super) fn or_none(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty())
        .unwrap_or(NONE)
        .to_owned()
}

/// The number at a path, 0 where there is none.
pub(super) fn number(object: &Value, path: &[&str]) -> i64 {
    object.i64_at(path).unwrap_or(0)
}

/// The items of a list as texts, joined by commas.
pub(super) fn joined(items: &[Value]) -> String {
    items
        .iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

/// A field of every container of a pod template, joined by commas.
pub(super) fn of_containers(containers: &[Value], field: &str) -> String {
    let texts = containers
        .iter()
        .map(|container| container.str_at(&[field]).unwrap_or_default());
    texts.collect::<Vec<_>>().join(",")
}

/// A label selector as text.
pub(super) fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector else {
        return NONE.to_owned();
    };
    match LabelSelector::from_value(selector) {
        Ok(parsed) => or_none(Some(&parsed.to_string())),
        Err(_) => "<error>".to_owned(),
    }
}

/// Labels as text: `a=b,c=d`, or `<none>`.
pub(super) fn labels(labels: Option<&Value>) -> String {
    let pairs = labels.and_then(Value::as_map).into_iter().flatten();
    let pairs: Vec<String> = pairs
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    or_none(Some(&pairs.join(",")))
}

/// At most `max` items, and how many more there are.
pub(super) fn at_most(items: &[String], max: usize) -> String {
    let shown: Vec<&str> = items.iter().take(max).map(String::as_str).collect();
    let shown = shown.join(",");
    if items.is_empty() {
        "<unset>".to_owned()
    } else if items.len() > max {
        format!("{shown} + {} more...", items.len() - max)
    } else {
        shown
    }
}

/// The size of the map at a path.
pub(super) fn size(object: &Value, path: &[&str]) -> usize {
    object.at(path).and_then(Value::as_map).map_or(0, Map::len)
}

/// The status of a condition; `None` where there is no such condition.
pub(super) fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v str> {
    let mut conditions = object.items_at(&["status", "conditions"]).iter();
    conditions
        .find(|one| one.str_at(&["type"]) == Some(kind))?
        .str_at(&["status"])
}

/// An integer or a text, as text.
pub(super) fn int_or_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_json(), str::to_owned)
}

/// The name, marked where an annotation makes the object the default.
pub(super) fn name_or_default(object: &Value, annotations: &[&str]) -> Value {
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
    let is = |key: &&str| object.str_at(&["metadata", "annotations", key]) == Some("true");
    if annotations.iter().any(is) {
        format!("{name} (default)").into()
    } else {
        name.into()
    }
}

/// How long ago the object was made.
pub(super) fn age(object: &Value, now: Time) -> Value {
    super::age::since(
        object.str_at(&["metadata", "creationTimestamp"]),
        now,
        "<unknown>",
    )
    .into()
}
