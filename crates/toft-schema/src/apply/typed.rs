//! Values walked along their types: their field set, what differs, merging and removing.
//!
//! Source: structured-merge-diff v6.3.3 `typed/{tofieldset,compare,merge,remove,validate,helpers}.go`;
//! which type a schema gives follows kube-openapi `pkg/schemaconv/openapi.go`.

mod check;
mod compare;
mod field_set;
mod merge;
mod reconcile;
mod remove;

pub(super) use check::{check, check_stored};
pub(super) use compare::{Comparison, compare};
pub(super) use field_set::field_set;
pub(super) use merge::merge;
pub(super) use reconcile::reconcile;
pub(super) use remove::remove;

use smol_str::SmolStr;
use toft_value::{Map, Value};

use super::path::PathElement;
use crate::schema::{ListType, MapType, Schema, Shape};

/// The type of a value.
#[derive(Clone, Copy)]
pub(super) enum Type<'a> {
    /// As a schema has it.
    Schema(Schema<'a>),
    /// As a schema has it, below one that keeps unknown fields: then this one keeps them as well.
    ///
    /// Source: kube-openapi `pkg/schemaconv/openapi.go`, visitSpec.
    Open(Schema<'a>),
    /// No schema: maps merge by entry, lists are one.
    Deduced,
    /// No schema: maps and lists are one.
    Untyped,
    /// Not in the schema.
    Unknown,
}

/// What a value is when it is merged.
#[derive(Clone, Copy)]
pub(super) enum Atom<'a> {
    Scalar,
    List(ListAtom<'a>),
    Map(MapAtom<'a>),
}

#[derive(Clone, Copy)]
pub(super) struct ListAtom<'a> {
    /// `None`: atomic; no keys: a set.
    pub(super) keys: Option<&'a [SmolStr]>,
    pub(super) items: Type<'a>,
}

#[derive(Clone, Copy)]
pub(super) struct MapAtom<'a> {
    pub(super) atomic: bool,
    of: Type<'a>,
}

/// The kind of an atom; a type that is still open for every kind has its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AtomKind {
    Open,
    Scalar,
    List,
    Map,
}

impl<'a> Type<'a> {
    /// The atom that a value of this type is; `null` and nothing leave a type without schema open, which
    /// counts as a map.
    pub(super) fn atom(self, value: Option<&Value>) -> Atom<'a> {
        let open = || match value {
            None | Some(Value::Null | Value::Map(_)) => Atom::Map(MapAtom {
                atomic: matches!(self, Self::Untyped),
                of: self,
            }),
            Some(Value::List(_)) => Atom::List(ListAtom {
                keys: None,
                items: Self::Untyped,
            }),
            Some(_) => Atom::Scalar,
        };
        match self {
            Self::Schema(schema) | Self::Open(schema) => match schema.shape() {
                Shape::Object | Shape::Map | Shape::Raw => Atom::Map(MapAtom {
                    atomic: schema.map_type() == MapType::Atomic,
                    of: self,
                }),
                Shape::List => Atom::List(ListAtom {
                    keys: match schema.list_type() {
                        ListType::Atomic => None,
                        ListType::Set => Some(&[]),
                        ListType::Map(keys) => Some(keys),
                    },
                    items: schema
                        .items()
                        .map_or(Self::Untyped, |items| self.below(items)),
                }),
                _ => Atom::Scalar,
            },
            Self::Deduced | Self::Unknown | Self::Untyped => open(),
        }
    }

    pub(super) fn kind(self, value: Option<&Value>) -> AtomKind {
        match (self, self.atom(value), value) {
            (
                Self::Deduced | Self::Untyped | Self::Unknown,
                Atom::Map(_),
                None | Some(Value::Null),
            ) => AtomKind::Open,
            (_, Atom::Map(_), _) => AtomKind::Map,
            (_, Atom::List(_), _) => AtomKind::List,
            (_, Atom::Scalar, _) => AtomKind::Scalar,
        }
    }

    /// The type that a schema gives.
    pub(super) fn of(schema: Schema<'a>) -> Self {
        match schema.shape() {
            // Both have no type of their own in OpenAPI.
            Shape::Any | Shape::IntOrString => Self::Deduced,
            Shape::Raw if !schema.is_preserving() => Self::Untyped,
            _ if schema.is_preserving() => Self::Open(schema),
            _ => Self::Schema(schema),
        }
    }

    /// The type of what a schema below this type gives.
    fn below(self, schema: Schema<'a>) -> Self {
        match (self, Self::of(schema)) {
            (Self::Open(_), Self::Schema(schema)) => Self::Open(schema),
            (_, other) => other,
        }
    }

    /// The schema, where there is one.
    pub(super) fn schema(self) -> Option<Schema<'a>> {
        match self {
            Self::Schema(schema) | Self::Open(schema) => Some(schema),
            Self::Deduced | Self::Untyped | Self::Unknown => None,
        }
    }
}

