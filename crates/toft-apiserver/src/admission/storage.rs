//! Classes that are taken where none is named, and the finalizers that protect what is in use.

use toft_api::ApiError;
use toft_object::GroupResource;
use toft_value::Value;

use super::is;
use crate::call::Call;
use crate::store::Store;

const DEFAULT_STORAGE: &[&str] = &[
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

const DEFAULT_INGRESS: &[&str] = &["ingressclass.kubernetes.io/is-default-class"];

/// Source: Kubernetes 1.36.3 `plugin/pkg/admission/storage/setdefault/admission.go`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one entry of the list of admission steps"
)]
pub(super) fn default_class(
    call: &Call<'_>,
    store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    let beta = [
        "metadata",
        "annotations",
        "volume.beta.kubernetes.io/storage-class",
    ];
    if !is(call, "", "persistentvolumeclaims")
        || object.at(&["spec", "storageClassName"]).is_some()
        || object.at(&beta).is_some()
    {
        return Ok(());
    }
    let classes = GroupResource::new("storage.k8s.io", "storageclasses");
    if let Some(class) = newest_default(store, &classes, DEFAULT_STORAGE) {
        object.set_at(&["spec", "storageClassName"], class);
    }
    Ok(())
}

/// The default that was made last; of several at once the first by name.
fn newest_default(store: &Store, classes: &GroupResource, annotations: &[&str]) -> Option<Value> {
    let is_default = |class: &&Value| {
        let annotation =
            |key: &&str| class.str_at(&["metadata", "annotations", key]) == Some("true");
        annotations.iter().any(annotation)
    };
    let made = |class: &Value| {
        class
            .str_at(&["metadata", "creationTimestamp"])
            .unwrap_or_default()
            .to_owned()
    };
    let defaults = store.list(classes, None).filter(is_default);
    let newest = defaults.reduce(|best, class| {
        if made(class) > made(best) {
            class
        } else {
            best
        }
    })?;
    newest.at(&["metadata", "name"]).cloned()
}

/// Source: Kubernetes 1.36.3 `plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one entry of the list of admission steps"
)]
pub(super) fn protect(call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let finalizer = if is(call, "", "persistentvolumeclaims") {
        "kubernetes.io/pvc-protection"
    } else if is(call, "", "persistentvolumes") {
        "kubernetes.io/pv-protection"
    } else if is(call, "storage.k8s.io", "volumeattributesclasses") {
        "kubernetes.io/vac-protection"
    } else {
        return Ok(());
    };
    let mut finalizers: Vec<Value> = object.items_at(&["metadata", "finalizers"]).to_vec();
    if !finalizers.iter().any(|one| one.as_str() == Some(finalizer)) {
        finalizers.push(finalizer.into());
        object.set_at(&["metadata", "finalizers"], Value::from(finalizers));
    }
    Ok(())
}

/// Source: Kubernetes 1.36.3 `plugin/pkg/admission/network/defaultingressclass/admission.go`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one entry of the list of admission steps"
)]
pub(super) fn default_ingress_class(
    call: &Call<'_>,
    store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    let old = ["metadata", "annotations", "kubernetes.io/ingress.class"];
    if !is(call, "networking.k8s.io", "ingresses")
        || object.at(&["spec", "ingressClassName"]).is_some()
        || object.at(&old).is_some()
    {
        return Ok(());
    }
    let classes = GroupResource::new("networking.k8s.io", "ingressclasses");
    if let Some(class) = newest_default(store, &classes, DEFAULT_INGRESS) {
        object.set_at(&["spec", "ingressClassName"], class);
    }
    Ok(())
}
