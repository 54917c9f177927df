//! One step on the way to a field, as `managedFields` writes it.

use std::fmt;

use smol_str::SmolStr;
use toft_value::Value;

use crate::go_text;

/// One step: a field, an item found by its keys, an item found by its value, or an item at an index.
///
/// Keys and values are kept as compact JSON, which is how they are written and compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathElement {
    /// `f:NAME`
    Field(SmolStr),
    /// `k:{"name":"main"}`
    Key(SmolStr),
    /// `v:"text"`
    Value(SmolStr),
    /// `i:0`
    Index(i64),
}

impl PathElement {
    /// Reads an element as `managedFields` writes it; `None` where it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let json = |rest: &str| {
            Value::from_json(rest.as_bytes())
                .ok()
                .map(|value| SmolStr::from(value.to_json()))
        };
        match kind {
            "f" => Some(Self::Field(rest.into())),
            "k" => json(rest).map(Self::Key),
            "v" => json(rest).map(Self::Value),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// As `managedFields` writes it.
    pub(crate) fn key_text(&self) -> SmolStr {
        match self {
            Self::Field(name) => format!("f:{name}").into(),
            Self::Key(json) => format!("k:{json}").into(),
            Self::Value(json) => format!("v:{json}").into(),
            Self::Index(index) => format!("i:{index}").into(),
        }
    }
}

/// As upstream prints paths: `.spec`, `[name="main"]`, `[="text"]`, `[0]`.
impl fmt::Display for PathElement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parse = |json: &str| Value::from_json(json.as_bytes()).unwrap_or_default();
        match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Key(json) => {
                let keys = parse(json);
                let entries = keys.as_map().into_iter().flatten();
                let entries = entries.map(|(key, value)| format!("{key}={}", print(value)));
                write!(out, "[{}]", entries.collect::<Vec<_>>().join(","))
            }
            Self::Value(json) => write!(out, "[={}]", print(&parse(json))),
            Self::Index(index) => write!(out, "[{index}]"),
        }
    }
}

/// A value in a path. Source: structured-merge-diff v6.3.3 `value/value.go`, `ToString`.
fn print(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Str(text) => go_text::quote(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(print).collect();
            format!("[{}]", items.join(","))
        }
        // Upstream forgot the comma here.
        Value::Map(map) => {
            let entries = map.iter();
            let entries = entries.map(|(key, value)| format!("{key}={}", print(value)));
            entries.collect::<Vec<_>>().concat()
        }
        other => go_text::print(other),
    }
}
