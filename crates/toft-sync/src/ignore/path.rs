//! Paths to fields: JSON pointers, and the jq expressions that are nothing but a path.

use smol_str::SmolStr;
use toft_value::{Map, Value};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A field, or an item by its place where the text is a number.
    Named(SmolStr),
    /// Every item.
    Every,
}

/// A path to fields of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    /// Reads a JSON pointer (RFC 6901).
    pub(super) fn pointer(text: &str) -> Self {
        let parts = text.split('/').skip(1);
        let steps =
            parts.map(|part| Step::Named(part.replace("~1", "/").replace("~0", "~").into()));
        Self(steps.collect())
    }

    /// Reads a jq expression that is a path: `.a.b`, `.a["b"]`, `.a[]`, `.a[0]`, each with `?`.
    pub(super) fn jq(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, tail) = jq_step(rest)?;
            steps.push(step);
            rest = tail.strip_prefix('?').unwrap_or(tail);
        }
        (!steps.is_empty()).then_some(Self(steps))
    }

    /// Takes out what the path leads to.
    pub(super) fn remove(&self, value: &mut Value) {
        remove(value, &self.0);
    }

    /// Puts what the path leads to in `from` at the same place of `to`, where that place can be.
    pub(super) fn copy(&self, from: &Value, to: &mut Value) {
        copy(from, to, &self.0);
    }
}

fn jq_step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix(".[").or_else(|| text.strip_prefix('[')) {
        let (inside, tail) = rest.split_once(']')?;
        if inside.is_empty() {
            return Some((Step::Every, tail));
        }
        let quoted = inside
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'));
        let name = quoted.or_else(|| inside.parse::<usize>().ok().map(|_| inside))?;
        return (!name.contains(['"', '\\'])).then(|| (Step::Named(name.into()), tail));
    }
    let rest = text.strip_prefix('.')?;
    if let Some(rest) = rest.strip_prefix('"') {
        let (name, tail) = rest.split_once('"')?;
        return (!name.contains('\\')).then(|| (Step::Named(name.into()), tail));
    }
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let end = rest.find(|one| !is_name(one)).unwrap_or(rest.len());
    let (name, tail) = rest.split_at_checked(end)?;
    (!name.is_empty()).then(|| (Step::Named(name.into()), tail))
}

fn place(items: &[Value], name: &str) -> Option<usize> {
    let at = name.parse::<usize>().ok()?;
    (at < items.len()).then_some(at)
}

fn remove(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    match (step, value) {
        (Step::Named(name), Value::Map(map)) if map.get(name).is_some() => {
            if rest.is_empty() {
                map.remove(name);
            } else if let Some(field) = map.get_mut(name) {
                remove(field, rest);
            }
        }
        (Step::Named(name), Value::List(items)) => {
            let Some(at) = place(items, name) else { return };
            if rest.is_empty() {
                items.make_mut().remove(at);
            } else if let Some(item) = items.make_mut().get_mut(at) {
                remove(item, rest);
            }
        }
        (Step::Every, Value::List(items)) => {
            if rest.is_empty() {
                items.make_mut().clear();
            } else {
                items
                    .make_mut()
                    .iter_mut()
                    .for_each(|item| remove(item, rest));
            }
        }
        _ => {}
    }
}

fn copy(from: &Value, to: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else {
        *to = from.clone();
        return;
    };
    match (step, from) {
        (Step::Named(name), Value::Map(source)) => {
            let Some(field) = source.get(name) else {
                if rest.is_empty() {
                    remove(to, steps);
                }
                return;
            };
            if let Some(map) = to.as_map_mut() {
                copy(field, map.get_or_insert(name.clone(), Map::new()), rest);
            }
        }
        (Step::Named(name), Value::List(source)) => {
            let Some(item) = place(source, name).and_then(|at| source.get(at)) else {
                return;
            };
            let target = to.as_list_mut().and_then(|items| {
                let at = place(items, name)?;
                items.make_mut().get_mut(at)
            });
            if let Some(target) = target {
                copy(item, target, rest);
            }
        }
        (Step::Every, Value::List(source)) => {
            let Some(items) = to.as_list_mut() else {
                return;
            };
            for (item, target) in source.iter().zip(items.make_mut()) {
                copy(item, target, rest);
            }
        }
        _ => {}
    }
}
