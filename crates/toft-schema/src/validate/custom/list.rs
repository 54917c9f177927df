//! Items that are there twice in sets and maps.

use toft_value::{Map, Value};

use super::is_container;
use crate::field_error::{FieldError, FieldPath};
use crate::schema::{ListType, Schema};

type Context<'a> = (&'a FieldPath, &'a mut Vec<FieldError>);

pub(super) fn validate(schema: Schema<'_>, value: &Value, (path, errors): Context<'_>) {
    match value {
        Value::List(items) => {
            match schema.declared_list_type() {
                Some(ListType::Set) => set(items, (path, errors)),
                Some(ListType::Map(keys)) => keyed(keys, items, (path, errors)),
                Some(ListType::Atomic) | None => {}
            }
            if let Some(inner) = schema.items().filter(|inner| is_container(*inner)) {
                for (at, item) in items.iter().enumerate() {
                    validate(inner, item, (&path.index(at), errors));
                }
            }
        }
        Value::Map(map) => {
            for (key, value) in map {
                match schema.field(key) {
                    Some(field) => validate(field.schema(), value, (&path.child(key), errors)),
                    None => {
                        if let Some(inner) = schema.element_of_object() {
                            validate(inner, value, (&path.key(key), errors));
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// The places where something is for the second time; a third time is not told again.
fn second_times(items: &[Value]) -> Vec<usize> {
    let earlier =
        |at: usize, item: &Value| items.iter().take(at).filter(|one| *one == item).count();
    let all = items.iter().enumerate();
    all.filter(|(at, item)| earlier(*at, item) == 1)
        .map(|(at, _)| at)
        .collect()
}

fn set(items: &[Value], (path, errors): Context<'_>) {
    for at in second_times(items) {
        if let Some(item) = items.get(at) {
            errors.push(FieldError::duplicate(&path.index(at), item));
        }
    }
}

fn keyed(keys: &[smol_str::SmolStr], items: &[Value], (path, errors): Context<'_>) {
    let wrong = items
        .iter()
        .position(|item| item.as_map().is_none() && !item.is_null());
    if let Some(at) = wrong {
        let item = items.get(at).cloned().unwrap_or_default();
        let detail = "must be an object for an array of list-type map";
        errors.push(FieldError::invalid(&path.index(at), item, detail));
        return;
    }
    let key_of = |item: &Value| {
        let found = keys.iter().filter_map(|key| {
            let value = item.get(key)?;
            Some((key.clone(), value.clone()))
        });
        Value::Map(found.collect::<Map>())
    };
    let found: Vec<Value> = items.iter().map(key_of).collect();
    for at in second_times(&found) {
        if let Some(key) = found.get(at) {
            errors.push(FieldError::duplicate(&path.index(at), key));
        }
    }
}
