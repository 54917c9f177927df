//! Formats of strings.
//!
//! Source: kube-openapi `pkg/validation/strfmt`; the formats that CRDs may use and that homelab CRDs do.

use core::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whether a text is of a format; formats that are unknown are not checked.
pub(super) fn is_valid(format: &str, text: &str) -> bool {
    match format {
        "byte" => STANDARD.decode(text).is_ok(),
        "date" => is_date(text),
        "date-time" | "datetime" => is_date_time(text),
        "duration" => is_duration(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "uri" => text.contains("://") || text.starts_with('/'),
        "uuid" => is_uuid(text),
        "mac" => is_mac(text),
        "hostname" => is_hostname(text),
        "email" => text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
        _ => true,
    }
}

fn is_date(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10
}

fn is_date_time(text: &str) -> bool {
    let separated = text
        .as_bytes()
        .get(10)
        .is_some_and(|byte| *byte == b'T' || *byte == b't');
    separated && text.parse::<jiff::Timestamp>().is_ok()
}

/// As Go writes durations (`1h30m`), or a number with a word (`3 days`).
fn is_duration(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "ns", "us", "µs", "ms", "s", "m", "h", "d", "w", "nano", "micro", "milli", "sec", "min",
        "hr", "day", "week", "days", "weeks", "hours", "hour", "minutes", "minute", "seconds",
        "second",
    ];
    let mut rest = text.trim_start_matches(['-', '+']);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(rest.len());
        if number == 0 {
            return false;
        }
        rest = rest.get(number..).unwrap_or_default().trim_start();
        let unit = rest
            .find(|letter: char| letter.is_ascii_digit() || letter == ' ')
            .unwrap_or(rest.len());
        let (unit, next) = rest.split_at(unit);
        if !UNITS.contains(&unit) {
            return false;
        }
        rest = next.trim_start();
    }
    true
}

fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        let bits_max = if address.parse::<Ipv4Addr>().is_ok() {
            32
        } else if address.parse::<Ipv6Addr>().is_ok() {
            128
        } else {
            return false;
        };
        bits.parse::<u8>().is_ok_and(|bits| bits <= bits_max)
    })
}

fn is_uuid(text: &str) -> bool {
    let plain: String = text.chars().filter(|letter| *letter != '-').collect();
    plain.len() == 32 && plain.chars().all(|letter| letter.is_ascii_hexdigit())
}

fn is_mac(text: &str) -> bool {
    let parts: Vec<&str> = text.split([':', '-']).collect();
    parts.len() == 6
        && parts
            .iter()
            .all(|part| part.len() == 2 && part.chars().all(|letter| letter.is_ascii_hexdigit()))
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    text.len() <= 255 && text.trim_end_matches('.').split('.').all(label)
}
