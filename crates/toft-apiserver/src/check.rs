//! What schemas say of an object: its defaults, and what is wrong with it.

use toft_api::ApiError;
use toft_value::{Map, Value};

use crate::call::Call;
use crate::invalid::{FieldError, invalid};
use crate::prepare;

/// The object with the values that it left out.
pub(crate) fn defaulted(call: &Call<'_>, mut object: Value) -> Value {
    toft_schema::apply_defaults(call.schemas, call.gvk(), &mut object);
    if call.path.resource == "daemonsets" && call.path.group == "apps" {
        prepare::numbered(&mut object);
    }
    object
}

/// Refuses an object that is wrong.
///
/// # Errors
/// The refusal, with every error.
pub(crate) fn valid(call: &Call<'_>, name: &str, object: &Value) -> Result<(), ApiError> {
    let errors = toft_schema::validate(call.schemas, call.gvk(), object);
    if errors.is_empty() {
        return Ok(());
    }
    let errors: Vec<FieldError> = errors.iter().map(FieldError::of).collect();
    Err(invalid(&call.gvk().group_kind(), name, &errors))
}

/// What a part of an object is when nobody wrote it; nothing for kinds without such a part and for custom
/// resources, which have no zeros.
pub(crate) fn untouched(call: &Call<'_>, part: &str) -> Option<Value> {
    if call.custom.is_some() {
        return None;
    }
    let field = call.schemas.schema(call.gvk())?.field(part)?;
    if field.is_pointer() {
        return None;
    }
    let empty = Value::Map(Map::new());
    let decoded = toft_schema::decode_schema(field.schema(), &empty).ok()?;
    Some(decoded.value)
}
