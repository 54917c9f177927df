//! The life of namespaces: nothing is made in one that is missing or ends, and some never end.
//!
//! Source: apiserver 0.36.3 `pkg/admission/plugin/namespace/lifecycle/admission.go`.

use toft_api::{ApiError, Cause};
use toft_object::GroupResource;
use toft_value::Value;

use super::{forbidden, is};
use crate::call::Call;
use crate::store::{Store, StoreKey};

/// Namespaces that cannot be deleted.
const IMMORTAL: &[&str] = &["default", "kube-public", "kube-system"];

fn namespace<'s>(call: &Call<'_>, store: &'s Store) -> Result<&'s Value, ApiError> {
    let namespaces = GroupResource::new("", "namespaces");
    let name = &call.path.namespace;
    store
        .find(&namespaces, "", name)
        .ok_or_else(|| ApiError::not_found(&namespaces, name))
}

pub(super) fn must_exist(
    call: &Call<'_>,
    store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    if call.path.namespace.is_empty() {
        return Ok(());
    }
    let found = namespace(call, store)?;
    if found.str_at(&["status", "phase"]) != Some("Terminating") {
        return Ok(());
    }
    let name = &call.path.namespace;
    let why =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let mut refusal = forbidden(call, object, &why);
    refusal.details.causes.push(Cause {
        reason: "NamespaceTerminating".into(),
        message: format!("namespace {name} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    Err(refusal)
}

pub(super) fn must_exist_to_change(call: &Call<'_>, store: &Store) -> Result<(), ApiError> {
    if call.path.namespace.is_empty() {
        return Ok(());
    }
    namespace(call, store).map(|_| ())
}

pub(super) fn may_be_deleted(
    call: &Call<'_>,
    key: &StoreKey,
    live: &Value,
) -> Result<(), ApiError> {
    if is(call, "", "namespaces") && IMMORTAL.contains(&key.name.as_str()) {
        return Err(forbidden(call, live, "this namespace may not be deleted"));
    }
    Ok(())
}
