//! JSON as Go prints it: `<`, `>`, `&` and two line separators are escaped.
//!
//! Source: Go 1.26, `encoding/json/encode.go`, `HTMLEscape`.

use std::fmt::Write as _;

use toft_value::Value;

/// On one line.
pub(crate) fn compact(value: &Value) -> String {
    escape(&value.to_json())
}

/// Indented by two spaces.
pub(crate) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    escape(&text)
}

fn write(text: &mut String, value: &Value, depth: usize) {
    let (open, close, count) = match value {
        Value::List(items) => ('[', ']', items.len()),
        Value::Map(map) => ('{', '}', map.len()),
        scalar => {
            text.push_str(&scalar.to_json());
            return;
        }
    };
    text.push(open);
    let line = |text: &mut String, at: usize| {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n{}", "  ".repeat(depth + 1));
    };
    match value {
        Value::Map(map) => {
            for (at, (name, value)) in map.iter().enumerate() {
                line(text, at);
                let _ = write!(text, "{}: ", Value::Str(name.clone()).to_json());
                write(text, value, depth + 1);
            }
        }
        value => {
            for (at, item) in value.items().iter().enumerate() {
                line(text, at);
                write(text, item, depth + 1);
            }
        }
    }
    if count > 0 {
        let _ = write!(text, "\n{}", "  ".repeat(depth));
    }
    text.push(close);
}

fn escape(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            character => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn brackets_are_escaped() {
        assert_eq!(
            compact(&value!({"a": "<b>&"})),
            "{\"a\":\"\\u003cb\\u003e\\u0026\"}"
        );
    }

    #[test]
    fn empty_containers_stay_on_their_line() {
        let value = value!({"a": [1, {}], "b": []});
        let text = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}";
        assert_eq!(pretty(&value), text);
    }
}
