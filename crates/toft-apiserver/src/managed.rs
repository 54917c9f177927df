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
    let object = apply::update(&context(call), live, &new);
    if call.path.subresource == "scale" {
        return without_scale_time(object);
    }
    object
}

/// Upstream notes no time for what comes through `scale`, which puts the entry before those with one.
///
/// Source: apimachinery 0.36.3 `pkg/util/managedfields/scalehandler.go`.
fn without_scale_time(mut object: Value) -> Value {
    let gone = object.i64_at(&["spec", "replicas"]) == Some(0);
    let Some(list) = object
        .at_mut(&["metadata", "managedFields"])
        .and_then(Value::as_list_mut)
    else {
        return object;
    };
    let entries = list.make_mut();
    // A scale of zero is written without the number, and what is not written is not owned.
    if gone {
        entries.retain(|entry| entry.str_at(&["subresource"]) != Some("scale"));
    }
    let scaled = |entry: &&mut Value| entry.str_at(&["subresource"]) == Some("scale");
    for entry in entries.iter_mut().filter(scaled) {
        entry.remove_at(&["time"]);
    }
    let text = |entry: &Value, key: &str| entry.str_at(&[key]).unwrap_or_default().to_owned();
    entries.sort_by_key(|entry| (text(entry, "operation"), text(entry, "time")));
    object
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
    let object = apply::apply(&context(call), live, config).map_err(|error| refused(&error))?;
    if call.path.subresource == "scale" {
        return Ok(without_scale_time(object));
    }
    Ok(object)
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
        ApplyError::Internal(_) => ApiError::new(Reason::Unknown, message),
    }
}
