//! What may not change about pods.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `ValidatePodUpdate`.

use toft_value::Value;

use super::super::super::at::{At, Errors};
use super::super::scheduling::{self, NODE_SELECTOR_TERM};
use super::Pair;
use crate::field_error::FieldError;
use crate::go_text::{Go, print_type};

const ONLY_THESE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Upstream adds a listing of the differences, which is Go's own.
pub(super) fn pod((old, new): Pair<'_>, errors: &mut Errors) {
    let (before, after) = (old.child("spec"), new.child("spec"));
    for list in ["containers", "initContainers"] {
        let (olds, news) = (before.child(list), after.child(list));
        if olds.items().len() != news.items().len() {
            errors.forbidden(&news, "pod updates may not add or remove containers");
            return;
        }
        for container in news.items() {
            image(&container.child("image"), errors);
        }
    }
    if deadline((&before, &after), errors).is_break() {
        return;
    }
    tolerations((&before, &after), errors);
    gates((&before, &after), errors);
    let mut munged = munged((&before, &after));
    if !before.child("schedulingGates").is_empty() {
        gated((&before, &after), &mut munged, errors);
    }
    if without_empty_lists(munged) != without_empty_lists(before.value().clone()) {
        errors.forbidden(&after, ONLY_THESE);
    }
}

fn image(image: &At<'_>, errors: &mut Errors) {
    if image.is_empty() {
        errors.required(image, "");
    }
    if image.text().trim() != image.text() {
        errors.invalid(image, "must not have leading or trailing whitespace");
    }
}

/// A deadline may come nearer.
fn deadline((before, after): Pair<'_>, errors: &mut Errors) -> std::ops::ControlFlow<()> {
    use std::ops::ControlFlow::{Break, Continue};
    let (old, new) = (
        before.child("activeDeadlineSeconds"),
        after.child("activeDeadlineSeconds"),
    );
    match (old.int(), new.int()) {
        (_, Some(seconds)) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            errors.in_range(&new, (0, i64::from(i32::MAX)));
            Break(())
        }
        (Some(old), Some(seconds)) if old < seconds => {
            errors.invalid(&new, "must be less than or equal to previous value");
            Break(())
        }
        (Some(_), None) => {
            let detail = "must not update from a positive integer to nil value";
            errors.invalid(&new, detail);
            Continue(())
        }
        _ => Continue(()),
    }
}

/// Tolerations may be added, and last longer or shorter.
fn tolerations((before, after): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (before.child("tolerations"), after.child("tolerations"));
    let timeless = |at: &At<'_>| {
        let mut value = at.value().clone();
        value.remove_at(&["tolerationSeconds"]);
        value
    };
    let kept: Vec<Value> = new.items().iter().map(timeless).collect();
    if !old.items().iter().all(|one| kept.contains(&timeless(one))) {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        errors.forbidden(&new, detail);
        return;
    }
    for toleration in new.items() {
        scheduling::toleration(&toleration, errors);
    }
}

/// Gates may only go.
fn gates((before, after): Pair<'_>, errors: &mut Errors) {
    let old = before.child("schedulingGates").items();
    for gate in after.child("schedulingGates").items() {
        let name = gate.child("name");
        if !old
            .iter()
            .any(|one| one.child("name").text() == name.text())
        {
            let detail = format!(
                "only deletion is allowed, but found new scheduling gate '{}'",
                name.text()
            );
            errors.forbidden(&name, detail);
        }
    }
}

/// The spec with everything as it was that may change.
fn munged((before, after): Pair<'_>) -> Value {
    let mut munged = after.value().clone();
    for list in ["containers", "initContainers"] {
        let olds = before.child(list).items();
        let images = olds.iter().map(|one| one.child("image").value().clone());
        let containers = munged.at_mut(&[list]).and_then(Value::as_list_mut);
        let containers = containers
            .into_iter()
            .flat_map(|list| list.make_mut().iter_mut());
        for (container, image) in containers.zip(images) {
            container.set_at(&["image"], image);
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        as_it_was(&mut munged, before, &[field]);
    }
    let grace = "terminationGracePeriodSeconds";
    let was_negative = before.child(grace).int().is_some_and(|seconds| seconds < 0);
    if was_negative && after.child(grace).int() == Some(1) {
        as_it_was(&mut munged, before, &[grace]);
    }
    munged
}

fn as_it_was(munged: &mut Value, before: &At<'_>, path: &[&str]) {
    match before.value().at(path) {
        Some(value) => munged.set_at(path, value),
        None => {
            munged.remove_at(path);
        }
    }
}

/// Pods that wait may be sent to fewer nodes.
fn gated((before, after): Pair<'_>, munged: &mut Value, errors: &mut Errors) {
    let (old, new) = (before.child("nodeSelector"), after.child("nodeSelector"));
    let stays = |(key, value): &(&str, At<'_>)| {
        new.value().get(key).is_some_and(|one| one == value.value())
    };
    if !old.entries().iter().all(stays) {
        let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.invalid(&new, detail);
    }
    as_it_was(munged, before, &["nodeSelector"]);
    let affinity = [before, after].map(|spec| spec.child("affinity").child("nodeAffinity"));
    let [old, new] = &affinity;
    node_affinity((old, new), errors);
    let had_any = before.child("affinity").is_set();
    as_it_was(munged, before, &["affinity", "nodeAffinity"]);
    let is_empty = munged
        .at(&["affinity"])
        .and_then(Value::as_map)
        .is_some_and(toft_value::Map::is_empty);
    if !had_any && is_empty {
        munged.remove_at(&["affinity"]);
    }
}

fn node_affinity((old, new): Pair<'_>, errors: &mut Errors) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const TERMS: Go = Go::List(&NODE_SELECTOR_TERM);
    if !old.child(REQUIRED).is_set() {
        return;
    }
    let terms = [old, new].map(|at| at.child(REQUIRED).child("nodeSelectorTerms").items());
    let [before, after] = &terms;
    let list = new.child(REQUIRED).child("nodeSelectorTerms");
    if !before.is_empty() && before.len() != after.len() {
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let error = FieldError::invalid(list.path(), "", detail);
        errors.push(error.showing(print_type(list.value(), TERMS)));
        return;
    }
    for (before, after) in before.iter().zip(after) {
        if !only_adds((before, after)) {
            let detail = "only additions are allowed (no mutations or deletions)";
            let error = FieldError::invalid(after.path(), "", detail);
            errors.push(error.showing(print_type(after.value(), NODE_SELECTOR_TERM)));
        }
    }
}

fn only_adds((before, after): Pair<'_>) -> bool {
    const LISTS: &[&str] = &["matchExpressions", "matchFields"];
    let is_empty = |term: &At<'_>| LISTS.iter().all(|list| term.child(list).is_empty());
    if is_empty(before) {
        return is_empty(after);
    }
    LISTS.iter().all(|list| {
        let (old, new) = (before.child(list).items(), after.child(list).items());
        new.len() >= old.len()
            && old
                .iter()
                .zip(&new)
                .all(|(old, new)| old.value() == new.value())
    })
}

/// Upstream holds a list without items for none.
fn without_empty_lists(value: Value) -> Value {
    match value {
        Value::Map(map) => {
            let entries = map
                .iter()
                .filter(|(_, value)| !value.as_list().is_some_and(|list| list.is_empty()));
            let entries =
                entries.map(|(key, value)| (key.clone(), without_empty_lists(value.clone())));
            Value::Map(entries.collect())
        }
        Value::List(list) => Value::List(list.iter().cloned().map(without_empty_lists).collect()),
        other => other,
    }
}
