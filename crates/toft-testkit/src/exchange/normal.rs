//! What differs between two API servers that behave alike: identities, times, versions, addresses.

use toft_value::Value;

/// Fields whose value is replaced by their name, wherever they stand.
const REPLACED: &[&str] = &[
    "uid",
    "resourceVersion",
    "continue",
    "nodePort",
    "healthCheckNodePort",
    "token",
];

/// A text that is no JSON, such as YAML, with the same replacements line by line.
pub(super) fn normal_text(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        let name = key.trim().trim_start_matches("- ");
        let is_time = is_time(value.trim_matches('"'));
        match name {
            "uid" | "resourceVersion" => format!("{key}: [{name}]"),
            _ if is_time => format!("{key}: [time]"),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Fields that are left out: prose, and what names the build.
const DROPPED: &[&str] = &[
    "buildDate",
    "gitCommit",
    "gitTreeState",
    "gitVersion",
    "goVersion",
    "compiler",
    "platform",
    "serverAddressByClientCIDRs",
    "storageVersionHash",
];

/// An answer without what differs from run to run.
///
/// Identities, resource versions, times, continue tokens, allocated addresses and generated suffixes are
/// replaced by their names; descriptions of table columns are dropped.
pub fn normal(value: &Value) -> Value {
    let mut value = value.clone();
    forget_suffix(&mut value);
    rewrite(&mut value);
    value
}

/// Replaces the suffix of a generated name wherever the object repeats its name, in labels say.
fn forget_suffix(value: &mut Value) {
    let text = |key: &str| value.str_at(&["metadata", key]).map(str::to_owned);
    if let (Some(name), Some(base)) = (text("name"), text("generateName")) {
        replace(value, &name, &format!("{base}[suffix]"));
    }
}

fn replace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Map(_) => {
            let keys: Vec<_> = value.as_map().into_iter().flatten().collect();
            let keys: Vec<_> = keys.iter().map(|(key, _)| (*key).clone()).collect();
            for key in keys {
                if let Some(inner) = value.as_map_mut().and_then(|map| map.get_mut(&key)) {
                    replace(inner, from, to);
                }
            }
        }
        Value::List(list) => {
            let inner = list.make_mut().iter_mut();
            inner.for_each(|inner| replace(inner, from, to));
        }
        Value::Str(text) if text.as_str() == from => *value = to.into(),
        Value::Str(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Float(_) => {}
    }
}

fn rewrite(value: &mut Value) {
    match value {
        Value::Map(_) => rewrite_map(value),
        Value::List(list) => list.make_mut().iter_mut().for_each(rewrite),
        Value::Str(text) => {
            let normal = text_of(text);
            if normal != text.as_str() {
                *value = normal.into();
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => {}
    }
}

fn rewrite_map(value: &mut Value) {
    let base = value.str_at(&["generateName"]).map(str::to_owned);
    let is_column = value.get("priority").is_some() && value.get("format").is_some();
    let Some(map) = value.as_map_mut() else {
        return;
    };
    for key in DROPPED {
        map.remove(key);
    }
    if is_column {
        map.remove("description");
    }
    // Upstream writes `"details": {}` for some refusals and nothing for others that say as little.
    if map
        .get("details")
        .and_then(Value::as_map)
        .is_some_and(toft_value::Map::is_empty)
    {
        map.remove("details");
    }
    // The order of verbs and of what a version serves means nothing.
    for key in ["verbs", "resources"] {
        if let Some(list) = map.get_mut(key).and_then(Value::as_list_mut) {
            list.make_mut().sort_by_key(name_of);
        }
    }
    // Owners stand in the order of their times, which have seconds.
    if let Some(owners) = map.get_mut("managedFields").and_then(Value::as_list_mut) {
        owners.make_mut().sort_by_key(Value::to_json);
    }
    // Conflicts come from a Go map, whose order changes from run to run.
    if let Some(causes) = map.get_mut("causes").and_then(Value::as_list_mut) {
        causes.make_mut().sort_by_key(Value::to_json);
    }
    if let Some(message) = map.get_mut("message")
        && let Some(text) = message.as_str()
        && let Some((before, _)) = text.split_once(" is invalid: [")
    {
        // The same errors as the causes, in the order of a Go map.
        *message = format!("{before} is invalid: [causes]").into();
    }
    let keys: Vec<_> = map.keys().cloned().collect();
    for key in keys {
        let Some(inner) = map.get_mut(&key) else {
            continue;
        };
        if REPLACED.contains(&key.as_str()) && !inner.is_null() && inner.as_map().is_none() {
            *inner = format!("[{key}]").into();
        } else if matches!(key.as_str(), "clusterIP" | "clusterIPs") {
            replace_addresses(inner);
        } else if key == "cells" {
            replace_ages(inner);
        } else if key == "name" && base.is_some() {
            *inner = format!("{}[suffix]", base.as_deref().unwrap_or_default()).into();
        } else {
            rewrite(inner);
        }
    }
}

fn name_of(entry: &Value) -> String {
    let name = entry.str_at(&["name"]).or(entry.as_str());
    name.unwrap_or_default().to_owned()
}

fn replace_addresses(value: &mut Value) {
    match value {
        Value::Str(text) if text.starts_with("10.") => *value = "[address]".into(),
        Value::List(list) => list.make_mut().iter_mut().for_each(replace_addresses),
        _ => {}
    }
}

/// What an `APIService` is after the server has looked for its Service in vain, which it does when it has time.
const LOOKED_FOR: &str = "False (ServiceNotFound)";

/// How long ago something was, and what was allocated, in the cells of a row.
fn replace_ages(cells: &mut Value) {
    rewrite(cells);
    let Some(cells) = cells.as_list_mut() else {
        return;
    };
    for cell in cells.make_mut() {
        let Some(text) = cell.as_str() else { continue };
        if is_age(text) {
            *cell = "[age]".into();
        } else if text == LOOKED_FOR {
            *cell = "Unknown".into();
        } else if let Some((count, ago)) = text.split_once(" (")
            && ago.strip_suffix(" ago)").is_some_and(is_age)
        {
            *cell = format!("{count} ([age] ago)").into();
        } else if text.ends_with("/TCP") || text.ends_with("/UDP") {
            *cell = without_node_ports(text).into();
        } else if text.starts_with("10.") && text.split('.').count() == 4 {
            *cell = "[address]".into();
        }
    }
}

/// `80:31234/TCP,53:30053/UDP` without the ports that were allocated.
fn without_node_ports(text: &str) -> String {
    let ports = text.split(',').map(|port| {
        let allocated = port
            .split_once(':')
            .and_then(|(port, node)| Some((port, node.split_once('/')?.1)));
        match allocated {
            Some((port, protocol)) => format!("{port}:[nodePort]/{protocol}"),
            None => port.to_owned(),
        }
    });
    ports.collect::<Vec<_>>().join(",")
}

fn is_age(text: &str) -> bool {
    let unit = |one: char| matches!(one, 's' | 'm' | 'h' | 'd' | 'y');
    text.starts_with(|one: char| one.is_ascii_digit())
        && text.ends_with(unit)
        && text.chars().all(|one| one.is_ascii_digit() || unit(one))
}

fn text_of(text: &str) -> String {
    if is_time(text) {
        return "[time]".to_owned();
    }
    // The recording server's program carries its version in its name.
    if text.starts_with("kube-apiserver-") {
        return "kube-apiserver".to_owned();
    }
    if let Some(suffix) = text.strip_prefix("kube-api-access-")
        && suffix.len() == 5
    {
        return "kube-api-access-[suffix]".to_owned();
    }
    let text = &without_objects(text);
    let text = without_numbers_after(text, "in record (");
    let text = without_numbers_after(&text, "too old resource version: ");
    let text = without_numbers_after(&text, "current: ");
    without_uids(&text)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    digits(0, 4)
        && bytes.get(4) == Some(&b'-')
        && digits(5, 7)
        && bytes.get(10) == Some(&b'T')
        && text.ends_with('Z')
}

/// Objects within messages, whose keys stand in an order of their own.
fn without_objects(text: &str) -> String {
    let Some((before, after)) = text.split_once("Invalid value: \"{") else {
        return text.to_owned();
    };
    match after.rsplit_once("}\": ") {
        Some((_, why)) => format!("{before}Invalid value: [object]: {why}"),
        None => text.to_owned(),
    }
}

fn without_numbers_after(text: &str, mark: &str) -> String {
    let Some((before, after)) = text.split_once(mark) else {
        return text.to_owned();
    };
    let rest = after.trim_start_matches(|one: char| one.is_ascii_digit());
    if rest.len() == after.len()
        || rest.starts_with('-')
        || rest.starts_with(|one: char| one.is_ascii_alphanumeric())
    {
        return text.to_owned();
    }
    let rest = match rest.strip_prefix(" (") {
        Some(inner) => format!(
            " ({}",
            inner.trim_start_matches(|one: char| one.is_ascii_digit())
        ),
        None => rest.to_owned(),
    };
    format!("{before}{mark}[number]{rest}")
}

/// Replaces every UUID within a text.
fn without_uids(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text.get(at..at + LENGTH).is_some_and(is_uid) {
            result.push_str("[uid]");
            at += LENGTH;
        } else {
            let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                break;
            };
            result.push(next);
            at += next.len_utf8();
        }
    }
    result
}

fn is_uid(text: &str) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.bytes().enumerate().all(|(at, byte)| {
        if dash(at) {
            byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        }
    })
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let answer = value!({
            "metadata": {"generateName": "a-", "name": "a-x7k2p", "uid": "7500cd21-aa1e-47f2-99fa-35a504a26dfd", "resourceVersion": "12", "creationTimestamp": "2026-01-02T03:04:05Z"},
            "message": "in record (7500cd21-aa1e-47f2-99fa-35a504a26dfd), in record (332). too",
            "details": {},
        });
        let expected = value!({
            "metadata": {"generateName": "a-", "name": "a-[suffix]", "uid": "[uid]", "resourceVersion": "[resourceVersion]", "creationTimestamp": "[time]"},
            "message": "in record ([uid]), in record (332). too",
        });
        assert_eq!(normal(&answer), expected);
        assert_eq!(
            text_of("does not match the ResourceVersion in record (332). The"),
            "does not match the ResourceVersion in record ([number]). The"
        );
    }
}
