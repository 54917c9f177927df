//! Runtime values: what a Go template can tell apart.

mod record;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use smol_str::SmolStr;
use toft_value::{Map, Value};

use crate::bounds::{NESTING_MAX, VALUES_MAX};
use crate::format::sprint_one;
use crate::functions::{Held, Version};

pub use record::{Emptiness, Record, RecordField, RecordType};

/// A value while a template runs, with the Go type that it would have.
///
/// JSON and YAML come in as Go's `encoding/json` decodes them into `any`: every number is a float.
///
/// # Example
/// ```
/// use toft_gotmpl::Data;
/// use toft_value::value;
/// assert_eq!(Data::from_value(&value!({"port": 8080})).type_name(), "map[string]interface {}");
/// ```
#[derive(Clone, Debug)]
pub enum Data {
    /// Nothing at all: what a missing key gives.
    Missing,
    /// A nil `interface {}`.
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Int64(i64),
    /// `uint64`
    Uint64(u64),
    /// `uint8`
    Byte(u8),
    /// `float64`
    Float(f64),
    /// `string`
    Text(SmolStr),
    /// `[]uint8`
    Bytes(Rc<[u8]>),
    /// A slice.
    List(Items),
    /// A map with string keys.
    Dict(Dict),
    /// `time.Time`, always in UTC here.
    Time(Timestamp),
    /// `time.Duration`, in nanoseconds.
    Duration(i64),
    /// `*semver.Version`
    Version(Rc<Version>),
    /// A struct.
    Record(Rc<Record>),
}

/// A slice: its type and items.
#[derive(Clone, Debug)]
pub struct Items {
    /// What the items are.
    pub kind: ItemsKind,
    /// The items.
    pub items: Rc<Vec<Data>>,
}

/// The type of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemsKind {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Text,
    /// `[]int`
    Int,
    /// `[]map[string]interface {}`
    Dict,
    /// `[][]interface {}`
    List,
    /// The API versions of Helm's capabilities, under Go's name of their type.
    Versions(&'static str),
}

/// A map, shared by everyone who holds it: `set` changes it for all.
#[derive(Clone, Debug)]
pub struct Dict {
    /// What the values are.
    pub kind: DictKind,
    /// The entries.
    pub entries: Rc<RefCell<BTreeMap<SmolStr, Data>>>,
}

/// The type of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DictKind {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Text,
    /// Helm's values, under Go's name of their type; otherwise as [`DictKind::Any`].
    Values(&'static str),
    /// `engine.files`: the files of a chart.
    Files,
}

impl DictKind {
    /// What a key that is not there gives where a map is indexed.
    pub(crate) fn zero(self) -> Data {
        match self {
            Self::Any | Self::Values(_) => Data::Nil,
            Self::Text => Data::text(""),
            Self::Files => Data::Bytes(Rc::from([])),
        }
    }

    /// Whether such a map can be given where `map[string]interface {}` is wanted.
    pub(crate) fn is_any(self) -> bool {
        matches!(self, Self::Any | Self::Values(_))
    }
}

impl Items {
    /// A slice of a type.
    pub fn new(kind: ItemsKind, items: Vec<Data>) -> Self {
        Self {
            kind,
            items: Rc::new(items),
        }
    }
}

impl Dict {
    /// A map of a type.
    pub fn new(kind: DictKind, entries: BTreeMap<SmolStr, Data>) -> Self {
        Self {
            kind,
            entries: Rc::new(RefCell::new(entries)),
        }
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<Data> {
        self.entries.borrow().get(key).cloned()
    }

    /// Puts a value under a key.
    pub fn set(&self, key: impl Into<SmolStr>, value: Data) {
        self.entries.borrow_mut().insert(key.into(), value);
    }

    /// The entries as they are now, in order of keys.
    pub fn snapshot(&self) -> Vec<(SmolStr, Data)> {
        let entries = self.entries.borrow();
        let pairs = entries.iter();
        pairs
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Whether an entry is looked up without its type, as `interface {}`.
    pub(crate) fn boxes(&self) -> Boxed {
        match self.kind {
            DictKind::Any | DictKind::Values(_) => Boxed::Yes,
            DictKind::Text | DictKind::Files => Boxed::No,
        }
    }
}

/// Whether a value is held as `interface {}`; errors tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boxed {
    Yes,
    No,
}

impl Data {
    /// A text.
    pub fn text(text: impl Into<SmolStr>) -> Self {
        Self::Text(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Items::new(ItemsKind::Any, items))
    }

    /// A `[]string`.
    pub fn texts<T: Into<SmolStr>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(|text| Self::Text(text.into()));
        Self::List(Items::new(ItemsKind::Text, items.collect()))
    }

