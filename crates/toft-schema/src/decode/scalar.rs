//! Values that are no map and no list: decoding and their one form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toft_object::{Quantity, Time};
use toft_value::Value;

use crate::go_text;
use crate::schema::Shape;

/// Why a value does not fit.
pub(super) enum Error {
    /// It is of another type; `go_type` where it is not the field's.
    Type {
        kind: String,
        go_type: Option<&'static str>,
    },
    /// Its own decoder refuses it.
    Text(String),
}

/// The value in its one form.
pub(super) fn decode(shape: Shape, value: &Value) -> Result<Value, Error> {
    match shape {
        Shape::String => text(value, None).map(|_| value.clone()),
        Shape::Boolean => match value {
            Value::Bool(_) => Ok(value.clone()),
            _ => Err(mismatch(value, None)),
        },
        Shape::Int32 => integer(value, i64::from(i32::MIN)..=i64::from(i32::MAX), None),
        Shape::Int64 => integer(value, i64::MIN..=i64::MAX, None),
        Shape::Number => number(value),
        Shape::IntOrString => match value {
            Value::Str(_) => Ok(value.clone()),
            _ => integer(
                value,
                i64::from(i32::MIN)..=i64::from(i32::MAX),
                Some("int32"),
            ),
        },
        Shape::Quantity => {
            let quantity =
                Quantity::from_value(value).map_err(|error| Error::Text(error.to_string()))?;
            Ok(Value::from(quantity.to_string()))
        }
        Shape::Time => {
            time(value, "2006-01-02T15:04:05Z07:00").map(|time| Value::from(time.to_string()))
        }
        Shape::MicroTime => time(value, "2006-01-02T15:04:05.000000Z07:00")
            .map(|time| Value::from(time.to_micro_string())),
        Shape::Duration => text(value, Some("string")).map(|_| value.clone()),
        Shape::Bytes => bytes(value),
        Shape::Raw | Shape::Any => Ok(value.clone()),
        Shape::Object | Shape::Map | Shape::List => Err(mismatch(value, None)),
    }
}

fn mismatch(value: &Value, go_type: Option<&'static str>) -> Error {
    Error::Type {
        kind: value.kind().go_name().to_owned(),
        go_type,
    }
}

fn text<'a>(value: &'a Value, go_type: Option<&'static str>) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| mismatch(value, go_type))
}

fn integer(
    value: &Value,
    range: std::ops::RangeInclusive<i64>,
    go_type: Option<&'static str>,
) -> Result<Value, Error> {
    match value {
        Value::Int(number) if range.contains(number) => Ok(value.clone()),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => Err(Error::Type {
            kind: format!("number {}", value.to_json()),
            go_type,
        }),
        _ => Err(mismatch(value, go_type)),
    }
}

fn number(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => Ok(value.clone()),
        _ => Err(mismatch(value, None)),
    }
}

fn time(value: &Value, layout: &str) -> Result<Time, Error> {
    let text = text(value, Some("string"))?;
    Time::parse(text).map_err(|_| {
        let quoted = go_text::quote(text);
        let (rest, expected) = unparsed(text);
        Error::Text(format!(
            "parsing time {quoted} as {}: cannot parse {} as {}",
            go_text::quote(layout),
            go_text::quote(rest),
            go_text::quote(expected)
        ))
    })
}

/// How far Go's `time.Parse` comes with a text that is no RFC 3339 time: what is left, and what it wants there.
fn unparsed(text: &str) -> (&str, &'static str) {
    const PARTS: &[(&str, usize)] = &[
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
    ];
    let mut rest = text;
    for (part, length) in PARTS {
        let fits = rest.get(..*length).is_some_and(|found| {
            if part.starts_with(|letter: char| letter.is_ascii_digit()) {
                found.bytes().all(|byte| byte.is_ascii_digit())
            } else {
                found == *part
            }
        });
        if !fits {
            return (rest, part);
        }
        rest = rest.get(*length..).unwrap_or_default();
    }
    (rest, "Z07:00")
}

fn bytes(value: &Value) -> Result<Value, Error> {
    let text = text(value, None)?;
    // Go's decoder skips line breaks.
    let plain: String = text
        .chars()
        .filter(|letter| !"\r\n".contains(*letter))
        .collect();
    match STANDARD.decode(&plain) {
        Ok(bytes) => Ok(Value::from(STANDARD.encode(bytes))),
        Err(error) => {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _)
                | base64::DecodeError::InvalidLastSymbol { offset: at, .. } => at,
                base64::DecodeError::InvalidLength(length) => length / 4 * 4,
                base64::DecodeError::InvalidPadding => plain.len() / 4 * 4,
            };
            Err(Error::Text(format!(
                "illegal base64 data at input byte {at}"
            )))
        }
    }
}
