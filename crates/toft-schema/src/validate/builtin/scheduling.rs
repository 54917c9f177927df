//! Where pods may run: affinity, tolerations, spread.

use super::super::at::{At, Errors};
use super::super::{name, selector};
use crate::field_error::FieldError;
use crate::go_text::Go;

/// A term of a node selector as upstream shows it.
pub(super) const NODE_SELECTOR_TERM: Go = Go::Struct(&[
    (
        "MatchExpressions",
        "matchExpressions",
        Go::List(&REQUIREMENT),
    ),
    ("MatchFields", "matchFields", Go::List(&REQUIREMENT)),
]);

const REQUIREMENT: Go = Go::Struct(&[
    ("Key", "key", Go::Text),
    ("Operator", "operator", Go::Text),
    ("Values", "values", Go::Plain),
]);

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

/// Fields of nodes, of which there is but the name.
fn match_fields(at: &At<'_>, errors: &mut Errors) {
    for field in at.items() {
        let (key, values) = (field.child("key"), field.child("values"));
        if !matches!(field.child("operator").text(), "In" | "NotIn") {
            errors.invalid(&field.child("operator"), "not a valid selector operator");
        } else if values.items().len() != 1 {
            let detail =
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&values, detail);
        }
        if key.text() == "metadata.name" {
            for value in values.items() {
                errors.named(&value, name::dns_subdomain);
            }
        } else {
            errors.push(FieldError::invalid(
                key.path(),
                key.text(),
                "not a valid field selector key",
            ));
        }
    }
}

fn node_selector_term(at: &At<'_>, errors: &mut Errors) {
    match_fields(&at.child("matchFields"), errors);
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
    for namespace in at.child("namespaces").value().items() {
        // Upstream has its own name for the field, and leaves the index out.
        errors.named(&at.child("namespace").with(namespace), name::dns_label);
    }
    label_keys(at, &["matchLabelKeys", "mismatchLabelKeys"], errors);
    let key = at.child("topologyKey");
    if key.is_empty() {
        errors.required(&key, "can not be empty");
    }
    errors.named(&key, name::qualified_name);
}

/// Keys of labels that add to the selector beside them.
fn label_keys(at: &At<'_>, fields: &[&str], errors: &mut Errors) {
    for field in fields {
        let keys = at.child(field);
        if !keys.is_empty() && !at.child("labelSelector").is_set() {
            errors.forbidden(&keys, "must not be specified when labelSelector is not set");
        }
        for key in keys.items() {
            errors.named(&key, name::qualified_name);
        }
    }
}

pub(super) fn toleration(at: &At<'_>, errors: &mut Errors) {
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
        // Upstream names them as supported, but the feature is off.
        "Lt" | "Gt" => errors.push(FieldError::not_supported(
            operator.path(),
            operator.text(),
            &["Equal", "Exists", "Lt", "Gt"],
        )),
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
    }
    let (domains, when) = (at.child("minDomains"), at.child("whenUnsatisfiable"));
    if domains.is_set() && when.text() != "DoNotSchedule" {
        let detail = format!(
            "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
            when.text()
        );
        errors.invalid(&domains, detail);
    }
    label_keys(at, &["matchLabelKeys"], errors);
    errors.one_of(
        &at.child("whenUnsatisfiable"),
        &["DoNotSchedule", "ScheduleAnyway"],
    );
    selector::validate(&at.child("labelSelector"), errors);
}
