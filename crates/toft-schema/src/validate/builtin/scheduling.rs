//! Where pods may run: affinity, tolerations, spread.

use super::super::at::{At, Errors};
use super::super::{name, selector};
use crate::field_error::FieldError;

pub(super) fn validate(spec: &At<'_>, errors: &mut Errors) {
    let affinity = spec.child("affinity");
    node_affinity(&affinity.child("nodeAffinity"), errors);
    for kind in ["podAffinity", "podAntiAffinity"] {
        pod_affinity(&affinity.child(kind), errors);
    }
    for toleration in spec.child("tolerations").items() {
        self::toleration(&toleration, errors);
    }
    for constraint in spec.child("topologySpreadConstraints").items() {
        spread(&constraint, errors);
    }
}

fn node_affinity(at: &At<'_>, errors: &mut Errors) {
    let required = at.child("requiredDuringSchedulingIgnoredDuringExecution");
    if required.is_set() {
        node_selector(&required, errors);
    }
    for preferred in at
        .child("preferredDuringSchedulingIgnoredDuringExecution")
        .items()
    {
        weight(&preferred.child("weight"), errors);
        node_selector_term(&preferred.child("preference"), errors);
    }
}

fn weight(at: &At<'_>, errors: &mut Errors) {
    if !at.int().is_some_and(|weight| (1..=100).contains(&weight)) {
        errors.invalid(at, "must be in the range 1-100");
    }
}

pub(super) fn node_selector(at: &At<'_>, errors: &mut Errors) {
    let terms = at.child("nodeSelectorTerms");
    if terms.is_empty() {
        errors.required(&terms, "must have at least one node selector term");
    }
    for term in terms.items() {
        node_selector_term(&term, errors);
    }
}

fn node_selector_term(at: &At<'_>, errors: &mut Errors) {
    for expression in at.child("matchExpressions").items() {
        let values = expression.child("values");
        match expression.child("operator").text() {
            "In" | "NotIn" => {
                if values.is_empty() {
                    let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                    errors.required(&values, detail);
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    let detail =
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                    errors.forbidden(&values, detail);
                }
            }
            "Gt" | "Lt" => {
                if values.items().len() != 1 {
                    let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                    errors.required(&values, detail);
                }
            }
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

fn pod_affinity(at: &At<'_>, errors: &mut Errors) {
    for term in at
        .child("requiredDuringSchedulingIgnoredDuringExecution")
        .items()
    {
        pod_affinity_term(&term, errors);
    }
    for preferred in at
        .child("preferredDuringSchedulingIgnoredDuringExecution")
        .items()
    {
        weight(&preferred.child("weight"), errors);
        pod_affinity_term(&preferred.child("podAffinityTerm"), errors);
    }
}

fn pod_affinity_term(at: &At<'_>, errors: &mut Errors) {
    for field in ["labelSelector", "namespaceSelector"] {
        selector::validate(&at.child(field), errors);
    }
    for namespace in at.child("namespaces").items() {
        errors.named(&namespace, name::dns_label);
    }
    let key = at.child("topologyKey");
    if key.is_empty() {
        errors.required(&key, "can not be empty");
    }
    errors.named(&key, name::qualified_name);
}

fn toleration(at: &At<'_>, errors: &mut Errors) {
    let (key, operator) = (at.child("key"), at.child("operator"));
    let (value, effect) = (at.child("value"), at.child("effect"));
    errors.named_if_set(&key, name::qualified_name);
    if key.is_empty() && operator.text() != "Exists" {
        let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid(
            operator.path(),
            operator.text(),
            detail,
        ));
    }
    if at.child("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid(effect.path(), effect.text(), detail));
    }
    match operator.text() {
        "" | "Equal" => {
            let messages = name::label_value(value.text());
            if !messages.is_empty() {
                let error = FieldError::invalid(operator.path(), value.value(), messages.join(";"));
                errors.push(error);
            }
        }
        "Exists" => {
            if !value.is_empty() {
                let detail = "value must be empty when `operator` is 'Exists'";
                errors.push(FieldError::invalid(operator.path(), value.value(), detail));
            }
        }
        _ => errors.one_of(&operator, &["Equal", "Exists"]),
    }
    if !effect.is_empty() {
        errors.one_of(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    }
}

fn spread(at: &At<'_>, errors: &mut Errors) {
    let skew = at.child("maxSkew");
    if skew.int().unwrap_or(0) <= 0 {
        errors.push(FieldError::invalid(
            skew.path(),
            skew.int().unwrap_or(0),
            "must be greater than zero",
        ));
    }
    let key = at.child("topologyKey");
    if key.is_empty() {
        errors.required(&key, "can not be empty");
    } else {
        errors.named(&key, name::qualified_name);
    }
    errors.one_of(
        &at.child("whenUnsatisfiable"),
        &["DoNotSchedule", "ScheduleAnyway"],
    );
    selector::validate(&at.child("labelSelector"), errors);
}
