//! JSON text in and out.

use std::fmt;
use std::fmt::Write as _;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use smol_str::SmolStr;

use crate::map::Map;
use crate::number::float_to_json;
use crate::value::Value;

/// How deep JSON may nest. `serde_json` stops at 128; the API server's own limit is 10,000, and the
/// deepest object found in public repositories is 39.
pub const JSON_DEPTH_MAX: usize = 128;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// What is wrong, with line and column.
    pub message: String,
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from_u64(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Str(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Str(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map: Vec<(SmolStr, Value)> = Vec::new();
        while let Some(key) = entries.next_key_seed(KeySeed)? {
            map.push((key, entries.next_value_seed(Self)?));
        }
        Ok(Value::Map(Map::from_entries(map)))
    }
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = SmolStr;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SmolStr, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = SmolStr;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, value: &str) -> Result<SmolStr, E> {
        Ok(value.into())
    }
}

impl Value {
    /// Reads JSON text; of equal keys the last one wins, as in Go.
    ///
    /// # Errors
    /// The text is no JSON, nests deeper than [`JSON_DEPTH_MAX`], or something follows the value.
    pub fn from_json(text: &[u8]) -> Result<Self, JsonError> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value = ValueSeed.deserialize(&mut deserializer);
        let value = value.and_then(|value| deserializer.end().map(|()| value));
        value.map_err(|error| JsonError {
            message: error.to_string(),
        })
    }

    /// Compact JSON as Go's `encoding/json` writes it: keys sorted, `<`, `>` and `&` escaped.
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    /// Adds compact JSON to a text; see [`Value::to_json`].
    pub fn write_json(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => drop(write!(text, "{value}")),
            Self::UInt(value) => drop(write!(text, "{value}")),
            Self::Float(value) => text.push_str(&float_to_json(*value)),
            Self::Str(value) => write_json_string(value, text),
            Self::List(list) => write_sequence(text, ['[', ']'], list.iter(), |item, text| {
                item.write_json(text);
            }),
            Self::Map(map) => write_sequence(text, ['{', '}'], map.iter(), |(key, value), text| {
                write_json_string(key, text);
                text.push(':');
                value.write_json(text);
            }),
        }
    }

    /// JSON over several lines with the given indentation, as Go's `json.MarshalIndent` writes it.
    pub fn to_json_indented(&self, indent: &str) -> String {
        let mut text = String::new();
        self.write_indented(&mut text, indent, 0);
        text
    }

    fn write_indented(&self, text: &mut String, indent: &str, depth: usize) {
        let line = |text: &mut String, depth: usize| {
            text.push('\n');
            (0..depth).for_each(|_| text.push_str(indent));
        };
        match self {
            Self::List(list) if !list.is_empty() => {
                write_sequence(text, ['[', ' '], list.iter(), |item, text| {
                    line(text, depth + 1);
                    item.write_indented(text, indent, depth + 1);
                });
                text.pop();
                line(text, depth);
                text.push(']');
            }
            Self::Map(map) if !map.is_empty() => {
                write_sequence(text, ['{', ' '], map.iter(), |(key, value), text| {
                    line(text, depth + 1);
                    write_json_string(key, text);
                    text.push_str(": ");
                    value.write_indented(text, indent, depth + 1);
                });
                text.pop();
                line(text, depth);
                text.push('}');
            }
            _ => self.write_json(text),
        }
    }
}

fn write_sequence<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(item, text);
    }
    text.push(close);
}

/// Source: Go 1.26 `src/encoding/json/encode.go`, `appendString` with `escapeHTML`.
fn write_json_string(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use crate::Value;

    #[test]
    fn numbers_are_decoded_by_gos_rules() {
        let value =
            Value::from_json(b"[1, -1, 18446744073709551615, 1.0, 1e3, 123456789012345678901]")
                .unwrap();
        let expected = [
            Value::Int(1),
            Value::Int(-1),
            Value::UInt(u64::MAX),
            Value::Float(1.0),
            Value::Float(1000.0),
            Value::Float(1.234_567_890_123_456_8e20),
        ];
        assert_eq!(value.items(), expected);
        assert_eq!(
            value.to_json(),
            "[1,-1,18446744073709551615,1,1000,123456789012345680000]"
        );
    }

    #[test]
    fn strings_are_escaped_as_go_does() {
        let value = Value::from("a<b>&\"\\\n\u{1}\u{2028}é");
        assert_eq!(
            value.to_json(),
            r#""a\u003cb\u003e\u0026\"\\\n\u0001\u2028é""#
        );
    }

    #[test]
    fn indented_text_keeps_empty_lists_and_maps_on_one_line() {
        let value = crate::value!({"a": [], "b": {}, "c": [1, {"d": 2}]});
        let text = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": 2\n    }\n  ]\n}";
        assert_eq!(value.to_json_indented("  "), text);
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let text = "[".repeat(100_000);
        assert!(Value::from_json(text.as_bytes()).is_err());
    }

    #[test]
    fn what_follows_the_value_is_an_error() {
        assert!(Value::from_json(b"{} {}").is_err());
    }
}
