//! Deployments, ReplicaSets, DaemonSets and StatefulSets.

use toft_value::{Value, value};

use super::super::at::{At, Errors};
use super::super::{meta, name, selector};
use super::{pod, storage};
use crate::field_error::FieldError;
use crate::go_text::{Go, print_type};

/// A template whose pods must restart.
fn template(spec: &At<'_>, kind: &str, errors: &mut Errors) {
    let template = spec.child("template");
    pod::template(&template, errors);
    let policy = template.child("spec").child("restartPolicy");
    if policy.text() != "Always" {
        errors.one_of(&policy, &["Always"]);
    }
    let deadline = template.child("spec").child("activeDeadlineSeconds");
    if deadline.is_set() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.forbidden(&deadline, detail);
    }
}

pub(super) fn deployment(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    errors.not_negative(&spec.child("replicas"));
    selector::of_workload(&spec, "deployment", errors);
    template(&spec, "ReplicaSet", errors);
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
            let shown = show_strategy(at, other);
            let supported = ["Recreate", "RollingUpdate"];
            errors.push(FieldError::not_supported(at.path(), "", &supported).showing(shown));
        }
    }
}

/// The internal type, whose fields have other names.
fn show_strategy(at: &At<'_>, type_: &str) -> String {
    let update = at.child("rollingUpdate");
    let rolling = if update.is_set() {
        let field = |name: &str| match update.child(name).value() {
            Value::Null => "0".to_owned(),
            other => other.to_json(),
        };
        let (unavailable, surge) = (field("maxUnavailable"), field("maxSurge"));
        format!("{{\"MaxUnavailable\":{unavailable},\"MaxSurge\":{surge}}}")
    } else {
        "null".to_owned()
    };
    format!("{{\"Type\":\"{type_}\",\"RollingUpdate\":{rolling}}}")
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
    template(&spec, "ReplicaSet", errors);
}

pub(super) fn daemon_set(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    selector::of_workload(&spec, "daemonset", errors);
    template(&spec, "DaemonSet", errors);
    errors.not_negative(&spec.child("minReadySeconds"));
    errors.not_negative(&spec.child("revisionHistoryLimit"));
    let update = spec.child("updateStrategy").child("rollingUpdate");
    let strategy = spec.child("updateStrategy");
    match strategy.child("type").text() {
        "RollingUpdate" => {}
        "OnDelete" => return,
        other => {
            let shown = show_strategy(&strategy, other);
            let supported = ["RollingUpdate", "OnDelete"];
            let error = FieldError::not_supported(strategy.path(), "", &supported);
            errors.push(error.showing(shown));
            return;
        }
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

pub(super) fn pod_template(root: &At<'_>, errors: &mut Errors) {
    pod::template(&root.child("template"), errors);
}

/// The older kind, whose selector is a map of labels.
pub(super) fn replication_controller(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    errors.not_negative(&spec.child("minReadySeconds"));
    let selector = spec.child("selector");
    if selector.is_empty() {
        errors.required(&selector, "");
    }
    errors.not_negative(&spec.child("replicas"));
    if !spec.child("template").is_set() {
        errors.required(&spec.child("template"), "");
        return;
    }
    let labels = spec.child("template").child("metadata").child("labels");
    let wanted = selector.entries();
    let has = |(key, value): &(&str, At<'_>)| {
        labels
            .value()
            .get(key)
            .is_some_and(|label| label == value.value())
    };
    if !selector.is_empty() && !wanted.iter().all(has) {
        errors.invalid(&labels, "`selector` does not match template `labels`");
    }
    template(&spec, "ReplicationController", errors);
}

/// The spec with the volumes that its claims give to each pod, and without the names that its controller
/// sets.
fn with_claims(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for name in ["subdomain", "hostname"] {
        spec.remove_at(&["template", "spec", name]);
    }
    let claims: Vec<Value> = spec.items_at(&["volumeClaimTemplates"]).to_vec();
    let name_of = |claim: &Value| claim.str_at(&["metadata", "name"]).map(ToOwned::to_owned);
    let names: Vec<String> = claims.iter().filter_map(name_of).collect();
    if names.is_empty() {
        return spec;
    }
    let volumes = spec.items_at(&["template", "spec", "volumes"]).iter();
    let others = volumes.filter(|volume| {
        let name = volume.str_at(&["name"]).unwrap_or_default();
        !names.iter().any(|one| one == name)
    });
    let claimed = names.iter().map(|name| {
        value!({
            "name": (name.as_str()),
            "persistentVolumeClaim": {"claimName": (name.as_str())},
        })
    });
    let volumes: Vec<Value> = claimed.chain(others.cloned()).collect();
    spec.set_at(&["template", "spec", "volumes"], volumes);
    spec
}

/// How a set is renewed, as upstream shows it.
const STRATEGY: Go = Go::Struct(&[
    ("Type", "type", Go::Text),
    (
        "RollingUpdate",
        "rollingUpdate",
        Go::Pointer(&[
            ("Partition", "partition", Go::Plain),
            ("MaxUnavailable", "maxUnavailable", Go::Plain),
        ]),
    ),
]);

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
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            let error = FieldError::invalid(strategy.path(), "", detail);
            errors.push(error.showing(print_type(strategy.value(), STRATEGY)));
        }
    }
    let retention = spec.child("persistentVolumeClaimRetentionPolicy");
    for field in ["whenDeleted", "whenScaled"] {
        errors.one_of_if_set(&retention.child(field), &["Retain", "Delete"]);
    }
    errors.named_if_set(&spec.child("serviceName"), name::dns_label);
    errors.not_negative(&spec.child("replicas"));
    errors.not_negative(&spec.child("minReadySeconds"));
    errors.not_negative(&spec.child("ordinals").child("start"));
    selector::of_workload(&spec, "statefulset", errors);
    let written = with_claims(spec.value());
    // Upstream looks at the labels of this kind's template twice.
    let labels = spec.child("template").child("metadata").child("labels");
    let place = spec.child("template").child("labels").with(labels.value());
    meta::labels(&place, errors);
    template(&spec.with(&written), "StatefulSet", errors);
    for claim in spec.child("volumeClaimTemplates").items() {
        storage::claim_spec(&claim.child("spec"), errors);
    }
}
