//! Field sets that were written when a list or map was not yet atomic.

use super::{Atom, Type};
use crate::apply::path::PathElement;
use crate::apply::set::FieldSet;

/// The set with every path into an atomic list or map cut at its root.
///
/// Source: structured-merge-diff v6.3.3 `typed/reconcile_schema.go`.
pub(in crate::apply) fn reconcile(type_: Type<'_>, set: &FieldSet) -> FieldSet {
    let mut cut = FieldSet::default();
    walk(type_, set, (&mut Vec::new(), &mut cut));
    if cut.is_empty() {
        return set.clone();
    }
    set.recursive_difference(&cut).union(&cut)
}

fn walk(type_: Type<'_>, set: &FieldSet, (path, cut): (&mut Vec<PathElement>, &mut FieldSet)) {
    let atom = type_.atom(None);
    for (element, _, below) in set.nodes() {
        if below.is_empty() {
            continue;
        }
        let inner = match (&atom, element) {
            (Atom::Map(map), _) if map.is_deduced() => return,
            (Atom::Map(map), PathElement::Field(name)) => map.entry(name),
            (Atom::List(list), _) => list.items,
            _ => return,
        };
        path.push(element.clone());
        let is_atomic = match inner.atom(None) {
            Atom::Map(map) => map.atomic && !map.is_deduced(),
            Atom::List(list) => list.keys.is_none(),
            Atom::Scalar => false,
        };
        if is_atomic && inner.schema().is_some() {
            cut.insert(path);
        } else {
            walk(inner, below, (path, cut));
        }
        path.pop();
    }
}
