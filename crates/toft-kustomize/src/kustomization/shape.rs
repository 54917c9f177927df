//! Checks a value against the fields that a file may have.
//!
//! Upstream decodes with Go's JSON decoder: names match whatever their case, null means absent, and a
//! wrong type refuses the file.

use smol_str::SmolStr;
use toft_value::{Kind, List, Map, Value, float_to_shortest};

/// What a field may hold.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    Flag,
    Number,
    /// A map of texts.
    Texts,
    List(&'static Self),
    Record(&'static [(&'static str, Self)]),
    /// As the other shape, where nothing is converted: Go promotes these fields from another structure.
    Exact(&'static Self),
    /// A map of anything.
    AnyMap,
}

/// One step of the way to a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(SmolStr),
    Index(usize),
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Nobody knows this field; another one may be meant.
    Unknown {
        path: Vec<Segment>,
        suggestion: Option<&'static str>,
    },
    /// The value is of another type.
    Wrong {
        path: Vec<Segment>,
        found: &'static str,
        wanted: &'static str,
    },
}

/// The value with the names that the shape has and without nulls; what does not fit is left out and told.
pub(crate) fn check(value: &Value, shape: &'static Shape) -> (Value, Vec<Problem>) {
    read(value, shape, Reading::Exact)
}

/// As [`check`], where numbers and truth values count as the texts that are wanted.
///
/// Source: `convertToJSONableObject`, `sigs.k8s.io/yaml` 1.6.0, which looks at the types that are wanted.
pub(crate) fn check_converting(value: &Value, shape: &'static Shape) -> (Value, Vec<Problem>) {
    read(value, shape, Reading::Converting)
}

fn read(value: &Value, shape: &'static Shape, reading: Reading) -> (Value, Vec<Problem>) {
    let mut checker = Checker {
        reading,
        path: Vec::new(),
        problems: Vec::new(),
    };
    let value = checker.value(value, shape).unwrap_or_default();
    (value, checker.problems)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Exact,
    Converting,
}

/// What a number or a truth value is as a text.
fn converted(value: &Value) -> Option<Value> {
    let text = match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => float_to_shortest(*number),
        _ => return None,
    };
    Some(text.into())
}

/// The problems without those fields that nobody knows.
pub(crate) fn wrong_only(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.retain(|problem| matches!(problem, Problem::Wrong { .. }));
    problems
}

struct Checker {
    reading: Reading,
    path: Vec<Segment>,
    problems: Vec<Problem>,
}

impl Checker {
    fn value(&mut self, value: &Value, shape: &'static Shape) -> Option<Value> {
        match (shape, value) {
            (_, Value::Null) => None,
            (Shape::AnyMap, value @ Value::Map(_))
            | (Shape::Text, value @ Value::Str(_))
            | (Shape::Flag, value @ Value::Bool(_)) => Some(value.clone()),
            (Shape::Text, value)
                if self.reading == Reading::Converting && converted(value).is_some() =>
            {
                converted(value)
            }
            (Shape::Number, value) if value.as_i64().is_some() => value.as_i64().map(Value::Int),
            (Shape::Texts, Value::Map(map)) => Some(self.texts(map)),
            (Shape::List(item), Value::List(items)) => Some(self.list(items, item)),
            (Shape::Record(fields), Value::Map(map)) => Some(self.record(map, fields)),
            (Shape::Exact(shape), value) => {
                let reading = std::mem::replace(&mut self.reading, Reading::Exact);
                let value = self.value(value, shape);
                self.reading = reading;
                value
            }
            (shape, value) => {
                self.problems.push(Problem::Wrong {
                    path: self.path.clone(),
                    found: kind_name(value.kind()),
                    wanted: shape.name(),
                });
                None
            }
        }
    }

    fn below(&mut self, segment: Segment, value: &Value, shape: &'static Shape) -> Option<Value> {
        self.path.push(segment);
        let value = self.value(value, shape);
        self.path.pop();
        value
    }

    fn texts(&mut self, map: &Map) -> Value {
        let entries = map.iter().filter_map(|(key, value)| {
            // A null in a map of texts is the empty text.
            let text = if value.is_null() {
                Some("".into())
            } else {
                self.below(Segment::Key(key.clone()), value, &Shape::Text)
            };
            Some((key.clone(), text?))
        });
        Value::Map(entries.collect())
    }

    fn list(&mut self, items: &List, shape: &'static Shape) -> Value {
        let items = items.iter().enumerate();
        let values = items.map(|(index, item)| {
            self.below(Segment::Index(index), item, shape)
                .unwrap_or_default()
        });
        Value::List(values.collect())
    }

    fn record(&mut self, map: &Map, fields: &'static [(&'static str, Shape)]) -> Value {
        let mut known = Map::new();
        for (key, value) in map {
            let exact = fields.iter().find(|(name, _)| name == key);
            let found = exact.or_else(|| {
                fields
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(key))
            });
            let segment = Segment::Key(key.clone());
            let Some((name, shape)) = found else {
                let mut path = self.path.clone();
                path.push(segment);
                let suggestion = closest(key, fields);
                self.problems.push(Problem::Unknown { path, suggestion });
                continue;
            };
            if let Some(value) = self.below(segment, value, shape) {
                known.insert(*name, value);
            }
        }
        Value::Map(known)
    }
}

impl Shape {
    fn name(&self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "`true` or `false`",
            Self::Number => "an integer",
            Self::Texts => "a map of strings",
            Self::List(_) => "a list",
            Self::AnyMap | Self::Record(_) => "a map",
            Self::Exact(shape) => shape.name(),
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Int | Kind::Float => "a number",
        Kind::Str => "a string",
        Kind::List => "a list",
        Kind::Map => "a map",
    }
}

/// A name that is at most this far from what was written is suggested: two slips of the finger.
const EDITS_MAX: usize = 2;

fn closest(key: &str, fields: &'static [(&'static str, Shape)]) -> Option<&'static str> {
    let distance = |name: &str| strsim::osa_distance(&key.to_lowercase(), &name.to_lowercase());
    let candidates = fields.iter().map(|(name, _)| (distance(name), *name));
    let best = candidates.min()?;
    (best.0 <= EDITS_MAX).then_some(best.1)
}
