//! What every change of an existing object goes through, be it an update, a patch or a subresource.
//!
//! Source: apiserver 0.36.3 `pkg/registry/generic/registry/store.go`, Update; `pkg/registry/rest/update.go`.

use smol_str::SmolStr;
use toft_api::{ApiError, Reason, Response, Verb};
use toft_value::{Map, Value};

use crate::call::Call;
use crate::create::{namespace_matches, one_owner_reference_each};
use crate::invalid::{FieldError, invalid};
use crate::store::Store;
use crate::{admission, check, managed, prepare, rules, warnings};

/// Text of a conflict of versions.
///
/// Source: apiserver 0.36.3 `pkg/registry/generic/registry/store.go`, `OptimisticLockErrorMsg`.
const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// How the owners of fields come about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owners {
    /// Noted from the difference of the new object.
    Noted,
    /// Already in the new object: it comes from an apply.
    Merged,
}

/// Writes `new` (in the version of the request, defaults filled in) over `live` (as it is stored).
pub(crate) fn replace(
    call: &Call<'_>,
    store: &mut Store,
    new: Value,
    owners: Owners,
) -> Result<Response, ApiError> {
    let stored = call.live(store)?.clone();
    let live = call.outward(&stored);
    let mut new = confine(call, &live, new);
    uid_matches(call, &live, &new)?;
    if owners == Owners::Noted {
        new = managed::written(call, Some(&live), new);
    }
    admission::updated(call, store, &live, &mut new)?;
    revision_matches(call, &live, &mut new)?;
    namespace_matches(call, &mut new)?;
    one_owner_reference_each(call, &mut new);
    system_fields(call, &live, &mut new);
    prepare::updated(call, store, &live, &mut new)?;
    next_generation(call, &live, &mut new);
    check::change(call, &live, &new)?;
    warnings::written(call, Some(&live), &new);
    Ok(keep(call, store, &stored, new))
}

/// Keeps a changed object, unless nothing changed; takes it out where only its finalizers held it.
pub(crate) fn keep(call: &Call<'_>, store: &mut Store, stored: &Value, new: Value) -> Response {
    let mut new = call.inward(new);
    if is_same(stored, &new) {
        return Response::ok(call.outward(stored));
    }
    // Times of managers that changed nothing stay as they were.
    if owners_differ_in_time_only(stored, &new) {
        new = with_owners_of(new, stored);
    }
    if call.request.options.dry_run {
        return Response::ok(call.outward(&new));
    }
    let key = call.key(&call.path.name);
    if is_released(stored, &new) {
        store.remove(key);
        return Response::ok(call.outward(&new));
    }
    let kept = store.put(key, new);
    Response::ok(call.outward(&kept))
}

/// Whether an object that waits for its deletion has nothing left to wait for.
///
/// Source: apiserver 0.36.3 `pkg/registry/generic/registry/store.go`, `ShouldDeleteDuringUpdate`.
fn is_released(old: &Value, new: &Value) -> bool {
    let waits = |value: &Value| !value.items_at(&["metadata", "finalizers"]).is_empty();
    new.at(&["metadata", "deletionTimestamp"]).is_some()
        && !waits(new)
        && old
            .i64_at(&["metadata", "deletionGracePeriodSeconds"])
            .unwrap_or(0)
            == 0
        && prepare::may_go(new)
}

fn with_owners_of(mut new: Value, stored: &Value) -> Value {
    if let Some(owners) = stored.at(&["metadata", "managedFields"]) {
        new.set_at(&["metadata", "managedFields"], owners);
    }
    new
}

fn without_owners(value: &Value) -> Value {
    let mut value = value.clone();
    value.remove_at(&["metadata", "managedFields"]);
    value
}

fn is_same(old: &Value, new: &Value) -> bool {
    old == new
        || (owners_differ_in_time_only(old, new) && without_owners(old) == without_owners(new))
}