    /// A `map[string]interface {}`.
    pub fn dict(entries: impl IntoIterator<Item = (SmolStr, Self)>) -> Self {
        Self::Dict(Dict::new(DictKind::Any, entries.into_iter().collect()))
    }

    /// A `map[string]string`.
    pub fn text_dict(entries: impl IntoIterator<Item = (SmolStr, SmolStr)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, text)| (key, Self::Text(text)));
        Self::Dict(Dict::new(DictKind::Text, entries.collect()))
    }

    /// A JSON value as Go decodes it into `interface {}`.
    #[expect(clippy::cast_precision_loss, reason = "Go decodes numbers as floats")]
    pub fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nil,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Float(*value as f64),
            Value::UInt(value) => Self::Float(*value as f64),
            Value::Float(value) => Self::Float(*value),
            Value::Str(value) => Self::Text(value.clone()),
            Value::List(list) => Self::list(list.iter().map(Self::from_value).collect()),
            Value::Map(map) => Self::from_map(map),
        }
    }

    /// A value whose integers stay `int64`, as values that were never text have them.
    pub fn from_typed(value: &Value) -> Self {
        match value {
            Value::Int(value) => Self::Int64(*value),
            Value::List(list) => Self::list(list.iter().map(Self::from_typed).collect()),
            Value::Map(map) => {
                let entries = map.iter();
                Self::dict(entries.map(|(key, value)| (key.clone(), Self::from_typed(value))))
            }
            other => Self::from_value(other),
        }
    }

    /// A JSON object as Go decodes it.
    pub fn from_map(map: &Map) -> Self {
        let entries = map.iter();
        Self::dict(entries.map(|(key, value)| (key.clone(), Self::from_value(value))))
    }

    /// The value as JSON has it.
    ///
    /// # Errors
    /// It nests deeper than [`NESTING_MAX`], perhaps because it holds itself, or holds more than
    /// [`VALUES_MAX`].
    pub fn to_value(&self) -> Result<Value, String> {
        self.weigh()?;
        Ok(self.converted())
    }

    fn converted(&self) -> Value {
        match self {
            Self::Missing | Self::Nil => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) | Self::Int64(value) | Self::Duration(value) => Value::Int(*value),
            Self::Uint64(value) => Value::from_u64(*value),
            Self::Byte(value) => Value::Int((*value).into()),
            // Go writes bytes as base64.
            Self::Bytes(bytes) => Value::from(STANDARD.encode(bytes)),
            Self::Float(value) => Value::Float(*value),
            Self::Text(text) => Value::Str(text.clone()),
            Self::List(list) => Value::List(list.items.iter().map(Self::converted).collect()),
            Self::Dict(dict) => {
                let entries = dict.snapshot().into_iter();
                Value::Map(
                    entries
                        .map(|(key, value)| (key, value.converted()))
                        .collect(),
                )
            }
            Self::Time(time) => Value::from(time.to_string()),
            Self::Version(version) => Value::from(version.to_string()),
            Self::Record(record) => Value::Map(record.converted()),
        }
    }

    /// A value that shares no map with this one.
    ///
    /// # Errors
    /// It nests deeper than [`NESTING_MAX`], perhaps because it holds itself, or holds more than
    /// [`VALUES_MAX`].
    pub fn deep_copy(&self) -> Result<Self, String> {
        self.weigh()?;
        Ok(self.copied())
    }

    fn copied(&self) -> Self {
        match self {
            Self::List(list) => {
                let items = list.items.iter().map(Self::copied).collect();
                Self::List(Items::new(list.kind, items))
            }
            Self::Dict(dict) => {
                let entries = dict.snapshot().into_iter();
                let entries = entries.map(|(key, value)| (key, value.copied())).collect();
                Self::Dict(Dict::new(dict.kind, entries))
            }
            other => other.clone(),
        }
    }

    /// Go's name of the type, as `%T` prints it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint64(_) => "uint64",
            Self::Byte(_) => "uint8",
            Self::Bytes(_) => "[]uint8",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(list) => match list.kind {
                ItemsKind::Any => "[]interface {}",
                ItemsKind::Text => "[]string",
                ItemsKind::Int => "[]int",
                ItemsKind::Dict => "[]map[string]interface {}",
                ItemsKind::List => "[][]interface {}",
                ItemsKind::Versions(name) => name,
            },
            Self::Dict(dict) => match dict.kind {
                DictKind::Any => "map[string]interface {}",
                DictKind::Text => "map[string]string",
                DictKind::Values(name) => name,
                DictKind::Files => "engine.files",
            },
            Self::Time(_) => "time.Time",
            Self::Duration(_) => "time.Duration",
            Self::Version(version) => match version.held() {
                Held::Pointer => "*semver.Version",
                Held::Plain => "semver.Version",
            },
            Self::Record(record) => record.kind.name,
        }
    }

    /// Go's name of the kind, as `reflect.Kind` prints it.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Nil => "invalid",
            Self::List(_) | Self::Bytes(_) => "slice",
            Self::Dict(_) => "map",
            Self::Record(record) if record.kind.name.starts_with('*') => "ptr",
            Self::Time(_) | Self::Record(_) => "struct",
            Self::Version(version) if version.held() == Held::Plain => "struct",
            Self::Version(_) => "ptr",
            Self::Duration(_) => "int64",
            other => other.type_name(),
        }
    }

    /// Whether it is nothing or nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Missing | Self::Nil)
    }

    /// Whether Go's templates take it for true.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) | Self::Duration(value) => *value != 0,
            Self::Uint64(value) => *value != 0,
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Byte(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Dict(dict) => !dict.entries.borrow().is_empty(),
            Self::Time(_) | Self::Version(_) | Self::Record(_) => true,
        }
    }

    /// How many values it holds in all.
    ///
    /// # Errors
    /// It nests deeper than [`NESTING_MAX`], perhaps because it holds itself, or holds more than
    /// [`VALUES_MAX`].
    pub(crate) fn weigh(&self) -> Result<usize, String> {
        let mut count = 0;
        self.weigh_into(&mut count, NESTING_MAX)?;
        Ok(count)
    }

    fn weigh_into(&self, count: &mut usize, depth: usize) -> Result<(), String> {
        *count += 1;
        let Some(deeper) = depth.checked_sub(1) else {
            return Err(format!(
                "the value nests deeper than {NESTING_MAX}, or holds itself"
            ));
        };
        if *count > VALUES_MAX {
            return Err(format!("the value holds more than {VALUES_MAX} values"));
        }
        match self {
            Self::List(list) => list
                .items
                .iter()
                .try_for_each(|item| item.weigh_into(count, deeper)),
            Self::Dict(dict) => {
                let entries = dict.entries.borrow();
                entries
                    .values()
                    .try_for_each(|item| item.weigh_into(count, deeper))
            }
            Self::Record(record) => record
                .fields
                .iter()
                .try_for_each(|item| item.weigh_into(count, deeper)),
            _ => Ok(()),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// As Go's `%v` prints it.
impl fmt::Display for Data {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&sprint_one(self))
    }
}

