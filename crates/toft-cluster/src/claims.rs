//! Persistent volume claims and the volumes that would do for them.

use toft_api::ApiError;
use toft_object::{LabelSelector, Quantity};
use toft_value::{Value, value};

use crate::ctx::Ctx;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{PERSISTENT_VOLUMES, STORAGE_CLASSES};

/// The provisioner of classes whose volumes somebody makes by hand.
pub(crate) const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";
/// The claim and its volume know each other.
pub(crate) const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The controller made the connection, not a person.
pub(crate) const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// When a claim gets its volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// At once.
    Immediate,
    /// When the first pod that uses it has a node.
    FirstConsumer,
}

/// The name of the claim that a volume of a pod uses.
pub(crate) fn name_of(pod: &Value, volume: &Value) -> Option<String> {
    if let Some(name) = volume.str_at(&["persistentVolumeClaim", "claimName"]) {
        return Some(name.to_owned());
    }
    volume.get("ephemeral")?;
    let name = volume.str_at(&["name"]).unwrap_or_default();
    Some(format!("{}-{name}", meta::name(pod)))
}

/// Whether a claim has its volume.
pub(crate) fn is_bound(claim: &Value) -> bool {
    let volume = claim.str_at(&["spec", "volumeName"]);
    volume.is_some_and(|name| !name.is_empty()) && meta::annotation(claim, BIND_COMPLETED).is_some()
}

/// The class of a claim or volume; empty for none.
pub(crate) fn class(object: &Value) -> &str {
    meta::annotation(object, "volume.beta.kubernetes.io/storage-class")
        .or(object.str_at(&["spec", "storageClassName"]))
        .unwrap_or_default()
}

/// When a claim gets its volume, as its class says.
pub(crate) fn mode(reader: Reader<'_>, claim: &Value) -> Mode {
    let class = reader.get(&STORAGE_CLASSES, "", class(claim));
    match class.and_then(|class| class.str_at(&["volumeBindingMode"])) {
        Some("WaitForFirstConsumer") => Mode::FirstConsumer,
        _ => Mode::Immediate,
    }
}

/// Whether a class makes volumes for a node.
pub(crate) fn allows(class: &Value, node: &Value) -> bool {
    let topologies = class.items_at(&["allowedTopologies"]);
    topologies.is_empty()
        || topologies.iter().any(|term| {
            term.items_at(&["matchLabelExpressions"])
                .iter()
                .all(|expression| {
                    let label = meta::label(node, expression.str_at(&["key"]).unwrap_or_default());
                    let mut values = expression
                        .items_at(&["values"])
                        .iter()
                        .filter_map(Value::as_str);
                    label.is_some_and(|label| values.any(|value| value == label))
                })
        })
}

fn size(object: &Value, path: &[&str]) -> i64 {
    let quantity = object
        .at(path)
        .and_then(|size| Quantity::from_value(size).ok());
    quantity.map_or(0, |quantity| quantity.units())
}

/// The volumes that nobody has and that would do for a claim, the smallest first.
///
/// Source: component-helpers 0.36.3 `storage/volume/pv_helpers.go`, `FindMatchingVolume`.
pub(crate) fn candidates(reader: Reader<'_>, claim: &Value) -> Vec<Value> {
    let wanted = size(claim, &["spec", "resources", "requests", "storage"]);
    let selector = claim.at(&["spec", "selector"]);
    let selector = selector.and_then(|selector| LabelSelector::from_value(selector).ok());
    let mode = |object: &Value| {
        object
            .str_at(&["spec", "volumeMode"])
            .unwrap_or("Filesystem")
            .to_owned()
    };
    let has_modes = |volume: &Value| {
        let offered = volume.items_at(&["spec", "accessModes"]);
        claim
            .items_at(&["spec", "accessModes"])
            .iter()
            .all(|mode| offered.contains(mode))
    };
    let mut found: Vec<Value> = reader
        .list(&PERSISTENT_VOLUMES, None)
        .filter(|volume| is_free(volume, claim))
        .filter(|volume| class(volume) == class(claim) && mode(volume) == mode(claim))
        .filter(|volume| size(volume, &["spec", "capacity", "storage"]) >= wanted)
        .filter(|volume| has_modes(volume) && !meta::is_deleting(volume))
        .filter(|volume| {
            selector
                .as_ref()
                .is_none_or(|selector| selector.matches(meta::labels(volume)))
        })
        .cloned()
        .collect();
    // One that names the claim comes first.
    found.sort_by_cached_key(|volume| {
        let named = volume
            .at(&["spec", "claimRef"])
            .is_some_and(|reference| !reference.is_null());
        (
            !named,
            size(volume, &["spec", "capacity", "storage"]),
            meta::name(volume).to_owned(),
        )
    });
    found
}

