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

/// Fields that are left out: prose, and what names the build.
const DROPPED: &[&str] = &[
    "buildDate",
    "gitCommit",
    "gitTreeState",
    "gitVersion",
    "goVersion",
    "compiler",
    "platform",
    "storageVersionHash",
];

/// An answer without what differs from run to run.
///
/// Identities, resource versions, times, continue tokens, allocated addresses and generated suffixes are
/// replaced by their names; descriptions of table columns are dropped.
pub fn normal(value: &Value) -> Value {
    let mut value = value.clone();
    rewrite(&mut value);
    value
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
    let keys: Vec<_> = map.keys().cloned().collect();
    for key in keys {
        let Some(inner) = map.get_mut(&key) else {
            continue;
        };
        if REPLACED.contains(&key.as_str()) && !inner.is_null() && inner.as_map().is_none() {
            *inner = format!("[{key}]").into();
        } else if matches!(key.as_str(), "clusterIP" | "clusterIPs") {
            replace_addresses(inner);
        } else if key == "name" && base.is_some() {
            *inner = format!("{}[suffix]", base.as_deref().unwrap_or_default()).into();
        } else {
            rewrite(inner);
        }
    }
}

fn replace_addresses(value: &mut Value) {
    match value {
        Value::Str(text) if text.starts_with("10.") => *value = "[address]".into(),
        Value::List(list) => list.make_mut().iter_mut().for_each(replace_addresses),
        _ => {}
    }
}

fn text_of(text: &str) -> String {
    if is_time(text) {
        return "[time]".to_owned();
    }
    if let Some(suffix) = text.strip_prefix("kube-api-access-")
        && suffix.len() == 5
    {
        return "kube-api-access-[suffix]".to_owned();
    }
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
