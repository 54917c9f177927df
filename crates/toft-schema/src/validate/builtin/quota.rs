//! Resource quotas.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `ValidateResourceQuota`.

use toft_value::Value;

use super::super::at::{At, Errors};
use super::resources;
use crate::field_error::FieldError;
use crate::go_text::{Go, print_type};

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "VolumeAttributesClass",
    "CrossNamespacePodAffinity",
];

/// Scopes of which an object cannot be in both.
const CONFLICTS: &[(&str, &str)] = &[
    ("BestEffort", "NotBestEffort"),
    ("Terminating", "NotTerminating"),
];

/// What pods are counted and measured by.
const OF_PODS: &[&str] = &[
    "pods",
    "cpu",
    "memory",
    "limits.cpu",
    "limits.memory",
    "requests.cpu",
    "requests.memory",
];

const OF_CLAIMS: &[&str] = &["persistentvolumeclaims", "requests.storage"];

const UNSUPPORTED: &str = "unsupported scope applied to resource";

pub(super) fn quota(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let hard = spec.child("hard");
    for (resource, at) in hard.entries() {
        resources::quota_resource(resource, &at, errors);
        resources::value(resource, &at, errors);
    }
    scopes(&spec, errors);
    scope_selector(&spec, errors);
}

/// Whether a scope is about what is limited; only what Kubernetes itself counts is asked.
fn is_about(scope: &str, resource: &str) -> bool {
    match scope {
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => OF_PODS.contains(&resource),
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => OF_CLAIMS.contains(&resource),
        _ => true,
    }
}

/// The resources of a quota that a scope is not about.
fn misplaced(spec: &At<'_>, scope: &str) -> usize {
    let hard = spec.child("hard");
    let is_misplaced =
        |resource: &&str| resources::is_quota_resource(resource) && !is_about(scope, resource);
    let names = hard.entries().into_iter().map(|(resource, _)| resource);
    names.filter(is_misplaced).count()
}

fn scopes(spec: &At<'_>, errors: &mut Errors) {
    let at = spec.child("scopes");
    let scopes: Vec<&str> = at.items().iter().map(At::text).collect();
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            errors.invalid(&at, "unsupported scope");
        }
        for _ in 0..misplaced(spec, scope) {
            errors.invalid(&at, UNSUPPORTED);
        }
    }
    conflicts(&scopes, (&at, at.value()), errors);
}

fn conflicts(scopes: &[&str], (at, shown): (&At<'_>, &Value), errors: &mut Errors) {
    for (left, right) in CONFLICTS {
        if scopes.contains(left) && scopes.contains(right) {
            let error = FieldError::invalid(at.path(), shown.clone(), "conflicting scopes");
            errors.push(error);
        }
    }
}

/// Upstream leaves the index of the expression out of the paths.
fn scope_selector(spec: &At<'_>, errors: &mut Errors) {
    const SELECTOR: Go = Go::Struct(&[("MatchExpressions", "matchExpressions", EXPRESSIONS)]);
    const EXPRESSIONS: Go = Go::List(&Go::Struct(&[
        ("ScopeName", "scopeName", Go::Text),
        ("Operator", "operator", Go::Text),
        ("Values", "values", Go::Plain),
    ]));
    let selector = spec.child("scopeSelector");
    let list = selector.child("matchExpressions");
    let expressions = list.items();
    let mut names = Vec::new();
    for expression in &expressions {
        let place = |field: &str| list.child(field).with(expression.child(field).value());
        let name = place("scopeName");
        if !SCOPES.contains(&name.text()) {
            let error = FieldError::invalid(name.path(), name.text(), "unsupported scope");
            errors.push(error);
        }
        for _ in 0..misplaced(spec, name.text()) {
            let error = FieldError::invalid(list.path(), "", UNSUPPORTED);
            errors.push(error.showing(print_type(selector.value(), SELECTOR)));
        }
        operator(name.text(), (&place("operator"), &place("values")), errors);
        names.push(name.text());
    }
    let shown = spec.child("scopes");
    conflicts(&names, (&list, shown.value()), errors);
}

fn operator(scope: &str, (operator, values): (&At<'_>, &At<'_>), errors: &mut Errors) {
    const ONLY_EXISTS: &str = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    let shown = || FieldError::invalid(operator.path(), operator.text(), "");
    let has_no_values = !matches!(scope, "PriorityClass" | "VolumeAttributesClass");
    if SCOPES.contains(&scope) && has_no_values && operator.text() != "Exists" {
        errors.push(FieldError {
            detail: ONLY_EXISTS.to_owned(),
            ..shown()
        });
    }
    match operator.text() {
        "In" | "NotIn" if values.is_empty() => errors.required(
            values,
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.invalid(
            values,
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => errors.push(FieldError {
            detail: "not a valid selector operator".to_owned(),
            ..shown()
        }),
    }
}
