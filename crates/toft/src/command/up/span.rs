//! Durations as people write them: `90s`, `5m`, `1h30m`.

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// The text is none.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration; write 90s, 5m or 1h30m");
    let (mut total, mut digits) = (0_u64, String::new());
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let seconds = match character {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            _ => return Err(wrong()),
        };
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        let added = number.checked_mul(seconds);
        total = added
            .and_then(|added| total.checked_add(added))
            .ok_or_else(wrong)?;
        digits.clear();
    }
    if digits.is_empty() && !text.is_empty() {
        Ok(Duration::from_secs(total))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let cases = [("90s", 90), ("5m", 300), ("1h30m", 5_400), ("0s", 0)];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "5",
            "m",
            "5d",
            "-1s",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
