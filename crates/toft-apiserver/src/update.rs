//! Replacing an object.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/update.go`.

use toft_api::{ApiError, Response};
use toft_value::Value;

use crate::call::{Call, method_not_allowed};
use crate::store::Store;
use crate::write::{self, Owners};
use crate::{check, create, decode, managed, rules};

/// Replaces the object, or its status, with what the request brings.
pub(crate) fn update(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    if call.path.name.is_empty() {
        return Err(method_not_allowed());
    }
    let mut object = decode::object(call, call.body()?)?;
    name_matches(call, &object)?;
    object = check::defaulted(call, object);
    let found = store.get(&call.key(&call.path.name)).is_some();
    if found {
        return write::replace(call, store, object, Owners::Noted);
    }
    if !call.path.subresource.is_empty() || !rules::made_by_update(&call.stored) {
        return Err(call.not_found(&call.path.name));
    }
    create::namespace_matches(call, &mut object)?;
    create::wipe(&mut object);
    let object = managed::written(call, None, object);
    Ok(Response::created(create::insert(call, store, object)?))
}

/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/rest.go`, `checkName`.
pub(crate) fn name_matches(call: &Call<'_>, object: &Value) -> Result<(), ApiError> {
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
    let wanted = &call.path.name;
    if name.is_empty() {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
        )));
    }
    if name != wanted {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({wanted})"
        )));
    }
    let namespace = object
        .str_at(&["metadata", "namespace"])
        .unwrap_or_default();
    if !call.path.namespace.is_empty() && !namespace.is_empty() && namespace != call.path.namespace
    {
        return Err(ApiError::bad_request(create::OTHER_NAMESPACE));
    }
    Ok(())
}
