//! The value itself.

use smol_str::SmolStr;

use crate::list::List;
use crate::map::Map;

/// A JSON or YAML value.
///
/// Integers are `Int` where they fit, `UInt` above `i64::MAX`, and `Float` beyond that, as Go decodes
/// them. `Int` and `UInt` never hold the same number, so equality of values is equality of numbers;
/// `1` and `1.0` differ until text makes them equal.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that fits 64 signed bits.
    Int(i64),
    /// An integer above `i64::MAX` that fits 64 bits.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(SmolStr),
    /// A list.
    List(List),
    /// A map with string keys.
    Map(Map),
}

/// What a value is, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number without a fraction.
    Int,
    /// A number with a fraction or an exponent.
    Float,
    /// A string.
    Str,
    /// A list.
    List,
    /// A map.
    Map,
}

impl Kind {
    /// What Go's JSON decoder calls it in its messages; numbers are one kind there.
    ///
    /// # Example
    /// ```
    /// assert_eq!(toft_value::value!([1]).kind().go_name(), "array");
    /// ```
    pub fn go_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int | Self::Float => "number",
            Self::Str => "string",
            Self::List => "array",
            Self::Map => "object",
        }
    }
}

impl Value {
    /// What this value is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::UInt(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Str(_) => Kind::Str,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if it is one that fits; a float without a fraction counts.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the guard keeps it in range"
            )]
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e18 => {
                Some(*value as i64)
            }
            _ => None,
        }
    }

    /// The number, if it is one.
    #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::UInt(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(value) => Some(value),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(value) => Some(value),
            _ => None,
        }
    }

    /// The list to change, if it is one.
    pub fn as_list_mut(&mut self) -> Option<&mut List> {
        match self {
            Self::List(value) => Some(value),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(value) => Some(value),
            _ => None,
        }
    }

    /// The map to change, if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(value) => Some(value),
            _ => None,
        }
    }

    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The items of a list; none where this is no list.
    pub fn items(&self) -> &[Self] {
        self.as_list().map_or(&[], List::as_slice)
    }

    /// An integer by Go's rules: `Int` where it fits, `UInt` above.
    pub fn from_u64(number: u64) -> Self {
        i64::try_from(number).map_or(Self::UInt(number), Self::Int)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::from_u64(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::from_u64(value as u64)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Str(value.into())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Str(value.as_str().into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Str(value.into())
    }
}

impl From<SmolStr> for Value {
    fn from(value: SmolStr) -> Self {
        Self::Str(value)
    }
}

impl From<&SmolStr> for Value {
    fn from(value: &SmolStr) -> Self {
        Self::Str(value.clone())
    }
}

impl From<&Self> for Value {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

impl From<List> for Value {
    fn from(value: List) -> Self {
        Self::List(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// `None` is `null`.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
