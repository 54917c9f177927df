//! Values as Go prints them: `fmt.Sprint` and `fmt.Sprintf`.
//!
//! Source: Go 1.26 `src/fmt/print.go`, `src/fmt/format.go`.

mod verbs;

use std::fmt::Write as _;

use toft_value::float_to_shortest;

use crate::runtime::Data;

pub(crate) use verbs::sprintf;

/// A value as `%v` prints it.
pub(crate) fn sprint_one(data: &Data) -> String {
    let mut out = String::new();
    write_value(&mut out, data);
    out
}

/// Values as `fmt.Sprint` prints them: a space between two of which neither is a string.
pub(crate) fn sprint(values: &[Data]) -> String {
    let mut out = String::new();
    let mut previous_text = false;
    for (index, value) in values.iter().enumerate() {
        let text = matches!(value, Data::Text(_));
        if index > 0 && !text && !previous_text {
            out.push(' ');
        }
        write_value(&mut out, value);
        previous_text = text;
    }
    out
}

/// Values as `fmt.Sprintln` prints them.
pub(crate) fn sprintln(values: &[Data]) -> String {
    let texts: Vec<String> = values.iter().map(sprint_one).collect();
    format!("{}\n", texts.join(" "))
}

fn write_value(out: &mut String, data: &Data) {
    if data.weigh().is_err() {
        // A map that holds itself has no end.
        out.push('…');
        return;
    }
    write_weighed(out, data);
}

fn write_weighed(out: &mut String, data: &Data) {
    let _ = match data {
        Data::Missing | Data::Nil => write!(out, "<nil>"),
        Data::Bool(value) => write!(out, "{value}"),
        Data::Int(value) | Data::Int64(value) => write!(out, "{value}"),
        Data::Uint64(value) => write!(out, "{value}"),
        Data::Byte(value) => write!(out, "{value}"),
        Data::Bytes(bytes) => {
            let items: Vec<String> = bytes.iter().map(ToString::to_string).collect();
            write!(out, "[{}]", items.join(" "))
        }
        Data::Float(value) => write!(out, "{}", float_to_shortest(*value)),
        Data::Text(text) => write!(out, "{text}"),
        Data::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write_weighed(out, item);
            }
            write!(out, "]")
        }
        Data::Dict(dict) => {
            out.push_str("map[");
            for (index, (key, value)) in dict.snapshot().iter().enumerate() {
                let space = if index > 0 { " " } else { "" };
                let _ = write!(out, "{space}{key}:");
                write_weighed(out, value);
            }
            write!(out, "]")
        }
        Data::Time(time) => write!(out, "{}", crate::functions::time_text(*time)),
        Data::Duration(duration) => {
            write!(out, "{}", crate::functions::duration_text(*duration))
        }
        Data::Version(version) => write!(out, "{version}"),
        Data::Record(record) => {
            // A version of Kubernetes says what it is; other structs show their fields.
            if record.kind.name.ends_with("KubeVersion") {
                write_weighed(out, &record.version_text());
                return;
            }
            out.push_str(if record.kind.name.starts_with('*') {
                "&{"
            } else {
                "{"
            });
            for (index, item) in record.fields.iter().enumerate() {
                out.push_str(if index > 0 { " " } else { "" });
                write_weighed(out, item);
            }
            write!(out, "}}")
        }
    };
}
