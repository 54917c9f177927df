//! TOML: written as upstream lays it out, read by a crate.
//!
//! Source: github.com/BurntSushi/toml v1.6.0 `encode.go`.

use std::fmt::Write as _;

use smol_str::SmolStr;
use toft_value::float_to_shortest;

use super::yaml::error_map;
use crate::runtime::Data;

/// A value as TOML; what goes wrong takes the place of the text.
///
/// The error is ours: the value has no end.
pub(super) fn to_toml(value: &Data) -> Result<String, String> {
    refuse_nil(value)?;
    value.weigh()?;
    let mut out = String::new();
    Ok(match write_document(&mut out, value) {
        Ok(()) => out,
        Err(message) => message,
    })
}

/// A value as TOML, or what goes wrong.
pub(super) fn must_to_toml(value: &Data) -> Result<String, String> {
    refuse_nil(value)?;
    value.weigh()?;
    let mut out = String::new();
    write_document(&mut out, value).map(|()| out)
}

fn refuse_nil(value: &Data) -> Result<(), String> {
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
    }
    Ok(())
}

const NO_KEY: &str = "toml: top-level values must be Go maps or structs";
const NIL: &str = "toml: cannot encode array with nil element";

fn write_document(out: &mut String, value: &Data) -> Result<(), String> {
    match value {
        Data::Dict(_) | Data::Record(_) => write_table(out, &[], value),
        Data::List(list) if is_table_list(value)? => {
            list.items.iter().try_for_each(|_| Err(NO_KEY.to_owned()))
        }
        other => write_element(out, other),
    }
}

/// The entries of a map or struct, nil ones left out.
fn entries(value: &Data) -> Vec<(SmolStr, Data)> {
    let all = match value {
        Data::Dict(dict) => dict.snapshot(),
        Data::Record(record) => {
            let names = record.kind.fields.iter().map(|field| field.name.into());
            names.zip(record.fields.iter().cloned()).collect()
        }
        _ => Vec::new(),
    };
    all.into_iter().filter(|(_, item)| !item.is_nil()).collect()
}

fn is_table(value: &Data) -> bool {
    matches!(value, Data::Dict(_) | Data::Record(_))
}

/// Whether every item of a list is a table.
fn is_table_list(value: &Data) -> Result<bool, String> {
    let Data::List(list) = value else {
        return Ok(false);
    };
    if list.items.iter().any(Data::is_nil) {
        return Err(NIL.to_owned());
    }
    Ok(!list.items.is_empty() && list.items.iter().all(is_table))
}

/// Values first, tables after them; each in order of keys.
fn write_table(out: &mut String, path: &[SmolStr], value: &Data) -> Result<(), String> {
    let all = entries(value);
    let mut tables = Vec::new();
    for (key, item) in all {
        if is_table(&item) || is_table_list(&item)? {
            tables.push((key, item));
            continue;
        }
        let indent = "  ".repeat(path.len());
        let _ = write!(out, "{indent}{} = ", shown_key(&key));
        write_element(out, &item)?;
        out.push('\n');
    }
    for (key, item) in tables {
        let mut path = path.to_vec();
        path.push(key);
        if let Data::List(list) = &item {
            for item in list.items.iter() {
                newline(out);
                write_header(out, &path, ("[[", "]]"), item)?;
            }
            continue;
        }
        if path.len() == 1 {
            newline(out);
        }
        write_header(out, &path, ("[", "]"), &item)?;
    }
    Ok(())
}

/// An empty line, but not at the start of everything.
fn newline(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

fn write_header(
    out: &mut String,
    path: &[SmolStr],
    (open, close): (&str, &str),
    value: &Data,
) -> Result<(), String> {
    let indent = "  ".repeat(path.len().saturating_sub(1));
    let keys: Vec<String> = path.iter().map(|key| shown_key(key)).collect();
    let _ = writeln!(out, "{indent}{open}{}{close}", keys.join("."));
    write_table(out, path, value)
}

fn shown_key(key: &str) -> String {
    let bare = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '-';
    if !key.is_empty() && key.chars().all(bare) {
        return key.to_owned();
    }
    quoted(key)
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        let code = u32::from(character);
        let _ = match character {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\u{8}' => write!(out, "\\b"),
            '\t' => write!(out, "\\t"),
            '\n' => write!(out, "\\n"),
            '\u{c}' => write!(out, "\\f"),
            '\r' => write!(out, "\\r"),
            _ if code < 0x20 || code == 0x7f => write!(out, "\\u{code:04x}"),
            other => write!(out, "{other}"),
        };
    }
    out.push('"');
    out
}

fn write_element(out: &mut String, value: &Data) -> Result<(), String> {
    let _ = match value {
        Data::Missing | Data::Nil => return Err(NIL.to_owned()),
        Data::Bool(value) => write!(out, "{value}"),
        Data::Int(value) | Data::Int64(value) => write!(out, "{value}"),
        Data::Uint64(value) => write!(out, "{value}"),
        Data::Byte(value) => write!(out, "{value}"),
        Data::Duration(value) => {
            write!(out, "{}", quoted(&crate::functions::duration_text(*value)))
        }
        Data::Float(value) => write!(out, "{}", float_text(*value)),
        Data::Text(text) => write!(out, "{}", quoted(text)),
        Data::Time(time) => write!(out, "{time}"),
        Data::Version(version) => write!(out, "{}", quoted(&version.to_string())),
        Data::Bytes(bytes) => {
            let items: Vec<String> = bytes.iter().map(ToString::to_string).collect();
            write!(out, "[{}]", items.join(", "))
        }
        Data::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_element(out, item)?;
            }
            write!(out, "]")
        }
        Data::Dict(_) | Data::Record(_) => {
            out.push('{');
            let (tables, values): (Vec<_>, Vec<_>) = entries(value)
                .into_iter()
                .partition(|(_, item)| is_table(item));
            for (index, (key, item)) in values.iter().chain(&tables).enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                let _ = write!(out, "{} = ", shown_key(key));
                write_element(out, item)?;
            }
            write!(out, "}}")
        }
    };
    Ok(())
}

fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = float_to_shortest(value);
    if text.contains(['e', '.']) {
        text
    } else {
        format!("{text}.0")
    }
}

/// Reads TOML; what goes wrong becomes part of the map.
pub(super) fn from_toml(text: &str) -> Data {
    match text.parse::<toml::Table>() {
        Ok(table) => Data::dict(
            table
                .into_iter()
                .map(|(key, value)| (key.into(), read(value))),
        ),
        Err(error) => error_map(&format!("toml: {}", error.message())),
    }
}

fn read(value: toml::Value) -> Data {
    match value {
        toml::Value::String(text) => Data::text(text),
        toml::Value::Integer(number) => Data::Int64(number),
        toml::Value::Float(number) => Data::Float(number),
        toml::Value::Boolean(flag) => Data::Bool(flag),
        toml::Value::Datetime(time) => {
            let text = time.to_string();
            text.parse().map_or_else(|_| Data::text(text), Data::Time)
        }
        toml::Value::Array(items) => {
            let items: Vec<Data> = items.into_iter().map(read).collect();
            let tables = !items.is_empty() && items.iter().all(is_table);
            let kind = if tables {
                crate::runtime::ItemsKind::Dict
            } else {
                crate::runtime::ItemsKind::Any
            };
            Data::List(crate::runtime::Items::new(kind, items))
        }
        toml::Value::Table(table) => Data::dict(
            table
                .into_iter()
                .map(|(key, value)| (key.into(), read(value))),
        ),
    }
}
