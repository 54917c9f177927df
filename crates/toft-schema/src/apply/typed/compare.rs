//! What differs between two values.

use toft_value::Value;

use super::{Atom, ListAtom, Type, as_list, as_map, equal, zip};
use crate::apply::path::PathElement;
use crate::apply::set::FieldSet;

/// What differs between two values.
#[derive(Clone, Debug, Default)]
pub(in crate::apply) struct Comparison {
    pub(in crate::apply) removed: FieldSet,
    pub(in crate::apply) modified: FieldSet,
    pub(in crate::apply) added: FieldSet,
}

/// Compares two values of a type.
pub(in crate::apply) fn compare(type_: Type<'_>, left: &Value, right: &Value) -> Comparison {
    let mut walker = Walker::default();
    walker.walk(type_, Some(left), Some(right));
    walker.comparison
}

#[derive(Default)]
struct Walker {
    comparison: Comparison,
    path: Vec<PathElement>,
}

/// Whether a value was compared as one, or entry by entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Leaf,
    Deep,
}

type Side<'a> = Option<&'a Value>;

impl Walker {
    fn walk(&mut self, type_: Type<'_>, left: Side<'_>, right: Side<'_>) {
        if let (Some(left), Some(right)) = (left, right)
            && is_same(left, right)
        {
            return;
        }
        let kinds = (type_.kind(left), type_.kind(right));
        let depth = if right.is_none() {
            self.atom(type_.atom(left), left, right)
        } else if left.is_none() || kinds.0 == kinds.1 {
            self.atom(type_.atom(right), left, right)
        } else {
            // Upstream looks with the eyes of both sides, and either may find a change.
            self.atom(type_.atom(left), left, right);
            self.atom(type_.atom(right), left, right)
        };
        if depth == Depth::Deep {
            if left.is_none() {
                self.comparison.added.insert(&self.path);
            } else if right.is_none() {
                self.comparison.removed.insert(&self.path);
            }
        }
    }

    fn leaf(&mut self, left: Side<'_>, right: Side<'_>) -> Depth {
        match (left, right) {
            (None, _) => self.comparison.added.insert(&self.path),
            (_, None) => self.comparison.removed.insert(&self.path),
            (Some(left), Some(right)) if !equal(left, right) => {
                self.comparison.modified.insert(&self.path);
            }
            _ => {}
        }
        Depth::Leaf
    }

    fn atom(&mut self, atom: Atom<'_>, left: Side<'_>, right: Side<'_>) -> Depth {
        match atom {
            Atom::Scalar => self.leaf(left, right),
            Atom::List(list) => {
                let (lefts, rights) = (as_list(left), as_list(right));
                let empty = |items: Option<&[Value]>| items.is_none_or(<[Value]>::is_empty);
                if list.keys.is_none() || (empty(lefts) && empty(rights)) {
                    return self.leaf(left, right);
                }
                self.list(&list, lefts.unwrap_or_default(), rights.unwrap_or_default());
                Depth::Deep
            }
            Atom::Map(map) => {
                let (lefts, rights) = (as_map(left), as_map(right));
                let empty =
                    |map: Option<&toft_value::Map>| map.is_none_or(toft_value::Map::is_empty);
                if map.atomic || (empty(lefts) && empty(rights)) {
                    return self.leaf(left, right);
                }
                zip(lefts, rights, |key, left, right| {
                    self.path.push(PathElement::Field(key.clone()));
                    self.walk(map.entry(key), left, right);
                    self.path.pop();
                });
                Depth::Deep
            }
        }
    }

    fn list(&mut self, list: &ListAtom<'_>, lefts: &[Value], rights: &[Value]) {
        let index = |items: &[Value]| -> Vec<PathElement> {
            items
                .iter()
                .filter_map(|item| list.element(item).ok())
                .collect()
        };
        let (left_elements, right_elements) = (index(lefts), index(rights));
        let mut seen: Vec<&PathElement> = Vec::new();
        for element in left_elements.iter().chain(&right_elements) {
            if seen.contains(&element) {
                continue;
            }
            seen.push(element);
            let find = |elements: &[PathElement], items| -> Vec<Value> {
                matching(elements, items, element)
            };
            let left = find(&left_elements, lefts);
            let right = find(&right_elements, rights);
            self.path.push(element.clone());
            self.items(list, &left, &right);
            self.path.pop();
        }
    }

    /// The items of one key on both sides; more than one is compared as one.
    fn items(&mut self, list: &ListAtom<'_>, left: &[Value], right: &[Value]) {
        match (left, right) {
            ([] | [_], [] | [_]) => self.walk(list.items, left.first(), right.first()),
            ([_, _, ..], [_, _, ..]) => {
                let same = left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| equal(left, right));
                if !same {
                    self.comparison.modified.insert(&self.path);
                }
            }
            ([_, _, ..], _) => {
                if let Some(right) = right.first() {
                    self.walk(list.items, None, Some(right));
                }
                self.comparison.removed.insert(&self.path);
            }
            (_, [_, _, ..]) => {
                if let Some(left) = left.first() {
                    self.walk(list.items, Some(left), None);
                }
                self.comparison.added.insert(&self.path);
            }
        }
    }
}

fn matching(elements: &[PathElement], items: &[Value], wanted: &PathElement) -> Vec<Value> {
    let pairs = elements.iter().zip(items);
    let found = pairs.filter(|(element, _)| *element == wanted);
    found.map(|(_, item)| item.clone()).collect()
}

/// Whether both are one allocation, which saves the walk.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Map(left), Value::Map(right)) => left.is_same(right),
        (Value::List(left), Value::List(right)) => left.is_same(right),
        _ => false,
    }
}
