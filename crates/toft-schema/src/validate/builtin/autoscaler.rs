//! Autoscalers: what they scale, by which metrics, and how fast.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/autoscaling/validation/validation.go`.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::name;
use super::rows;
use crate::field_error::FieldError;

pub(super) fn autoscaler(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let (least, most) = (spec.child("minReplicas"), spec.child("maxReplicas"));
    if least.int().is_some_and(|least| least < 1) {
        errors.invalid(&least, "must be greater than or equal to 1");
    }
    let count = most.int().unwrap_or(0);
    if count < 1 {
        errors.required(&most, "must be set and greater than 0");
    }
    if least.int().is_some_and(|least| count < least) {
        let detail = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid(most.path(), count, detail));
    }
    let target = spec.child("scaleTargetRef");
    for field in ["kind", "name"] {
        let field = target.child(field);
        if field.is_empty() {
            errors.required(&field, "");
        } else {
            errors.named(&field, name::path_segment);
        }
    }
    // Only a ReplicationController is of core.
    let version = target.child("apiVersion");
    if !version.text().contains('/') && target.child("kind").text() != "ReplicationController" {
        let detail = "apiVersion must specify API group";
        errors.push(FieldError::invalid(version.path(), version.text(), detail));
    }
    for metric in spec.child("metrics").items() {
        self::metric(&metric, errors);
    }
    let behavior = spec.child("behavior");
    for direction in ["scaleUp", "scaleDown"] {
        scaling(&behavior.child(direction), errors);
    }
}

/// How fast the number of replicas may change.
fn scaling(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let window = at.child("stabilizationWindowSeconds");
    if window.int().is_some_and(|seconds| seconds < 0) {
        errors.invalid(&window, "must be greater than or equal to zero");
    }
    if window
        .int()
        .is_some_and(|seconds| seconds > WINDOW_SECONDS_MAX)
    {
        errors.invalid(&window, "must be less than or equal to 3600");
    }
    let policies = at.child("policies");
    if policies.is_empty() {
        errors.required(&policies, "must specify at least one Policy");
    }
    rows::all(at, rows::SCALING, errors);
    for policy in policies.items() {
        let period = policy.child("periodSeconds");
        if period
            .int()
            .is_some_and(|seconds| seconds > PERIOD_SECONDS_MAX)
        {
            errors.invalid(&period, "must be less than or equal to 1800");
        }
    }
}

const WINDOW_SECONDS_MAX: i64 = 3600;
const PERIOD_SECONDS_MAX: i64 = 1800;

/// The sources of metrics: their type and field.
const SOURCES: &[(&str, &str)] = &[
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];

fn metric(at: &At<'_>, errors: &mut Errors) {
    let type_ = at.child("type");
    let Some((_, expected)) = SOURCES.iter().find(|(name, _)| *name == type_.text()) else {
        let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        // Upstream looks twice.
        for _ in 0..2 {
            let error = FieldError::not_supported(type_.path(), type_.text(), &names);
            errors.push(error);
        }
        return;
    };
    for (_, field) in SOURCES {
        let source = at.child(field);
        if field == expected && !source.is_set() {
            let detail = "must populate information for the given metric source";
            errors.required(&source, detail);
        } else if field != expected && source.is_set() {
            errors.forbidden(&source, "must populate the given metric source only");
        }
    }
    target(expected, &at.child(expected).child("target"), errors);
}

/// What a metric should be: which fields a source has, and what upstream says when both or none are set.
const TARGETS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "containerResource",
        "averageUtilization",
        "averageValue",
        "must set either a target raw value or a target utilization",
        "may not set both a target raw value and a target utilization",
    ),
    (
        "external",
        "averageValue",
        "value",
        "must set either a target value for metric or a per-pod target",
        "may not set both a target value for metric and a per-pod target",
    ),
    (
        "object",
        "averageValue",
        "value",
        "must set either a target value or averageValue",
        "",
    ),
    (
        "pods",
        "averageValue",
        "",
        "must specify a positive target averageValue",
        "",
    ),
    (
        "resource",
        "averageUtilization",
        "averageValue",
        "must set either a target raw value or a target utilization",
        "may not set both a target raw value and a target utilization",
    ),
];

fn target(source: &str, at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    let type_ = at.child("type");
    if type_.is_empty() {
        errors.required(&type_, "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&type_.text()) {
        let detail = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(type_.path(), type_.text(), detail));
    }
    let utilization = at.child("averageUtilization");
    if utilization.int().is_some_and(|percent| percent < 1) {
        errors.invalid(&utilization, "must be greater than 0");
    }
    for field in ["value", "averageValue"] {
        let amount = at.child(field);
        let quantity = Quantity::from_value(amount.value()).unwrap_or_default();
        if amount.is_set() && (quantity.is_zero() || quantity.is_negative()) {
            errors.invalid(&amount, "must be positive");
        }
    }
    let Some((_, first, second, none, both)) = TARGETS.iter().find(|(name, ..)| *name == source)
    else {
        return;
    };
    let (left, right) = (at.child(first), at.child(second));
    if !left.is_set() && !right.is_set() {
        errors.required(&left, none);
    } else if left.is_set() && right.is_set() && !both.is_empty() {
        errors.forbidden(&right, *both);
    }
}
