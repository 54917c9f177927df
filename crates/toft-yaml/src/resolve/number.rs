//! Numbers as Go's `strconv` reads them.

use super::{Plain, Resolver};

/// An integer in any of Go's bases, underscores already removed.
///
/// Source: Go 1.26 `strconv.ParseInt` and `ParseUint` with base 0, then the fall-backs of
/// `resolve.go`: `0b` and, in v3 only, `0o` with a sign after the prefix.
pub(super) fn go_integer(text: &str, resolver: Resolver) -> Option<Plain> {
    let (sign, unsigned) = Sign::split(text);
    if let Some(magnitude) = magnitude(unsigned) {
        if let Some(number) = signed(magnitude, sign) {
            return Some(Plain::Int(number));
        }
        // `ParseUint` takes no sign at all.
        if sign.is_none() {
            return Some(Plain::UInt(magnitude));
        }
    }
    signed_after_prefix(text, resolver)
}

/// What follows `0b` goes to `ParseInt` again, which takes a sign of its own: `0b-1` is -1.
fn signed_after_prefix(text: &str, resolver: Resolver) -> Option<Plain> {
    let (outer, unsigned) = match Sign::split(text) {
        (Some(Sign::Plus), _) => return None,
        split => split,
    };
    let radix = match unsigned.as_bytes() {
        [b'0', b'b', ..] => 2,
        [b'0', b'o', ..] if resolver == Resolver::Kustomize => 8,
        _ => return None,
    };
    let (inner, digits) = Sign::split(unsigned.get(2..)?);
    if outer.is_some() && inner.is_some() {
        return None;
    }
    signed(in_radix(digits, radix)?, outer.or(inner)).map(Plain::Int)
}

fn magnitude(text: &str) -> Option<u64> {
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => in_radix(text.get(2..)?, 16),
        [b'0', b'b' | b'B', ..] => in_radix(text.get(2..)?, 2),
        [b'0', b'o' | b'O', ..] => in_radix(text.get(2..)?, 8),
        [b'0', _, ..] => in_radix(text.get(1..)?, 8),
        _ => in_radix(text, 10),
    }
}

fn in_radix(digits: &str, radix: u32) -> Option<u64> {
    // Rust's parser takes a sign, Go's does not at this place.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn split(text: &str) -> (Option<Self>, &str) {
        match text.as_bytes().first() {
            Some(b'-') => (Some(Self::Minus), text.get(1..).unwrap_or_default()),
            Some(b'+') => (Some(Self::Plus), text.get(1..).unwrap_or_default()),
            _ => (None, text),
        }
    }
}

fn signed(magnitude: u64, sign: Option<Sign>) -> Option<i64> {
    if sign == Some(Sign::Minus) {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// A float of the form that go-yaml's `yamlStyleFloat` allows.
pub(super) fn yaml_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let is_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    if !(has_digits && are_digits(whole) && are_digits(fraction) && is_exponent) {
        return None;
    }
    // `ParseFloat` reports what is out of range, and the text stays a string.
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A float that begins with a dot, as `strconv.ParseFloat` reads it: underscores between digits only.
pub(super) fn go_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return yaml_float(text);
    }
    let bytes = text.as_bytes();
    let is_digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
    let separates = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        is_digit(before) && is_digit(bytes.get(at + 1))
    };
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    if underscores.all(|(at, _)| separates(at)) {
        yaml_float(&text.replace('_', ""))
    } else {
        None
    }
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
