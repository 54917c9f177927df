//! Strategic merge patch: a merge that knows which lists merge by which key.
//!
//! Source: apimachinery 0.36.3 `pkg/util/strategicpatch/patch.go`. Maps are walked in order of keys, where
//! upstream's order is random.

mod list;

use toft_value::{List, Map, Value};

use super::PatchError;
use crate::go_text;
use crate::schema::{PatchStrategy, Schema, Shape};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

/// Applies a strategic merge patch to an object of a built-in kind.
///
/// Knows the directives `$patch` (`replace`, `delete`, `merge`), `$retainKeys`, `$setElementOrder/FIELD`
/// and `$deleteFromPrimitiveList/FIELD`.
///
/// # Errors
/// The patch is no map, a directive is wrong, or a list item lacks its merge key.
///
/// # Example
/// ```
/// use toft_object::Gvk;
/// use toft_schema::{Schemas, patch};
/// use toft_value::value;
/// let schemas = Schemas::builtin();
/// let schema = schemas.schema(&Gvk::of("v1", "Pod")).unwrap();
/// let pod = value!({"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b"}]}});
/// let patch = value!({"spec": {"containers": [{"name": "a", "image": "a:2"}]}});
/// assert_eq!(
///     patch::strategic(schema, &pod, &patch),
///     Ok(value!({"spec": {"containers": [{"name": "a", "image": "a:2"}, {"name": "b"}]}})),
/// );
/// ```
pub fn strategic(schema: Schema<'_>, object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let (Some(object), Some(patch)) = (object.as_map(), patch.as_map()) else {
        return Err(PatchError::Bad(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            patch.kind().go_name()
        )));
    };
    merge_map(object.clone(), patch.clone(), schema).map(Value::Map)
}

fn merge_map(mut object: Map, mut patch: Map, schema: Schema<'_>) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE).cloned() {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Map::new()),
            _ => Err(bad_directive(&directive, &patch)),
        };
    }
    retain_keys(&mut object, &mut patch)?;
    list::merge_ordered(&mut object, &mut patch, schema)?;
    for (key, change) in &patch {
        merge_field(&mut object, (key, change), schema)?;
    }
    Ok(object)
}

fn bad_directive(directive: &Value, patch: &Map) -> PatchError {
    let patch = go_text::print(&Value::Map(patch.clone()));
    let directive = go_text::print(directive);
    PatchError::Internal(format!("unknown patch type: {directive} in map: {patch}"))
}

/// Removes what `$retainKeys` does not list.
fn retain_keys(object: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let Some(directive) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let bad = || PatchError::Bad("invalid patch format of retainKeys".to_owned());
    let keys = directive.as_list().ok_or_else(bad)?;
    let retained = |key: &str| keys.iter().any(|one| one.as_str() == Some(key));
    for (key, change) in &*patch {
        let special = key.starts_with(DELETE_FROM_LIST) || key.starts_with(SET_ORDER);
        if !change.is_null() && !special && !retained(key) {
            return Err(bad());
        }
    }
    object.retain(|key, _| retained(key));
    Ok(())
}

fn merge_field(
    object: &mut Map,
    (key, change): (&str, &Value),
    schema: Schema<'_>,
) -> Result<(), PatchError> {
    if key.starts_with(DELETE_FROM_LIST) {
        return delete_from_list(object, (key, change), schema);
    }
    if change.is_null() {
        object.remove(key);
        return Ok(());
    }
    let merged = match (object.get(key), change) {
        (Some(Value::Map(current)), Value::Map(changes)) => {
            let field = field(schema, key)?;
            if field.patch_strategy().replace {
                Some(change.clone())
            } else {
                let merged = merge_map(current.clone(), changes.clone(), field)?;
                Some(Value::Map(merged))
            }
        }
        (Some(Value::List(current)), Value::List(changes)) => {
            let (items, strategy, merge_key) = list_field(schema, key)?;
            let list = list::ListContext { items, merge_key };
            Some(Value::List(if strategy.merge {
                list::merge_list(current, changes, &list)?
            } else {
                changes.clone()
            }))
        }
        // What is new or of another type replaces, without its nulls and directives.
        (None | Some(_), _) => without_directives(&without_nulls(change)),
    };
    match merged {
        Some(merged) => object.insert(key, merged),
        None => object.remove(key),
    };
    Ok(())
}

fn delete_from_list(
    object: &mut Map,
    (key, change): (&str, &Value),
    schema: Schema<'_>,
) -> Result<(), PatchError> {
    let bad = || PatchError::Bad("invalid patch format of primitive list".to_owned());
    let (prefix, name) = key.split_once('/').ok_or_else(bad)?;
    if prefix != DELETE_FROM_LIST {
        return Err(bad());
    }
    if change.is_null() {
        object.remove(name);
        return Ok(());
    }
    let (Some(Value::List(current)), Value::List(gone)) = (object.get(name), change) else {
        return Ok(());
    };
    if current.is_empty() && gone.is_empty() {
        return Ok(());
    }
    list_field(schema, name)?;
    list::check_item_types(&[current, gone])?;
    let kept = current.iter().filter(|item| !gone.contains(item));
    let kept: List = kept.cloned().collect();
    object.insert(name, kept);
    Ok(())
}

/// The schema of a map field.
fn field<'a>(schema: Schema<'a>, name: &str) -> Result<Schema<'a>, PatchError> {
    if !matches!(schema.shape(), Shape::Object | Shape::Raw) {
        return Err(PatchError::Internal(format!(
            "merging an object in json but data type is not struct, instead is: {}",
            go_kind(schema)
        )));
    }
    schema.field(name).map(crate::Field::schema).ok_or_else(|| {
        let go_name = schema.go_name().rsplit('.').next().unwrap_or_default();
        PatchError::Internal(format!(
            "unable to find api field in struct {go_name} for the json field {}",
            go_text::quote(name)
        ))
    })
}

type ListField<'a> = (Schema<'a>, PatchStrategy, Option<&'a str>);

/// The item schema of a list field, its strategy and its merge key.
fn list_field<'a>(schema: Schema<'a>, name: &str) -> Result<ListField<'a>, PatchError> {
    let list = field(schema, name)?;
    let items = list.items().ok_or_else(|| {
        PatchError::Internal(format!(
            "expected slice or array type, but got: {}",
            go_kind(schema)
        ))
    })?;
    Ok((items, list.patch_strategy(), list.merge_key()))
}

/// Go's name for what a type is.
fn go_kind(schema: Schema<'_>) -> &'static str {
    match schema.shape() {
        Shape::Object
        | Shape::Raw
        | Shape::Any
        | Shape::IntOrString
        | Shape::Quantity
        | Shape::Time
        | Shape::MicroTime
        | Shape::Duration => "struct",
        Shape::Map => "map",
        Shape::List | Shape::Bytes => "slice",
        Shape::String => "string",
        Shape::Int32 => "int32",
        Shape::Int64 => "int64",
        Shape::Number => "float64",
        Shape::Boolean => "bool",
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            let kept = kept.map(|(key, value)| (key.clone(), without_nulls(value)));
            Value::Map(kept.collect())
        }
        Value::List(items) => Value::List(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

/// A value that is new in the object: what carries a directive is left out; `None` where that is the value.
fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Map(map) if map.contains_key(DIRECTIVE) => None,
        Value::Map(map) => {
            let kept = map
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), without_directives(value)?)));
            Some(Value::Map(kept.collect()))
        }
        Value::List(items) => Some(Value::List(
            items.iter().filter_map(without_directives).collect(),
        )),
        other => Some(other.clone()),
    }
}
