//! Reading typed fields out of values; a field of another type reads as missing, and the shape says so.

use smol_str::SmolStr;
use toft_value::{Map, Value};

pub(crate) fn text(value: &Value, key: &str) -> SmolStr {
    match value.get(key) {
        Some(Value::Str(text)) => text.clone(),
        _ => SmolStr::default(),
    }
}

pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.bool_at(&[key]).unwrap_or_default()
}

pub(crate) fn texts(value: &Value, key: &str) -> Vec<SmolStr> {
    let items = value.items_at(&[key]).iter().filter_map(Value::as_str);
    items.map(SmolStr::from).collect()
}

pub(crate) fn map(value: &Value, key: &str) -> Map {
    let found = value.get(key).and_then(Value::as_map);
    found.cloned().unwrap_or_default()
}

/// A struct behind a pointer: there where it is written and not `null`.
pub(crate) fn part<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|part| part.as_map().is_some())
}

pub(crate) fn list<T>(value: &Value, key: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.items_at(&[key]).iter().map(read).collect()
}