/// Whether a volume has no claim, or this one.
fn is_free(volume: &Value, claim: &Value) -> bool {
    match volume
        .at(&["spec", "claimRef"])
        .filter(|reference| !reference.is_null())
    {
        None => volume
            .str_at(&["status", "phase"])
            .is_none_or(|phase| phase == "Available" || phase == "Pending"),
        Some(reference) => refers_to(reference, claim),
    }
}

/// Whether a claim reference means a claim; one without uid means whichever has the name.
pub(crate) fn refers_to(reference: &Value, claim: &Value) -> bool {
    let uid = reference.str_at(&["uid"]).unwrap_or_default();
    reference.str_at(&["name"]) == Some(meta::name(claim))
        && reference.str_at(&["namespace"]) == Some(meta::namespace(claim))
        && (uid.is_empty() || uid == meta::uid(claim))
}

/// A reference to a claim.
pub(crate) fn reference(claim: &Value) -> Value {
    value!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "name": meta::name(claim), "namespace": meta::namespace(claim), "uid": meta::uid(claim),
        "resourceVersion": claim.at(&["metadata", "resourceVersion"]).cloned(),
    })
}

/// Gives a volume to a claim, as far as the volume is concerned.
pub(crate) fn reserve(ctx: &mut Ctx<'_>, volume: &Value, claim: &Value) -> Result<Value, ApiError> {
    let mut reserved = volume.clone();
    let existing = volume
        .at(&["spec", "claimRef"])
        .filter(|reference| !reference.is_null());
    let known = existing.is_some_and(|reference| {
        refers_to(reference, claim) && !reference.str_at(&["uid"]).unwrap_or_default().is_empty()
    });
    if known {
        return Ok(reserved);
    }
    reserved.set_at(&["spec", "claimRef"], reference(claim));
    if existing.is_none() {
        reserved.set_at(&["metadata", "annotations", BOUND_BY_CONTROLLER], "yes");
    }
    ctx.update(&PERSISTENT_VOLUMES, reserved)
}

/// Why a volume does not do for a claim that asks for it by name; `None` where it does.
///
/// Source: Kubernetes 1.36.3 `pkg/controller/volume/persistentvolume/pv_controller.go`,
/// `checkVolumeSatisfyClaim`.
pub(crate) fn mismatch(volume: &Value, claim: &Value) -> Option<&'static str> {
    let wanted = size(claim, &["spec", "resources", "requests", "storage"]);
    let mode = |object: &Value| {
        object
            .str_at(&["spec", "volumeMode"])
            .unwrap_or("Filesystem")
            .to_owned()
    };
    let offered = volume.items_at(&["spec", "accessModes"]);
    if meta::is_deleting(volume) {
        Some("the volume is marked for deletion")
    } else if size(volume, &["spec", "capacity", "storage"]) < wanted {
        Some("requested PV is too small")
    } else if class(volume) != class(claim) {
        Some("storageClassName does not match")
    } else if mode(volume) != mode(claim) {
        Some("incompatible volumeMode")
    } else if !claim
        .items_at(&["spec", "accessModes"])
        .iter()
        .all(|mode| offered.contains(mode))
    {
        Some("incompatible accessMode")
    } else {
        None
    }
}
