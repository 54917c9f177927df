//! The functions on durations that Helm 4 adds.
//!
//! Source: Helm 4.3.1 `pkg/engine/funcs.go`.

use toft_value::parse_duration;

use crate::functions::Function;
use crate::functions::Param::Any;
use crate::functions::arguments::any;
use crate::number::parse_float;
use crate::quote::quote;
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("durationDays", &[Any], None, |_, v| Ok(parts(v, 86_400.0))),
    Function::new("durationHours", &[Any], None, |_, v| Ok(parts(v, 3600.0))),
    Function::new("durationMicroseconds", &[Any], None, |_, v| {
        Ok(whole(v, 1_000))
    }),
    Function::new("durationMilliseconds", &[Any], None, |_, v| {
        Ok(whole(v, 1_000_000))
    }),
    Function::new("durationMinutes", &[Any], None, |_, v| Ok(parts(v, 60.0))),
    Function::new("durationNanoseconds", &[Any], None, |_, v| Ok(whole(v, 1))),
    Function::new("durationRoundTo", &[Any, Any], None, |_, v| {
        Ok(nearest(v, rounded))
    }),
    Function::new("durationSeconds", &[Any], None, |_, v| Ok(parts(v, 1.0))),
    Function::new("durationTruncateTo", &[Any, Any], None, |_, v| {
        Ok(nearest(v, |duration, multiple| {
            duration - duration % multiple
        }))
    }),
    Function::new("durationWeeks", &[Any], None, |_, v| {
        Ok(parts(v, 604_800.0))
    }),
    Function::new("mustToDuration", &[Any], None, |_, v| {
        nanoseconds(any(v, 0)).map(Data::Duration)
    }),
];

const SECOND: i64 = 1_000_000_000;

/// A value as nanoseconds; numbers are seconds.
fn nanoseconds(value: &Data) -> Result<i64, String> {
    match value {
        Data::Duration(nanoseconds) => Ok(*nanoseconds),
        Data::Text(text) => {
            let written = text.trim();
            if written.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(duration) = parse_duration(written) {
                return Ok(duration);
            }
            match parse_float(written) {
                Some(seconds) => from_seconds(seconds),
                None => Err(format!("could not parse duration {}", quote(text))),
            }
        }
        Data::Missing | Data::Nil => Err("invalid duration".to_owned()),
        Data::Int(seconds) | Data::Int64(seconds) => seconds
            .checked_mul(SECOND)
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Data::Byte(seconds) => Ok(i64::from(*seconds) * SECOND),
        Data::Uint64(seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(SECOND))
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Data::Float(seconds) => from_seconds(*seconds),
        other => Err(format!("unsupported duration type {}", other.type_name())),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn from_seconds(seconds: f64) -> Result<i64, String> {
    let shown = Data::Float(seconds);
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {shown}"));
    }
    if seconds.abs() > 9_223_372_036.854_776 {
        return Err(format!("duration seconds overflow: {shown}"));
    }
    Ok((seconds * 1e9) as i64)
}

#[expect(clippy::cast_precision_loss, reason = "Go does the same")]
fn parts(values: &[Data], unit_seconds: f64) -> Data {
    let nanoseconds = nanoseconds(any(values, 0)).unwrap_or(0);
    let seconds = (nanoseconds / SECOND) as f64 + (nanoseconds % SECOND) as f64 / 1e9;
    Data::Float(seconds / unit_seconds)
}

fn whole(values: &[Data], unit_nanoseconds: i64) -> Data {
    Data::Int64(nanoseconds(any(values, 0)).unwrap_or(0) / unit_nanoseconds)
}

fn nearest(values: &[Data], choose: fn(i64, i64) -> i64) -> Data {
    let Ok(duration) = nanoseconds(any(values, 0)) else {
        return Data::Duration(0);
    };
    Data::Duration(match nanoseconds(any(values, 1)) {
        Ok(multiple) if multiple > 0 => choose(duration, multiple),
        _ => duration,
    })
}

/// To the nearest multiple, halves away from zero.
fn rounded(duration: i64, multiple: i64) -> i64 {
    let rest = duration % multiple;
    let down = duration - rest;
    if rest.unsigned_abs() * 2 < multiple.unsigned_abs() {
        return down;
    }
    let up = if duration < 0 {
        down.checked_sub(multiple)
    } else {
        down.checked_add(multiple)
    };
    up.unwrap_or(if duration < 0 { i64::MIN } else { i64::MAX })
}
