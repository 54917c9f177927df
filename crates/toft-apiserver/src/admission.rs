//! Admission: what looks at an object after it was decoded and before it is kept.
//!
//! The order is upstream's: Kubernetes 1.36.3 `pkg/kubeapiserver/options/plugins.go`.

mod namespaces;
mod pods;
mod service_accounts;
mod storage;

use toft_api::ApiError;
use toft_object::GroupResource;
use toft_value::Value;

use crate::call::Call;
use crate::store::{Store, StoreKey};

type Admit = fn(&Call<'_>, &Store, &mut Value) -> Result<(), ApiError>;

/// What changes or refuses new objects, in order.
const CREATED: &[Admit] = &[
    namespaces::must_exist,
    service_accounts::mount,
    pods::taint_new_nodes,
    pods::resolve_priority,
    pods::tolerate_short_outages,
    storage::default_class,
    storage::protect,
    storage::default_ingress_class,
];

/// Admits a new object.
pub(crate) fn created(call: &Call<'_>, store: &Store, object: &mut Value) -> Result<(), ApiError> {
    CREATED
        .iter()
        .try_for_each(|admit| admit(call, store, object))
}

/// Admits a changed object: what admission once set stays where a writer left it out.
pub(crate) fn updated(
    call: &Call<'_>,
    store: &Store,
    live: &Value,
    new: &mut Value,
) -> Result<(), ApiError> {
    namespaces::must_exist_to_change(call, store)?;
    if is(call, "", "pods") {
        pods::keep_priority(live, new);
        if call.path.subresource.is_empty() {
            pods::tolerate_short_outages(call, store, new)?;
        }
    }
    Ok(())
}

/// Admits a deletion.
pub(crate) fn deleted(call: &Call<'_>, key: &StoreKey, live: &Value) -> Result<(), ApiError> {
    namespaces::may_be_deleted(call, key, live)
}

/// Whether a request is about a resource.
pub(crate) fn is(call: &Call<'_>, group: &str, resource: &str) -> bool {
    call.stored == GroupResource::new(group, resource)
}

/// A refusal by admission: it names the object.
pub(crate) fn forbidden(call: &Call<'_>, object: &Value, why: &str) -> ApiError {
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
    ApiError::forbidden(&call.named(), name, why)
}
