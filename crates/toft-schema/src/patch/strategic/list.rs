//! Lists in strategic merge patches: merged by key, then put in order.

use toft_value::{List, Map, Value};

use super::{DIRECTIVE, PatchError, SET_ORDER, list_field, merge_map, without_directives};
use crate::go_text;
use crate::schema::Schema;

/// What is known about a list: the schema of its items and the key by which they are found.
pub(super) struct ListContext<'a> {
    pub(super) items: Schema<'a>,
    pub(super) merge_key: Option<&'a str>,
}

/// Merges the lists that come with `$setElementOrder/FIELD`, and takes them out of the patch.
pub(super) fn merge_ordered(
    object: &mut Map,
    patch: &mut Map,
    schema: Schema<'_>,
) -> Result<(), PatchError> {
    let directives: Vec<_> = patch
        .keys()
        .filter(|key| key.starts_with(SET_ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let order = patch.remove(&directive).unwrap_or_default();
        let order = list_or_error(&order)?;
        let Some((SET_ORDER, name)) = directive.split_once('/') else {
            return Err(bad_order());
        };
        if let Some(merged) = merge_one_ordered(object, patch, (name, &order, schema))? {
            object.insert(name, merged);
            patch.remove(name);
        }
    }
    Ok(())
}

fn bad_order() -> PatchError {
    PatchError::Bad("invalid patch format of setElementOrder list".to_owned())
}

fn list_or_error(value: &Value) -> Result<List, PatchError> {
    value.as_list().cloned().ok_or_else(|| {
        PatchError::Internal(format!(
            "expected a []interface {{}}, but received a {}",
            go_text::dynamic_type(value)
        ))
    })
}

/// The merged list in its order; `None` where neither side has the list.
fn merge_one_ordered(
    object: &Map,
    patch: &Map,
    (name, order, schema): (&str, &List, Schema<'_>),
) -> Result<Option<List>, PatchError> {
    let current = object.get(name).map(list_or_error).transpose()?;
    let changes = patch.get(name).map(list_or_error).transpose()?;
    let (items, strategy, merge_key) = list_field(schema, name)?;
    let list = ListContext { items, merge_key };
    check_order(changes.as_ref(), order, &list)?;
    let merged = match (&current, &changes) {
        (None, None) => return Ok(None),
        (Some(current), None) => current.clone(),
        (None, Some(changes)) => changes.iter().filter_map(without_directives).collect(),
        (Some(current), Some(changes)) if strategy.merge => merge_list(current, changes, &list)?,
        (Some(_), Some(changes)) => changes.clone(),
    };
    let current = current.unwrap_or_default();
    let changes = changes.unwrap_or_default();
    let (patched, others) = partition(&merged, order, &list)?;
    check_item_types(&[&current, &changes])?;
    in_order((patched, others), (order, &current), &list).map(Some)
}

/// The patch's items must come in the order of the directive, and all of them in it.
fn check_order(
    changes: Option<&List>,
    order: &List,
    list: &ListContext<'_>,
) -> Result<(), PatchError> {
    // Upstream compares with the typed nil list where the patch has none.
    let Some(changes) = changes.filter(|changes| !changes.is_empty() && !order.is_empty()) else {
        return Ok(());
    };
    let mut wanted = order.iter();
    for item in changes {
        if list.merge_key.is_some() && item.as_map().is_none() {
            return Err(not_a_map(item));
        }
        if item.get(DIRECTIVE).is_some() {
            continue;
        }
        let mut found = false;
        for next in wanted.by_ref() {
            if same(item, next, list)? {
                found = true;
                break;
            }
        }
        if !found {
            return Err(PatchError::Internal(format!(
                "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                go_text::print(&Value::List(changes.clone())),
                go_text::print(&Value::List(order.clone()))
            )));
        }
    }
    Ok(())
}

fn same(left: &Value, right: &Value, list: &ListContext<'_>) -> Result<bool, PatchError> {
    match list.merge_key {
        None => Ok(left == right),
        Some(key) => Ok(key_of(left, key)? == key_of(right, key)?),
    }
}

fn key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    let map = item.as_map().ok_or_else(|| not_a_map(item))?;
    map.get(key).ok_or_else(|| no_key(item, key))
}

fn not_a_map(item: &Value) -> PatchError {
    PatchError::Internal(format!(
        "expected a map[string]interface {{}}, but received a {}",
        go_text::dynamic_type(item)
    ))
}

fn no_key(item: &Value, key: &str) -> PatchError {
    PatchError::Internal(format!(
        "map: {} does not contain declared merge key: {key}",
        go_text::print(item)
    ))
}

/// Merges a patch's list into a list whose strategy is to merge.
pub(super) fn merge_list(
    current: &List,
    changes: &List,
    list: &ListContext<'_>,
) -> Result<List, PatchError> {
    if current.is_empty() && changes.is_empty() {
        return Ok(current.clone());
    }
    if !check_item_types(&[current, changes])? {
        return merge_scalars(current, changes, list);
    }
    if list.merge_key.is_none() {
        return Err(PatchError::Internal(format!(
            "cannot merge lists without merge key for {}",
            super::go_kind(list.items)
        )));
    }
    let (current, changes) = obey_directives(current, changes, list)?;
    let merged = merge_items(&current, &changes, list)?;
    let parts = partition(&merged, &changes, list)?;
    in_order(parts, (&changes, &current), list)
}

fn merge_scalars(
    current: &List,
    changes: &List,
    list: &ListContext<'_>,
) -> Result<List, PatchError> {
    let mut merged: Vec<Value> = Vec::new();
    for item in current.iter().chain(changes) {
        if !merged.contains(item) {
            merged.push(item.clone());
        }
    }
    let scalars = ListContext {
        items: list.items,
        merge_key: None,
    };
    let parts = partition(&List::from(merged), changes, &scalars)?;
    in_order(parts, (changes, current), &scalars)
}

/// Whether the items are maps; they must all be of one type.
pub(super) fn check_item_types(lists: &[&List]) -> Result<bool, PatchError> {
    let mut first = None;
    for item in lists.iter().flat_map(|list| list.iter()) {
        if item.as_list().is_some() {
            return Err(PatchError::Unprocessable(
                "lists of lists are not supported".to_owned(),
            ));
        }
        let kind = go_text::dynamic_type(item);
        if *first.get_or_insert(kind) != kind {
            let lists = lists.iter().map(|list| Value::List((*list).clone()));
            return Err(PatchError::Internal(format!(
                "list element types are not identical: {}",
                go_text::print(&Value::List(lists.collect()))
            )));
        }
    }
    first.map_or_else(
        || {
            Err(PatchError::Internal(
                "no elements in any of the given slices".to_owned(),
            ))
        },
        |kind| Ok(kind == "map[string]interface {}"),
    )
}

/// Obeys `$patch` in items: `delete` removes the item of that key, `replace` everything else.
fn obey_directives(
    current: &List,
    changes: &List,
    list: &ListContext<'_>,
) -> Result<(List, List), PatchError> {
    let mut current = current.clone();
    let mut plain = List::new();
    let mut replace = false;
    for item in changes {
        let Some(directive) = item.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let gone = key_of(item, list.merge_key.unwrap_or_default())?;
                let kept = |one: &Value| one.get(list.merge_key.unwrap_or_default()) != Some(gone);
                current = current.iter().filter(|one| kept(one)).cloned().collect();
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(PatchError::Internal(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => {
                let patch = item.as_map().cloned().unwrap_or_default();
                return Err(super::bad_directive(directive, &patch));
            }
        }
    }
    if replace {
        return Ok((plain, List::new()));
    }
    Ok((current, plain))
}

fn merge_items(current: &List, changes: &List, list: &ListContext<'_>) -> Result<List, PatchError> {
    let key = list.merge_key.unwrap_or_default();
    let mut merged = current.clone();
    for change in changes {
        let wanted = key_of(change, key)?;
        let at = merged.iter().position(|item| item.get(key) == Some(wanted));
        let existing = at.and_then(|at| merged.make_mut().get_mut(at));
        match (existing, change) {
            (Some(item), Value::Map(changes)) => {
                let current = item.as_map().cloned().unwrap_or_default();
                *item = Value::Map(merge_map(current, changes.clone(), list.items)?);
            }
            _ => merged.push(change),
        }
    }
    Ok(merged)
}

/// The items that `by` has, and the others.
fn partition(
    merged: &List,
    by: &List,
    list: &ListContext<'_>,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut parts = (Vec::new(), Vec::new());
    for item in merged {
        let found = match list.merge_key {
            None => by.contains(item),
            Some(key) => {
                let wanted = key_of(item, key)?;
                by.iter().any(|one| one.get(key) == Some(wanted))
            }
        };
        if found {
            parts.0.push(item.clone());
        } else {
            parts.1.push(item.clone());
        }
    }
    Ok(parts)
}

/// Patched items in the order of the patch, the others in the order of the object, woven together.
fn in_order(
    (patched, others): (Vec<Value>, Vec<Value>),
    (patch_order, object_order): (&List, &List),
    list: &ListContext<'_>,
) -> Result<List, PatchError> {
    let patched = sorted(patched, patch_order, list)?;
    let others = sorted(others, object_order, list)?;
    let place = |item: &Value| place(item, object_order, list);
    let mut woven = Vec::with_capacity(patched.len() + others.len());
    let mut patched = patched.into_iter().peekable();
    for other in others {
        while let Some(next) = patched.peek() {
            let before =
                matches!((place(&other), place(next)), (Some(other), Some(next)) if other < next);
            if before {
                break;
            }
            woven.extend(patched.next());
        }
        woven.push(other);
    }
    woven.extend(patched);
    Ok(woven.into())
}

fn place(item: &Value, order: &List, list: &ListContext<'_>) -> Option<usize> {
    order.iter().position(|one| match list.merge_key {
        Some(key) => one.get(key) == item.get(key),
        None => one == item,
    })
}

fn sorted(
    mut items: Vec<Value>,
    order: &List,
    list: &ListContext<'_>,
) -> Result<Vec<Value>, PatchError> {
    if let Some(key) = list.merge_key {
        for item in items.iter().chain(order) {
            key_of(item, key)?;
        }
    }
    items.sort_by_key(|item| place(item, order, list).unwrap_or(usize::MAX));
    Ok(items)
}
