//! JSON 6902 patches as upstream's library applies them, which is laxer than the RFC: `replace` of a
//! missing field adds it, and a negative index counts from the end.
//!
//! Source: `gopkg.in/evanphx/json-patch.v4`, `patch.go`, as kustomize 5.8.2 uses it.

use toft_value::{List, Map, Value};

use crate::fault::Fault;

/// How many bytes of JSON the `copy` operations of a patch may copy: what the API server allows. Upstream's
/// library has the bound, and kustomize leaves it off; each copy of a map into itself doubles it.
const COPY_BYTES_MAX: usize = 3 << 20;

/// One operation of a patch.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Value>,
}

/// Reads a patch: a list of operations.
pub(crate) fn parse(patch: &Value) -> Result<Vec<Operation>, Fault> {
    let wrong = |what| Fault::new(format!("a JSON patch is a list of operations, this {what}"));
    let items = match patch {
        Value::List(items) => items,
        Value::Null => return Ok(Vec::new()),
        _ => return Err(wrong("is no list")),
    };
    let operations = items.iter().map(|item| match item {
        Value::Map(map) => Ok(operation(map)),
        Value::Null => Ok(operation(&Map::new())),
        _ => Err(wrong("has an item that is no map")),
    });
    operations.collect()
}

fn operation(map: &Map) -> Operation {
    let text = |key| map.get(key).and_then(Value::as_str).map(str::to_owned);
    Operation {
        op: text("op").unwrap_or_else(|| "unknown".to_owned()),
        path: text("path"),
        from: text("from"),
        value: map.get("value").cloned(),
    }
}

/// Applies the operations in order.
///
/// # Errors
/// An operation does not apply, or a `test` fails; the document is then of no use.
pub(crate) fn apply(document: &mut Value, operations: &[Operation]) -> Result<(), Fault> {
    let mut copied = 0;
    operations
        .iter()
        .try_for_each(|operation| operation.apply(document, &mut copied))
}

impl Operation {
    fn apply(&self, document: &mut Value, copied: &mut usize) -> Result<(), Fault> {
        match self.op.as_str() {
            "add" => self.add(document, self.given()),
            "remove" => self.remove(document),
            "replace" => self.replace(document),
            "move" => self.move_value(document),
            "copy" => self.copy(document, copied),
            "test" => self.test(document),
            other => Err(Fault::new(format!("Unexpected kind: {other}"))),
        }
    }

    fn given(&self) -> Value {
        self.value.clone().unwrap_or_default()
    }

    fn path(&self) -> Result<&str, Fault> {
        self.path.as_deref().ok_or_else(|| {
            Fault::new(format!(
                "{} operation failed to decode path: missing value",
                self.op
            ))
        })
    }

    fn from(&self) -> Result<&str, Fault> {
        self.from.as_deref().ok_or_else(|| {
            Fault::new(format!(
                "{} operation failed to decode from: missing value",
                self.op
            ))
        })
    }

    fn missing(&self, what: &str, path: &str) -> Fault {
        let op = &self.op;
        Fault::new(format!(
            "{op} operation does not apply: doc is missing {what}: {path}: missing value"
        ))
    }

    fn in_path(&self, fault: Fault, path: &str) -> Fault {
        fault.within(format_args!("error in {} for path: '{path}'", self.op))
    }

    fn add(&self, document: &mut Value, value: Value) -> Result<(), Fault> {
        let path = self.path()?;
        let (container, key) = find(document, path).ok_or_else(|| self.missing("path", path))?;
        add_to(container, &key, value).map_err(|fault| self.in_path(fault, path))
    }

    fn remove(&self, document: &mut Value) -> Result<(), Fault> {
        let path = self.path()?;
        let (container, key) = find(document, path).ok_or_else(|| self.missing("path", path))?;
        remove_from(container, &key)
            .map(drop)
            .map_err(|fault| self.in_path(fault, path))
    }

    fn replace(&self, document: &mut Value) -> Result<(), Fault> {
        let path = self.path()?;
        if path.is_empty() {
            let value = self.given();
            if !matches!(value, Value::Map(_) | Value::List(_)) {
                let text = "replace operation value must be object or array";
                return Err(Fault::new(text));
            }
            *document = value;
            return Ok(());
        }
        let (container, key) = find(document, path).ok_or_else(|| self.missing("path", path))?;
        match container {
            Value::List(items) => {
                let at = index(&key, items.len()).map_err(|_| self.missing("key", path))?;
                if let Some(item) = items.make_mut().get_mut(at) {
                    *item = self.given();
                }
            }
            container => {
                if let Some(map) = container.as_map_mut() {
                    map.insert(key, self.given());
                }
            }
        }
        Ok(())
    }

    fn move_value(&self, document: &mut Value) -> Result<(), Fault> {
        let from = self.from()?;
        let (container, key) =
            find(document, from).ok_or_else(|| self.missing("from path", from))?;
        let value = remove_from(container, &key).map_err(|fault| self.in_path(fault, &key))?;
        self.add(document, value)
    }

    fn copy(&self, document: &mut Value, copied: &mut usize) -> Result<(), Fault> {
        let from = self.from()?;
        let (container, key) =
            find(document, from).ok_or_else(|| self.missing("from path", from))?;
        let value = get_from(container, &key).map_err(|fault| self.in_path(fault, from))?;
        let value = value.cloned().unwrap_or_default();
        *copied += value.to_json().len();
        if *copied > COPY_BYTES_MAX {
            return Err(Fault::new(format!(
                "Unable to copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPY_BYTES_MAX}"
            )));
        }
        self.add(document, value)
    }

