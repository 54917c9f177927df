//! Durations as Go writes and reads them.

/// Why a text is no duration; the words are Go's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError(String);

impl std::fmt::Display for DurationError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for DurationError {}

/// Names of units in nanoseconds; the micro sign comes in two characters.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The greatest number of nanoseconds before the sign is looked at: one more than fits above zero.
const NANOSECONDS_MAX: u64 = 1 << 63;

/// Reads a duration, such as `1h30m` or `-1.5s`, in nanoseconds.
///
/// # Errors
/// The text is none, or longer than 292 years.
///
/// Source: Go 1.26 `src/time/format.go`, `ParseDuration`.
///
/// # Example
/// ```
/// use toft_value::parse_duration;
/// assert_eq!(parse_duration("1m0.5s"), Ok(60_500_000_000));
/// assert_eq!(parse_duration("3").unwrap_err().to_string(), "time: missing unit in duration \"3\"");
/// ```
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    let invalid = || DurationError(format!("time: invalid duration {}", quoted(text)));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = number(rest).ok_or_else(invalid)?;
        let is_number = |one: char| one == '.' || one.is_ascii_digit();
        let end = tail.find(is_number).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end).ok_or_else(invalid)?;
        if unit.is_empty() {
            let message = format!("time: missing unit in duration {}", quoted(text));
            return Err(DurationError(message));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let (unit, text) = (quoted(unit), quoted(text));
            let message = format!("time: unknown unit {unit} in duration {text}");
            return Err(DurationError(message));
        };
        let nanoseconds = number.nanoseconds(*size).ok_or_else(invalid)?;
        total = total.checked_add(nanoseconds).ok_or_else(invalid)?;
        if total > NANOSECONDS_MAX {
            return Err(invalid());
        }
        rest = tail;
    }
    if negative {
        return Ok(0_i64.wrapping_sub_unsigned(total));
    }
    i64::try_from(total).map_err(|_| invalid())
}

/// A number with a fraction, as far as it counts.
struct Number {
    whole: u64,
    fraction: u64,
    scale: f64,
}

impl Number {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the fraction is less than a unit, and upstream computes it in floats"
    )]
    fn nanoseconds(&self, unit: u64) -> Option<u64> {
        let whole = self.whole.checked_mul(unit)?;
        if whole > NANOSECONDS_MAX {
            return None;
        }
        let fraction = self.fraction as f64 * (unit as f64 / self.scale);
        whole.checked_add(fraction as u64)
    }
}

/// The number that a text begins with, and what follows it.
fn number(text: &str) -> Option<(Number, &str)> {
    let (digits, rest) = digits(text);
    let mut whole: u64 = 0;
    for digit in digits.bytes() {
        whole = whole
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
        if whole > NANOSECONDS_MAX {
            return None;
        }
    }
    let (mut fraction, mut scale) = (0_u64, 1.0);
    let Some(after) = rest.strip_prefix('.') else {
        let number = Number {
            whole,
            fraction,
            scale,
        };
        return (!digits.is_empty()).then_some((number, rest));
    };
    let (behind, rest) = self::digits(after);
    for digit in behind.bytes() {
        // More digits than fit say nothing any more.
        let more = fraction.checked_mul(10);
        let more = more.and_then(|more| more.checked_add(u64::from(digit - b'0')));
        let Some(more) = more.filter(|more| *more < NANOSECONDS_MAX) else {
            break;
        };
        fraction = more;
        scale *= 10.0;
    }
    let number = Number {
        whole,
        fraction,
        scale,
    };
    (!digits.is_empty() || !behind.is_empty()).then_some((number, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|one: char| !one.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Source: Go 1.26 `src/time/format.go`, `quote`: control characters and bytes above ASCII are escaped.
fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..0x80 => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let cases = [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("-1h2m", -3_720_000_000_000),
            ("+1.5h", 5_400_000_000_000),
            ("1us", 1_000),
            ("1\u{b5}s1\u{3bc}s", 2_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("-9223372036854775808ns", i64::MIN),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(parse_duration(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_in_gos_words() {
        let cases = [
            ("", "time: invalid duration \"\""),
            ("-", "time: invalid duration \"-\""),
            (".s", "time: invalid duration \".s\""),
            ("s", "time: invalid duration \"s\""),
            ("10", "time: missing unit in duration \"10\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            (
                "9223372036854775808ns",
                "time: invalid duration \"9223372036854775808ns\"",
            ),
            ("3000000h", "time: invalid duration \"3000000h\""),
            (
                "1\u{e9}",
                "time: unknown unit \"\\xc3\\xa9\" in duration \"1\\xc3\\xa9\"",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(parse_duration(text).unwrap_err().to_string(), message);
        }
    }
}
