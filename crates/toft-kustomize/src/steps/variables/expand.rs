//! `$(NAME)` in texts; `$$` keeps a dollar.
//!
//! Source: kustomize 5.8.2, `api/filters/refvar/{expand,refvar}.go`, `GetFieldValue` in
//! `kyaml/yaml/rnode.go`.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::fault::Fault;
use crate::node::{Node, NodeKind, Scalar, Style, Tag};

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(SmolStr),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A list or a map, which stands in no text.
    Many,
}

impl Value {
    /// Reads the value of a field; `None` where it is not what its tag says.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let Node::Scalar(scalar) = node else {
            return Some(Self::Many);
        };
        let text = &scalar.text;
        match scalar.tag {
            Tag::Int => text.parse().ok().map(Self::Int),
            Tag::Float => text.parse().ok().map(Self::Float),
            Tag::Bool => go_bool(text).map(Self::Bool),
            _ => Some(Self::Text(text.clone())),
        }
    }

    /// In the middle of a text.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => toft_value::float_to_shortest(*number),
            Self::Bool(flag) => flag.to_string(),
            Self::Many => String::new(),
        }
    }

    fn scalar(&self) -> (SmolStr, Tag) {
        match self {
            Self::Text(text) => (text.clone(), Tag::Str),
            Self::Int(number) => (SmolStr::new(number.to_string()), Tag::Int),
            Self::Float(number) => (SmolStr::new(number.to_string()), Tag::Float),
            Self::Bool(flag) => (SmolStr::new(flag.to_string()), Tag::Bool),
            Self::Many => (SmolStr::default(), Tag::Str),
        }
    }
}

/// Source: Go 1.26, `strconv.ParseBool`.
fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Replaces the names of variables, and counts which.
pub(super) struct Replacer<'a> {
    pub(super) values: &'a BTreeMap<SmolStr, Value>,
    pub(super) used: BTreeSet<SmolStr>,
}

impl Replacer<'_> {
    /// Replaces in a string, in the strings of a map, or in a list of strings.
    pub(super) fn replace(&mut self, node: &mut Node) -> Result<(), Fault> {
        if node.is_null() {
            return Ok(());
        }
        match node {
            Node::Scalar(scalar) => {
                self.scalar(scalar);
                Ok(())
            }
            Node::Map(fields) => {
                for (_, value) in fields.iter_mut() {
                    if let Node::Scalar(scalar) = value {
                        self.scalar(scalar);
                    }
                }
                Ok(())
            }
            Node::List(items) => items.iter_mut().try_for_each(|item| match item {
                Node::Scalar(scalar) if is_string(scalar) => {
                    self.scalar(scalar);
                    Ok(())
                }
                item if item.kind() == NodeKind::Scalar => {
                    Err(Fault::new("invalid value type expect a string"))
                }
                _ => Err(Fault::new("invalid value type expect a string")),
            }),
        }
    }

    fn scalar(&mut self, scalar: &mut Scalar) {
        if !is_string(scalar) {
            return;
        }
        let (text, tag) = self.expanded(&scalar.text);
        scalar.text = text;
        scalar.tag = tag;
        scalar.style = Style::Plain;
    }

    fn expanded(&mut self, input: &str) -> (SmolStr, Tag) {
        let mut text = String::new();
        let mut rest = input;
        while let Some((before, behind)) = rest.split_once('$') {
            let Some(first) = behind.chars().next() else {
                break;
            };
            text.push_str(before);
            let Some(inner) = behind.strip_prefix('(') else {
                // Two dollars are one; anything else stays.
                if first != '$' {
                    text.push('$');
                }
                text.push(first);
                rest = behind.get(first.len_utf8()..).unwrap_or_default();
                continue;
            };
            let Some((name, more)) = inner.split_once(')') else {
                text.push_str("$(");
                rest = inner;
                continue;
            };
            match self.value(name) {
                Some(value) if input.len() == name.len() + 3 => return value.scalar(),
                Some(value) => text.push_str(&value.shown()),
                None => {
                    text.push_str("$(");
                    text.push_str(name);
                    text.push(')');
                }
            }
            rest = more;
        }
        text.push_str(rest);
        (text.into(), Tag::Str)
    }

    fn value(&mut self, name: &str) -> Option<Value> {
        let (name, value) = self.values.get_key_value(name)?;
        if *value == Value::Many {
            return None;
        }
        self.used.insert(name.clone());
        Some(value.clone())
    }
}

fn is_string(scalar: &Scalar) -> bool {
    matches!(scalar.tag, Tag::None | Tag::Str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_dollars_kept() {
        let values = [
            ("A".into(), Value::Text("x".into())),
            ("N".into(), Value::Int(8)),
            ("M".into(), Value::Many),
        ];
        let values = BTreeMap::from(values);
        let mut replacer = Replacer {
            values: &values,
            used: BTreeSet::new(),
        };
        let cases = [
            ("$(A)", "x", Tag::Str),
            ("$(N)", "8", Tag::Int),
            ("a $(N)$(A)", "a 8x", Tag::Str),
            ("$$(A)", "$(A)", Tag::Str),
            ("$(M) $(B)", "$(M) $(B)", Tag::Str),
            ("$(A", "$(A", Tag::Str),
            ("$a$", "$a$", Tag::Str),
            ("$$$(A)", "$x", Tag::Str),
        ];
        for (input, text, tag) in cases {
            assert_eq!(replacer.expanded(input), (text.into(), tag), "{input}");
        }
        assert_eq!(replacer.used.len(), 2);
    }
}
