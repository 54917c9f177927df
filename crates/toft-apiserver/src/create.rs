//! Making an object.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/create.go`, `pkg/registry/rest/create.go`,
//! `pkg/registry/generic/registry/store.go`.

use smol_str::SmolStr;
use toft_api::{ApiError, Reason, Response};
use toft_value::Value;

use crate::call::{Call, method_not_allowed};
use crate::decode;
use crate::invalid::{FieldError, invalid};
use crate::managed;
use crate::store::Store;
use crate::{admission, check, prepare, rules, warnings};

/// How often another suffix is tried for a generated name.
///
/// Source: apiserver 0.36.3 `pkg/registry/generic/registry/store.go`, `maxNameGenerationCreateAttempts`.
const NAME_ATTEMPTS_MAX: usize = 8;

/// What upstream says about an object of another namespace than the URL's.
pub(crate) const OTHER_NAMESPACE: &str =
    "the namespace of the provided object does not match the namespace sent on the request";

/// Makes the object that the request brings.
pub(crate) fn create(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    if !call.path.name.is_empty() {
        return Err(method_not_allowed());
    }
    if call.resource.namespaced && call.path.namespace.is_empty() {
        return Err(method_not_allowed());
    }
    let mut object = decode::object(call, call.body()?)?;
    namespace_matches(call, &mut object)?;
    wipe(&mut object);
    let object = managed::written(call, None, check::defaulted(call, object));
    let kept = insert(call, store, object)?;
    Ok(Response::created(kept))
}

/// Admits, prepares, checks and keeps a new object; gives it back in the version of the request.
pub(crate) fn insert(
    call: &Call<'_>,
    store: &mut Store,
    mut object: Value,
) -> Result<Value, ApiError> {
    if object.at(&["metadata", "resourceVersion"]).is_some() {
        return Err(ApiError::new(
            Reason::Unknown,
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let generated = name(call, store, &mut object)?;
    system_fields(call, store, &mut object);
    one_owner_reference_each(call, &mut object);
    admission::created(call, store, &mut object)?;
    prepare::created(call, store, &mut object)?;
    let name = SmolStr::from(object.str_at(&["metadata", "name"]).unwrap_or_default());
    check::new_object(call, &name, &object)?;
    warnings::written(call, None, &object);
    if let Some(existing) = store.get(&call.key(&name)) {
        return Err(taken(call, &name, existing, generated));
    }
    let stored = call.inward(object);
    if call.request.options.dry_run {
        return Ok(call.outward(&stored));
    }
    let kept = store.put(call.key(&name), stored);
    Ok(call.outward(&kept))
}

/// Fills the namespace of the request in, or refuses another one.
///
/// Source: apiserver 0.36.3 `pkg/registry/rest/meta.go`, `EnsureObjectNamespaceMatchesRequestNamespace`.
pub(crate) fn namespace_matches(call: &Call<'_>, object: &mut Value) -> Result<(), ApiError> {
    let written = object
        .str_at(&["metadata", "namespace"])
        .unwrap_or_default();
    if written == call.path.namespace {
        return Ok(());
    }
    if written.is_empty() {
        object.set_at(&["metadata", "namespace"], call.path.namespace.clone());
        return Ok(());
    }
    if call.path.namespace.is_empty() {
        object.remove_at(&["metadata", "namespace"]);
        return Ok(());
    }
    Err(ApiError::bad_request(OTHER_NAMESPACE))
}

/// Whether the name was generated, after making sure that there is one.
fn name(call: &Call<'_>, store: &Store, object: &mut Value) -> Result<Generated, ApiError> {
    let text = |path: &[&str]| object.str_at(path).unwrap_or_default().to_owned();
    let written = text(&["metadata", "name"]);
    if !written.is_empty() {
        return Ok(Generated::No);
    }
    let base = text(&["metadata", "generateName"]);
    if base.is_empty() {
        let error = FieldError::required("metadata.name", "name or generateName is required");
        return Err(invalid(&call.gvk().group_kind(), "", &[error]));
    }
    let ids = call.ids(store);
    let names = (0..NAME_ATTEMPTS_MAX).map(|attempt| ids.name(&base, attempt));
    let mut names = names.collect::<Vec<_>>().into_iter();
    let first = names.next().unwrap_or_default();
    let free = |name: &String| store.get(&call.key(name)).is_none();
    let name = if free(&first) {
        first
    } else {
        names.find(free).unwrap_or(first)
    };
    object.set_at(&["metadata", "name"], name);
    Ok(Generated::Yes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Generated {
    Yes,
    No,
}

fn taken(call: &Call<'_>, name: &str, existing: &Value, generated: Generated) -> ApiError {
    if generated == Generated::Yes {
        // Source: apimachinery 0.36.3 `pkg/api/errors/errors.go`, NewGenerateNameConflict.
        let message = format!(
            "{} {name:?} already exists, the server was not able to generate a unique name for the object",
            call.named()
        );
        let mut error = ApiError::new(Reason::AlreadyExists, message).about(&call.named(), name);
        error.details.retry_after_seconds = 1;
        return error;
    }
    let mut error = ApiError::already_exists(&call.named(), name);
    if existing.at(&["metadata", "deletionTimestamp"]).is_some() {
        error.message = format!("object is being deleted: {}", error.message);
    }
    error
}

/// What only the server may say about a new object.
fn system_fields(call: &Call<'_>, store: &Store, object: &mut Value) {
    wipe(object);
    object.set_at(&["metadata", "uid"], call.ids(store).uid());
    object.set_at(&["metadata", "creationTimestamp"], call.now.to_string());
    let custom = call.custom.is_some();
    if custom || rules::has_first_generation(&call.stored) {
        object.set_at(&["metadata", "generation"], 1);
    }
    if rules::drops_status(call.resource, &call.stored)
        && let Some(map) = object.as_map_mut()
    {
        map.remove("status");
        if let Some(status) = check::untouched(call, "status") {
            map.insert("status", status);
        }
    }
}

/// What nobody says about an object before it is there.
///
/// Source: apiserver 0.36.3 `pkg/registry/rest/meta.go`, `WipeObjectMetaSystemFields`.
pub(crate) fn wipe(object: &mut Value) {
    for key in [
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "selfLink",
        "uid",
    ] {
        object.remove_at(&["metadata", key]);
    }
}

/// Drops owner references that are there twice, and tells.
///
/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/rest.go`, `dedupOwnerReferencesAndAddWarning`.
pub(crate) fn one_owner_reference_each(call: &Call<'_>, object: &mut Value) {
    let references = object.items_at(&["metadata", "ownerReferences"]);
    let mut kept: Vec<Value> = Vec::with_capacity(references.len());
    let mut duplicate_uids: Vec<SmolStr> = Vec::new();
    for reference in references {
        if kept.contains(reference) {
            let uid = SmolStr::from(reference.str_at(&["uid"]).unwrap_or_default());
            if !duplicate_uids.contains(&uid) {
                duplicate_uids.push(uid);
            }
        } else {
            kept.push(reference.clone());
        }
    }
    if duplicate_uids.is_empty() {
        return;
    }
    object.set_at(&["metadata", "ownerReferences"], Value::from(kept));
    call.warn(format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        duplicate_uids.join(", ")
    ));
}