fn owners_differ_in_time_only(old: &Value, new: &Value) -> bool {
    let timeless = |value: &Value| -> Vec<Value> {
        let entries = value
            .items_at(&["metadata", "managedFields"])
            .iter()
            .cloned();
        let strip = |mut entry: Value| {
            entry.remove_at(&["time"]);
            entry
        };
        entries.map(strip).collect()
    };
    timeless(old) == timeless(new)
}

/// Leaves in `new` only what may be written through the path of the request; the rest is as it was.
fn confine(call: &Call<'_>, live: &Value, new: Value) -> Value {
    match call.path.subresource.as_str() {
        "status" => return status_only(call, live, &new),
        "ephemeralcontainers" => return with_ephemeral(live, &new),
        "resize" => return with_resources(live, &new),
        // The kind takes what it wants of the status.
        "approval" => return new,
        _ => {}
    }
    if !rules::has_status(call.resource) {
        return new;
    }
    with_part(new, live, "status")
}

fn with_part(mut new: Value, live: &Value, part: &str) -> Value {
    match live.get(part) {
        Some(old) => {
            new.set_at(&[part], old);
        }
        None => {
            new.remove_at(&[part]);
        }
    }
    new
}

fn status_only(call: &Call<'_>, live: &Value, new: &Value) -> Value {
    let mut result = live.clone();
    let mut metadata = match call.custom {
        Some(_) => own_metadata(live, new),
        None if rules::status_leaves_metadata(&call.stored) => own_metadata(live, new),
        None => new.get("metadata").cloned().unwrap_or_default(),
    };
    if rules::status_leaves_labels(&call.stored) {
        metadata = with_part(
            metadata,
            live.get("metadata").unwrap_or(&Value::Null),
            "labels",
        );
    }
    result.set_at(&["metadata"], metadata);
    with_part(result, new, "status")
}

/// Source: Kubernetes 1.36.3 `pkg/registry/core/pod/strategy.go`, `dropNonEphemeralContainerUpdates`.
fn with_ephemeral(live: &Value, new: &Value) -> Value {
    const LIST: &[&str] = &["spec", "ephemeralContainers"];
    let mut result = live.clone();
    result.set_at(&["metadata"], own_metadata(live, new));
    match new.at(LIST) {
        Some(list) => result.set_at(LIST, list),
        None => {
            result.remove_at(LIST);
        }
    }
    result
}

/// Source: Kubernetes 1.36.3 `pkg/registry/core/pod/strategy.go`, `dropNonResizeUpdates`.
fn with_resources(live: &Value, new: &Value) -> Value {
    let mut result = live.clone();
    result.set_at(&["metadata"], own_metadata(live, new));
    for list in ["containers", "initContainers"] {
        let wanted = new.items_at(&["spec", list]);
        let Some(kept) = result.at_mut(&["spec", list]).and_then(Value::as_list_mut) else {
            continue;
        };
        for container in kept.make_mut() {
            let same = |one: &&Value| one.get("name") == container.get("name");
            let Some(found) = wanted.iter().find(same) else {
                continue;
            };
            for key in ["resources", "resizePolicy"] {
                if let Some(value) = found.get(key) {
                    container.set_at(&[key], value);
                }
            }
        }
    }
    result
}

/// The metadata as it was, but for what tells which object and which version is meant.
fn own_metadata(live: &Value, new: &Value) -> Value {
    let mut metadata = live.get("metadata").cloned().unwrap_or_default();
    for key in ["managedFields", "resourceVersion", "uid"] {
        metadata = with_part(metadata, new.get("metadata").unwrap_or(&Value::Null), key);
    }
    metadata
}

