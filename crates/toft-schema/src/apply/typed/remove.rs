//! Removing fields from a value.

use toft_value::{Map, Value};

use super::{Atom, Type};
use crate::apply::path::PathElement;
use crate::apply::set::FieldSet;

/// The value without the fields of a set; what is atomic or becomes empty is `null`, as upstream has it.
pub(in crate::apply) fn remove(type_: Type<'_>, value: &Value, gone: &FieldSet) -> Value {
    match (type_.atom(Some(value)), value) {
        (Atom::Scalar, _) => value.clone(),
        (Atom::List(list), Value::List(items)) if list.keys.is_some() => {
            let mut kept = Vec::new();
            for item in items {
                let Ok(element) = list.element(item) else {
                    kept.push(item.clone());
                    continue;
                };
                if gone.has_member(&element) {
                    continue;
                }
                kept.push(match gone.below(&element) {
                    Some(below) => remove(list.items, item, below),
                    None => item.clone(),
                });
            }
            non_empty(kept)
        }
        (Atom::Map(map), Value::Map(entries)) if !map.atomic => {
            let mut kept = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let element = PathElement::Field(key.clone());
                if gone.has_member(&element) {
                    continue;
                }
                let value = match gone.below(&element) {
                    Some(below) => remove(map.entry(key), value, below),
                    None => value.clone(),
                };
                kept.push((key.clone(), value));
            }
            if kept.is_empty() {
                return Value::Null;
            }
            Value::Map(Map::from_entries(kept))
        }
        _ => Value::Null,
    }
}

fn non_empty(items: Vec<Value>) -> Value {
    if items.is_empty() {
        Value::Null
    } else {
        Value::from(items)
    }
}
