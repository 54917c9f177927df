//! Deployments, ReplicaSets, DaemonSets and StatefulSets.

use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::{name, selector};
use super::{pod, storage};
use crate::field_error::FieldError;

/// A template whose pods must restart.
fn template(spec: &At<'_>, errors: &mut Errors) {
    let template = spec.child("template");
    pod::template(&template, errors);
    let policy = template.child("spec").child("restartPolicy");
    if policy.text() != "Always" && ["OnFailure", "Never"].contains(&policy.text()) {
        errors.one_of(&policy, &["Always"]);
    }
    let deadline = template.child("spec").child("activeDeadlineSeconds");
    if deadline.is_set() {
        errors.forbidden(
            &deadline,
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        );
    }
}

pub(super) fn deployment(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    errors.not_negative(&spec.child("replicas"));
    selector::of_workload(&spec, "deployment", errors);
    template(&spec, errors);
    deployment_strategy(&spec.child("strategy"), errors);
    errors.not_negative(&spec.child("minReadySeconds"));
    errors.not_negative(&spec.child("revisionHistoryLimit"));
    let deadline = spec.child("progressDeadlineSeconds");
    if let Some(seconds) = deadline.int() {
        errors.not_negative(&deadline);
        if seconds <= spec.child("minReadySeconds").int().unwrap_or(0) {
            errors.invalid(&deadline, "must be greater than minReadySeconds");
        }
    }
}

fn deployment_strategy(at: &At<'_>, errors: &mut Errors) {
    let update = at.child("rollingUpdate");
    match at.child("type").text() {
        "Recreate" => {
            if update.is_set() {
                let detail = "may not be specified when strategy `type` is 'Recreate'";
                errors.forbidden(&update, detail);
            }
        }
        "RollingUpdate" => rolling_update(&update, errors),
        other => {
            let shown = format!("{{\"Type\":\"{other}\",\"RollingUpdate\":null}}");
            let supported = ["Recreate", "RollingUpdate"];
            errors.push(FieldError::not_supported(at.path(), "", &supported).showing(shown));
        }
    }
}

fn rolling_update(at: &At<'_>, errors: &mut Errors) {
    let (unavailable, surge) = (at.child("maxUnavailable"), at.child("maxSurge"));
    number_or_percent(&unavailable, errors);
    number_or_percent(&surge, errors);
    if amount(unavailable.value()) == 0 && amount(surge.value()) == 0 {
        errors.invalid(&unavailable, "may not be 0 when `maxSurge` is 0");
    }
    at_most_all(&unavailable, errors);
}

/// The number, or the number before `%`.
fn amount(value: &Value) -> i64 {
    match value {
        Value::Str(text) => text.trim_end_matches('%').parse().unwrap_or(0),
        other => other.as_i64().unwrap_or(0),
    }
}

/// A number that is not negative, or a percentage.
pub(super) fn number_or_percent(at: &At<'_>, errors: &mut Errors) {
    match at.value() {
        Value::Str(_) => errors.named(at, name::percent),
        _ => errors.not_negative(at),
    }
}

pub(super) fn at_most_all(at: &At<'_>, errors: &mut Errors) {
    if at.text().ends_with('%') && amount(at.value()) > 100 {
        errors.invalid(at, "must not be greater than 100%");
    }
}

pub(super) fn replica_set(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    errors.not_negative(&spec.child("replicas"));
    errors.not_negative(&spec.child("minReadySeconds"));
    selector::of_workload(&spec, "deployment", errors);
    template(&spec, errors);
}

pub(super) fn daemon_set(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    selector::of_workload(&spec, "daemonset", errors);
    template(&spec, errors);
    errors.not_negative(&spec.child("minReadySeconds"));
    errors.not_negative(&spec.child("revisionHistoryLimit"));
    let update = spec.child("updateStrategy").child("rollingUpdate");
    if spec.child("updateStrategy").child("type").text() != "RollingUpdate" {
        return;
    }
    let (unavailable, surge) = (update.child("maxUnavailable"), update.child("maxSurge"));
    for at in [&unavailable, &surge] {
        number_or_percent(at, errors);
        at_most_all(at, errors);
    }
    match (amount(unavailable.value()), amount(surge.value())) {
        (0, 0) => errors.required(&unavailable, "cannot be 0 when maxSurge is 0"),
        (unavailable, with_surge) if unavailable > 0 && with_surge > 0 => {
            errors.invalid(&surge, "may not be set when maxUnavailable is non-zero");
        }
        _ => {}
    }
}

pub(super) fn stateful_set(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let policy = spec.child("podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&policy.text()) {
        errors.invalid(&policy, "must be 'OrderedReady' or 'Parallel'");
    }
    let strategy = spec.child("updateStrategy");
    match strategy.child("type").text() {
        "OnDelete" => {
            if strategy.child("rollingUpdate").is_set() {
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                errors.invalid(&strategy.child("rollingUpdate"), detail);
            }
        }
        "RollingUpdate" => {
            errors.not_negative(&strategy.child("rollingUpdate").child("partition"));
        }
        _ => errors.invalid(&strategy, "must be 'RollingUpdate' or 'OnDelete'"),
    }
    let retention = spec.child("persistentVolumeClaimRetentionPolicy");
    for field in ["whenDeleted", "whenScaled"] {
        errors.one_of_if_set(&retention.child(field), &["Delete", "Retain"]);
    }
    errors.named_if_set(&spec.child("serviceName"), name::dns_label);
    errors.not_negative(&spec.child("replicas"));
    errors.not_negative(&spec.child("minReadySeconds"));
    errors.not_negative(&spec.child("revisionHistoryLimit"));
    errors.not_negative(&spec.child("ordinals").child("start"));
    selector::of_workload(&spec, "statefulset", errors);
    template(&spec, errors);
    for claim in spec.child("volumeClaimTemplates").items() {
        storage::claim_spec(&claim.child("spec"), errors);
    }
}
