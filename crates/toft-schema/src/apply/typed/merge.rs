//! Merging an applied value into a live one.

use toft_value::{Map, Value};

use super::{Atom, ListAtom, MapAtom, Type, as_list, as_map, zip};
use crate::apply::path::PathElement;

/// Merges `right` into `left`: what is right wins, what only left has stays.
///
/// # Errors
/// A list on the right has an item twice.
pub(in crate::apply) fn merge(
    type_: Type<'_>,
    left: &Value,
    right: &Value,
) -> Result<Value, String> {
    Ok(walk(type_, Some(left), Some(right))?.unwrap_or_default())
}

type Side<'a> = Option<&'a Value>;

fn walk(type_: Type<'_>, left: Side<'_>, right: Side<'_>) -> Result<Option<Value>, String> {
    let side = if right.is_none() { left } else { right };
    match type_.atom(side) {
        Atom::Scalar => Ok(side.cloned()),
        Atom::List(list) => merge_lists(&list, left, right),
        Atom::Map(map) => merge_maps(&map, left, right),
    }
}

fn merge_maps(map: &MapAtom<'_>, left: Side<'_>, right: Side<'_>) -> Result<Option<Value>, String> {
    let (lefts, rights) = (as_map(left), as_map(right));
    let empty = |map: Option<&Map>| map.is_none_or(Map::is_empty);
    if map.atomic || (empty(lefts) && empty(rights)) {
        return Ok(right.or(left).cloned());
    }
    if empty(rights) && lefts.is_some() {
        return Ok(left.cloned());
    }
    let mut merged = Vec::new();
    let mut error = None;
    zip(lefts, rights, |key, left, right| {
        if error.is_some() {
            return;
        }
        match walk(map.entry(key), left, right) {
            Ok(Some(value)) => merged.push((key.clone(), value)),
            Ok(None) => {}
            Err(inner) => error = Some(format!("{}{inner}", PathElement::Field(key.clone()))),
        }
    });
    match error {
        Some(error) => Err(error),
        None => Ok((!merged.is_empty()).then(|| Value::Map(Map::from_entries(merged)))),
    }
}

fn merge_lists(
    list: &ListAtom<'_>,
    left: Side<'_>,
    right: Side<'_>,
) -> Result<Option<Value>, String> {
    let (lefts, rights) = (as_list(left), as_list(right));
    let empty = |items: Option<&[Value]>| items.is_none_or(<[Value]>::is_empty);
    if list.keys.is_none() || (empty(lefts) && empty(rights)) {
        return Ok(right.or(left).cloned());
    }
    let lefts = index(list, lefts.unwrap_or_default())?;
    let rights = index(list, rights.unwrap_or_default())?;
    for (at, (element, _)) in rights.iter().enumerate() {
        if rights.iter().take(at).any(|(one, _)| one == element) {
            return Err(format!(": duplicate entries for key {element}"));
        }
    }
    let merged = weave(list, &lefts, &rights)?;
    Ok((!merged.is_empty()).then(|| Value::from(merged)))
}

type Indexed<'a> = Vec<(PathElement, &'a Value)>;

fn index<'a>(list: &ListAtom<'_>, items: &'a [Value]) -> Result<Indexed<'a>, String> {
    let indexed = items.iter().enumerate().map(|(at, item)| {
        let element = list.element(item);
        let element = element.map_err(|error| format!(": element {at}: {error}"))?;
        Ok((element, item))
    });
    indexed.collect()
}

fn find<'a>(items: &Indexed<'a>, element: &PathElement) -> Option<&'a Value> {
    let found = items.iter().find(|(one, _)| one == element);
    found.map(|(_, item)| *item)
}

/// The order of the right side wins; what only the left has keeps its place as well as it can.
fn weave(
    list: &ListAtom<'_>,
    lefts: &Indexed<'_>,
    rights: &Indexed<'_>,
) -> Result<Vec<Value>, String> {
    let mut weaver = Weaver {
        list,
        lefts,
        rights,
        out: Vec::new(),
        merged: Vec::new(),
    };
    let mut shared = rights
        .iter()
        .map(|(element, _)| element)
        .filter(|element| find(lefts, element).is_some());
    let mut next_shared = shared.next();
    let (mut left_at, mut right_at) = (0, 0);
    loop {
        let left = lefts.get(left_at);
        let right = rights.get(right_at);
        if let (Some((left, _)), Some((right, _))) = (left, right) {
            if left == right {
                weaver.push_merged(left)?;
                left_at += 1;
                right_at += 1;
                next_shared = shared.next();
                continue;
            }
            let waits = next_shared.is_some_and(|next| next != left);
            if find(rights, left).is_some() && waits {
                left_at += 1;
                continue;
            }
        }
        if let Some((element, item)) = left {
            if find(rights, element).is_none() {
                weaver.push_left(item)?;
                left_at += 1;
                continue;
            }
            if weaver.merged.contains(&element) {
                left_at += 1;
            }
        }
        match right {
            Some((element, _)) => {
                weaver.push_merged(element)?;
                right_at += 1;
                if next_shared == Some(element) {
                    next_shared = shared.next();
                }
            }
            None if left_at >= lefts.len() => return Ok(weaver.out),
            None => {}
        }
    }
}

struct Weaver<'a, 'b> {
    list: &'a ListAtom<'a>,
    lefts: &'b Indexed<'b>,
    rights: &'b Indexed<'b>,
    out: Vec<Value>,
    merged: Vec<&'b PathElement>,
}

impl<'b> Weaver<'_, 'b> {
    /// Takes an item of the right side, merged with the left one of that key; duplicates on the left are lost.
    fn push_merged(&mut self, element: &'b PathElement) -> Result<(), String> {
        self.merged.push(element);
        let twice = self.lefts.iter().filter(|(one, _)| one == element).count() > 1;
        let null = Value::Null;
        let left = if twice {
            Some(&null)
        } else {
            find(self.lefts, element)
        };
        let right = find(self.rights, element);
        let merged = walk(self.list.items, left, right);
        self.out
            .extend(merged.map_err(|error| format!("{element}{error}"))?);
        Ok(())
    }

    fn push_left(&mut self, item: &Value) -> Result<(), String> {
        self.out.extend(walk(self.list.items, Some(item), None)?);
        Ok(())
    }
}
