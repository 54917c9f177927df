//! The shapes of Argo CD's types: which fields there are, in which order, and when they are written.
//!
//! Argo CD reads an Application into its own types and writes it back, which drops what it does not
//! know and what is empty. [`Shape::canonical`] does the same, so that an Application that an
//! `ApplicationSet` gives is the one that Argo CD would write. The tables are in [`tables`].

mod tables;

use smol_str::SmolStr;
use toft_source::Diagnostic;
use toft_value::{List, Map, Value};

pub use tables::{APP_PROJECT, APPLICATION, APPLICATION_SET, NESTED_GENERATOR, SOURCE, TEMPLATE};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// An integer.
    Integer,
    /// An integer or a string.
    IntegerOrText,
    /// Anything; kept as it is.
    Any,
    /// A list of one shape.
    List(&'static Self),
    /// A map from strings to one shape.
    Map(&'static Self),
    /// Named fields.
    Struct(&'static [Field]),
}

/// When a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Unless it is empty: Go's `omitempty`.
    NonZero,
    /// Always.
    Always,
    /// Where it was written: Go's `omitempty` on a pointer.
    Present,
}

/// A field of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// When it is written.
    pub keep: Keep,
}

impl Shape {
    /// The value as Go's `encoding/json` writes it after reading it into the type.
    ///
    /// Unknown fields and values of another type are dropped; [`Shape::check`] tells about them.
    pub fn canonical(&self, value: &Value) -> Value {
        match self {
            Self::Struct(fields) => Value::Map(canonical_struct(fields, value)),
            Self::List(item) => {
                let items = value.items().iter();
                Value::List(items.map(|one| item.canonical(one)).collect::<List>())
            }
            Self::Map(item) => {
                let entries = value.as_map().into_iter().flatten();
                let entries = entries.map(|(key, one)| (key.clone(), item.canonical(one)));
                Value::Map(entries.collect())
            }
            Self::Any => value.clone(),
            _ if self.accepts(value) => value.clone(),
            _ => self.zero(),
        }
    }

    fn zero(&self) -> Value {
        match self {
            Self::Text => Value::from(""),
            Self::Flag => Value::Bool(false),
            Self::Integer | Self::IntegerOrText => Value::Int(0),
            Self::Any | Self::List(_) | Self::Map(_) => Value::Null,
            Self::Struct(fields) => Value::Map(canonical_struct(fields, &Value::Null)),
        }
    }

    fn accepts(&self, value: &Value) -> bool {
        match self {
            Self::Text => value.as_str().is_some(),
            Self::Flag => value.as_bool().is_some(),
            Self::Integer => value.as_i64().is_some(),
            Self::IntegerOrText => value.as_i64().is_some() || value.as_str().is_some(),
            Self::Any => true,
            Self::List(_) => value.as_list().is_some(),
            Self::Map(_) | Self::Struct(_) => value.as_map().is_some(),
        }
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "a boolean",
            Self::Integer => "an integer",
            Self::IntegerOrText => "an integer or a string",
            Self::Any => "anything",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Struct(_) => "a map",
        }
    }

    /// Tells about fields that the type does not have (`ARG001`) and values of another type (`ARG002`).
    ///
    /// `path` is where the value stands, such as `spec.source`.
    pub fn check(&self, value: &Value, path: &str) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        self.check_into(value, path, &mut diagnostics);
        diagnostics
    }

    fn check_into(&self, value: &Value, path: &str, diagnostics: &mut Vec<Diagnostic>) {
        if value.is_null() {
            return;
        }
        if !self.accepts(value) {
            let message = format!("`{path}` must be {}", self.expected());
            diagnostics.push(Diagnostic::error("ARG002", message));
            return;
        }
        match self {
            Self::Struct(fields) => check_struct(fields, value, path, diagnostics),
            Self::List(item) => {
                for (index, one) in value.items().iter().enumerate() {
                    item.check_into(one, &format!("{path}[{index}]"), diagnostics);
                }
            }
            Self::Map(item) => {
                for (key, one) in value.as_map().into_iter().flatten() {
                    item.check_into(one, &join(path, key), diagnostics);
                }
            }
            Self::Text | Self::Flag | Self::Integer | Self::IntegerOrText | Self::Any => {}
        }
    }
}

fn canonical_struct(fields: &[Field], value: &Value) -> Map {
    let mut entries: Vec<(SmolStr, Value)> = Vec::with_capacity(fields.len());
    for field in fields {
        let found = value.get(field.name).filter(|found| !found.is_null());
        let written = match (field.keep, found) {
            (Keep::Always, None) => Some(field.shape.zero()),
            (Keep::Present | Keep::NonZero, None) => None,
            (Keep::Always | Keep::Present, Some(found)) => Some(field.shape.canonical(found)),
            (Keep::NonZero, Some(found)) => {
                Some(field.shape.canonical(found)).filter(|found| !is_empty(found))
            }
        };
        entries.extend(written.map(|written| (SmolStr::new_static(field.name), written)));
    }
    Map::from_entries(entries)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Int(number) => *number == 0,
        Value::UInt(_) => false,
        Value::Float(number) => *number == 0.0,
        Value::Str(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
    }
}

fn check_struct(fields: &[Field], value: &Value, path: &str, diagnostics: &mut Vec<Diagnostic>) {
    for (key, one) in value.as_map().into_iter().flatten() {
        let path = join(path, key);
        let Some(field) = fields.iter().find(|field| field.name == key.as_str()) else {
            let unknown = Diagnostic::warning("ARG001", format!("unknown field `{path}`"));
            diagnostics.push(match closest(fields, key) {
                Some(name) => unknown.help(format!("did you mean `{name}`?")),
                None => unknown,
            });
            continue;
        };
        field.shape.check_into(one, &path, diagnostics);
    }
}

/// How different a name may be from what is written to be proposed instead.
const NAME_DISTANCE_MAX: usize = 3;

fn closest(fields: &[Field], key: &str) -> Option<&'static str> {
    let distance = |field: &Field| strsim::damerau_levenshtein(field.name, key);
    let nearest = fields.iter().min_by_key(|field| distance(field))?;
    (distance(nearest) <= NAME_DISTANCE_MAX.min(key.len() / 2)).then_some(nearest.name)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn what_is_empty_is_dropped_and_what_is_always_there_is_added() {
        let source = value!({"repoURL": "", "path": "", "directory": {"recurse": false}, "helm": {}, "unknown": 1});
        let expected = value!({"repoURL": "", "directory": {"jsonnet": {}}, "helm": {}});
        assert_eq!(SOURCE.canonical(&source), expected);
    }

    #[test]
    fn an_unknown_field_is_told_with_the_nearest_name() {
        let source = value!({"repoUrl": "a", "path": 3});
        let diagnostics = SOURCE.check(&source, "spec.source");
        let told: Vec<_> = diagnostics.iter().map(|one| one.message.as_str()).collect();
        let expected = [
            "`spec.source.path` must be a string",
            "unknown field `spec.source.repoUrl`",
        ];
        assert_eq!(told, expected);
        assert_eq!(diagnostics[1].help, ["did you mean `repoURL`?"]);
    }
}
