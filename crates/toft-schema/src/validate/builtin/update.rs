//! What may not change.

use toft_object::{Gvk, Quantity};
use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::meta::immutable;
use crate::field_error::FieldError;

type Pair<'a> = (&'a At<'a>, &'a At<'a>);

type Rule = fn(Pair<'_>, &mut Errors);

/// By group and kind.
const RULES: &[(&str, &str, Rule)] = &[
    ("", "ConfigMap", data),
    ("", "PersistentVolume", volume),
    ("", "PersistentVolumeClaim", claim),
    ("", "Pod", pod),
    ("", "Secret", secret),
    ("", "Service", service),
    ("apps", "DaemonSet", selector),
    ("apps", "Deployment", selector),
    ("apps", "ReplicaSet", selector),
    ("apps", "StatefulSet", stateful_set),
    ("batch", "Job", job),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", role_ref),
    ("rbac.authorization.k8s.io", "RoleBinding", role_ref),
    ("scheduling.k8s.io", "PriorityClass", priority_class),
    ("storage.k8s.io", "CSIDriver", csi_driver),
    ("storage.k8s.io", "StorageClass", storage_class),
    ("storage.k8s.io", "VolumeAttributesClass", attributes_class),
];

/// Fields that may never change: group, kind, path.
const FIXED: &[(&str, &str, &[&str])] = &[
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec", "group"],
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec", "names", "kind"],
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec", "scope"],
    ),
    ("apps", "ControllerRevision", &["data"]),
    ("discovery.k8s.io", "EndpointSlice", &["addressType"]),
    ("networking.k8s.io", "IngressClass", &["spec", "controller"]),
    ("node.k8s.io", "RuntimeClass", &["handler"]),
    (
        "storage.k8s.io",
        "CSIDriver",
        &["spec", "volumeLifecycleModes"],
    ),
    ("storage.k8s.io", "CSIStorageCapacity", &["nodeTopology"]),
    (
        "storage.k8s.io",
        "CSIStorageCapacity",
        &["storageClassName"],
    ),
];

fn fixed(gvk: &Gvk, pair: Pair<'_>, errors: &mut Errors) {
    let rows = FIXED.iter();
    for (.., path) in rows.filter(|(group, kind, _)| gvk.group == *group && gvk.kind == *kind) {
        immutable(&below(pair.0, path), &below(pair.1, path), errors);
    }
}

fn below<'a>(at: &At<'a>, path: &[&str]) -> At<'a> {
    path.iter().fold(at.clone(), |at, step| at.child(step))
}

/// Upstream writes the field in another way.
fn csi_driver((old, new): Pair<'_>, errors: &mut Errors) {
    let value = |at: &At<'_>| at.child("spec").child("attachRequired").value().clone();
    if value(old) != value(new) {
        let at = new.child("spec").child("attachedRequired");
        let error = FieldError::invalid(at.path(), value(new), "field is immutable");
        errors.push(error);
    }
}

fn attributes_class((old, new): Pair<'_>, errors: &mut Errors) {
    for field in ["driverName", "parameters"] {
        if old.child(field).value() != new.child(field).value() {
            let detail = format!("updates to {field} are forbidden.");
            errors.forbidden(&new.child(field), detail);
        }
    }
}

/// What is wrong with the change of an object.
pub(in crate::validate) fn validate_update(
    gvk: &Gvk,
    (old, new): (&Value, &Value),
    errors: &mut Errors,
) {
    let rule = RULES
        .iter()
        .find(|(group, kind, _)| gvk.group == *group && gvk.kind == *kind);
    let (old, new) = (At::root(old), At::root(new));
    fixed(gvk, (&old, &new), errors);
    if let Some((.., rule)) = rule {
        rule((&old, &new), errors);
    }
}

fn selector((old, new): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (
        old.child("spec").child("selector"),
        new.child("spec").child("selector"),
    );
    if old.value() != new.value() {
        let error = FieldError::invalid(new.path(), "", "field is immutable");
        let shown = super::super::selector::print(&new);
        errors.push(error.showing(shown));
    }
}

/// A spec of which only some fields may change.
fn only_some((old, new): Pair<'_>, (fields, detail): (&[&str], &str), errors: &mut Errors) {
    let spec = new.child("spec");
    let mut munged = spec.value().clone();
    for field in fields {
        match old.child("spec").value().get(field) {
            Some(before) => munged.set_at(&[field], before),
            None => {
                munged.remove_at(&[field]);
            }
        }
    }
    if munged != *old.child("spec").value() {
        errors.forbidden(&spec, detail);
    }
}

fn stateful_set(pair: Pair<'_>, errors: &mut Errors) {
    let fields = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    only_some(pair, (&fields, detail), errors);
}

