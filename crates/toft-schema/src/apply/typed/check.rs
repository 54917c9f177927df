//! Whether an applied value fits its type, with upstream's words.

use toft_value::{Map, Value};

use super::{Atom, ListAtom, MapAtom, Type};
use crate::apply::path::PathElement;
use crate::go_text;
use crate::schema::{Schema, Shape};

/// Checks an applied value: declared fields only, scalars of their type, no list item twice.
///
/// # Errors
/// All that does not fit, as upstream tells it.
pub(in crate::apply) fn check(type_: Type<'_>, value: &Value) -> Result<(), String> {
    run(type_, value, Twice::Refused)
}

/// Checks a stored value, which may have an item twice.
///
/// # Errors
/// All that does not fit, as upstream tells it.
pub(in crate::apply) fn check_stored(type_: Type<'_>, value: &Value) -> Result<(), String> {
    run(type_, value, Twice::Allowed)
}

/// Whether a list may have an item twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twice {
    Refused,
    Allowed,
}

fn run(type_: Type<'_>, value: &Value, twice: Twice) -> Result<(), String> {
    let mut walker = Walker {
        twice,
        path: String::new(),
        errors: Vec::new(),
    };
    walker.walk(type_, value);
    match walker.errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

struct Walker {
    twice: Twice,
    path: String,
    errors: Vec<String>,
}

impl Walker {
    fn walk(&mut self, type_: Type<'_>, value: &Value) {
        let print = |value| go_text::print(value);
        let wrong = match (type_.atom(Some(value)), value) {
            (_, Value::Null) => None,
            (Atom::Scalar, _) => type_.schema().and_then(|schema| scalar(schema, value)),
            (Atom::List(atom), Value::List(items)) => {
                self.list(&atom, items);
                None
            }
            (Atom::Map(atom), Value::Map(entries)) => {
                self.map(&atom, entries);
                None
            }
            (Atom::List(_), _) => Some(format!("expected list, got &{{{}}}", print(value))),
            (Atom::Map(_), _) => Some(format!("expected map, got &{{{}}}", print(value))),
        };
        if let Some(wrong) = wrong {
            self.tell(&wrong);
        }
    }

    fn tell(&mut self, wrong: &str) {
        self.errors.push(match self.path.as_str() {
            "" => wrong.to_owned(),
            path => format!("{path}: {wrong}"),
        });
    }

    fn list(&mut self, atom: &ListAtom<'_>, items: &[Value]) {
        let mut seen: Vec<PathElement> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let element = match atom.keys {
                None => PathElement::Index(i64::try_from(at).unwrap_or(i64::MAX)),
                Some(_) => match atom.element(item) {
                    Ok(element) => element,
                    Err(error) => {
                        self.tell(&format!("element {at}: {error}"));
                        return;
                    }
                },
            };
            if self.twice == Twice::Refused && atom.keys.is_some() && seen.contains(&element) {
                self.tell(&format!("duplicate entries for key {element}"));
            }
            let length = self.path.len();
            self.path.push_str(&element.to_string());
            self.walk(atom.items, item);
            self.path.truncate(length);
            seen.push(element);
        }
    }

    fn map(&mut self, atom: &MapAtom<'_>, entries: &Map) {
        for (key, value) in entries {
            let length = self.path.len();
            self.path
                .push_str(&PathElement::Field(key.clone()).to_string());
            match atom.entry(key) {
                Type::Unknown => {
                    self.tell("field not declared in schema");
                    self.path.truncate(length);
                    return;
                }
                inner => self.walk(inner, value),
            }
            self.path.truncate(length);
        }
    }
}

fn scalar(schema: Schema<'_>, value: &Value) -> Option<String> {
    let is_number = value.as_f64().is_some();
    let is_scalar = value.as_list().is_none() && value.as_map().is_none();
    match schema.shape() {
        Shape::Int32 | Shape::Int64 | Shape::Number if !is_number => Some(format!(
            "expected numeric (int or float), got {}",
            go_text::dynamic_type(value)
        )),
        Shape::String | Shape::Bytes if value.as_str().is_none() => Some(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_text::print_syntax(value)
        )),
        Shape::Boolean if value.as_bool().is_none() => Some(format!(
            "expected boolean, got &{{{}}}",
            go_text::print(value)
        )),
        _ if !is_scalar => Some(format!(
            "expected any scalar, got &{{{}}}",
            go_text::print(value)
        )),
        _ => None,
    }
}