impl<'a> MapAtom<'a> {
    /// The type of an entry.
    pub(super) fn entry(&self, name: &str) -> Type<'a> {
        match self.of {
            Type::Schema(schema) | Type::Open(schema) => match schema.field(name) {
                Some(field) => self.of.below(field.schema()),
                None => self.others(schema),
            },
            other => other,
        }
    }

    fn others(&self, schema: Schema<'a>) -> Type<'a> {
        let is_open = matches!(self.of, Type::Open(_));
        match schema.values() {
            Some(values) => self.of.below(values),
            None if is_open || schema.fields().len() == 0 => Type::Deduced,
            None => Type::Unknown,
        }
    }

    /// Whether an entry is a field of a struct, not a key of a map.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.of
            .schema()
            .is_some_and(|schema| schema.field(name).is_some())
    }

    /// Whether the map has no schema of its own.
    pub(super) fn is_deduced(&self) -> bool {
        match self.of {
            Type::Schema(schema) | Type::Open(schema) => {
                schema.fields().len() == 0 && matches!(self.others(schema), Type::Deduced)
            }
            Type::Deduced | Type::Unknown => true,
            Type::Untyped => false,
        }
    }
}

impl ListAtom<'_> {
    /// How an item of an associative list is found.
    pub(super) fn element(&self, item: &Value) -> Result<PathElement, String> {
        let keys = self
            .keys
            .ok_or("invalid indexing of non-associative list")?;
        if keys.is_empty() {
            return match item {
                Value::Map(_) => {
                    Err("associative list without keys has an element that's a map type".into())
                }
                Value::List(_) => {
                    Err("not supported: associative list with lists as elements".into())
                }
                Value::Null => Err(
                    "associative list without keys has an element that's an explicit null".into(),
                ),
                scalar => Ok(PathElement::Value(scalar.to_json().into())),
            };
        }
        let map = match item {
            Value::Map(map) => map,
            Value::Null => {
                return Err("associative list with keys may not have a null element".into());
            }
            _ => return Err("associative list with keys may not have non-map elements".into()),
        };
        let mut found = Map::new();
        for key in keys {
            if let Some(value) = map.get(key).or_else(|| self.key_default(key)) {
                found.insert(key.clone(), value);
            }
        }
        if found.is_empty() {
            let keys: Vec<String> = keys.iter().map(|key| crate::go_text::quote(key)).collect();
            return Err(format!(
                "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
                keys.join(" ")
            ));
        }
        Ok(PathElement::Key(Value::Map(found).to_json().into()))
    }

    fn key_default(&self, key: &str) -> Option<&Value> {
        self.items.schema()?.field(key)?.default()
    }
}

/// Equality of values, where `1` and `1.0` are equal.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(_) | Value::UInt(_) | Value::Float(_), _) => {
            left == right
                || (right.as_f64().is_some()
                    && !(matches!(left, Value::Int(_)) && matches!(right, Value::Int(_)))
                    && left.as_f64() == right.as_f64())
        }
        (Value::List(left), Value::List(right)) => {
            left.is_same(right)
                || (left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| equal(left, right)))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.is_same(right)
                || (left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| left.0 == right.0 && equal(left.1, right.1)))
        }
        _ => left == right,
    }
}

fn as_list(value: Option<&Value>) -> Option<&[Value]> {
    value
        .and_then(Value::as_list)
        .map(toft_value::List::as_slice)
}

fn as_map(value: Option<&Value>) -> Option<&Map> {
    value.and_then(Value::as_map)
}

/// Walks the entries of two maps together, in order of keys.
fn zip<'a>(
    left: Option<&'a Map>,
    right: Option<&'a Map>,
    mut visit: impl FnMut(&'a SmolStr, Option<&'a Value>, Option<&'a Value>),
) {
    let mut left = left.into_iter().flatten().peekable();
    let mut right = right.into_iter().flatten().peekable();
    loop {
        match (left.peek(), right.peek()) {
            (None, None) => return,
            (Some((key, value)), None) => {
                visit(key, Some(value), None);
                left.next();
            }
            (None, Some((key, value))) => {
                visit(key, None, Some(value));
                right.next();
            }
            (Some((left_key, left_value)), Some((right_key, right_value))) => {
                match left_key.cmp(right_key) {
                    std::cmp::Ordering::Less => {
                        visit(left_key, Some(left_value), None);
                        left.next();
                    }
                    std::cmp::Ordering::Greater => {
                        visit(right_key, None, Some(right_value));
                        right.next();
                    }
                    std::cmp::Ordering::Equal => {
                        visit(left_key, Some(left_value), Some(right_value));
                        left.next();
                        right.next();
                    }
                }
            }
        }
    }
}
