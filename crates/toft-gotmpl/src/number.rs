//! Numbers as templates write them.
//!
//! Source: Go 1.26 `src/text/template/parse/node.go`, `newNumber`; `src/strconv/atoi.go`, `atof.go`.

use crate::node::Number;
use crate::quote::{Piece, quote, unquote_one};

/// Reads a number or a character constant.
pub(crate) fn parse(text: &str) -> Result<Number, String> {
    let mut number = Number {
        text: text.to_owned(),
        ..Number::default()
    };
    if let Some(inside) = text.strip_prefix('\'') {
        let code = match unquote_one(inside, '\'') {
            Some((Piece::Character(character), "'")) => u32::from(character),
            Some((Piece::Byte(byte), "'")) => byte.into(),
            _ => return Err(format!("malformed character constant: {text}")),
        };
        number.integer = Some(code.into());
        number.unsigned = Some(code.into());
        number.float = Some(code.into());
        return Ok(number);
    }
    if text.ends_with('i') {
        return Err(format!(
            "complex numbers are not supported: {}",
            quote(text)
        ));
    }
    number.unsigned = parse_unsigned(text);
    number.integer = parse_integer(text);
    if number.integer == Some(0) {
        number.unsigned = Some(0);
    }
    #[expect(clippy::cast_precision_loss, reason = "Go promotes in the same way")]
    if let Some(integer) = number.integer {
        number.float = Some(integer as f64);
    } else if let Some(unsigned) = number.unsigned {
        number.float = Some(unsigned as f64);
    } else if let Some(float) = parse_float(text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(float);
        number.integer = whole(float);
        number.unsigned = number
            .integer
            .and_then(|integer| u64::try_from(integer).ok());
    }
    if number.float.is_none() {
        return Err(format!("illegal number syntax: {}", quote(text)));
    }
    Ok(number)
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(float: f64) -> Option<i64> {
    let fits = float.fract() == 0.0 && float.abs() < 9.2e18;
    fits.then_some(float as i64)
}

/// An integer in Go's syntax with its prefixes, underscores and sign.
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = i128::from(parse_unsigned(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// An integer without a sign.
pub(crate) fn parse_unsigned(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    // After a prefix one underscore may stand as if it were between digits.
    let unprefixed = digits.len() == lower.len();
    let separated = if unprefixed {
        digits
    } else {
        digits.strip_prefix('_').unwrap_or(digits)
    };
    if separated.starts_with('_') || separated.ends_with('_') || separated.contains("__") {
        return None;
    }
    let digits = digits.replace('_', "");
    let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    valid.then(|| u64::from_str_radix(&digits, radix).ok())?
}

/// A float in Go's syntax.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return parse_separated(text);
    }
    let separated = underscores_separate_digits(text);
    separated.then(|| parse_separated(&text.replace('_', "")))?
}

/// Source: Go 1.26 `src/strconv/atoi.go`, `underscoreOK`.
fn underscores_separate_digits(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    // A prefix counts as a digit.
    let mut before = hexadecimal.map_or('!', |_| '0');
    for one in hexadecimal.unwrap_or(text).chars() {
        let digit = one.is_ascii_digit() || hexadecimal.is_some() && one.is_ascii_hexdigit();
        before = match (one, before) {
            _ if digit => '0',
            ('_', '0') => '_',
            ('_', _) | (_, '_') => return false,
            _ => '!',
        };
    }
    before != '_'
}

/// A float without underscores.
fn parse_separated(text: &str) -> Option<f64> {
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = plain
        .strip_prefix("0x")
        .or_else(|| plain.strip_prefix("0X"))
    {
        let float = parse_hexadecimal(digits)?;
        return Some(if text.starts_with('-') { -float } else { float });
    }
    let starts = plain.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let word = ["inf", "infinity", "nan"].contains(&plain.to_ascii_lowercase().as_str());
    if !starts && !word {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    // Go refuses what is too large; Rust makes it infinite.
    (word || float.is_finite()).then_some(float)
}

/// `1.8p3` is 12: hexadecimal digits times a power of two. Digits beyond the precision of a float are cut.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (digits, exponent) = lower.split_once('p')?;
    let mut exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut mantissa = 0.0_f64;
    for digit in all.chars() {
        mantissa = mantissa * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(fraction.len()).ok()?;
    exponent = exponent.checked_sub(places.checked_mul(4)?)?;
    let float = mantissa * 2.0_f64.powi(exponent);
    float.is_finite().then_some(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_in_every_base() {
        let cases = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("0x1F", Some(31)),
            ("0b101", Some(5)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("1_000", Some(1000)),
            ("1__0", None),
            ("089", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_integer(text), expected, "{text}");
        }
    }

    #[test]
    fn a_float_without_a_fraction_is_an_integer_too() {
        let number = parse("1e3").unwrap();
        assert_eq!((number.integer, number.float), (Some(1000), Some(1000.0)));
        assert_eq!(parse("0x1p60").unwrap().integer, Some(1 << 60));
        assert_eq!(parse("0x1.8p1").unwrap().float, Some(3.0));
        assert_eq!(parse("0_0_7.5_00").unwrap().float, Some(7.5));
        assert_eq!(parse("+0x_1.e_0p+0_2").unwrap().float, Some(7.5));
        assert!(parse("7._5").is_err() && parse("7.5_").is_err() && parse("7__5.0").is_err());
        assert_eq!(parse("'a'").unwrap().integer, Some(97));
        assert_eq!(
            parse("99999999999999999999"),
            Err("integer overflow: \"99999999999999999999\"".to_owned())
        );
    }
}