fn uid_matches(call: &Call<'_>, live: &Value, new: &Value) -> Result<(), ApiError> {
    let wanted = new.str_at(&["metadata", "uid"]).unwrap_or_default();
    let found = live.str_at(&["metadata", "uid"]).unwrap_or_default();
    // A patch that changes the uid is told so when the object is checked.
    let patches = call.request.verb == Verb::Patch;
    if wanted.is_empty() || wanted == found || patches {
        return Ok(());
    }
    // Source: apiserver 0.36.3 `pkg/storage/interfaces.go`, Preconditions.Check, and `errors.go`.
    let namespace = &call.path.namespace;
    let slash = if namespace.is_empty() { "" } else { "/" };
    // What is tried is looked for elsewhere.
    let root = if call.request.options.dry_run {
        ""
    } else {
        "/registry"
    };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {root}/{}/{namespace}{slash}{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}",
        registry_name(call),
        call.path.name
    );
    Err(ApiError::conflict(&call.named(), &call.path.name, &why))
}

/// Custom resources are kept under their group; built-in ones under their plural.
fn registry_name(call: &Call<'_>) -> SmolStr {
    if call.custom.is_some() {
        format!("{}/{}", call.path.group, call.path.resource).into()
    } else {
        call.path.resource.clone()
    }
}

/// Compares the version that the writer saw; one that says none takes what is there, if the kind allows it.
fn revision_matches(call: &Call<'_>, live: &Value, new: &mut Value) -> Result<(), ApiError> {
    const PATH: &[&str] = &["metadata", "resourceVersion"];
    let written = new.str_at(PATH).unwrap_or_default();
    let current = live.str_at(PATH).unwrap_or_default();
    if written == current {
        return Ok(());
    }
    if written.is_empty() || written == "0" {
        if call.custom.is_some() || rules::revision_required(&call.stored) {
            return Err(revision_missing(call));
        }
        new.set_at(PATH, current);
        return Ok(());
    }
    if written.parse::<u64>().is_err() {
        let message = format!("strconv.ParseUint: parsing {written:?}: invalid syntax");
        return Err(ApiError::new(Reason::Unknown, message));
    }
    Err(ApiError::conflict(&call.named(), &call.path.name, MODIFIED))
}

fn revision_missing(call: &Call<'_>) -> ApiError {
    // Upstream names the resource where a kind belongs, and the number 0 where nothing was given.
    let named = call.named();
    let kind = toft_object::GroupKind {
        group: named.group,
        kind: named.resource,
    };
    let error = FieldError::invalid(
        "metadata.resourceVersion",
        &Value::Int(0),
        "must be specified for an update",
    );
    invalid(&kind, &call.path.name, &[error])
}

/// What only the server may say: it stays as it was.
fn system_fields(call: &Call<'_>, live: &Value, new: &mut Value) {
    for key in [
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ] {
        match live.at(&["metadata", key]) {
            Some(value) => new.set_at(&["metadata", key], value),
            None => {
                new.remove_at(&["metadata", key]);
            }
        }
    }
    new.remove_at(&["metadata", "selfLink"]);
    for key in ["uid", "name"] {
        if new.at(&["metadata", key]).is_none()
            && let Some(value) = live.at(&["metadata", key])
        {
            new.set_at(&["metadata", key], value);
        }
    }
    for key in ["labels", "annotations", "finalizers", "ownerReferences"] {
        let empty = |value: &Value| {
            value.as_map().is_some_and(Map::is_empty)
                || value.as_list().is_some_and(|list| list.is_empty())
        };
        if call.custom.is_none() && new.at(&["metadata", key]).is_some_and(empty) {
            new.remove_at(&["metadata", key]);
        }
    }
}

/// A change of the intent makes a new generation.
fn next_generation(call: &Call<'_>, live: &Value, new: &mut Value) {
    if matches!(
        call.path.subresource.as_str(),
        "status" | "finalize" | "approval" | "binding"
    ) {
        return;
    }
    let changed = if call.custom.is_some() {
        rules::custom_intent_differs(call.resource, live, new)
    } else {
        let fields = rules::generation_fields(&call.stored).unwrap_or_default();
        fields.iter().any(|path| live.at(path) != new.at(path))
    };
    if changed {
        let generation = live.i64_at(&["metadata", "generation"]).unwrap_or(0) + 1;
        new.set_at(&["metadata", "generation"], generation);
    }
}
