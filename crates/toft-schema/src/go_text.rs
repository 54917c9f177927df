//! Values as Go's `fmt` prints them, for messages that upstream builds so.

use toft_value::{Value, float_to_json};

/// A value as `%v` prints it: `map[a:1 b:[x y]]`.
pub(crate) fn print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        // `%v` writes exponents from 21 digits on, as JSON does, with two digits below.
        Value::Float(value) => float_to_json(*value),
        Value::Str(value) => value.to_string(),
        Value::List(items) => format!("[{}]", print_all(items.iter().map(print))),
        Value::Map(map) => {
            let entries = map.iter();
            let entries = entries.map(|(key, value)| format!("{key}:{}", print(value)));
            format!("map[{}]", print_all(entries))
        }
    }
}

/// A value as `%#v` prints it: `map[string]interface {}{"a":1}`.
pub(crate) fn print_syntax(value: &Value) -> String {
    let all = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Str(text) => quote(text),
        Value::List(items) => {
            let items = items.iter().map(print_syntax_inside).collect();
            format!("[]interface {{}}{{{}}}", all(items))
        }
        Value::Map(map) => {
            let entries = map.iter();
            let entries = entries
                .map(|(key, value)| format!("{}:{}", quote(key), print_syntax_inside(value)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", all(entries))
        }
        other => print(other),
    }
}

fn print_syntax_inside(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        other => print_syntax(other),
    }
}

fn print_all(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

/// The Go type that JSON decodes into an empty interface as: `map[string]interface {}`.
pub(crate) fn dynamic_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::UInt(_) | Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// A text as `%q` quotes it.
pub(crate) fn quote(text: &str) -> String {
    use std::fmt::Write as _;
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            letter if letter.is_ascii_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(letter));
            }
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// An index in a path: `[0]`.
pub(crate) fn index(at: usize) -> String {
    format!("[{at}]")
}

/// A type of upstream's that messages show with the names of its Go fields.
#[derive(Clone, Copy)]
pub(crate) enum Go {
    /// As it is in JSON; `null` where it is missing.
    Plain,
    /// A text; empty where it is missing.
    Text,
    /// A list of such; `null` where it is missing.
    List(&'static Self),
    /// Fields in Go's order: their Go names, their JSON names, their types.
    Struct(&'static [(&'static str, &'static str, Self)]),
    /// The same behind a pointer: `null` where it is missing.
    Pointer(&'static [(&'static str, &'static str, Self)]),
}

/// A value as upstream shows one of its own types: `{"Type":"x","RollingUpdate":null}`.
pub(crate) fn print_type(value: &Value, type_: Go) -> String {
    match (type_, value) {
        (Go::Text, Value::Null) => "\"\"".to_owned(),
        (Go::List(_) | Go::Pointer(_), Value::Null) => "null".to_owned(),
        (Go::Plain | Go::Text, value) => value.to_json(),
        (Go::List(item), value) => {
            let items = value.items().iter().map(|value| print_type(value, *item));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        (Go::Struct(fields) | Go::Pointer(fields), value) => {
            let fields = fields.iter().map(|(name, key, type_)| {
                let value = value.get(key).unwrap_or(&Value::Null);
                format!("\"{name}\":{}", print_type(value, *type_))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
    }
}
