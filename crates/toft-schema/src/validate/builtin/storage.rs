//! Persistent volumes, claims and storage classes.

use toft_object::Quantity;

use super::super::at::{At, Errors};
use super::super::{name, selector};
use super::{scheduling, volume as sources};
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

fn above_zero(at: &At<'_>, errors: &mut Errors) {
    let amount = Quantity::from_value(at.value()).unwrap_or_default();
    if amount.is_zero() || amount.is_negative() {
        errors.invalid(at, "must be greater than zero");
    }
}

pub(super) fn claim(root: &At<'_>, errors: &mut Errors) {
    claim_spec(&root.child("spec"), errors);
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
    errors.one_of_if_set(&spec.child("volumeMode"), VOLUME_MODES);
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
        above_zero(amount, errors);
    }
    let policy = spec.child("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        errors.one_of(&policy, &["Delete", "Recycle", "Retain"]);
    }
    let affinity = spec.child("nodeAffinity").child("required");
    if affinity.is_set() {
        scheduling::node_selector(&affinity, errors);
    }
    source(&spec, errors);
    errors.named_if_set(&spec.child("storageClassName"), name::dns_subdomain);
    errors.one_of_if_set(&spec.child("volumeMode"), VOLUME_MODES);
}

fn source(spec: &At<'_>, errors: &mut Errors) {
    let mut found = None;
    for name in SOURCES {
        let source = spec.child(name);
        if !source.is_set() {
            continue;
        }
        if found.is_some() {
            errors.forbidden(&source, "may not specify more than 1 volume type");
            continue;
        }
        found = Some(*name);
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
                for field in ["driver", "volumeHandle"] {
                    if source.child(field).is_empty() {
                        errors.required(&source.child(field), "");
                    }
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
