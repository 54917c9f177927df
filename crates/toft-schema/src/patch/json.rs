//! JSON patch, RFC 6902.

use toft_value::Value;

use super::PatchError;

/// How many operations one patch may have. Source: apiserver 0.36.3 `pkg/endpoints/handlers/patch.go`.
pub const OPERATIONS_MAX: usize = 10_000;

/// How many bytes of JSON the `copy` operations of a patch may copy: each copy of a map into itself doubles it.
///
/// Source: apiserver 0.36.3 `pkg/server/config.go`, `JSONPatchMaxCopyBytes`.
const COPY_BYTES_MAX: usize = 3 << 20;

const MISSING: &str = "missing value";

/// Applies a JSON patch: its operations one after the other, all or none.
///
/// Source: json-patch v4.13.0 `patch.go`: `replace` of a missing map entry adds it, and negative
/// list indexes count from the end.
///
/// # Errors
/// The patch is no list of operations, too long, or an operation does not apply.
///
/// # Example
/// ```
/// use toft_schema::patch;
/// use toft_value::value;
/// let object = value!({"list": ["a", "c"]});
/// let patch = value!([{"op": "add", "path": "/list/1", "value": "b"}]);
/// assert_eq!(patch::json(&object, &patch), Ok(value!({"list": ["a", "b", "c"]})));
/// ```
pub fn json(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Some(operations) = patch.as_list() else {
        return Err(PatchError::Bad(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
            patch.kind().go_name()
        )));
    };
    if operations.len() > OPERATIONS_MAX {
        return Err(PatchError::TooLong(operations.len()));
    }
    let mut document = object.clone();
    let mut copied = 0;
    for operation in operations {
        let Some(_) = operation.as_map() else {
            return Err(PatchError::Bad(format!(
                "error decoding patch: json: cannot unmarshal {} into Go value of type handlers.jsonPatchOp",
                operation.kind().go_name()
            )));
        };
        apply(&mut document, operation, &mut copied).map_err(PatchError::Unprocessable)?;
    }
    Ok(document)
}

fn apply(document: &mut Value, operation: &Value, copied: &mut usize) -> Result<(), String> {
    match operation.str_at(&["op"]).unwrap_or("unknown") {
        "add" => add(document, operation),
        "remove" => remove(document, operation),
        "replace" => replace(document, operation),
        "move" => move_(document, operation),
        "test" => test(document, operation),
        "copy" => copy(document, operation, copied),
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn path_of(operation: &Value) -> Result<&str, String> {
    let path = operation.str_at(&["path"]);
    path.ok_or_else(|| format!("operation missing path field: {MISSING}"))
}

fn from_of(operation: &Value) -> Result<&str, String> {
    let from = operation.str_at(&["from"]);
    from.ok_or_else(|| format!("operation, missing from field: {MISSING}"))
}

fn value_of(operation: &Value) -> Value {
    operation.get("value").cloned().unwrap_or_default()
}

fn add(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = path_of(operation)
        .map_err(|_| format!("add operation failed to decode path: {MISSING}"))?;
    let Some((container, key)) = find(document, path) else {
        return Err(format!(
            "add operation does not apply: doc is missing path: \"{path}\": {MISSING}"
        ));
    };
    put(container, &key, value_of(operation))
        .map_err(|error| format!("error in add for path: '{path}': {error}"))
}

fn remove(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = path_of(operation)
        .map_err(|_| format!("remove operation failed to decode path: {MISSING}"))?;
    let Some((container, key)) = find(document, path) else {
        return Err(format!(
            "remove operation does not apply: doc is missing path: \"{path}\": {MISSING}"
        ));
    };
    take(container, &key).map_err(|error| format!("error in remove for path: '{path}': {error}"))
}

fn replace(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = path_of(operation)
        .map_err(|error| format!("replace operation failed to decode path: {error}"))?;
    if path.is_empty() {
        let value = value_of(operation);
        if value.as_map().is_none() && value.as_list().is_none() {
            return Err("replace operation value must be object or array: %!w(<nil>)".to_owned());
        }
        *document = value;
        return Ok(());
    }
    let Some((container, key)) = find(document, path) else {
        return Err(format!(
            "replace operation does not apply: doc is missing path: {path}: {MISSING}"
        ));
    };
    if get(container, &key).is_err() {
        return Err(format!(
            "replace operation does not apply: doc is missing key: {path}: {MISSING}"
        ));
    }
    set(container, &key, value_of(operation));
    Ok(())
}

fn move_(document: &mut Value, operation: &Value) -> Result<(), String> {
    let from = from_of(operation)
        .map_err(|error| format!("move operation failed to decode from: {error}"))?;
    let Some((container, key)) = find(document, from) else {
        return Err(format!(
            "move operation does not apply: doc is missing from path: {from}: {MISSING}"
        ));
    };
    let in_move = |key: &str, error| format!("error in move for path: '{key}': {error}");
    let value = get(container, &key).map_err(|error| in_move(&key, error))?;
    take(container, &key).map_err(|error| in_move(&key, error))?;
    let path = path_of(operation)
        .map_err(|error| format!("move operation failed to decode path: {error}"))?;
    let Some((container, key)) = find(document, path) else {
        return Err(format!(
            "move operation does not apply: doc is missing destination path: {path}: {MISSING}"
        ));
    };
    put(container, &key, value.unwrap_or_default()).map_err(|error| in_move(path, error))
}

fn test(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = path_of(operation)
        .map_err(|error| format!("test operation failed to decode path: {error}"))?;
    let wanted = value_of(operation);
    let failed = || Err(format!("testing value {path} failed: test failed"));
    if path.is_empty() {
        return if *document == wanted {
            Ok(())
        } else {
            failed()
        };
    }
    let Some((container, key)) = find(document, path) else {
        return Err(format!(
            "test operation does not apply: is missing path: {path}: {MISSING}"
        ));
    };
    let found = get(container, &key)
        .map_err(|error| format!("error in test for path: '{path}': {error}"))?;
    if found.unwrap_or_default() == wanted {
        Ok(())
    } else {
        failed()
    }
}

fn copy(document: &mut Value, operation: &Value, copied: &mut usize) -> Result<(), String> {
    let from = from_of(operation)
        .map_err(|error| format!("copy operation failed to decode from: {error}"))?;
    let Some((container, key)) = find(document, from) else {
        return Err(format!(
            "copy operation does not apply: doc is missing from path: {from}: {MISSING}"
        ));
    };
    let value = get(container, &key)
        .map_err(|error| format!("error in copy for from: '{from}': {error}"))?;
    let path = path_of(operation)
        .map_err(|_| format!("copy operation failed to decode path: {MISSING}"))?;
    let Some((container, key)) = find(document, path) else {
        return Err(format!(
            "copy operation does not apply: doc is missing destination path: {path}: {MISSING}"
        ));
    };
    let value = value.unwrap_or_default();
    *copied += value.to_json().len();
    if *copied > COPY_BYTES_MAX {
        return Err(format!(
            "Unable to copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPY_BYTES_MAX}"
        ));
    }
    put(container, &key, value)
        .map_err(|error| format!("error while adding value during copy: {error}"))
}

/// The map or list that a path ends in, and the last key.
fn find<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts.pop()?;
    let mut container = document;
    for part in parts {
        let key = decode(part);
        let exists = matches!(get(container, &key), Ok(Some(_)));
        if !exists {
            return None;
        }
        container = enter(container, &key)?;
    }
    let holds = matches!(container, Value::Map(_) | Value::List(_));
    holds.then(|| (container, decode(last)))
}

fn enter<'a>(container: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match container {
        Value::Map(map) => map.get_mut(key),
        Value::List(items) => {
            let at = index(key, items.len()).ok()?;
            items.make_mut().get_mut(at)
        }
        _ => None,
    }
}

