//! ConfigMaps and Secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::name;
use crate::field_error::FieldError;

/// How many bytes of data a ConfigMap or Secret may hold.
const DATA_BYTES_MAX: usize = 1024 * 1024;

fn keys(data: &At<'_>, errors: &mut Errors) {
    for (key, at) in data.entries() {
        for message in name::config_key(key) {
            errors.push(FieldError::invalid(at.path(), key, message));
        }
    }
}

pub(super) fn config_map(root: &At<'_>, errors: &mut Errors) {
    let (data, binary) = (root.child("data"), root.child("binaryData"));
    let mut bytes = 0;
    for (key, at) in data.entries() {
        for message in name::config_key(key) {
            errors.push(FieldError::invalid(at.path(), key, message));
        }
        if binary.value().get(key).is_some() {
            let detail = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(at.path(), key, detail));
        }
        bytes += at.text().len();
    }
    keys(&binary, errors);
    bytes += decoded_bytes(&binary);
    if bytes > DATA_BYTES_MAX {
        // Upstream tells it about no field in particular.
        errors.push(FieldError::too_long(
            &crate::FieldPath::new(""),
            DATA_BYTES_MAX,
        ));
    }
}

fn decoded_bytes(data: &At<'_>) -> usize {
    let entries = data.entries();
    entries.iter().map(|(_, at)| at.text().len() / 4 * 3).sum()
}

/// The keys that a type of Secret must have.
const KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
];

pub(super) fn secret(root: &At<'_>, errors: &mut Errors) {
    let data = root.child("data");
    keys(&data, errors);
    if decoded_bytes(&data) > DATA_BYTES_MAX {
        errors.push(FieldError::too_long(data.path(), DATA_BYTES_MAX));
    }
    let type_ = root.child("type");
    if let Some((_, wanted)) = KEYS.iter().find(|(name, _)| *name == type_.text()) {
        for key in *wanted {
            if data.value().get(key).is_none() {
                errors.required(&data.entry(key), "");
            }
        }
    }
    match type_.text() {
        "kubernetes.io/dockercfg" => json(&data.entry(".dockercfg"), errors),
        "kubernetes.io/dockerconfigjson" => json(&data.entry(".dockerconfigjson"), errors),
        "kubernetes.io/basic-auth" => {
            let has = |key: &str| data.value().get(key).is_some();
            if !has("username") && !has("password") {
                errors.required(&data.entry("username"), "");
                errors.required(&data.entry("password"), "");
            }
        }
        "kubernetes.io/service-account-token" => {
            let name = root
                .child("metadata")
                .child("annotations")
                .entry("kubernetes.io/service-account.name");
            if name.is_empty() {
                errors.required(&name, "");
            }
        }
        _ => {}
    }
}

fn json(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let bytes = STANDARD.decode(at.text()).unwrap_or_default();
    if Value::from_json(&bytes).is_ok() {
        return;
    }
    let text = String::from_utf8_lossy(&bytes);
    let detail = match text.trim_start().chars().next() {
        None => "unexpected end of JSON input".to_owned(),
        Some(letter) if "{[\"-0123456789tfn".contains(letter) => {
            "unexpected end of JSON input".to_owned()
        }
        Some(letter) => format!("invalid character '{letter}' looking for beginning of value"),
    };
    errors.push(FieldError::invalid(
        at.path(),
        "<secret contents redacted>",
        detail,
    ));
}
