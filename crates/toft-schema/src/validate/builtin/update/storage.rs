//! What may not change about volumes and claims.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`. Upstream adds listings of what differs,
//! which are Go's own.

use toft_object::Quantity;

use super::super::super::at::{At, Errors};
use super::super::super::meta::immutable;
use super::super::scheduling::NODE_SELECTOR_TERM;
use super::Pair;
use crate::field_error::FieldError;
use crate::go_text::{Go, print_type};

/// What all kinds of volumes have besides their source.
const COMMON: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

pub(super) fn volume((old, new): Pair<'_>, errors: &mut Errors) {
    const SECRET: &[&str] = &["csi", "controllerExpandSecretRef"];
    let source = |at: &At<'_>| {
        let mut spec = at.child("spec").value().clone();
        for field in COMMON {
            spec.remove_at(&[field]);
        }
        spec
    };
    let (before, mut after) = (source(old), source(new));
    // A secret for growing may come later.
    if before.at(&["csi"]).is_some() && before.at(SECRET).is_none() {
        after.remove_at(SECRET);
    }
    if before != after {
        let at = new.child("spec").child("persistentvolumesource");
        errors.forbidden(
            &at,
            "spec.persistentvolumesource is immutable after creation",
        );
    }
    let (old, new_spec) = (old.child("spec"), new.child("spec"));
    // Upstream leaves `spec` out of two paths.
    let place = |field: &str| new.child(field).with(new_spec.child(field).value());
    immutable(&old.child("volumeMode"), &place("volumeMode"), errors);
    affinity(&old.child("nodeAffinity"), &place("nodeAffinity"), errors);
    let class = "volumeAttributesClassName";
    if old.child(class).is_set() && !new_spec.child(class).is_set() {
        let detail = "update from non-nil value to nil is forbidden";
        errors.forbidden(&new_spec.child(class), detail);
    }
}

fn affinity(old: &At<'_>, new: &At<'_>, errors: &mut Errors) {
    const TERMS: Go = Go::List(&NODE_SELECTOR_TERM);
    const AFFINITY: Go = Go::Pointer(&[(
        "Required",
        "required",
        Go::Pointer(&[("NodeSelectorTerms", "nodeSelectorTerms", TERMS)]),
    )]);
    if old.is_set() && old.value() != new.value() {
        let detail = "field is immutable, except for updating from beta label to GA";
        let error = FieldError::invalid(new.path(), "", detail);
        errors.push(error.showing(print_type(new.value(), AFFINITY)));
    }
}

pub(super) fn claim((old, new): Pair<'_>, errors: &mut Errors) {
    const SIZE: &[&str] = &["resources", "requests", "storage"];
    let (before, after) = (old.child("spec"), new.child("spec"));
    let mut munged = after.value().clone();
    let mut original = before.value().clone();
    let is_bound = new.child("status").child("phase").text() == "Bound";
    if before.child("volumeName").is_empty() {
        match munged.at(&["volumeName"]).cloned() {
            Some(name) => original.set_at(&["volumeName"], name),
            None => {
                original.remove_at(&["volumeName"]);
            }
        }
    }
    if !before.child("storageClassName").is_set()
        && let Some(class) = munged.at(&["storageClassName"]).cloned()
    {
        original.set_at(&["storageClassName"], class);
    }
    if is_bound {
        if let Some(storage) = original.at(SIZE).cloned() {
            munged.set_at(SIZE, storage);
        }
        for spec in [&mut munged, &mut original] {
            spec.remove_at(&["volumeAttributesClassName"]);
        }
    }
    if munged != original {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.forbidden(&after, detail);
    }
    let amount = |spec: &At<'_>| {
        let value = spec.value().at(SIZE).cloned().unwrap_or_default();
        Quantity::from_value(&value).unwrap_or_default()
    };
    if amount(&after) < amount(&before) {
        let at = after.child("resources").child("requests").child("storage");
        let status = old.child("status").child("capacity").child("storage");
        let capacity = Quantity::from_value(status.value()).unwrap_or_default();
        if amount(&after) <= capacity {
            errors.forbidden(&at, "field can not be less than status.capacity");
        }
    }
    // Upstream leaves `spec` out of the path.
    let mode = new
        .child("volumeMode")
        .with(after.child("volumeMode").value());
    immutable(&before.child("volumeMode"), &mode, errors);
}
