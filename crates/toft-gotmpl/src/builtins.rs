//! The functions that Go's templates have by themselves.
//!
//! Source: Go 1.26 `src/text/template/funcs.go`. `slice` is not here: sprig has its own.

use std::fmt::Write as _;

use crate::format::{sprint, sprint_one, sprintf, sprintln};
use crate::functions::{Call, Function, Param, Ran, arguments};
use crate::node::Term;
use crate::quote::is_print;
use crate::runtime::{Data, deep_equal};

use Param::{Any, Raw, Text};

pub(crate) const TABLE: &[Function] = &[
    Function::new("and", &[Raw], Some(Raw), |_, _| Ok(Data::Missing)),
    Function::new("call", &[Raw], Some(Raw), |_, values| {
        Err(not_callable(None, values))
    }),
    Function::new("eq", &[Raw], Some(Raw), |_, values| {
        equal(values).map(Data::Bool)
    }),
    Function::new("ge", &[Raw, Raw], None, |_, values| {
        less(values).map(|less| Data::Bool(!less))
    }),
    Function::new("gt", &[Raw, Raw], None, |_, values| {
        less_or_equal(values).map(|less| Data::Bool(!less))
    }),
    Function::new("html", &[], Some(Any), |_, values| {
        Ok(Data::text(html(&evaluated(values))))
    }),
    Function::new("index", &[Raw], Some(Raw), index),
    Function::new("js", &[], Some(Any), |_, values| {
        Ok(Data::text(javascript(&evaluated(values))))
    }),
    Function::new("le", &[Raw, Raw], None, |_, values| {
        less_or_equal(values).map(Data::Bool)
    }),
    Function::new("len", &[Raw], None, length),
    Function::new("lt", &[Raw, Raw], None, |_, values| {
        less(values).map(Data::Bool)
    }),
    Function::new("ne", &[Raw, Raw], None, |_, values| {
        equal(values).map(|equal| Data::Bool(!equal))
    }),
    Function::new("not", &[Raw], None, |_, values| {
        Ok(Data::Bool(!arguments::any(values, 0).truth()))
    }),
    Function::new("or", &[Raw], Some(Raw), |_, _| Ok(Data::Missing)),
    Function::new("print", &[], Some(Any), |_, values| {
        Ok(Data::text(sprint(values)))
    }),
    Function::new("printf", &[Text], Some(Any), printf),
    Function::new("println", &[], Some(Any), |_, values| {
        Ok(Data::text(sprintln(values)))
    }),
    Function::new("urlquery", &[], Some(Any), |_, values| {
        Ok(Data::text(url_query(&evaluated(values))))
    }),
];

/// The argument at which `and` or `or` stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decisive {
    True,
    False,
}

impl Decisive {
    pub(crate) fn is(self, value: &Data) -> bool {
        value.truth() == (self == Self::True)
    }
}

/// Whether a function stops at its first decisive argument.
pub(crate) fn short_circuit(name: &str) -> Option<Decisive> {
    match name {
        "and" => Some(Decisive::False),
        "or" => Some(Decisive::True),
        _ => None,
    }
}

/// What is said of a value that `call` is to call: no value of ours is a function.
///
/// `callee` is how it was written, if it was.
pub(crate) fn not_callable(callee: Option<&Term>, values: &[Data]) -> String {
    let value = arguments::any(values, 0);
    if value.is_nil() {
        return "call of nil".to_owned();
    }
    let name = match (callee, value) {
        (Some(callee), _) => callee.bare(),
        (None, Data::Text(text)) => text.to_string(),
        // What Go's reflection prints for itself.
        (None, _) => format!("<{} Value>", value.type_name()),
    };
    format!("non-function {name} of type {}", value.type_name())
}

fn printf(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let (format, rest) = (arguments::text(values, 0), arguments::rest(values, 1));
    rest.iter().try_for_each(|value| value.weigh().map(drop))?;
    let text = sprintf(format, rest);
    call.budget.spend_text(text.len())?;
    Ok(Data::text(text))
}

fn evaluated(values: &[Data]) -> String {
    let shown = |value: &Data| match value {
        Data::Missing | Data::Nil => Data::text("<no value>"),
        other => other.clone(),
    };
    let values: Vec<Data> = values.iter().map(shown).collect();
    sprint(&values)
}

