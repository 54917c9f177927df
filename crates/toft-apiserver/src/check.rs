//! What schemas say of an object: its defaults, and what is wrong with it.

mod requests;

use toft_api::ApiError;
use toft_object::GroupKind;
use toft_schema::FieldError as SchemaError;
use toft_value::{Map, Value};

use crate::admission::is;
use crate::call::Call;
use crate::invalid::{FieldError, invalid};
use crate::prepare;

/// The object with the values that it left out.
pub(crate) fn defaulted(call: &Call<'_>, mut object: Value) -> Value {
    toft_schema::apply_defaults(call.schemas, call.gvk(), &mut object);
    toft_schema::prune_nulls(call.schemas, call.gvk(), &mut object);
    prepare::read(call, &mut object);
    object
}

/// Refuses a new object that is wrong.
///
/// # Errors
/// The refusal, with every error.
pub(crate) fn new_object(call: &Call<'_>, name: &str, object: &Value) -> Result<(), ApiError> {
    refuse(
        call,
        name,
        &toft_schema::validate(call.schemas, call.gvk(), object),
    )
}

/// Refuses a change that is wrong.
///
/// # Errors
/// The refusal, with every error.
pub(crate) fn change(call: &Call<'_>, live: &Value, new: &Value) -> Result<(), ApiError> {
    no_new_finalizers(call, live, new)?;
    if matches!(
        call.path.subresource.as_str(),
        "ephemeralcontainers" | "resize"
    ) {
        ephemeral_stay(call, live, new)?;
        return new_object(call, &call.path.name, new);
    }
    let mut errors = Vec::new();
    if is(call, "certificates.k8s.io", "certificatesigningrequests") {
        errors = requests::change(call, live, new);
    }
    let told = toft_schema::validate_update(call.schemas, call.gvk(), live, new);
    errors.extend(told.iter().map(FieldError::of));
    refuse_all(call, &call.path.name, &errors)
}

/// Debuggers that are there are there for good.
///
/// Source: Kubernetes 1.36.3 `pkg/apis/core/validation/validation.go`,
/// `ValidatePodEphemeralContainersUpdate`; what differs, upstream tells in lines of Go after the first.
fn ephemeral_stay(call: &Call<'_>, live: &Value, new: &Value) -> Result<(), ApiError> {
    const FIELD: &[&str] = &["spec", "ephemeralContainers"];
    let list = new.items_at(FIELD);
    let mut errors = Vec::new();
    for old in live.items_at(FIELD) {
        let name = old.str_at(&["name"]).unwrap_or_default();
        let what = match list.iter().find(|one| one.get("name") == old.get("name")) {
            Some(one) if one == old => continue,
            Some(_) => "changed",
            None => "removed",
        };
        let why = format!("existing ephemeral containers {name:?} may not be {what}\n");
        errors.push(FieldError::forbidden("spec.ephemeralContainers", &why));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(invalid(&call.gvk().group_kind(), &call.path.name, &errors))
}

/// What is on its way out takes no more finalizers. Upstream checks that twice, and says so twice.
///
/// Source: apimachinery 0.36.3 `pkg/api/validation/objectmeta.go`, `ValidateNoNewFinalizers`.
fn no_new_finalizers(call: &Call<'_>, live: &Value, new: &Value) -> Result<(), ApiError> {
    const FIELD: &[&str] = &["metadata", "finalizers"];
    if live.at(&["metadata", "deletionTimestamp"]).is_none() {
        return Ok(());
    }
    let old = live.items_at(FIELD);
    let added = new.items_at(FIELD).iter().filter(|one| !old.contains(one));
    let added: Vec<String> = added.map(Value::to_json).collect();
    if added.is_empty() {
        return Ok(());
    }
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    let error = FieldError::forbidden("metadata.finalizers", &why);
    let twice = [error.clone(), error];
    Err(invalid(&call.gvk().group_kind(), &call.path.name, &twice))
}

fn refuse(call: &Call<'_>, name: &str, errors: &[SchemaError]) -> Result<(), ApiError> {
    let errors: Vec<FieldError> = errors.iter().map(FieldError::of).collect();
    refuse_all(call, name, &errors)
}

fn refuse_all(call: &Call<'_>, name: &str, errors: &[FieldError]) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    // Kinds of two groups are told by the one that keeps them.
    let kind = GroupKind::new(&call.stored.group, &call.gvk().kind);
    Err(invalid(&kind, name, errors))
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
