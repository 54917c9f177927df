//! Amounts of resources: `500m`, `1.5Gi`, `2e3`.
//!
//! Source: apimachinery 0.36.3 `pkg/api/resource/{quantity,suffix,amount,math}.go`.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Neg, Sub};

use smol_str::SmolStr;
use toft_value::Value;

/// One whole unit; upstream keeps no finer fraction than 10^-9.
const UNIT: i128 = 1_000_000_000;

/// Upstream's fast path handles up to 18 digits and keeps the text as it was written where it looks canonical.
const FAST_DIGITS_MAX: usize = 18;

/// Upstream caps amounts with binary suffixes at 2^63-1.
const BINARY_MAX: i128 = (i64::MAX as i128) * UNIT;

/// Why a text is no quantity; the texts are upstream's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The text does not look like a quantity.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    /// The suffix is unknown.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// There is no digit where upstream needs one.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
}

/// How a quantity is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Decimal,
    Exponent,
    Binary,
}

/// An amount of a resource, exact to a billionth.
///
/// Equality and order are those of the amount, whatever the notation. Printing gives upstream's canonical
/// text. Beyond 10^29 the amount saturates; upstream's arithmetic is unbounded there.
///
/// # Example
/// ```
/// use toft_object::Quantity;
/// let memory = Quantity::parse("1.5Gi").unwrap();
/// assert_eq!(memory.to_string(), "1536Mi");
/// assert_eq!(memory.units(), 1_610_612_736);
/// assert_eq!(Quantity::parse("0.5").unwrap(), Quantity::parse("500m").unwrap());
/// ```
#[derive(Clone, Debug)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    /// The text as written, where upstream keeps it.
    written: Option<SmolStr>,
}

/// The parts of the text of a quantity.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl Quantity {
    /// Reads a quantity; one without digits, such as `Gi`, is zero as upstream has it.
    ///
    /// # Errors
    /// The text is no quantity.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let parts = split(text)?;
        let (base, exponent, format) = read_suffix(parts.suffix).ok_or(QuantityError::Suffix)?;
        if parts.whole.is_empty() && parts.fraction.is_empty() && !is_small(exponent, format) {
            return Err(QuantityError::Numeric);
        }
        let magnitude = magnitude(&parts, base, exponent);
        let (magnitude, format) = match format {
            Format::Binary if magnitude > 0 && magnitude < UNIT => (magnitude, Format::Decimal),
            Format::Binary => (magnitude.min(BINARY_MAX), format),
            Format::Decimal | Format::Exponent => (magnitude, format),
        };
        let nanos = if parts.negative {
            -magnitude
        } else {
            magnitude
        };
        let written = keeps_text(&parts, exponent, format).then(|| SmolStr::from(text));
        Ok(Self {
            nanos,
            format,
            written,
        })
    }

    /// Reads a quantity from a value: a string, or a number as JSON writes it.
    ///
    /// # Errors
    /// The value is neither, or its text is no quantity.
    pub fn from_value(value: &Value) -> Result<Self, QuantityError> {
        match value {
            Value::Str(text) => Self::parse(text.trim()),
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => Self::parse(&value.to_json()),
            Value::Null => Ok(Self::from_units(0)),
            Value::Bool(_) | Value::List(_) | Value::Map(_) => Err(QuantityError::Format),
        }
    }

    /// A number of whole units, written in decimal.
    pub const fn from_units(units: i64) -> Self {
        Self {
            nanos: units as i128 * UNIT,
            format: Format::Decimal,
            written: None,
        }
    }

    /// A number of thousandths, written in decimal: CPU.
    pub const fn from_milli(milli: i64) -> Self {
        Self {
            nanos: milli as i128 * (UNIT / 1000),
            format: Format::Decimal,
            written: None,
        }
    }

    /// A number of bytes, written with binary suffixes: memory.
    pub const fn from_bytes(bytes: i64) -> Self {
        Self {
            nanos: bytes as i128 * UNIT,
            format: Format::Binary,
            written: None,
        }
    }

    /// The amount in whole units, rounded away from zero, saturating.
    pub fn units(&self) -> i64 {
        saturate(divide_up(self.nanos, UNIT))
    }

    /// The amount in thousandths, rounded away from zero, saturating.
    pub fn as_milli(&self) -> i64 {
        saturate(divide_up(self.nanos, UNIT / 1000))
    }

    /// Whether the amount has a fraction of a unit.
    pub fn has_fraction(&self) -> bool {
        self.nanos % UNIT != 0
    }

    /// Whether the amount has a fraction of a thousandth.
    pub fn is_finer_than_milli(&self) -> bool {
        self.nanos % (UNIT / 1000) != 0
    }

    /// The amount in the same notation, rounded away from zero to a thousandth.
    #[must_use]
    pub fn rounded_to_milli(&self) -> Self {
        Self {
            nanos: divide_up(self.nanos, UNIT / 1000) * (UNIT / 1000),
            format: self.format,
            written: None,
        }
    }

    /// Whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether the amount is below zero.
    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    fn with(&self, nanos: i128, other: &Self) -> Self {
        Self {
            nanos,
            // Zero has no notation of its own.
            format: if self.is_zero() {
                other.format
            } else {
                self.format
            },
            written: None,
        }
    }
}

fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    let (negative, rest) = match text.as_bytes().first() {
        None => return Err(QuantityError::Format),
        Some(b'-') => (true, text.get(1..)),
        Some(b'+') => (false, text.get(1..)),
        Some(_) => (false, Some(text)),
    };
    let rest = rest.unwrap_or_default();
    let (whole, rest) = rest.split_at(digits_end(rest));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits_end(rest)),
        None => ("", rest),
    };
    let letters = suffix
        .find(|letter: char| !"eEinumkKMGTP".contains(letter))
        .unwrap_or(suffix.len());
    let exponent = suffix.get(letters..).unwrap_or_default();
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if digits_end(exponent) != exponent.len() {
        return Err(QuantityError::Format);
    }
    Ok(Parts {
        negative,
        whole,
        fraction,
        suffix,
    })
}

fn digits_end(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len())
}

fn read_suffix(suffix: &str) -> Option<(i128, i32, Format)> {
    let decimal = |exponent| Some((10, exponent, Format::Decimal));
    let binary = |exponent| Some((2, exponent, Format::Binary));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            Some((10, exponent, Format::Exponent))
        }
    }
}

/// The amount without its sign; what is finer than a billionth is rounded up.
fn magnitude(parts: &Parts<'_>, base: i128, exponent: i32) -> i128 {
    let digits = parts.whole.bytes().chain(parts.fraction.bytes());
    let number = digits.fold(0_i128, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(i128::from(digit.saturating_sub(b'0')))
    });
    let places = i32::try_from(parts.fraction.len()).unwrap_or(i32::MAX);
    let (number, tens) = if base == 2 {
        let factor = 1_i128 << exponent.clamp(0, 60);
        (number.saturating_mul(factor), 9_i32.saturating_sub(places))
    } else {
        (
            number,
            exponent.saturating_add(9_i32.saturating_sub(places)),
        )
    };
    if number == 0 {
        return 0;
    }
    let factor = 10_i128.checked_pow(tens.unsigned_abs());
    match factor {
        Some(factor) if tens >= 0 => number.saturating_mul(factor),
        Some(factor) => divide_up(number, factor),
        None if tens >= 0 => i128::MAX,
        None => 1,
    }
}

/// Whether upstream's fast path takes a single digit with this suffix; only there no digit is zero.
fn is_small(exponent: i32, format: Format) -> bool {
    match format {
        Format::Binary => exponent <= 40,
        Format::Decimal | Format::Exponent => exponent >= -9,
    }
}

/// Whether upstream's fast path keeps the text as it was written.
fn keeps_text(parts: &Parts<'_>, exponent: i32, format: Format) -> bool {
    let whole = parts.whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let shifted = format!("{whole}{}", parts.fraction);
    let Ok(value) = shifted.parse::<i64>() else {
        return false;
    };
    let places = i32::try_from(parts.fraction.len()).unwrap_or(i32::MAX);
    match format {
        Format::Binary => {
            let length = i32::try_from(whole.len()).unwrap_or(i32::MAX);
            let room = 15 - length - exponent * 3 / 10 - 1;
            parts.fraction.is_empty()
                && room >= 0
                && value & 7 != 0
                && value.checked_shl(exponent.unsigned_abs()).is_some()
        }
        Format::Decimal | Format::Exponent => {
            let scale = exponent.saturating_sub(places);
            shifted.len() <= FAST_DIGITS_MAX
                && scale >= -9
                && scale % 3 == 0
                && !shifted.ends_with("000")
                && !shifted.starts_with('0')
        }
    }
}

fn divide_up(number: i128, by: i128) -> i128 {
    let rest = number % by;
    number / by + rest.signum()
}

fn saturate(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(written) = &self.written {
            return out.write_str(written);
        }
        if self.nanos == 0 {
            return out.write_str("0");
        }
        let small = self.nanos.abs() < 1024 * UNIT;
        if self.format == Format::Binary && !small && !self.has_fraction() {
            let (number, times) = without_factors(self.nanos / UNIT, 1024);
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].get(times);
            return write!(out, "{number}{}", suffix.copied().unwrap_or_default());
        }
        let (number, thousands) = without_factors(self.nanos, 1000);
        if self.format == Format::Exponent {
            return match i64::try_from(thousands).unwrap_or(0) * 3 - 9 {
                0 => write!(out, "{number}"),
                exponent => write!(out, "{number}e{exponent}"),
            };
        }
        let suffix = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].get(thousands);
        write!(out, "{number}{}", suffix.copied().unwrap_or_default())
    }
}