/// Whether both are equal in type and content: Go's `reflect.DeepEqual`.
pub(crate) fn deep_equal(left: &Data, right: &Data) -> Result<bool, String> {
    left.weigh()?;
    Ok(equal(left, right))
}

fn equal(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Missing | Data::Nil, Data::Missing | Data::Nil) => true,
        (Data::Bool(left), Data::Bool(right)) => left == right,
        (Data::Int(left), Data::Int(right)) | (Data::Int64(left), Data::Int64(right)) => {
            left == right
        }
        (Data::Byte(left), Data::Byte(right)) => left == right,
        (Data::Uint64(left), Data::Uint64(right)) => left == right,
        (Data::Bytes(left), Data::Bytes(right)) => left == right,
        (Data::Record(left), Data::Record(right)) => {
            let mut pairs = left.fields.iter().zip(&right.fields);
            left.kind.name == right.kind.name && pairs.all(|(left, right)| equal(left, right))
        }
        #[expect(clippy::float_cmp, reason = "Go compares so")]
        (Data::Float(left), Data::Float(right)) => left == right,
        (Data::Text(left), Data::Text(right)) => left == right,
        (Data::List(left), Data::List(right)) => {
            let pairs = || left.items.iter().zip(right.items.iter());
            left.kind == right.kind
                && left.items.len() == right.items.len()
                && pairs().all(|(left, right)| equal(left, right))
        }
        (Data::Dict(left), Data::Dict(right)) => {
            let (kinds, left, right) = (left.kind == right.kind, left.snapshot(), right.snapshot());
            let mut pairs = left.iter().zip(&right);
            kinds
                && left.len() == right.len()
                && pairs.all(|(left, right)| left.0 == right.0 && equal(&left.1, &right.1))
        }
        (Data::Duration(left), Data::Duration(right)) => left == right,
        (Data::Time(left), Data::Time(right)) => left == right,
        (Data::Version(left), Data::Version(right)) => left == right,
        _ => false,
    }
}