    fn test(&self, document: &mut Value) -> Result<(), Fault> {
        let path = self.path()?;
        let failed = || Fault::new(format!("testing value {path} failed: test failed"));
        let found = if path.is_empty() {
            Some(document.clone())
        } else {
            let (container, key) =
                find(document, path).ok_or_else(|| self.missing("path", path))?;
            get_from(container, &key)
                .map_err(|fault| self.in_path(fault, path))?
                .cloned()
        };
        let wanted = self.value.clone().ok_or_else(failed)?;
        let found = found.unwrap_or_default();
        // Numbers are equal where their JSON is: 1 and 1.0 both print as 1.
        let equal = found.to_json() == wanted.to_json();
        if equal { Ok(()) } else { Err(failed()) }
    }
}

/// The container that a path leads to, and the last key.
fn find<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut parts = path.split('/');
    parts.next()?;
    let mut parts: Vec<String> = parts
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let key = parts.pop()?;
    let mut container = document;
    for part in parts {
        container = match container {
            Value::List(items) => {
                let at = index(&part, items.len()).ok()?;
                items.make_mut().get_mut(at)?
            }
            container => container.as_map_mut()?.get_mut(&part)?,
        };
    }
    matches!(container, Value::List(_) | Value::Map(_)).then_some((container, key))
}

fn index(key: &str, count: usize) -> Result<usize, Fault> {
    let wrong = || Fault::new(format!("value was not a proper array index: '{key}'"));
    let number: i64 = key.parse().map_err(|_| wrong())?;
    let count_signed = i64::try_from(count).map_err(|_| wrong())?;
    let at = if number < 0 {
        number + count_signed
    } else {
        number
    };
    usize::try_from(at)
        .ok()
        .filter(|at| *at < count)
        .ok_or_else(|| {
            Fault::new(format!(
                "Unable to access invalid index: {number}: invalid index referenced"
            ))
        })
}

fn get_from<'a>(container: &'a Value, key: &str) -> Result<Option<&'a Value>, Fault> {
    match container {
        Value::List(items) => Ok(items.get(index(key, items.len())?)),
        container => Ok(container.get(key)),
    }
}

fn add_to(container: &mut Value, key: &str, value: Value) -> Result<(), Fault> {
    match container {
        Value::List(items) if key == "-" => items.push(value),
        Value::List(items) => {
            let at = index(key, items.len() + 1)?;
            items.make_mut().insert(at, value);
        }
        container => {
            if let Some(map) = container.as_map_mut() {
                map.insert(key, value);
            }
        }
    }
    Ok(())
}

fn remove_from(container: &mut Value, key: &str) -> Result<Value, Fault> {
    match container {
        Value::List(items) => remove_item(items, key),
        container => {
            let map = container.as_map_mut();
            map.and_then(|map| map.remove(key)).ok_or_else(|| {
                Fault::new(format!(
                    "Unable to remove nonexistent key: {key}: missing value"
                ))
            })
        }
    }
}

fn remove_item(items: &mut List, key: &str) -> Result<Value, Fault> {
    let at = index(key, items.len())?;
    Ok(items.make_mut().remove(at))
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn patched(patch: &Value) -> Result<Value, String> {
        let mut document = value!({"spec": {"ports": [80, 443], "a/b": 1}});
        let operations = parse(patch).map_err(|fault| fault.to_string())?;
        apply(&mut document, &operations).map_err(|fault| fault.to_string())?;
        Ok(document)
    }

    #[test]
    fn replace_of_a_missing_field_adds_it() {
        let patch = value!([{"op": "replace", "path": "/spec/type", "value": "NodePort"}]);
        let result = patched(&patch).unwrap();
        assert_eq!(result.str_at(&["spec", "type"]), Some("NodePort"));
    }

    #[test]
    fn copies_that_double_end() {
        let copy =
            |at: u8| value!({"op": "copy", "from": "/spec", "path": (format!("/spec/{at}"))});
        let patch: Vec<Value> = (0..64).map(copy).collect();
        let fault = patched(&Value::from(patch)).unwrap_err();
        assert!(fault.ends_with("exceeding the limit 3145728"), "{fault}");
    }

    #[test]
    fn a_negative_index_counts_from_the_end() {
        let patch = value!([{"op": "remove", "path": "/spec/ports/-1"}]);
        let result = patched(&patch).unwrap();
        assert_eq!(result.at(&["spec", "ports"]), Some(&value!([80])));
    }

    #[test]
    fn escapes_are_read() {
        let patch = value!([{"op": "move", "from": "/spec/a~1b", "path": "/spec/c"}]);
        let result = patched(&patch).unwrap();
        assert_eq!(result.i64_at(&["spec", "c"]), Some(1));
    }

    #[test]
    fn a_failed_test_refuses_the_patch() {
        let patch = value!([{"op": "test", "path": "/spec/ports/0", "value": 81}]);
        let fault = patched(&patch).unwrap_err();
        assert_eq!(fault, "testing value /spec/ports/0 failed: test failed");
    }

    #[test]
    fn a_missing_parent_refuses_the_patch() {
        let patch = value!([{"op": "add", "path": "/spec/template/x", "value": 1}]);
        assert!(patched(&patch).unwrap_err().contains("doc is missing path"));
    }
}
