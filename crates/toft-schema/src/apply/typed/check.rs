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
    let mut errors = Vec::new();
    walk(type_, value, (&mut String::new(), &mut errors));
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

type Context<'a> = (&'a mut String, &'a mut Vec<String>);

fn walk(type_: Type<'_>, value: &Value, (path, errors): Context<'_>) {
    let wrong = match (type_.atom(Some(value)), value) {
        (_, Value::Null) => None,
        (Atom::Scalar, _) => match type_ {
            Type::Schema(schema) => scalar(schema, value),
            _ => None,
        },
        (Atom::List(atom), Value::List(items)) => {
            list(&atom, items, (path, errors));
            None
        }
        (Atom::Map(atom), Value::Map(entries)) => {
            map(&atom, entries, (path, errors));
            None
        }
        (Atom::List(_), _) => Some(format!("expected list, got &{{{}}}", go_text::print(value))),
        (Atom::Map(_), _) => Some(format!("expected map, got &{{{}}}", go_text::print(value))),
    };
    errors.extend(wrong.map(|wrong| format!("{path}: {wrong}")));
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
            go_text::print(value)
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

fn list(atom: &ListAtom<'_>, items: &[Value], (path, errors): Context<'_>) {
    let mut seen: Vec<PathElement> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let element = match atom.keys {
            None => PathElement::Index(i64::try_from(at).unwrap_or(i64::MAX)),
            Some(_) => match atom.element(item) {
                Ok(element) => element,
                Err(error) => {
                    errors.push(format!("{path}: element {at}: {error}"));
                    return;
                }
            },
        };
        if seen.contains(&element) {
            errors.push(format!("{path}: duplicate entries for key {element}"));
        }
        let length = path.len();
        path.push_str(&element.to_string());
        walk(atom.items, item, (path, errors));
        path.truncate(length);
        seen.push(element);
    }
}

fn map(atom: &MapAtom<'_>, entries: &Map, (path, errors): Context<'_>) {
    for (key, value) in entries {
        let length = path.len();
        path.push_str(&PathElement::Field(key.clone()).to_string());
        match atom.entry(key) {
            Type::Unknown => {
                errors.push(format!("{path}: field not declared in schema"));
                path.truncate(length);
                return;
            }
            inner => walk(inner, value, (path, errors)),
        }
        path.truncate(length);
    }
}
