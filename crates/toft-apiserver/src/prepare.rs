//! What kinds do to their objects before they are checked and kept.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/*/*/strategy.go`, `PrepareForCreate` and `PrepareForUpdate`.

mod daemons;
mod jobs;
mod pods;
mod requests;
mod services;
mod twins;

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::call::Call;
use crate::crd;
use crate::invalid::{FieldError, invalid};
use crate::store::Store;

type Read = fn(&mut Value);
type Created = fn(&Call<'_>, &Store, &mut Value) -> Result<(), ApiError>;
type Updated = fn(&Call<'_>, &Store, (&Value, &mut Value)) -> Result<(), ApiError>;

/// What happens to new objects of a kind, and to changed ones.
const KINDS: &[(&str, &str, Created, Updated)] = &[
    ("", "namespaces", namespace_created, namespace_updated),
    ("", "persistentvolumeclaims", pending, unchanged),
    ("", "persistentvolumes", volume_created, unchanged),
    ("", "pods", pods::created, pods::updated),
    ("", "services", services::created, services::updated),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        definition_created,
        definition_updated,
    ),
    ("apps", "daemonsets", daemons::created, daemons::updated),
    ("batch", "jobs", jobs::created, unchanged),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        requests::created,
        requests::updated,
    ),
];

fn kind(call: &Call<'_>) -> Option<&'static (&'static str, &'static str, Created, Updated)> {
    KINDS
        .iter()
        .find(|kind| kind.0 == call.stored.group && kind.1 == call.stored.resource)
}

/// What reading an object of a kind adds to it, before it is known who wrote what.
const READ: &[(&str, &str, Read)] = &[
    ("", "nodes", twins::node),
    ("", "pods", twins::pod),
    ("apps", "daemonsets", daemons::numbered),
];

/// Adds what reading an object of its kind adds.
pub(crate) fn read(call: &Call<'_>, object: &mut Value) {
    let kind = READ
        .iter()
        .find(|kind| kind.0 == call.stored.group && kind.1 == call.stored.resource);
    if let Some(kind) = kind {
        (kind.2)(object);
    }
}

/// Prepares a new object.
pub(crate) fn created(call: &Call<'_>, store: &Store, object: &mut Value) -> Result<(), ApiError> {
    kind(call).map_or(Ok(()), |kind| (kind.2)(call, store, object))
}

/// Prepares a changed object.
pub(crate) fn updated(
    call: &Call<'_>,
    store: &Store,
    live: &Value,
    new: &mut Value,
) -> Result<(), ApiError> {
    kind(call).map_or(Ok(()), |kind| (kind.3)(call, store, (live, new)))
}

/// Whether nothing but its deletion mark keeps an object: a namespace waits for its own finalizers too.
pub(crate) fn may_go(object: &Value) -> bool {
    object.str_at(&["kind"]) != Some("Namespace")
        || object.items_at(&["spec", "finalizers"]).is_empty()
}

/// What a deletion changes before it is known whether anything holds the object.
pub(crate) fn deleting(call: &Call<'_>, object: &mut Value) {
    let first = object.at(&["metadata", "deletionTimestamp"]).is_none();
    if first && call.stored == crd::resource() {
        crd::marked(object, call.now);
    }
}

/// What marking for deletion changes besides the metadata.
///
/// Source: Kubernetes 1.36.3 `pkg/registry/core/namespace/storage/storage.go`, Delete.
pub(crate) fn marked(call: &Call<'_>, live: &Value, object: &mut Value) {
    if crate::admission::is(call, "", "namespaces") {
        if let Some(generation) = live.at(&["metadata", "generation"]) {
            object.set_at(&["metadata", "generation"], generation);
        }
        object.set_at(&["status", "phase"], "Terminating");
        object.remove_at(&["metadata", "deletionGracePeriodSeconds"]);
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
fn unchanged(
    _call: &Call<'_>,
    _store: &Store,
    _change: (&Value, &mut Value),
) -> Result<(), ApiError> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
fn pending(_call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    object.set_at(&["status"], value!({"phase": "Pending"}));
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
fn volume_created(call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let since = call.now.to_string();
    object.set_at(
        &["status"],
        value!({"phase": "Pending", "lastPhaseTransitionTime": since}),
    );
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
fn namespace_created(_call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let mut finalizers: Vec<Value> = object.items_at(&["spec", "finalizers"]).to_vec();
    if !finalizers
        .iter()
        .any(|finalizer| finalizer.as_str() == Some("kubernetes"))
    {
        finalizers.push("kubernetes".into());
    }
    object.set_at(&["spec", "finalizers"], Value::from(finalizers));
    object.set_at(&["status"], value!({"phase": "Active"}));
    named(object);
    Ok(())
}

/// Every namespace carries its name as a label.
fn named(object: &mut Value) {
    if let Some(name) = object.at(&["metadata", "name"]).cloned() {
        object.set_at(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
    }
}

fn namespace_updated(
    call: &Call<'_>,
    _store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    if call.path.subresource != "finalize"
        && let Some(finalizers) = live.at(&["spec", "finalizers"])
    {
        new.set_at(&["spec", "finalizers"], finalizers);
    }
    named(new);
    let name = new.str_at(&["metadata", "name"]).unwrap_or_default();
    let problems = namespace_problems(call, new);
    if problems.is_empty() {
        return Ok(());
    }
    Err(invalid(&call.gvk().group_kind(), name, &problems))
}

/// Source: Kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`, `ValidateNamespaceStatusUpdate`,
/// `ValidateNamespaceFinalizeUpdate`.
fn namespace_problems(call: &Call<'_>, new: &Value) -> Vec<FieldError> {
    let phase = new.str_at(&["status", "phase"]).unwrap_or_default();
    let leaves = new.at(&["metadata", "deletionTimestamp"]).is_some();
    let mut problems = Vec::new();
    if call.path.subresource == "status" {
        let why = match (leaves, phase) {
            (false, "" | "Active") | (true, "Terminating") => return problems,
            (false, _) => "may only be 'Active' if `deletionTimestamp` is empty",
            (true, _) => "may only be 'Terminating' if `deletionTimestamp` is not empty",
        };
        problems.push(FieldError::invalid("status.Phase", &phase.into(), why));
    } else if call.path.subresource == "finalize" {
        const WHY: &str = "name is neither a standard finalizer name nor is it fully qualified";
        let finalizers = new.items_at(&["spec", "finalizers"]).iter().enumerate();
        for (at, finalizer) in finalizers {
            let text = finalizer.as_str().unwrap_or_default();
            let standard = matches!(text, "kubernetes" | "orphan" | "foregroundDeletion");
            if !standard && !text.contains('/') {
                let field = format!("spec.finalizers[{at}]");
                problems.push(FieldError::invalid(&field, finalizer, WHY));
            }
        }
    }
    problems
}

fn definition_created(call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    crd::created(object);
    let problems = crd::problems(object);
    if problems.is_empty() {
        return Ok(());
    }
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
    Err(invalid(&call.gvk().group_kind(), name, &problems))
}

fn definition_updated(
    call: &Call<'_>,
    _store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    crd::updated(new);
    if call.path.subresource == "status" {
        return Ok(());
    }
    let problems = crd::problems_of_change(live, new);
    if problems.is_empty() {
        return Ok(());
    }
    let name = new.str_at(&["metadata", "name"]).unwrap_or_default();
    Err(invalid(&call.gvk().group_kind(), name, &problems))
}