fn index(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let mut item = arguments::any(values, 0).clone();
    if item.is_nil() {
        return Err("index of untyped nil".to_owned());
    }
    for key in arguments::rest(values, 1) {
        item = match &item {
            Data::Missing | Data::Nil => return Err("index of nil pointer".to_owned()),
            Data::List(list) => {
                let at = position(key, list.items.len())?;
                let found = list.items.get(at).cloned();
                found.ok_or("reflect: slice index out of range")?
            }
            Data::Bytes(bytes) => {
                let at = position(key, bytes.len())?;
                let byte = bytes.get(at).copied();
                Data::Byte(byte.ok_or("reflect: slice index out of range")?)
            }
            Data::Text(text) => {
                let at = position(key, text.len())?;
                let byte = text.as_bytes().get(at).copied();
                Data::Byte(byte.ok_or("reflect: string index out of range")?)
            }
            Data::Dict(dict) => match key {
                Data::Text(key) => dict.get(key).unwrap_or_else(|| dict.kind.zero()),
                Data::Missing | Data::Nil => {
                    return Err("value is nil; should be of type string".to_owned());
                }
                other => {
                    return Err(format!(
                        "value has type {}; should be string",
                        other.type_name()
                    ));
                }
            },
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(item)
}

fn position(key: &Data, length: usize) -> Result<usize, String> {
    let number = match key {
        Data::Int(number) | Data::Int64(number) => *number,
        Data::Byte(number) => (*number).into(),
        Data::Uint64(number) => i64::try_from(*number).unwrap_or(i64::MAX),
        Data::Missing | Data::Nil => return Err("cannot index slice/array with nil".to_owned()),
        other => {
            return Err(format!(
                "cannot index slice/array with type {}",
                other.type_name()
            ));
        }
    };
    let at = usize::try_from(number).ok().filter(|at| *at <= length);
    at.ok_or_else(|| format!("index out of range: {number}"))
}

fn length(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let length = match arguments::any(values, 0) {
        Data::Missing => return Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        Data::Nil => return Err("len of nil pointer".to_owned()),
        Data::Text(text) => text.len(),
        Data::Bytes(bytes) => bytes.len(),
        Data::List(list) => list.items.len(),
        Data::Dict(dict) => dict.entries.borrow().len(),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Data::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// What basic values are compared as.
enum Basic<'a> {
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a str),
}

fn basic(value: &Data) -> Option<Basic<'_>> {
    match value {
        Data::Bool(value) => Some(Basic::Bool(*value)),
        Data::Int(value) | Data::Int64(value) | Data::Duration(value) => Some(Basic::Int(*value)),
        Data::Byte(value) => Some(Basic::Unsigned((*value).into())),
        Data::Uint64(value) => Some(Basic::Unsigned(*value)),
        Data::Float(value) => Some(Basic::Float(*value)),
        Data::Text(value) => Some(Basic::Text(value)),
        _ => None,
    }
}

fn equal(values: &[Data]) -> Result<bool, String> {
    let first = arguments::any(values, 0);
    let rest = arguments::rest(values, 1);
    if rest.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in rest {
        if equal_pair(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::float_cmp, reason = "Go compares so")]
fn equal_pair(left: &Data, right: &Data) -> Result<bool, String> {
    match (basic(left), basic(right)) {
        (Some(Basic::Bool(left)), Some(Basic::Bool(right))) => Ok(left == right),
        (Some(Basic::Int(left)), Some(Basic::Int(right))) => Ok(left == right),
        (Some(Basic::Unsigned(left)), Some(Basic::Unsigned(right))) => Ok(left == right),
        (Some(Basic::Float(left)), Some(Basic::Float(right))) => Ok(left == right),
        (Some(Basic::Text(left)), Some(Basic::Text(right))) => Ok(left == right),
        (Some(Basic::Int(signed)), Some(Basic::Unsigned(unsigned)))
        | (Some(Basic::Unsigned(unsigned)), Some(Basic::Int(signed))) => {
            Ok(u64::try_from(signed) == Ok(unsigned))
        }
        (None, None) => equal_others(left, right),
        _ if left.is_nil() || right.is_nil() => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

fn incompatible(left: &Data, right: &Data) -> String {
    let (left, right) = (left.type_name(), right.type_name());
    format!("incompatible types for comparison: {left} and {right}")
}

fn equal_others(left: &Data, right: &Data) -> Result<bool, String> {
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() && right.is_nil());
    }
    if left.kind_name() != right.kind_name() {
        let (left, left_type) = (sprint_one(left), left.type_name());
        let (right, right_type) = (sprint_one(right), right.type_name());
        return Err(format!(
            "non-comparable types {left}: {left_type}, {right_type}: {right}"
        ));
    }
    match right {
        Data::List(_) | Data::Dict(_) => {
            let shown = sprintf("%s", std::slice::from_ref(right));
            let type_name = right.type_name();
            Err(format!("non-comparable type {shown}: {type_name}"))
        }
        _ => deep_equal(left, right),
    }
}

fn less(values: &[Data]) -> Result<bool, String> {
    const BAD: &str = "invalid type for comparison";
    let (left, right) = (arguments::any(values, 0), arguments::any(values, 1));
    let (first, second) = (basic(left).ok_or(BAD)?, basic(right).ok_or(BAD)?);
    match (first, second) {
        (Basic::Bool(_), Basic::Bool(_)) => Err(BAD.to_owned()),
        (Basic::Int(left), Basic::Int(right)) => Ok(left < right),
        (Basic::Unsigned(left), Basic::Unsigned(right)) => Ok(left < right),
        (Basic::Float(left), Basic::Float(right)) => Ok(left < right),
        (Basic::Text(left), Basic::Text(right)) => Ok(left < right),
        (Basic::Int(left), Basic::Unsigned(right)) => {
            Ok(u64::try_from(left).is_ok_and(|left| left < right) || left < 0)
        }
        (Basic::Unsigned(left), Basic::Int(right)) => {
            Ok(u64::try_from(right).is_ok_and(|right| left < right))
        }
        _ => Err(incompatible(left, right)),
    }
}

fn less_or_equal(values: &[Data]) -> Result<bool, String> {
    Ok(less(values)? || equal(values)?)
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

fn javascript(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let code = u32::from(character);
        let _ = match character {
            '\\' => write!(out, "\\\\"),
            '\'' => write!(out, "\\'"),
            '"' => write!(out, "\\\""),
            '<' | '>' | '&' | '=' => write!(out, "\\u{code:04X}"),
            _ if code < 0x20 => write!(out, "\\u{code:04X}"),
            _ if code >= 0x80 && !is_print(character) => write!(out, "\\u{code:04X}"),
            other => write!(out, "{other}"),
        };
    }
    out
}

fn url_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let _ = match byte {
            b' ' => write!(out, "+"),
            b'-' | b'_' | b'.' | b'~' => write!(out, "{}", char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => write!(out, "{}", char::from(byte)),
            _ => write!(out, "%{byte:02X}"),
        };
    }
    out
}
