//! Numbers.
//!
//! Source: sprig v3.3.0 `numeric.go`, `functions.go`; github.com/spf13/cast v1.7.0 `caste.go`.

use super::Param::{Any, Float, Int, Text};
use super::arguments::{any, int, rest, shared, text};
use super::decimal::{Decimal, Operation};
use super::{Call, Function, Ran};
use crate::format::sprint_one;
use crate::number::{parse_float, parse_integer};
use crate::runtime::{Data, Items, ItemsKind};

pub(super) const TABLE: &[Function] = &[
    Function::new("add", &[], Some(Any), |_, v| {
        Ok(fold(0, v, i64::wrapping_add))
    }),
    Function::new("add1", &[Any], None, |_, v| {
        Ok(Data::Int64(to_int(any(v, 0)).wrapping_add(1)))
    }),
    Function::new("add1f", &[Any], None, |_, v| {
        decimal(any(v, 0), &[Data::Int(1)], Operation::Add)
    }),
    Function::new("addf", &[], Some(Any), |_, v| {
        decimal(&Data::Float(0.0), v, Operation::Add)
    }),
    Function::new("atoi", &[Text], None, |_, v| {
        Ok(Data::Int(atoi(text(v, 0))))
    }),
    Function::new("biggest", &[Any], Some(Any), |_, v| {
        Ok(fold_first(v, i64::max))
    }),
    Function::new("ceil", &[Any], None, |_, v| {
        Ok(Data::Float(to_float(any(v, 0)).ceil()))
    }),
    Function::new("div", &[Any, Any], None, |_, v| {
        divide(v, i64::wrapping_div)
    }),
    Function::new("divf", &[Any], Some(Any), |_, v| {
        decimal(any(v, 0), rest(v, 1), Operation::Divide)
    }),
    Function::new("float64", &[Any], None, |_, v| {
        Ok(Data::Float(to_float(any(v, 0))))
    }),
    Function::new("floor", &[Any], None, |_, v| {
        Ok(Data::Float(to_float(any(v, 0)).floor()))
    }),
    Function::new("int", &[Any], None, |_, v| Ok(Data::Int(to_int(any(v, 0))))),
    Function::new("int64", &[Any], None, |_, v| {
        Ok(Data::Int64(to_int(any(v, 0))))
    }),
    Function::new("max", &[Any], Some(Any), |_, v| Ok(fold_first(v, i64::max))),
    Function::new("maxf", &[Any], Some(Any), |_, v| {
        Ok(fold_floats(v, f64::max))
    }),
    Function::new("min", &[Any], Some(Any), |_, v| Ok(fold_first(v, i64::min))),
    Function::new("minf", &[Any], Some(Any), |_, v| {
        Ok(fold_floats(v, f64::min))
    }),
    Function::new("mod", &[Any, Any], None, |_, v| {
        divide(v, i64::wrapping_rem)
    }),
    Function::new("mul", &[Any], Some(Any), |_, v| {
        Ok(fold_first(v, i64::wrapping_mul))
    }),
    Function::new("mulf", &[Any], Some(Any), |_, v| {
        decimal(any(v, 0), rest(v, 1), Operation::Multiply)
    }),
    Function::new("round", &[Any, Int], Some(Float), |_, v| {
        Ok(Data::Float(round(v)))
    }),
    Function::new("seq", &[], Some(Int), sequence),
    Function::new("sub", &[Any, Any], None, |_, v| {
        Ok(Data::Int64(
            to_int(any(v, 0)).wrapping_sub(to_int(any(v, 1))),
        ))
    }),
    Function::new("subf", &[Any], Some(Any), |_, v| {
        decimal(any(v, 0), rest(v, 1), Operation::Subtract)
    }),
    Function::new("toDecimal", &[Any], None, |_, v| {
        let octal = i64::from_str_radix(&sprint_one(any(v, 0)), 8);
        Ok(Data::Int64(octal.unwrap_or(0)))
    }),
    Function::new("until", &[Int], None, |call, v| {
        let count = int(v, 0);
        steps(call, [0, count, if count < 0 { -1 } else { 1 }]).map(integers)
    }),
    Function::new("untilStep", &[Int, Int, Int], None, |call, v| {
        steps(call, [int(v, 0), int(v, 1), int(v, 2)]).map(integers)
    }),
];

