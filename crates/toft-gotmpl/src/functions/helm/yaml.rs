//! YAML and JSON as Helm reads and writes them: what goes wrong becomes part of the value.
//!
//! Source: Helm 3.22.0 `pkg/engine/funcs.go`.

use toft_source::Source;
use toft_value::{Map, Value};

use crate::functions::arguments::shared;
use crate::functions::{Call, Ran};
use crate::runtime::Data;

pub(super) fn to_yaml(call: &mut Call<'_>, value: &Data) -> Ran {
    let text = toft_yaml::write(&value.to_value()?);
    call.budget.spend_text(text.len())?;
    Ok(Data::text(text.strip_suffix('\n').unwrap_or(&text)))
}

/// As `toYaml`, with lists indented under their keys.
///
/// Source: sigs.k8s.io/yaml v1.6.0 `goyaml.v3`, `SetIndent(2)`.
pub(super) fn to_yaml_pretty(call: &mut Call<'_>, value: &Data) -> Ran {
    let text = pretty(&value.to_value()?);
    call.budget.spend_text(text.len())?;
    Ok(Data::text(text.strip_suffix('\n').unwrap_or(&text)))
}

fn pretty(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, item) in map {
                if is_block(item) {
                    let head = toft_yaml::write(&Value::Str(key.clone()));
                    out.push_str(head.trim_end_matches('\n'));
                    out.push_str(":\n");
                    push_indented(&mut out, &pretty(item));
                } else {
                    let entry = Map::from_entries(vec![(key.clone(), item.clone())]);
                    out.push_str(&toft_yaml::write(&Value::Map(entry)));
                }
            }
        }
        Value::List(list) if !list.as_slice().is_empty() => {
            for item in list {
                if is_block(item) {
                    let at = out.len();
                    push_indented(&mut out, &pretty(item));
                    out.replace_range(at..at + 2, "- ");
                } else {
                    let entry = [item.clone()].into_iter().collect();
                    out.push_str(&toft_yaml::write(&Value::List(entry)));
                }
            }
        }
        other => out.push_str(&toft_yaml::write(other)),
    }
    out
}

/// Whether a value is written on lines of its own.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_empty(),
        Value::List(list) => !list.as_slice().is_empty(),
        _ => false,
    }
}

fn push_indented(out: &mut String, text: &str) {
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str("  ");
        }
        out.push_str(line);
        out.push('\n');
    }
}

pub(super) fn to_json(call: &mut Call<'_>, value: &Data) -> Ran {
    let text = value.to_value()?.to_json();
    call.budget.spend_text(text.len())?;
    Ok(shared(text))
}

pub(super) fn from_yaml(text: &str) -> Data {
    match read_yaml(text).and_then(|value| as_map(&value, "error unmarshaling JSON: ")) {
        Ok(data) => data,
        Err(message) => error_map(&message),
    }
}

pub(super) fn from_yaml_array(text: &str) -> Data {
    match read_yaml(text).and_then(|value| as_list(&value, "error unmarshaling JSON: ")) {
        Ok(data) => data,
        Err(message) => Data::list(vec![Data::text(message)]),
    }
}

pub(super) fn from_json(text: &str) -> Data {
    match read_json(text).and_then(|value| as_map(&value, "")) {
        Ok(data) => data,
        Err(message) => error_map(&message),
    }
}

pub(super) fn from_json_array(text: &str) -> Data {
    match read_json(text).and_then(|value| as_list(&value, "")) {
        Ok(data) => data,
        Err(message) => Data::list(vec![Data::text(message)]),
    }
}

pub(super) fn error_map(message: &str) -> Data {
    Data::dict([("Error".into(), Data::text(message))])
}

fn read_yaml(text: &str) -> Result<Value, String> {
    let source = Source::new("", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    let refused = |one: &&toft_source::Diagnostic| one.severity == toft_source::Severity::Error;
    if let Some(error) = parsed.diagnostics.iter().find(refused) {
        return Err(format!("error converting YAML to JSON: {}", error.message));
    }
    let first = parsed.value.into_iter().next();
    Ok(first.map(|located| located.value).unwrap_or_default())
}

fn read_json(text: &str) -> Result<Value, String> {
    Value::from_json(text.as_bytes()).map_err(|_| crate::functions::encoding::json_complaint(text))
}

fn as_map(value: &Value, before: &str) -> Result<Data, String> {
    match value {
        Value::Null => Ok(Data::dict([])),
        Value::Map(map) => Ok(Data::from_map(map)),
        other => Err(mismatch(before, other, "map[string]interface {}")),
    }
}

fn as_list(value: &Value, before: &str) -> Result<Data, String> {
    match value {
        Value::Null => Ok(Data::list(Vec::new())),
        Value::List(_) => Ok(Data::from_value(value)),
        other => Err(mismatch(before, other, "[]interface {}")),
    }
}

fn mismatch(before: &str, value: &Value, wanted: &str) -> String {
    let found = value.kind().go_name();
    let decoding = if before.is_empty() {
        ""
    } else {
        "while decoding JSON: "
    };
    format!("{before}{decoding}json: cannot unmarshal {found} into Go value of type {wanted}")
}
