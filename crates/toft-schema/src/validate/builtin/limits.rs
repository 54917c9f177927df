//! Limit ranges.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `ValidateLimitRange`.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::name;
use super::resources;
use crate::field_error::FieldError;

/// What a range may be about, besides kinds of somebody else.
const TYPES: &[&str] = &["Pod", "Container", "PersistentVolumeClaim"];

fn limit_type(at: &At<'_>, errors: &mut Errors) {
    let messages = name::qualified_name(at.text());
    if messages.is_empty() && !at.text().contains('/') && !TYPES.contains(&at.text()) {
        errors.push(FieldError::invalid(
            at.path(),
            at.text(),
            "must be a standard limit type or fully qualified",
        ));
    }
    for message in messages {
        errors.push(FieldError::invalid(at.path(), at.text(), message));
    }
}

/// The resources that are limited, and what a type wants or forbids.
fn names(item: &At<'_>, errors: &mut Errors) {
    const LISTS: &[&str] = &[
        "max",
        "min",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ];
    let type_ = item.child("type").text();
    for list in LISTS {
        let list_at = item.child(list);
        if type_ == "Pod" && matches!(*list, "default" | "defaultRequest") {
            if !list_at.is_empty() {
                errors.forbidden(&list_at, "may not be specified when `type` is 'Pod'");
            }
            continue;
        }
        for (resource, at) in list_at.entries() {
            if matches!(type_, "Pod" | "Container") {
                resources::container_resource(resource, &at, errors);
            } else {
                resources::any_resource(resource, &at, errors);
            }
        }
    }
    let bounds = ["min", "max"].map(|list| item.child(list).child("storage"));
    if type_ == "PersistentVolumeClaim" && !bounds.iter().any(At::is_set) {
        let detail =
            "either minimum or maximum storage value is required, but neither was provided";
        errors.required(&item.child("limits"), detail);
    }
}

fn ratios(item: &At<'_>, errors: &mut Errors) {
    for (resource, at) in item.child("maxLimitRequestRatio").entries() {
        let Some(ratio) = amount(&at) else { continue };
        if ratio < Quantity::from_units(1) {
            errors.invalid(&at, format!("ratio {ratio} is less than 1"));
        }
        let (least, most) = (
            amount(&item.child("min").entry(resource)),
            amount(&item.child("max").entry(resource)),
        );
        let (Some(least), Some(most)) = (least, most) else {
            continue;
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "upstream divides floating-point numbers"
        )]
        let (wanted, bound) = (
            ratio.as_milli() as f64 / 1000.0,
            most.as_milli() as f64 / least.as_milli() as f64,
        );
        if wanted > bound {
            let detail = format!("ratio {ratio} is greater than max/min = {bound:.6}");
            errors.invalid(&at, detail);
        }
    }
}

/// What cannot be given twice is limited to what is requested.
fn overcommit(item: &At<'_>, errors: &mut Errors) {
    for (resource, at) in item.child("defaultRequest").entries() {
        let limit = item.child("default").entry(resource);
        let (Some(request), Some(limit)) = (amount(&at), amount(&limit)) else {
            continue;
        };
        if item.child("type").text() != "Pod"
            && !resources::allows_overcommit(resource)
            && request != limit
        {
            let detail = format!(
                "default value {limit} must equal to defaultRequest value {request} in {resource}"
            );
            errors.invalid(&at, detail);
        }
    }
}

/// Two bounds of which the first must not exceed the second: their fields, and upstream's words.
const ORDERED: &[(&str, &str, &str, &str)] = &[
    ("min", "max", "min", "max"),
    ("min", "defaultRequest", "defaultRequest", "default request"),
    ("min", "default", "default", "default"),
];

pub(super) fn limit_range(root: &At<'_>, errors: &mut Errors) {
    let items = root.child("spec").child("limits").items();
    for (index, item) in items.iter().enumerate() {
        let type_ = item.child("type");
        limit_type(&type_, errors);
        let mut before = items.iter().take(index);
        if before.any(|one| one.child("type").text() == type_.text()) {
            errors.duplicate(&type_);
        }
        names(item, errors);
        ratios(item, errors);
        overcommit(item, errors);
        for (low, high, told, words) in ORDERED {
            bounds_are_ordered(item, (low, high), (told, words), errors);
        }
        for (low, words) in [
            ("defaultRequest", "default request"),
            ("default", "default"),
        ] {
            at_most_max(item, (low, words), errors);
        }
        request_at_most_default(item, errors);
    }
}

fn amount(at: &At<'_>) -> Option<Quantity> {
    at.is_set().then(|| Quantity::from_value(at.value()).ok())?
}

fn bounds_are_ordered(
    item: &At<'_>,
    (low, high): (&str, &str),
    (told, words): (&str, &str),
    errors: &mut Errors,
) {
    for (resource, least) in item.child(low).entries() {
        let most = item.child(high).entry(resource);
        let (Some(least), Some(most)) = (amount(&least), amount(&most)) else {
            continue;
        };
        if least > most {
            let at = item.child(told).entry(resource);
            let detail = format!("min value {least} is greater than {words} value {most}");
            // Upstream shows the default request itself, but the minimum for the default.
            let shown = if told == "defaultRequest" {
                most
            } else {
                least
            };
            errors.push(FieldError::invalid(at.path(), shown.to_string(), detail));
        }
    }
}

fn at_most_max(item: &At<'_>, (field, words): (&str, &str), errors: &mut Errors) {
    for (resource, at) in item.child(field).entries() {
        let most = item.child("max").entry(resource);
        let (Some(value), Some(most)) = (amount(&at), amount(&most)) else {
            continue;
        };
        if value > most {
            let detail = format!("{words} value {value} is greater than max value {most}");
            // Upstream shows the maximum for the default.
            let shown = if field == "default" { most } else { value };
            errors.push(FieldError::invalid(at.path(), shown.to_string(), detail));
        }
    }
}

fn request_at_most_default(item: &At<'_>, errors: &mut Errors) {
    for (resource, at) in item.child("defaultRequest").entries() {
        let limit = item.child("default").entry(resource);
        let (Some(request), Some(limit)) = (amount(&at), amount(&limit)) else {
            continue;
        };
        if request > limit {
            let detail = format!(
                "default request value {request} is greater than default limit value {limit}"
            );
            errors.invalid(&at, detail);
        }
    }
}
