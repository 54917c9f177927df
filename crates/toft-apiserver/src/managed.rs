//! Who owns which field: the entries of `metadata.managedFields` for a write.

use toft_api::{ApiError, Cause, Reason};
use toft_schema::apply::{self, ApplyContext, ApplyError};
use toft_value::Value;

use crate::call::Call;
use crate::rules;

fn context<'c>(call: &'c Call<'_>) -> ApplyContext<'c> {
    ApplyContext {
        schemas: call.schemas,
        gvk: call.gvk(),
        now: call.now,
        manager: call.request.field_manager(),
        subresource: &call.path.subresource,
        force: call.request.options.force,
    }
}

/// The object with the fields noted that this write owns.
///
/// A new object comes without the status that belongs to a subresource: nobody owns what is dropped.
pub(crate) fn written(call: &Call<'_>, live: Option<&Value>, new: Value) -> Value {
    let new = match live {
        None => without_status(call, new),
        Some(_) => new,
    };
    apply::update(&context(call), live, &new)
}

/// The object after a server-side apply.
///
/// # Errors
/// Others own fields that would change, or the applied object does not fit its kind.
pub(crate) fn applied(
    call: &Call<'_>,
    live: Option<&Value>,
    config: &Value,
) -> Result<Value, ApiError> {
    apply::apply(&context(call), live, config).map_err(|error| refused(&error))
}

/// Takes the status out where it belongs to a subresource and the kind does not take it from others.
pub(crate) fn without_status(call: &Call<'_>, mut object: Value) -> Value {
    if rules::drops_status(call.resource, &call.stored)
        && let Some(map) = object.as_map_mut()
        && map.contains_key("status")
    {
        map.remove("status");
    }
    object
}

fn refused(error: &ApplyError) -> ApiError {
    let message = error.to_string();
    match error {
        ApplyError::Conflicts(conflicts) => {
            let cause = |conflict: &apply::Conflict| Cause {
                reason: "FieldManagerConflict".into(),
                message: conflict.message(),
                field: conflict.field(),
            };
            let mut refusal = ApiError::new(Reason::Conflict, message);
            refusal.details.causes = conflicts.iter().map(cause).collect();
            refusal
        }
        ApplyError::Bad(_) => ApiError::bad_request(message),
        ApplyError::Internal(_) => ApiError::internal(message),
    }
}
