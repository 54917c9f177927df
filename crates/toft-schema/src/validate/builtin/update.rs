//! What may not change.

mod pod;
mod service;
mod storage;

use toft_object::Gvk;
use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::meta::{Times, immutable};
use super::job_policy;
use crate::field_error::FieldError;
use crate::go_text::{Go, print_type};

type Pair<'a> = (&'a At<'a>, &'a At<'a>);

type Rule = fn(Pair<'_>, &mut Errors);

/// By group and kind.
const RULES: &[(&str, &str, Rule)] = &[
    ("", "ConfigMap", data),
    ("", "Node", node),
    ("", "PersistentVolume", storage::volume),
    ("", "PersistentVolumeClaim", storage::claim),
    ("", "Pod", pod::pod),
    ("", "ResourceQuota", quota),
    ("", "Secret", secret),
    ("", "Service", service::service),
    ("apps", "DaemonSet", selector),
    ("apps", "Deployment", selector),
    ("apps", "ReplicaSet", selector),
    ("apps", "StatefulSet", stateful_set),
    ("batch", "Job", job),
    ("networking.k8s.io", "IPAddress", ip_address),
    ("networking.k8s.io", "ServiceCIDR", service_cidr),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", role_ref),
    ("rbac.authorization.k8s.io", "RoleBinding", role_ref),
    ("scheduling.k8s.io", "PriorityClass", priority_class),
    ("storage.k8s.io", "CSIDriver", csi_driver),
    ("storage.k8s.io", "VolumeAttachment", attachment),
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

/// Kinds whose changed objects are looked at as new ones too.
const AS_NEW: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Endpoints"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("apiregistration.k8s.io", "APIService"),
    ("apps", "ControllerRevision"),
    ("batch", "Job"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "IngressClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("storage.k8s.io", "CSIStorageCapacity"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

/// Kinds of which more than the metadata is looked at twice.
const TWICE: &[(&str, &str)] = &[("", "Node"), ("", "PersistentVolume"), ("batch", "Job")];

/// What is not looked at again in a changed object: group, kind, start of the field.
const NOT_AGAIN: &[(&str, &str, &str)] = &[
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "metadata.name",
    ),
    ("apps", "StatefulSet", "spec.serviceName"),
    ("apps", "StatefulSet", "spec.volumeClaimTemplates"),
    ("networking.k8s.io", "ServiceCIDR", ""),
    ("scheduling.k8s.io", "PriorityClass", ""),
];

/// How often the metadata of a changed object is looked at.
pub(in crate::validate) fn looks_at_metadata(gvk: &Gvk) -> Times {
    let kind = (gvk.group.as_str(), gvk.kind.as_str());
    if kind == ("policy", "PodDisruptionBudget") {
        return Times::Once;
    }
    if AS_NEW.contains(&kind) {
        return Times::AsNew;
    }
    Times::AsChanged
}

/// What is wrong with the change of an object, besides its metadata.
pub(in crate::validate) fn validate_update(
    gvk: &Gvk,
    (old, new): (&Value, &Value),
    errors: &mut Errors,
) {
    let kind = (gvk.group.as_str(), gvk.kind.as_str());
    let mut again = Errors::default();
    super::validate(gvk, new, &mut again);
    let skipped: Vec<&str> = NOT_AGAIN
        .iter()
        .filter(|(group, name, _)| (*group, *name) == kind)
        .map(|(.., field)| *field)
        .collect();
    let mut again = again.into_vec();
    again.retain(|error| !skipped.iter().any(|field| error.field.starts_with(field)));
    let times = if TWICE.contains(&kind) { 2 } else { 1 };
    for error in std::iter::repeat_n(again, times).flatten() {
        errors.push(error);
    }
    let rule = RULES
        .iter()
        .find(|(group, name, _)| (*group, *name) == kind);
    let (old, new) = (At::root(old), At::root(new));
    fixed(gvk, (&old, &new), errors);
    if let Some((.., rule)) = rule {
        rule((&old, &new), errors);
    }
}

/// Upstream looks at these once they are there.
fn node((old, new): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (old.child("spec"), new.child("spec"));
    if !old.child("podCIDRs").is_empty()
        && old.child("podCIDRs").value() != new.child("podCIDRs").value()
    {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errors.forbidden(&new.child("podCIDRs"), detail);
    }
    let (before, after) = (old.child("providerID"), new.child("providerID"));
    if !before.is_empty() && before.text() != after.text() {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errors.forbidden(&after, detail);
    }
}

/// The scopes of a quota, in any order.
fn quota((old, new): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (
        old.child("spec").child("scopes"),
        new.child("spec").child("scopes"),
    );
    let (before, after) = (old.items(), new.items());
    let within = |some: &[At<'_>], all: &[At<'_>]| {
        some.iter()
            .all(|one| all.iter().any(|other| one.text() == other.text()))
    };
    if !within(&before, &after) || !within(&after, &before) {
        errors.invalid(&new, "field is immutable");
    }
}

fn ip_address((old, new): Pair<'_>, errors: &mut Errors) {
    const PARENT: Go = Go::Pointer(&[
        ("Group", "group", Go::Text),
        ("Resource", "resource", Go::Text),
        ("Namespace", "namespace", Go::Text),
        ("Name", "name", Go::Text),
    ]);
    let [old, new] = [old, new].map(|at| at.child("spec").child("parentRef"));
    immutable_type((&old, &new), PARENT, errors);
}

fn service_cidr((old, new): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (
        old.child("spec").child("cidrs"),
        new.child("spec").child("cidrs"),
    );
    let (before, after) = (old.items(), new.items());
    for (before, after) in before.iter().zip(&after) {
        immutable(before, after, errors);
    }
    if before.len() > after.len() {
        errors.invalid(&new, "field is immutable");
    }
}

/// Upstream shows the whole in Go's own words.
fn attachment((old, new): Pair<'_>, errors: &mut Errors) {
    const SOURCE: Go = Go::Struct(&[
        ("PersistentVolumeName", "persistentVolumeName", Go::Plain),
        ("InlineVolumeSpec", "inlineVolumeSpec", Go::Plain),
    ]);
    const SPEC: Go = Go::Struct(&[
        ("Attacher", "attacher", Go::Text),
        ("Source", "source", SOURCE),
        ("NodeName", "nodeName", Go::Text),
    ]);
    let (old, new) = (old.child("spec"), new.child("spec"));
    immutable_type((&old, &new), SPEC, errors);
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

fn job((old, new): Pair<'_>, errors: &mut Errors) {
    let (old, new) = (old.child("spec"), new.child("spec"));
    let is_indexed = new.child("completionMode").text() == "Indexed";
    let (before, after) = (old.child("completions"), new.child("completions"));
    if !is_indexed {
        immutable(&before, &after, errors);
    } else if before.value() != after.value()
        && after.is_set()
        && after.int() != new.child("parallelism").int()
    {
        // Upstream tells the field at the root.
        errors.invalid(
            &after,
            "can only be modified in tandem with spec.parallelism",
        );
    }
    for field in ["selector", "template"] {
        let suspended = old.child("suspend").is_true();
        if field == "selector" || !suspended {
            immutable(&old.child(field), &new.child(field), errors);
        }
    }
    immutable(
        &old.child("completionMode"),
        &new.child("completionMode"),
        errors,
    );
    for (field, type_) in [
        ("podFailurePolicy", job_policy::FAILURE),
        ("backoffLimitPerIndex", Go::Plain),
        ("managedBy", Go::Plain),
        ("successPolicy", job_policy::SUCCESS),
    ] {
        immutable_type((&old.child(field), &new.child(field)), type_, errors);
    }
}

/// The field must not change; upstream shows its Go type.
fn immutable_type((old, new): Pair<'_>, type_: Go, errors: &mut Errors) {
    if old.value() != new.value() {
        let error = FieldError::invalid(new.path(), "", "field is immutable");
        errors.push(error.showing(print_type(new.value(), type_)));
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
