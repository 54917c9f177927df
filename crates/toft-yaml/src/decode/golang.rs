//! Values as Go's `%#v` prints them, for upstream's messages.

use std::fmt::Write as _;

use toft_value::{Value, float_to_shortest};

use crate::resolve::Resolver;

/// A decoded list or map in Go syntax.
///
/// v2 makes `map[interface {}]interface {}` of every map, v3 `map[string]interface {}` where all keys
/// are strings.
pub(super) fn go_syntax(value: &Value, resolver: Resolver) -> String {
    let mut text = String::new();
    write(value, resolver, &mut text);
    text
}

fn write(value: &Value, resolver: Resolver, text: &mut String) {
    let _ = match value {
        Value::Null => write!(text, "interface {{}}(nil)"),
        Value::Bool(value) => write!(text, "{value}"),
        Value::Int(number) => write!(text, "{number}"),
        Value::UInt(number) => write!(text, "{number:#x}"),
        Value::Float(number) => write!(text, "{}", float_to_shortest(*number)),
        Value::Str(value) => write!(text, "{}", go_quote(value)),
        Value::List(list) => {
            text.push_str("[]interface {}{");
            for (index, item) in list.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                write(item, resolver, text);
            }
            write!(text, "}}")
        }
        Value::Map(map) => {
            text.push_str(match resolver {
                Resolver::Kustomize => "map[string]interface {}{",
                Resolver::Kubectl => "map[interface {}]interface {}{",
            });
            for (index, (key, item)) in map.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                let _ = write!(text, "{comma}{}:", go_quote(key));
                write(item, resolver, text);
            }
            write!(text, "}}")
        }
    };
}

/// A string in Go's double quotes.
pub(super) fn go_quote(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{7}' => text.push_str("\\a"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{b}' => text.push_str("\\v"),
            '\0'..='\u{1f}' | '\u{7f}' => drop(write!(text, "\\x{:02x}", u32::from(character))),
            '\u{80}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text.push('"');
    text
}
