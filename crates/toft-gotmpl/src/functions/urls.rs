//! URLs.
//!
//! Source: sprig v3.3.0 `url.go`; Go 1.26 `src/net/url/url.go`.

use std::fmt::Write as _;

use smol_str::SmolStr;

use super::Param::{Dict as Map, Text};
use super::arguments::{dict, shared, text};
use super::{Call, Function, Ran};
use crate::quote::quote;
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("urlJoin", &[Map], None, join),
    Function::new("urlParse", &[Text], None, parse),
];

fn split_scheme(text: &str) -> (&str, &str) {
    let Some((scheme, rest)) = text.split_once(':') else {
        return ("", text);
    };
    let mut characters = scheme.chars();
    let good = characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|one| one.is_ascii_alphanumeric() || "+-.".contains(one));
    if good { (scheme, rest) } else { ("", text) }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn escape(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-_.~".contains(character) || keep.contains(character) {
            out.push(character);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn parse(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let whole = text(values, 0);
    let failed = |reason: &str| format!("unable to parse url: parse {}: {reason}", quote(whole));
    if whole.chars().any(|one| one.is_ascii_control()) {
        return Err(failed("net/url: invalid control character in URL"));
    }
    let (before, fragment) = whole.split_once('#').unwrap_or((whole, ""));
    if before.starts_with(':') {
        return Err(failed("missing protocol scheme"));
    }
    let (scheme, rest) = split_scheme(before);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let opaque = !scheme.is_empty() && !rest.starts_with('/');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest
            .split_at_checked(rest.find('/').unwrap_or(rest.len()))
            .unwrap_or((rest, "")),
        None => ("", rest),
    };
    let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let path = if opaque { "" } else { path };
    let bad_escape = || failed("invalid URL escape");
    let entries = [
        ("scheme", scheme.to_ascii_lowercase()),
        ("host", host.to_owned()),
        ("hostname", hostname(host).to_owned()),
        ("path", unescape(path).ok_or_else(bad_escape)?),
        ("query", query.to_owned()),
        (
            "opaque",
            if opaque {
                rest.to_owned()
            } else {
                String::new()
            },
        ),
        ("fragment", unescape(fragment).ok_or_else(bad_escape)?),
        ("userinfo", userinfo.to_owned()),
    ];
    let entries = entries.into_iter();
    Ok(Data::dict(entries.map(|(key, value)| {
        (SmolStr::new_static(key), Data::text(value))
    })))
}

fn hostname(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn join(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let dict = dict(values, 0);
    let part = |key: &str| match dict.get(key) {
        None => Ok(String::new()),
        Some(Data::Text(text)) => Ok(text.to_string()),
        Some(other) => Err(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind_name()
        )),
    };
    let [scheme, host, path, query] = [
        part("scheme")?,
        part("host")?,
        part("path")?,
        part("query")?,
    ];
    let [opaque, fragment, userinfo] = [part("opaque")?, part("fragment")?, part("userinfo")?];
    let mut url = String::new();
    if !scheme.is_empty() {
        let _ = write!(url, "{scheme}:");
    }
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !userinfo.is_empty() {
            if !host.is_empty() || !path.is_empty() || !userinfo.is_empty() {
                url.push_str("//");
            }
            if !userinfo.is_empty() {
                let _ = write!(url, "{userinfo}@");
            }
            url.push_str(&escape(&host, "!$&'()*+,;=:[]<>\""));
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            url.push('/');
        }
        url.push_str(&escape(&path, "$&+,/:;=@"));
    } else {
        url.push_str(&opaque);
    }
    if !query.is_empty() {
        let _ = write!(url, "?{query}");
    }
    if !fragment.is_empty() {
        let _ = write!(url, "#{}", escape(&fragment, "$&+,/:;=?@!()*"));
    }
    Ok(shared(url))
}
