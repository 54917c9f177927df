//! Label selectors.
//!
//! Source: apimachinery 0.36.3 `pkg/apis/meta/v1/validation/validation.go`.

use toft_object::LabelSelector;
use toft_value::Value;

use super::at::{At, Errors};
use super::{meta, name};
use crate::field_error::FieldError;

pub(super) fn validate(at: &At<'_>, errors: &mut Errors) {
    meta::labels(&at.child("matchLabels"), errors);
    for expression in at.child("matchExpressions").items() {
        let values = expression.child("values");
        match expression.child("operator").text() {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(
                    &values,
                    "must be specified when `operator` is 'In' or 'NotIn'",
                );
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.forbidden(
                &values,
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.invalid(
                &expression.child("operator"),
                "not a valid selector operator",
            ),
        }
        errors.named(&expression.child("key"), name::qualified_name);
        for value in values.items() {
            errors.named(&value, name::label_value);
        }
    }
}

/// The selector of a workload: there, not empty, and matching the labels of its template.
pub(super) fn of_workload(spec: &At<'_>, kind: &str, errors: &mut Errors) {
    let selector = spec.child("selector");
    if selector.is_set() {
        validate(&selector, errors);
        if is_empty(&selector) {
            let detail = format!("empty selector is invalid for {kind}");
            let error = FieldError::invalid(selector.path(), "", detail);
            errors.push(error.showing(print(&selector)));
        }
    } else {
        errors.required(&selector, "");
    }
    let Ok(parsed) = LabelSelector::from_value(selector.value()) else {
        // Upstream has no words for it in one kind.
        let words = if kind == "statefulset" {
            ""
        } else {
            "invalid label selector"
        };
        let error = FieldError::invalid(selector.path(), "", words);
        errors.push(error.showing(print(&selector)));
        return;
    };
    let labels = spec.child("template").child("metadata").child("labels");
    // A selector that is missing matches nothing, an empty one everything.
    let matches = selector.is_set() && parsed.matches(labels.value().as_map());
    if !matches {
        errors.invalid(&labels, "`selector` does not match template `labels`");
    }
}

fn is_empty(selector: &At<'_>) -> bool {
    selector.child("matchLabels").is_empty() && selector.child("matchExpressions").is_empty()
}

/// A selector in the order of Go's fields.
pub(super) fn print(selector: &At<'_>) -> String {
    let fields = ["matchLabels", "matchExpressions"]
        .iter()
        .filter_map(|field| {
            let value = selector
                .value()
                .get(field)
                .filter(|value| **value != Value::Null)?;
            Some(format!("\"{field}\":{}", value.to_json()))
        });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}
