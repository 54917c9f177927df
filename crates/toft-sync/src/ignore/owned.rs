//! Fields that a manager owns, as `managedFields` writes them.
//!
//! Source: structured-merge-diff v6 `fieldpath/serialize-pe.go`: `f:name` a field, `k:{…}` a list item
//! by its keys, `v:…` a list item by its value, `i:n` a list item by its place, `.` the thing itself.

use toft_value::Value;

/// Removes from a value what the fields name.
pub(super) fn remove(value: &mut Value, fields: &Value) {
    let Some(entries) = fields.as_map() else {
        return;
    };
    for (key, below) in entries {
        let Some((kind, text)) = key.split_once(':') else {
            continue;
        };
        match kind {
            "f" => remove_field(value, text, below),
            "k" => with_keys(value, text, below),
            _ => {}
        }
    }
}

fn is_leaf(fields: &Value) -> bool {
    fields.as_map().is_none_or(toft_value::Map::is_empty)
}

fn remove_field(value: &mut Value, name: &str, below: &Value) {
    let Some(map) = value.as_map_mut().filter(|map| map.get(name).is_some()) else {
        return;
    };
    if is_leaf(below) {
        map.remove(name);
    } else if let Some(field) = map.get_mut(name) {
        remove(field, below);
    }
}

/// The keys of an item stay, whoever owns them: without them it would be another item.
fn with_keys(value: &mut Value, keys: &str, below: &Value) {
    let Ok(keys) = Value::from_json(keys.as_bytes()) else {
        return;
    };
    let Some(wanted) = keys.as_map() else { return };
    let Some(items) = value.as_list_mut() else {
        return;
    };
    let matches = |item: &Value| {
        wanted
            .iter()
            .all(|(key, value)| item.get(key) == Some(value))
    };
    if let Some(item) = items.make_mut().iter_mut().find(|item| matches(item)) {
        remove(item, below);
        for (key, value) in wanted {
            item.set_at(&[key], value);
        }
    }
}
