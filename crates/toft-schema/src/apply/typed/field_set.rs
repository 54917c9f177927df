//! The set of fields that a value has.

use toft_value::{Map, Value};

use super::{Atom, ListAtom, MapAtom, Type};
use crate::apply::path::PathElement;
use crate::apply::set::FieldSet;

/// The set of fields that a value has.
pub(in crate::apply) fn field_set(type_: Type<'_>, value: &Value) -> FieldSet {
    let mut walker = Walker::default();
    walker.walk(type_, value);
    walker.set
}

#[derive(Default)]
struct Walker {
    set: FieldSet,
    path: Vec<PathElement>,
}

impl Walker {
    fn walk(&mut self, type_: Type<'_>, value: &Value) {
        match type_.atom(Some(value)) {
            Atom::Scalar => self.set.insert(&self.path),
            Atom::List(list) if list.keys.is_none() => self.set.insert(&self.path),
            Atom::List(list) => self.list(&list, value.items()),
            Atom::Map(map) if map.atomic => self.set.insert(&self.path),
            Atom::Map(map) => {
                if let Some(entries) = value.as_map() {
                    self.map(&map, entries);
                }
            }
        }
    }

    /// An item that is there twice is owned as one, without what is below it.
    fn list(&mut self, list: &ListAtom<'_>, items: &[Value]) {
        let elements: Vec<_> = items
            .iter()
            .filter_map(|item| list.element(item).ok())
            .collect();
        for (item, element) in items.iter().zip(&elements) {
            let twice = elements.iter().filter(|one| *one == element).count() > 1;
            self.path.push(element.clone());
            if !twice {
                self.walk(list.items, item);
            }
            self.set.insert(&self.path);
            self.path.pop();
        }
    }

    fn map(&mut self, map: &MapAtom<'_>, entries: &Map) {
        for (key, value) in entries {
            self.path.push(PathElement::Field(key.clone()));
            self.walk(map.entry(key), value);
            let is_empty = value.is_null() || value.as_map().is_some_and(Map::is_empty);
            if is_empty || !map.is_named(key) {
                self.set.insert(&self.path);
            }
            self.path.pop();
        }
    }
}