/// Upstream adds a listing of the differences, which is Go's own.
fn pod((old, new): Pair<'_>, errors: &mut Errors) {
    let (before, after) = (old.child("spec"), new.child("spec"));
    let mut munged = after.value().clone();
    for list in ["containers", "initContainers"] {
        let (olds, news) = (before.child(list), after.child(list));
        if olds.items().len() != news.items().len() {
            errors.forbidden(&news, "pod updates may not add or remove containers");
            return;
        }
        let images: Vec<Value> = olds
            .items()
            .iter()
            .map(|one| one.child("image").value().clone())
            .collect();
        let containers = munged.at_mut(&[list]).and_then(Value::as_list_mut);
        let containers = containers
            .into_iter()
            .flat_map(|list| list.make_mut().iter_mut());
        for (container, image) in containers.zip(images) {
            container.set_at(&["image"], image);
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        match before.value().get(field) {
            Some(value) => munged.set_at(&[field], value),
            None => {
                munged.remove_at(&[field]);
            }
        }
    }
    if munged != *before.value() {
        let detail = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        errors.forbidden(&after, detail);
    }
}

fn job((old, new): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (old.child("spec"), new.child("spec"));
    for field in [
        "selector",
        "template",
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        let suspended = old.child("suspend").is_true();
        if field != "template" || !suspended {
            immutable(&old.child(field), &new.child(field), errors);
        }
    }
    if new.child("completionMode").text() != "Indexed" {
        immutable(&old.child("completions"), &new.child("completions"), errors);
    }
}

fn data((old, new): Pair<'_>, errors: &mut Errors) {
    if !old.child("immutable").is_true() {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if !new.child("immutable").is_true() {
        errors.forbidden(&new.child("immutable"), detail);
    }
    for field in ["data", "binaryData"] {
        if old.child(field).value() != new.child(field).value() {
            errors.forbidden(&new.child(field), detail);
        }
    }
}

fn secret(pair: Pair<'_>, errors: &mut Errors) {
    immutable(&pair.0.child("type"), &pair.1.child("type"), errors);
    data(pair, errors);
}

fn role_ref((old, new): Pair<'_>, errors: &mut Errors) {
    if old.child("roleRef").value() != new.child("roleRef").value() {
        let role = new.child("roleRef");
        let fields = [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")];
        let fields = fields
            .iter()
            .map(|(shown, field)| format!("\"{shown}\":{}", role.child(field).value().to_json()));
        let shown = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        let error = FieldError::invalid(role.path(), "", "cannot change roleRef");
        errors.push(error.showing(shown));
    }
}

fn priority_class((old, new): Pair<'_>, errors: &mut Errors) {
    if old.child("value").value() != new.child("value").value() {
        errors.forbidden(&new.child("value"), "may not be changed in an update.");
    }
    immutable(
        &old.child("preemptionPolicy"),
        &new.child("preemptionPolicy"),
        errors,
    );
}

fn storage_class((old, new): Pair<'_>, errors: &mut Errors) {
    for field in [
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ] {
        immutable(&old.child(field), &new.child(field), errors);
    }
}

fn service((old, new): Pair<'_>, errors: &mut Errors) {
    let (before, after) = (old.child("spec"), new.child("spec"));
    let is_external = |spec: &At<'_>| spec.child("type").text() == "ExternalName";
    let (was, is) = (before.child("clusterIP"), after.child("clusterIP"));
    if !is_external(&before) && !is_external(&after) && !was.is_empty() && was.text() != is.text() {
        let first = after.child("clusterIPs");
        let detail = "may not change once set";
        let shown = first.value().clone();
        errors.push(FieldError::invalid(
            first.items().first().map_or(first.path(), At::path),
            shown,
            detail,
        ));
    }
}

/// Upstream adds a listing of the differences, which is Go's own.
fn claim((old, new): Pair<'_>, errors: &mut Errors) {
    let (before, after) = (old.child("spec"), new.child("spec"));
    let mut munged = after.value().clone();
    let mut original = before.value().clone();
    if before.child("volumeName").is_empty() {
        match munged.at(&["volumeName"]).cloned() {
            Some(name) => original.set_at(&["volumeName"], name),
            None => {
                original.remove_at(&["volumeName"]);
            }
        }
    }
    if before.child("storageClassName").value().is_null()
        && let Some(class) = munged.at(&["storageClassName"]).cloned()
    {
        original.set_at(&["storageClassName"], class);
    }
    let size = ["resources", "requests", "storage"];
    if new.child("status").child("phase").text() == "Bound"
        && let Some(storage) = original.at(&size).cloned()
    {
        munged.set_at(&size, storage);
    }
    if munged != original {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.forbidden(&after, detail);
    }
    let amount = |spec: &At<'_>| {
        let value = spec.value().at(&size).cloned().unwrap_or_default();
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
}

fn volume((old, new): Pair<'_>, errors: &mut Errors) {
    let common = [
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
    let source = |at: &At<'_>| {
        let mut spec = at.child("spec").value().clone();
        for field in common {
            spec.remove_at(&[field]);
        }
        spec
    };
    if source(old) != source(new) {
        let at = new.child("spec").child("persistentvolumesource");
        errors.forbidden(
            &at,
            "spec.persistentvolumesource is immutable after creation",
        );
    }
    let (before, after) = (
        old.child("spec").child("volumeMode"),
        new.child("spec").child("volumeMode"),
    );
    // Upstream leaves `spec` out of the path.
    immutable(
        &new.child("volumeMode").with(before.value()),
        &new.child("volumeMode").with(after.value()),
        errors,
    );
}
