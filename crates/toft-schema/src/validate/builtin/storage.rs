//! Persistent volumes, claims and storage classes.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::{name, selector};
use super::{block, rows, scheduling, volume as sources};
use crate::field_error::FieldError;

const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];

/// The sources of persistent volumes.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

fn access_modes(at: &At<'_>, errors: &mut Errors) {
    let modes = at.items();
    for mode in &modes {
        if !ACCESS_MODES.contains(&mode.text()) {
            // Upstream leaves the index out of the path.
            let error = FieldError::not_supported(at.path(), mode.value(), ACCESS_MODES);
            errors.push(error);
        }
    }
    let is_alone = |mode: &At<'_>| mode.text() == "ReadWriteOncePod";
    if modes.iter().any(is_alone) && !modes.iter().all(is_alone) {
        let detail = "may not use ReadWriteOncePod with other access modes";
        errors.forbidden(at, detail);
    }
}

/// Upstream shows the number here, not its text.
fn number(at: &At<'_>, detail: &str) -> FieldError {
    let units = Quantity::from_value(at.value()).unwrap_or_default().units();
    FieldError::invalid(at.path(), units, detail)
}

fn above_zero(at: &At<'_>, errors: &mut Errors) {
    let amount = Quantity::from_value(at.value()).unwrap_or_default();
    if amount.is_zero() || amount.is_negative() {
        errors.invalid(at, "must be greater than zero");
    }
}

pub(super) fn claim(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    // A source of a kind that is not known is dropped before upstream looks.
    let mut known = spec.value().clone();
    let kind = known.str_at(&["dataSource", "kind"]).unwrap_or_default();
    if !["PersistentVolumeClaim", "VolumeSnapshot"].contains(&kind) {
        known.remove_at(&["dataSource"]);
    }
    claim_spec(&spec.with(&known), errors);
}

pub(super) fn claim_spec(spec: &At<'_>, errors: &mut Errors) {
    let modes = spec.child("accessModes");
    if modes.is_empty() {
        errors.required(&modes, "at least 1 access mode is required");
    }
    selector::validate(&spec.child("selector"), errors);
    access_modes(&modes, errors);
    let size = spec.child("resources").child("requests").child("storage");
    // Upstream leaves `requests` out of the path.
    let place = spec.child("resources").entry("storage");
    if size.is_set() {
        above_zero(&place.with(size.value()), errors);
    } else {
        errors.required(&place, "");
    }
    errors.named_if_set(&spec.child("storageClassName"), name::dns_subdomain);
    errors.named_if_set(
        &spec.child("volumeAttributesClassName"),
        name::dns_subdomain,
    );
    errors.one_of_if_set(&spec.child("volumeMode"), VOLUME_MODES);
    for field in ["dataSource", "dataSourceRef"] {
        data_source(&spec.child(field), errors);
    }
    same_source(spec, errors);
}

/// Two ways to say the same must say the same. Upstream shows a path where the value belongs.
fn same_source(spec: &At<'_>, errors: &mut Errors) {
    let (old, new) = (spec.child("dataSource"), spec.child("dataSourceRef"));
    if !old.is_set() || !new.is_set() {
        return;
    }
    let fields = ["apiGroup", "kind", "name"];
    let differs = |field: &&str| old.child(field).text() != new.child(field).text();
    let detail = if !new.child("namespace").is_empty() {
        "may not be specified when dataSourceRef.namespace is specified"
    } else if fields.iter().any(differs) {
        "must match dataSourceRef"
    } else {
        return;
    };
    errors.push(FieldError::invalid(spec.path(), "", detail).showing("{}".to_owned()));
}

/// Where the first content of a volume comes from.
fn data_source(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    for field in ["name", "kind"] {
        if at.child(field).is_empty() {
            errors.required(&at.child(field), "");
        }
    }
    let is_core = at.child("apiGroup").is_empty();
    if is_core && at.child("kind").text() != "PersistentVolumeClaim" {
        let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.push(FieldError::invalid(
            at.path(),
            at.child("kind").text(),
            detail,
        ));
    }
}