/// A value as an integer; what is none counts as 0.
#[expect(clippy::cast_possible_truncation, reason = "Go truncates")]
pub(super) fn to_int(value: &Data) -> i64 {
    match value {
        Data::Int(number) | Data::Int64(number) | Data::Duration(number) => *number,
        Data::Byte(number) => (*number).into(),
        Data::Uint64(number) => number.cast_signed(),
        Data::Float(number) => *number as i64,
        Data::Bool(flag) => i64::from(*flag),
        Data::Text(text) => parse_integer(trim_zero_decimal(text)).unwrap_or(0),
        _ => 0,
    }
}

/// `3.00` is `3`.
fn trim_zero_decimal(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    }
}

/// A value as a float; what is none counts as 0.
#[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
pub(super) fn to_float(value: &Data) -> f64 {
    match value {
        Data::Int(number) | Data::Int64(number) | Data::Duration(number) => *number as f64,
        Data::Byte(number) => (*number).into(),
        Data::Uint64(number) => *number as f64,
        Data::Float(number) => *number,
        Data::Bool(flag) => f64::from(u8::from(*flag)),
        Data::Text(text) => parse_float(text).unwrap_or(0.0),
        _ => 0.0,
    }
}

fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !valid {
        return 0;
    }
    // What does not fit becomes the nearest that does.
    let limit = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    text.parse().unwrap_or(limit)
}

fn fold(start: i64, values: &[Data], combine: fn(i64, i64) -> i64) -> Data {
    let numbers = values.iter().map(to_int);
    Data::Int64(numbers.fold(start, combine))
}

fn fold_first(values: &[Data], combine: fn(i64, i64) -> i64) -> Data {
    fold(to_int(any(values, 0)), rest(values, 1), combine)
}

fn fold_floats(values: &[Data], combine: fn(f64, f64) -> f64) -> Data {
    let numbers = rest(values, 1).iter().map(to_float);
    Data::Float(numbers.fold(to_float(any(values, 0)), combine))
}

fn divide(values: &[Data], combine: fn(i64, i64) -> i64) -> Ran {
    let divisor = to_int(any(values, 1));
    if divisor == 0 {
        return Err("runtime error: integer divide by zero".to_owned());
    }
    Ok(Data::Int64(combine(to_int(any(values, 0)), divisor)))
}

fn decimal(first: &Data, others: &[Data], operation: Operation) -> Ran {
    let mut result = Decimal::of(to_float(first));
    for other in others {
        result = result.apply(operation, Decimal::of(to_float(other)))?;
    }
    Ok(Data::Float(result.to_float()))
}

fn round(values: &[Data]) -> f64 {
    let threshold = match values.get(2) {
        Some(Data::Float(threshold)) => *threshold,
        _ => 0.5,
    };
    let places = i32::try_from(int(values, 1)).unwrap_or(0);
    let power = 10_f64.powi(places);
    let digit = power * to_float(any(values, 0));
    let rounded = if digit.fract() >= threshold {
        digit.ceil()
    } else {
        digit.floor()
    };
    rounded / power
}

/// The numbers from `start` to before `stop`.
fn steps(call: &mut Call<'_>, [start, stop, step]: [i64; 3]) -> Result<Vec<i64>, String> {
    let upwards = stop >= start;
    if (upwards && step <= 0) || (!upwards && step >= 0) {
        return Ok(Vec::new());
    }
    let distance = (i128::from(stop) - i128::from(start)).unsigned_abs();
    let count = distance.div_ceil(u128::from(step.unsigned_abs()));
    call.budget
        .spend(usize::try_from(count).unwrap_or(usize::MAX))?;
    let count = i64::try_from(count).unwrap_or(0);
    Ok((0..count).map(|index| start + index * step).collect())
}

fn integers(numbers: Vec<i64>) -> Data {
    let items = numbers.into_iter().map(Data::Int).collect();
    Data::List(Items::new(ItemsKind::Int, items))
}

fn sequence(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let number = |index| int(values, index);
    let range = match values.len() {
        1 => {
            let direction = if number(0) < 1 { -1 } else { 1 };
            [1, number(0).saturating_add(direction), direction]
        }
        2 => {
            let direction = if number(1) < number(0) { -1 } else { 1 };
            [number(0), number(1).saturating_add(direction), direction]
        }
        3 => {
            let downwards = number(2) < number(0);
            if downwards && number(1) > 0 {
                return Ok(Data::text(""));
            }
            let direction = if downwards { -1 } else { 1 };
            [number(0), number(2).saturating_add(direction), number(1)]
        }
        _ => return Ok(Data::text("")),
    };
    let numbers = steps(call, range)?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(shared(texts.join(" ")))
}