fn decode(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// An index below `length`; negative ones count from the end.
fn index(key: &str, length: usize) -> Result<usize, String> {
    let number = number(key)?;
    let invalid = || format!("Unable to access invalid index: {number}: invalid index referenced");
    let signed = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if number < 0 { number + signed } else { number };
    let at = usize::try_from(at).map_err(|_| invalid())?;
    if at < length { Ok(at) } else { Err(invalid()) }
}

fn number(key: &str) -> Result<i64, String> {
    key.parse().map_err(|_| {
        format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            crate::go_text::quote(key)
        )
    })
}

fn get(container: &Value, key: &str) -> Result<Option<Value>, String> {
    match container {
        Value::Map(map) => Ok(map.get(key).cloned()),
        Value::List(items) => Ok(items.get(index(key, items.len())?).cloned()),
        _ => Ok(None),
    }
}

fn set(container: &mut Value, key: &str, value: Value) {
    match container {
        Value::Map(map) => {
            map.insert(key, value);
        }
        Value::List(items) => {
            let at = index(key, items.len());
            if let Some(item) = at.ok().and_then(|at| items.make_mut().get_mut(at)) {
                *item = value;
            }
        }
        _ => {}
    }
}

fn put(container: &mut Value, key: &str, value: Value) -> Result<(), String> {
    match container {
        Value::Map(map) => {
            map.insert(key, value);
        }
        Value::List(items) if key == "-" => items.push(value),
        Value::List(items) => {
            number(key).map_err(|error| {
                let error = error.replace("strconv.Atoi: ", "");
                format!("value was not a proper array index: '{key}': strconv.Atoi: {error}")
            })?;
            let at = index(key, items.len() + 1)?;
            items.make_mut().insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn take(container: &mut Value, key: &str) -> Result<(), String> {
    match container {
        Value::Map(map) => {
            let missing = || format!("Unable to remove nonexistent key: {key}: {MISSING}");
            map.remove(key).ok_or_else(missing)?;
        }
        Value::List(items) => {
            let at = index(key, items.len())?;
            items.make_mut().remove(at);
        }
        _ => {}
    }
    Ok(())
}
