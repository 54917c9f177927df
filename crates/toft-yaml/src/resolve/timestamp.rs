//! Dates and times as go-yaml knows them.

use std::fmt::Write as _;

/// Reads a date or time and gives what it becomes in JSON.
///
/// The forms are `2006-1-2T15:4:5.999Z07:00` (also with `t`), `2006-1-2 15:4:5.999` and `2006-1-2`.
/// Source: go.yaml.in/yaml v3.0.5 `resolve.go`, `parseTimestamp`; Go 1.26 `time.Parse` and
/// `time.Time.MarshalJSON`.
pub(super) fn parse(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_year = bytes.get(..4)?.iter().all(u8::is_ascii_digit);
    if !is_year || bytes.get(4) != Some(&b'-') {
        return None;
    }
    let mut reader = Reader { text };
    let year = reader.year()?;
    reader.expect(b'-')?;
    let month = reader.number(1, 12)?;
    reader.expect(b'-')?;
    let day = reader.number(1, days_in(month, year))?;
    let mut result = format!("{year:04}-{month:02}-{day:02}T");
    if reader.text.is_empty() {
        result.push_str("00:00:00Z");
        return Some(result);
    }
    let has_zone = reader.separator()?;
    let hour = reader.number(0, 23)?;
    reader.expect(b':')?;
    let minute = reader.number(0, 59)?;
    reader.expect(b':')?;
    let second = reader.number(0, 59)?;
    let _ = write!(result, "{hour:02}:{minute:02}:{second:02}");
    reader.fraction(&mut result);
    if has_zone {
        reader.zone(&mut result)?;
    } else {
        result.push('Z');
    }
    reader.text.is_empty().then_some(result)
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn year(&mut self) -> Option<u32> {
        let (year, rest) = self.text.split_at_checked(4)?;
        self.text = rest;
        year.parse().ok()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.text = self.text.strip_prefix(char::from(byte))?;
        Some(())
    }

    /// One or two digits within bounds.
    fn number(&mut self, min: u32, max: u32) -> Option<u32> {
        let count = self
            .text
            .bytes()
            .take(2)
            .take_while(u8::is_ascii_digit)
            .count();
        let (digits, rest) = self.text.split_at_checked(count)?;
        self.text = rest;
        digits
            .parse()
            .ok()
            .filter(|number| (min..=max).contains(number))
    }

    /// `T` and `t` bring a zone, blanks do not.
    fn separator(&mut self) -> Option<bool> {
        if let Some(rest) = self.text.strip_prefix(['T', 't']) {
            self.text = rest;
            return Some(true);
        }
        let rest = self.text.strip_prefix(' ')?;
        self.text = rest.trim_start_matches(' ');
        Some(false)
    }

    /// Nanoseconds, without the zeros at their end.
    fn fraction(&mut self, result: &mut String) {
        let Some(rest) = self.text.strip_prefix(['.', ',']) else {
            return;
        };
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some((digits, rest)) = rest.split_at_checked(count).filter(|_| count > 0) else {
            return;
        };
        self.text = rest;
        let nanoseconds = digits.get(..9).unwrap_or(digits).trim_end_matches('0');
        if !nanoseconds.is_empty() {
            result.push('.');
            result.push_str(nanoseconds);
        }
    }

    fn zone(&mut self, result: &mut String) -> Option<()> {
        if let Some(rest) = self.text.strip_prefix('Z') {
            self.text = rest;
            result.push('Z');
            return Some(());
        }
        let (sign, rest) = self.text.split_at_checked(1)?;
        if sign != "+" && sign != "-" {
            return None;
        }
        self.text = rest;
        let hours = self.two_digits(24)?;
        self.expect(b':')?;
        let minutes = self.two_digits(60)?;
        if hours == 0 && minutes == 0 {
            result.push('Z');
        } else {
            // Go counts 60 minutes as an hour.
            let total = hours * 60 + minutes;
            let _ = write!(result, "{sign}{:02}:{:02}", total / 60, total % 60);
        }
        Some(())
    }

    fn two_digits(&mut self, max: u32) -> Option<u32> {
        let (digits, rest) = self.text.split_at_checked(2)?;
        self.text = rest;
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse()
            .ok()
            .filter(|number| all_digits && *number <= max)
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_become_rfc_3339() {
        let cases = [
            ("2020-01-01", "2020-01-01T00:00:00Z"),
            ("2020-2-29", "2020-02-29T00:00:00Z"),
            (
                "2001-12-14t21:59:43.10-05:00",
                "2001-12-14T21:59:43.1-05:00",
            ),
            (
                "2001-12-14  21:59:43,123456789012",
                "2001-12-14T21:59:43.123456789Z",
            ),
            ("2001-12-14T1:2:3Z", "2001-12-14T01:02:03Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_time_parse_refuses_is_no_timestamp() {
        for text in [
            "2021-02-29",
            "2020-13-01",
            "2001-12-14 21:59:43.10 -5",
            "2020-01-01T",
            "20200-1-1",
            "2020-1-1T25:0:0Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