/// Divides by `factor` as long as nothing remains: the rest and how often.
fn without_factors(mut number: i128, factor: i128) -> (i128, usize) {
    let mut times = 0;
    while number != 0 && number % factor == 0 {
        number /= factor;
        times += 1;
    }
    (number, times)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Default for Quantity {
    fn default() -> Self {
        Self::from_units(0)
    }
}

impl Add<&Self> for Quantity {
    type Output = Self;

    fn add(self, other: &Self) -> Self {
        self.with(self.nanos.saturating_add(other.nanos), other)
    }
}

impl Sub<&Self> for Quantity {
    type Output = Self;

    fn sub(self, other: &Self) -> Self {
        self.with(self.nanos.saturating_sub(other.nanos), other)
    }
}

impl Neg for Quantity {
    type Output = Self;

    fn neg(self) -> Self {
        self.with(-self.nanos, &self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from apimachinery 0.36.3: `resource.ParseQuantity(text).String()`.
    const PRINTED: &[(&str, &str)] = &[
        ("0", "0"),
        ("1", "1"),
        ("100m", "100m"),
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1.5", "1500m"),
        ("1.123", "1.123"),
        ("1.1234", "1123400u"),
        ("0.1", "100m"),
        ("1.5Gi", "1536Mi"),
        ("1Gi", "1Gi"),
        ("1024Mi", "1Gi"),
        ("1024", "1024"),
        ("1025Ki", "1025Ki"),
        ("1536Mi", "1536Mi"),
        ("512Mi", "512Mi"),
        ("8Gi", "8Gi"),
        ("1Ki", "1Ki"),
        ("0.5Ki", "512"),
        ("0.5Mi", "512Ki"),
        ("1.1Ki", "1126400m"),
        ("1e3", "1e3"),
        ("1E3", "1E3"),
        ("1e-3", "1e-3"),
        ("1.5e3", "1500"),
        ("12e6", "12e6"),
        ("1000", "1k"),
        ("10000", "10k"),
        ("100k", "100k"),
        ("1M", "1M"),
        ("1500M", "1500M"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("1u", "1u"),
        ("+1", "+1"),
        ("-1", "-1"),
        ("-1.5Gi", "-1536Mi"),
        ("00.5", "500m"),
        ("007", "007"),
        ("01Ki", "01Ki"),
        ("1.", "1."),
        ("1.Gi", "1.Gi"),
        (".5", "500m"),
        (
            "",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        ("-", "0"),
        (".", "0"),
        ("Gi", "0"),
        ("m", "0"),
        (
            "1 Gi",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "1x",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "1KiB",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        ("1e", "unable to parse quantity's suffix"),
        (
            "1e3.5",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "1Kib",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        ("0Gi", "0"),
        ("0.0", "0"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("10Ei", "9223372036854775807"),
        ("9E", "9E"),
        ("1000E", "1"),
        ("12345678901234567890", "12345678901234567890"),
        ("123456789012345678", "123456789012345678"),
        ("0.000000001", "1n"),
        ("0.0000000001", "1n"),
        ("1.000", "1"),
        ("1000.000", "1k"),
        ("2048Mi", "2Gi"),
        ("1.024Ki", "1048576m"),
        ("3.0", "3"),
        ("250m", "250m"),
        ("0.25", "250m"),
        ("32Gi", "32Gi"),
        ("110", "110"),
        ("1e18", "1e18"),
        ("5e-9", "5e-9"),
        ("5e-10", "1e-9"),
        ("-0.5Ki", "-512"),
        ("100", "100"),
        ("1.50", "1500m"),
        ("2.50Gi", "2560Mi"),
        ("0.75Gi", "768Mi"),
    ];

    #[test]
    fn texts_print_as_upstream_prints_them() {
        for (text, printed) in PRINTED {
            let quantity = Quantity::parse(text).map(|quantity| quantity.to_string());
            assert_eq!(
                quantity.unwrap_or_else(|error| error.to_string()),
                *printed,
                "{text}"
            );
        }
    }

    #[test]
    fn sums_are_exact_and_print_canonically() {
        let add = |left: &str, right: &str| {
            let (left, right) = (
                Quantity::parse(left).unwrap(),
                Quantity::parse(right).unwrap(),
            );
            (left + &right).to_string()
        };
        assert_eq!(add("500m", "0.5"), "1");
        assert_eq!(add("0", "1Gi"), "1Gi");
        assert_eq!(add("1Gi", "512M"), "1548576Ki");
        assert_eq!(add("-1", "250m"), "-750m");
    }

    #[test]
    fn fractions_round_away_from_zero() {
        assert_eq!(Quantity::parse("100u").unwrap().as_milli(), 1);
        assert_eq!(Quantity::parse("-100u").unwrap().as_milli(), -1);
        assert_eq!(Quantity::parse("1.5").unwrap().units(), 2);
        assert!(Quantity::parse("1100m").unwrap() > Quantity::parse("1").unwrap());
    }
}
