//! Ephemeral containers, and what block devices containers use.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `validateEphemeralContainers`,
//! `ValidateVolumeDevices`.

use super::super::at::{At, Errors};
use super::container::{self, PodContext};

/// What a debugger cannot have, in the order of Go's fields.
const NOT_ALLOWED: &[&str] = &[
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

const WHY: &str = "cannot be set for an Ephemeral Container";

/// The debuggers of a pod.
pub(super) fn all(pod: &At<'_>, context: &PodContext<'_>, errors: &mut Errors) {
    let lists = ["containers", "initContainers"].map(|list| pod.child(list));
    let containers = lists.iter().flat_map(At::items);
    let others: Vec<&str> = containers.map(|one| one.child("name").text()).collect();
    let mut names = others.clone();
    for debugger in pod.child("ephemeralContainers").items() {
        container::common(&debugger, context, errors);
        let image = debugger.child("image");
        if image.text().trim() != image.text() {
            errors.invalid(&image, "must not have leading or trailing whitespace");
        }
        let name = debugger.child("name");
        if names.contains(&name.text()) {
            errors.duplicate(&name);
        } else {
            names.push(name.text());
        }
        let target = debugger.child("targetContainerName");
        if !target.is_empty() && !others.contains(&target.text()) {
            errors.not_found(&target);
        }
        for field in NOT_ALLOWED.iter().map(|field| debugger.child(field)) {
            if !field.is_empty() {
                errors.forbidden(&field, WHY);
            }
        }
        for mount in debugger.child("volumeMounts").items() {
            for field in ["subPath", "subPathExpr"].map(|field| mount.child(field)) {
                if !field.is_empty() {
                    errors.forbidden(&field, WHY);
                }
            }
        }
    }
}

/// The block devices of a container: of claims, and apart from its mounts.
pub(super) fn devices(container: &At<'_>, pod: &PodContext<'_>, errors: &mut Errors) {
    let mounts = container.child("volumeMounts").items();
    let (mut names, mut paths) = (Vec::new(), Vec::new());
    for device in container.child("volumeDevices").items() {
        let (name, path) = (device.child("name"), device.child("devicePath"));
        if names.contains(&name.text()) {
            errors.invalid(&name, "must be unique");
        }
        if !pod.volumes.contains(&name.text()) {
            errors.not_found(&name);
        } else if !pod.claims.contains(&name.text()) {
            let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
            errors.invalid(&name, detail);
        }
        if paths.contains(&path.text()) {
            errors.invalid(&path, "must be unique");
        }
        if path.text().split('/').any(|part| part == "..") {
            errors.invalid(&path, "can not contain backsteps ('..')");
        } else {
            paths.push(path.text());
        }
        let is_mounted = |field: &str, at: &At<'_>| {
            mounts
                .iter()
                .any(|mount| mount.child(field).text() == at.text())
        };
        if is_mounted("name", &name) {
            errors.invalid(&name, "must not already exist in volumeMounts");
        }
        if is_mounted("mountPath", &path) {
            errors.invalid(&path, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.push(name.text());
        }
    }
}
