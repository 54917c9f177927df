//! Formats of texts, which drafts 4 to 7 demand.

use std::net::{Ipv4Addr, Ipv6Addr};

use regex::Regex;

/// Whether a text has a format; one that is not known fits everything.
pub(super) fn fits(format: &str, text: &str) -> bool {
    match format {
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "email" => text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && is_hostname(domain)),
        "hostname" => is_hostname(text),
        "regex" => Regex::new(text).is_ok(),
        "uri" => scheme(text).is_some(),
        "uuid" => is_uuid(text),
        "json-pointer" => text.is_empty() || text.starts_with('/'),
        _ => true,
    }
}

fn is_hostname(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || one == '-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let plain = |one: char| one.is_ascii_alphanumeric() || "+-.".contains(one);
    let good = scheme.starts_with(|one: char| one.is_ascii_alphabetic())
        && scheme.chars().all(plain)
        && !text.contains(char::is_whitespace);
    good.then_some(scheme)
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| {
            part.len() == length && part.chars().all(|one| one.is_ascii_hexdigit())
        })
}
