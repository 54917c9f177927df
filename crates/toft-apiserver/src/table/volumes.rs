//! Cells of what stores data.

use toft_object::Time;
use toft_value::{Map, Value};

use super::cells;

pub(super) fn data_size(object: &Value, _now: Time) -> Value {
    (cells::size(object, &["data"]) + cells::size(object, &["binaryData"])).into()
}

pub(super) fn phase(object: &Value, _now: Time) -> Value {
    if object.at(&["metadata", "deletionTimestamp"]).is_some() {
        return "Terminating".into();
    }
    object
        .str_at(&["status", "phase"])
        .unwrap_or_default()
        .into()
}

pub(super) fn volume_capacity(object: &Value, _now: Time) -> Value {
    object
        .str_at(&["spec", "capacity", "storage"])
        .unwrap_or("0")
        .into()
}

pub(super) fn volume_modes(object: &Value, _now: Time) -> Value {
    modes(object.items_at(&["spec", "accessModes"])).into()
}

pub(super) fn claim(object: &Value, _now: Time) -> Value {
    let text = |key: &str| {
        object
            .str_at(&["spec", "claimRef", key])
            .unwrap_or_default()
    };
    if object.at(&["spec", "claimRef"]).is_none() {
        return "".into();
    }
    format!("{}/{}", text("namespace"), text("name")).into()
}

fn is_bound(claim: &Value) -> bool {
    !claim
        .str_at(&["spec", "volumeName"])
        .unwrap_or_default()
        .is_empty()
}

pub(super) fn claim_capacity(object: &Value, _now: Time) -> Value {
    if is_bound(object) {
        object
            .str_at(&["status", "capacity", "storage"])
            .unwrap_or("0")
            .into()
    } else {
        "".into()
    }
}

pub(super) fn claim_modes(object: &Value, _now: Time) -> Value {
    if is_bound(object) {
        modes(object.items_at(&["status", "accessModes"])).into()
    } else {
        "".into()
    }
}

/// Access modes in short, in upstream's order.
fn modes(modes: &[Value]) -> String {
    const SHORT: &[(&str, &str)] = &[
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| modes.iter().any(|one| one.as_str() == Some(mode));
    let shown = SHORT
        .iter()
        .filter(|(mode, _)| has(mode))
        .map(|(_, short)| *short);
    shown.collect::<Vec<_>>().join(",")
}

pub(super) fn class_name(object: &Value, _now: Time) -> Value {
    cells::name_or_default(
        object,
        &[
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ],
    )
}

pub(super) fn quota_requests(object: &Value, _now: Time) -> Value {
    quota(object, |name| !name.starts_with("limits."))
}

pub(super) fn quota_limits(object: &Value, _now: Time) -> Value {
    quota(object, |name| name.starts_with("limits."))
}

fn quota(object: &Value, wanted: fn(&str) -> bool) -> Value {
    let empty = Map::new();
    let hard = object
        .at(&["status", "hard"])
        .and_then(Value::as_map)
        .unwrap_or(&empty);
    let entries = hard
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, limit)| {
            let used = object.str_at(&["status", "used", name]).unwrap_or("0");
            format!("{name}: {used}/{}", limit.as_str().unwrap_or_default())
        });
    entries.collect::<Vec<_>>().join(", ").into()
}
