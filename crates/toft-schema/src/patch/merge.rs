//! JSON merge patch, RFC 7386.

use toft_value::{List, Map, Value};

/// Applies a JSON merge patch: maps merge, `null` removes, everything else replaces.
///
/// Source: json-patch v4.13.0 `merge.go`, which differs from the RFC in lists: a map in a new list loses
/// its nulls too.
///
/// # Example
/// ```
/// use toft_schema::patch;
/// use toft_value::value;
/// let object = value!({"a": {"b": 1, "c": 2}});
/// let merged = patch::merge(&object, &value!({"a": {"b": null, "d": 3}}));
/// assert_eq!(merged, value!({"a": {"c": 2, "d": 3}}));
/// ```
pub fn merge(object: &Value, patch: &Value) -> Value {
    let (Value::Map(object), Value::Map(changes)) = (object, patch) else {
        // A patch that is no map is taken as it is, but for the nulls of a map that replaces no map.
        return match patch {
            Value::Map(_) => without_nulls(patch),
            _ => patch.clone(),
        };
    };
    let mut merged = object.clone();
    for (key, change) in changes {
        if change.is_null() {
            if merged.contains_key(key) {
                merged.remove(key);
            }
            continue;
        }
        let new = match merged.get(key) {
            None | Some(Value::Null) => without_nulls(change),
            Some(current) => merge(current, change),
        };
        if merged.get(key) != Some(&new) {
            merged.insert(key.clone(), new);
        }
    }
    Value::Map(merged)
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Map(
                kept.map(|(key, value)| (key.clone(), without_nulls(value)))
                    .collect::<Map>(),
            )
        }
        Value::List(items) => Value::List(items.iter().map(without_nulls).collect::<List>()),
        other => other.clone(),
    }
}
