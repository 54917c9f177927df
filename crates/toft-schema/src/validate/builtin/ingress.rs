//! Ingresses.

use core::net::IpAddr;

use super::super::at::{At, Errors};
use super::super::name;

/// Parts of paths that lead elsewhere.
const BAD_SEQUENCES: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDINGS: &[&str] = &["/..", "/."];

pub(super) fn ingress(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let (rules, default) = (spec.child("rules"), spec.child("defaultBackend"));
    if rules.is_empty() && !default.is_set() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        // Upstream shows the rules at the path of the spec.
        errors.invalid(&spec.with(rules.value()), detail);
    }
    if default.is_set() {
        backend(&default, errors);
    }
    for rule in rules.items() {
        host(&rule.child("host"), errors);
        let http = rule.child("http");
        if !http.is_set() {
            continue;
        }
        if http.child("paths").is_empty() {
            errors.required(&http.child("paths"), "");
        }
        for path in http.child("paths").items() {
            self::path(&path, errors);
        }
    }
    for tls in spec.child("tls").items() {
        errors.named_if_set(&tls.child("secretName"), name::dns_subdomain);
        for host in tls.child("hosts").items() {
            if host.text().contains('*') {
                errors.named(&host, name::wildcard_subdomain);
            } else {
                errors.named(&host, name::dns_subdomain);
            }
        }
    }
    let class = spec.child("ingressClassName");
    if class.is_set() {
        errors.named(&class, name::dns_subdomain);
    }
}

fn host(at: &At<'_>, errors: &mut Errors) {
    if at.is_empty() {
        return;
    }
    if at.text().parse::<IpAddr>().is_ok() {
        errors.invalid(at, "must be a DNS name, not an IP address");
    }
    if at.text().contains('*') {
        errors.named(at, name::wildcard_subdomain);
    } else {
        errors.named(at, name::dns_subdomain);
    }
}

fn path(at: &At<'_>, errors: &mut Errors) {
    let kind = at.child("pathType");
    if !kind.is_set() {
        errors.required(&kind, "pathType must be specified");
        return;
    }
    let path = at.child("path");
    let text = path.text();
    match kind.text() {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                errors.invalid(&path, "must be an absolute path");
            }
            for bad in BAD_SEQUENCES.iter().filter(|bad| text.contains(**bad)) {
                errors.invalid(&path, format!("must not contain '{bad}'"));
            }
            for bad in BAD_ENDINGS.iter().filter(|bad| text.ends_with(**bad)) {
                errors.invalid(&path, format!("cannot end with '{bad}'"));
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                errors.invalid(&path, "must be an absolute path");
            }
        }
        _ => errors.one_of(&kind, &["Exact", "ImplementationSpecific", "Prefix"]),
    }
    backend(&at.child("backend"), errors);
}

fn backend(at: &At<'_>, errors: &mut Errors) {
    let (resource, service) = (at.child("resource"), at.child("service"));
    match (resource.is_set(), service.is_set()) {
        (true, true) => errors.invalid_empty(at, "cannot set both resource and service backends"),
        (false, false) => errors.invalid_empty(at, "resource or service backend is required"),
        (true, false) => {
            let group = resource.child("apiGroup");
            if group.is_set() {
                errors.named(&group, name::dns_subdomain);
            }
            for field in ["kind", "name"] {
                let field = resource.child(field);
                if field.is_empty() {
                    errors.required(&field, "");
                } else {
                    errors.named(&field, name::path_segment);
                }
            }
        }
        (false, true) => service_backend(at, &service, errors),
    }
}

fn service_backend(at: &At<'_>, service: &At<'_>, errors: &mut Errors) {
    let name = service.child("name");
    if name.is_empty() {
        errors.required(&name, "");
    } else {
        errors.named(&name, name::dns_label);
    }
    let (port_name, number) = (
        service.child("port").child("name"),
        service.child("port").child("number"),
    );
    match (port_name.is_empty(), number.int().unwrap_or(0) != 0) {
        (false, true) => errors.invalid_empty(at, "cannot set both port name & port number"),
        (false, false) => errors.named(&port_name, name::port_name),
        (true, true) => errors.in_range(&number, (1, 65535)),
        (true, false) => errors.required(at, "port name or number is required"),
    }
}