pub(super) fn volume(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let modes = spec.child("accessModes");
    if modes.is_empty() {
        errors.required(&modes, "");
    }
    access_modes(&modes, errors);
    let capacity = spec.child("capacity");
    if capacity.is_empty() {
        errors.required(&capacity, "");
    }
    let entries = capacity.entries();
    if capacity.value().get("storage").is_none() || entries.len() > 1 {
        let shown = capacity.value().clone();
        let error = FieldError::not_supported(capacity.path(), shown, &["storage"]);
        errors.push(error);
    }
    for (_, amount) in &entries {
        let quantity = Quantity::from_value(amount.value()).unwrap_or_default();
        if quantity.is_negative() {
            errors.push(number(amount, "must be a valid resource quantity"));
        }
        above_zero(amount, errors);
    }
    let policy = spec.child("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        errors.one_of(&policy, &["Delete", "Recycle", "Retain"]);
    }
    let affinity = spec.child("nodeAffinity").child("required");
    if affinity.is_set() {
        scheduling::node_selector(&affinity, errors);
    } else if spec.child("nodeAffinity").is_set() {
        errors.required(&affinity, "must specify required node constraints");
    }
    attributes_class(&spec, errors);
    source(&spec, errors);
    errors.named_if_set(&spec.child("storageClassName"), name::dns_subdomain);
    errors.one_of_if_set(&spec.child("volumeMode"), VOLUME_MODES);
}

fn attributes_class(spec: &At<'_>, errors: &mut Errors) {
    let class = spec.child("volumeAttributesClassName");
    if !class.is_set() {
        return;
    }
    if class.is_empty() {
        errors.required(&class, "an empty string is disallowed");
    } else {
        errors.named(&class, name::dns_subdomain);
    }
    if !spec.child("csi").is_set() {
        let detail = "has to be specified when using volumeAttributesClassName";
        errors.required(&spec.child("csi"), detail);
    }
}

fn source(spec: &At<'_>, errors: &mut Errors) {
    let mut found = None;
    for name in SOURCES {
        let source = spec.child(name);
        if !source.is_set() {
            continue;
        }
        if found.is_some() && *name != "flexVolume" {
            // Upstream has its own name for one of them.
            let place = match *name {
                "cephfs" => spec.child("cephFS"),
                _ => source,
            };
            errors.forbidden(&place, "may not specify more than 1 volume type");
            continue;
        }
        found = Some(*name);
        rows::below(spec, name, (rows::VOLUME, errors));
        block::validate(name, &source, errors);
        if *name == "gcePersistentDisk" {
            sources::disk(&spec.child("persistentDisk").with(source.value()), errors);
        }
        rows::below(spec, name, (rows::SOURCES, errors));
        match *name {
            "hostPath" => sources::host_path(&source, errors),
            "nfs" => sources::nfs(&source, errors),
            "local" => {
                if source.child("path").is_empty() {
                    errors.required(&source.child("path"), "");
                }
                if !spec.child("nodeAffinity").child("required").is_set() {
                    let detail = "Local volume requires node affinity";
                    errors.required(&spec.child("nodeAffinity"), detail);
                }
            }
            "csi" => {
                sources::driver(&source.child("driver"), errors);
                let handle = source.child("volumeHandle");
                if handle.is_empty() {
                    errors.required(&handle, "");
                }
            }
            _ => {}
        }
    }
    if found.is_none() {
        errors.required(spec, "must specify a volume type");
    }
}

pub(super) fn class(root: &At<'_>, errors: &mut Errors) {
    let provisioner = root.child("provisioner");
    if provisioner.is_empty() {
        errors.required(&provisioner, "");
    } else {
        for message in name::qualified_name(&provisioner.text().to_lowercase()) {
            errors.invalid(&provisioner, message);
        }
    }
    errors.one_of_if_set(&root.child("reclaimPolicy"), &["Delete", "Retain"]);
    errors.one_of_if_set(
        &root.child("volumeBindingMode"),
        &["Immediate", "WaitForFirstConsumer"],
    );
}
