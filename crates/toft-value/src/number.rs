//! Numbers as Go prints them.

use std::fmt::Write as _;

/// The shortest decimal digits that read back as the same float, and the exponent of the first digit.
fn digits(number: f64) -> (bool, String, i32) {
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    (
        number.is_sign_negative(),
        digits,
        exponent.parse().unwrap_or(0),
    )
}

fn fixed(digits: &str, exponent: i32) -> String {
    let point = exponent + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if point <= 0 {
        let zeros = usize::try_from(-point).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    }
    if point >= count {
        let zeros = usize::try_from(point - count).unwrap_or(0);
        return format!("{digits}{}", "0".repeat(zeros));
    }
    let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
    format!("{whole}.{fraction}")
}

fn scientific(digits: &str, exponent: i32, exponent_digits: usize) -> String {
    let (first, rest) = digits.split_at(1.min(digits.len()));
    let mut text = first.to_owned();
    if !rest.is_empty() {
        let _ = write!(text, ".{rest}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(text, "e{sign}{:0exponent_digits$}", exponent.abs());
    text
}

/// A float as Go's `strconv.FormatFloat(f, 'g', -1, 64)` prints it, infinities and NaN included.
///
/// Source: Go 1.26 `src/strconv/ftoa.go`, `%e` is used if the exponent is below -4 or at
/// least 6, the precision that `%g` assumes for the shortest digits.
///
/// # Example
/// ```
/// assert_eq!(toft_value::float_to_shortest(1e6), "1e+06");
/// assert_eq!(toft_value::float_to_shortest(0.5), "0.5");
/// ```
pub fn float_to_shortest(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "+Inf".to_owned()
        } else {
            "-Inf".to_owned()
        };
    }
    let (negative, digits, exponent) = digits(number);
    let plain = (-4..6).contains(&exponent);
    let text = if plain {
        fixed(&digits, exponent)
    } else {
        scientific(&digits, exponent, 2)
    };
    if negative { format!("-{text}") } else { text }
}

/// A float as Go's `encoding/json` prints it; JSON has no text for infinities and NaN, which give `null`.
///
/// Source: Go 1.26 `src/encoding/json/encode.go`, `floatEncoder`: `%e` below 1e-6 and from 1e21, and
/// the exponent loses a leading zero when it is negative.
///
/// # Example
/// ```
/// assert_eq!(toft_value::float_to_json(1e6), "1000000");
/// assert_eq!(toft_value::float_to_json(1e-7), "1e-7");
/// ```
pub fn float_to_json(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    let (negative, digits, exponent) = digits(number);
    let plain = number == 0.0 || (1e-6..1e21).contains(&number.abs());
    let text = if plain {
        fixed(&digits, exponent)
    } else {
        scientific(&digits, exponent, if exponent < 0 { 1 } else { 2 })
    };
    if negative { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_is_what_go_prints() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (-2.5, "-2.5"),
            (1e100, "1e+100"),
            (f64::INFINITY, "+Inf"),
        ];
        for (number, text) in cases {
            assert_eq!(float_to_shortest(number), text);
        }
    }

    #[test]
    fn json_is_what_go_prints() {
        let cases = [
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (1e-10, "1e-10"),
            (-0.25, "-0.25"),
        ];
        for (number, text) in cases {
            assert_eq!(float_to_json(number), text);
        }
    }
}
