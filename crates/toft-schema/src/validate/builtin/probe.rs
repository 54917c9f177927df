//! Probes and hooks.

use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::name;

pub(super) fn validate(at: &At<'_>, errors: &mut Errors) {
    handler(at, errors);
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        errors.not_negative(&at.child(field));
    }
    let grace = at.child("terminationGracePeriodSeconds");
    if grace.int().is_some_and(|seconds| seconds <= 0) {
        errors.invalid(&grace, "must be greater than 0");
    }
}

/// Exactly one of the ways to look or to tell.
pub(super) fn handler(at: &At<'_>, errors: &mut Errors) {
    let mut found = false;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = at.child(kind);
        if !action.is_set() {
            continue;
        }
        if found {
            errors.forbidden(&action, "may not specify more than 1 handler type");
            continue;
        }
        found = true;
        match kind {
            "exec" if action.child("command").is_empty() => {
                errors.required(&action.child("command"), "");
            }
            "httpGet" => http_get(&action, errors),
            "tcpSocket" => port(&action.child("port"), errors),
            "grpc" => errors.in_range(&action.child("port"), (1, 65535)),
            _ => {}
        }
    }
    if !found {
        errors.required(at, "must specify a handler type");
    }
}

fn http_get(at: &At<'_>, errors: &mut Errors) {
    if at.child("path").is_empty() {
        errors.required(&at.child("path"), "");
    }
    port(&at.child("port"), errors);
    errors.one_of(&at.child("scheme"), &["HTTP", "HTTPS"]);
    let headers = at.child("httpHeaders");
    for header in headers.items() {
        // Upstream leaves the index out of the path.
        errors.named(
            &headers.with(header.child("name").value()),
            name::http_header,
        );
    }
}

/// The number or name of a port.
pub(super) fn port(at: &At<'_>, errors: &mut Errors) {
    match at.value() {
        Value::Str(_) => errors.named(at, name::port_name),
        _ => errors.in_range(at, (1, 65535)),
    }
}
