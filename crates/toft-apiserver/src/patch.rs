//! Changing an object by a patch, or making it by server-side apply.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/patch.go`.

use toft_api::{ApiError, Body, PatchKind, Reason, Response, Validation};
use toft_object::GroupKind;
use toft_schema::patch::{self, PatchError};
use toft_value::Value;

use crate::call::{Call, method_not_allowed};
use crate::invalid::{FieldError, invalid};
use crate::store::Store;
use crate::update::name_matches;
use crate::write::{self, Owners};
use crate::{check, create, decode, managed, prepare};

/// All that upstream says of a patch that does not fit the object.
///
/// Source: apimachinery 0.36.3 `pkg/api/errors/errors.go`, `NewGenericServerResponse`.
const UNPROCESSABLE: &str = "the server rejected our request due to an error in our request";

/// Patches the object, or its status.
pub(crate) fn patch(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    if call.path.name.is_empty() {
        return Err(method_not_allowed());
    }
    let Body::Patch { kind, content } = &call.request.body else {
        let message = "415: Unsupported Media Type";
        return Err(ApiError::new(Reason::UnsupportedMediaType, message));
    };
    options_fit(call, *kind)?;
    match kind {
        PatchKind::Apply => server_side_apply(call, store, content),
        PatchKind::Strategic if call.custom.is_some() => Err(no_strategy()),
        PatchKind::Json | PatchKind::Merge | PatchKind::Strategic => {
            let live = call.outward(call.live(store)?);
            let patched = patched(call, &live, *kind, content)?;
            let shown = match kind {
                PatchKind::Strategic => go_map(content),
                PatchKind::Json | PatchKind::Merge | PatchKind::Apply => patched.to_json(),
            };
            let object = checked(call, &patched, shown)?;
            name_matches(call, &object)?;
            let object = check::defaulted(call, object);
            write::replace(call, store, object, Owners::Noted)
        }
    }
}

/// What upstream says about a strategic merge patch of a custom resource.
fn no_strategy() -> ApiError {
    ApiError::new(
        Reason::UnsupportedMediaType,
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    )
}

/// Source: apimachinery 0.36.3 `pkg/apis/meta/v1/validation/validation.go`, `ValidatePatchOptions`.
fn options_fit(call: &Call<'_>, kind: PatchKind) -> Result<(), ApiError> {
    let options = &call.request.options;
    let error = match kind {
        PatchKind::Apply if options.field_manager.is_none() => {
            FieldError::required("fieldManager", "is required for apply patch")
        }
        PatchKind::Json | PatchKind::Merge | PatchKind::Strategic if options.force => {
            FieldError::forbidden("force", "may not be specified for non-apply patch")
        }
        PatchKind::Apply | PatchKind::Json | PatchKind::Merge | PatchKind::Strategic => {
            return Ok(());
        }
    };
    Err(invalid(
        &GroupKind::new("meta.k8s.io", "PatchOptions"),
        "",
        &[error],
    ))
}

fn patched(
    call: &Call<'_>,
    live: &Value,
    kind: PatchKind,
    content: &Value,
) -> Result<Value, ApiError> {
    match kind {
        PatchKind::Json | PatchKind::Strategic if content.is_null() => Ok(live.clone()),
        PatchKind::Merge if content.is_null() => Err(ApiError::bad_request("Invalid JSON Patch")),
        PatchKind::Merge if content.as_map().is_none() => Err(ApiError::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            content.kind().go_name()
        ))),
        PatchKind::Json if content.as_list().is_none() => Err(ApiError::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
            content.kind().go_name()
        ))),
        PatchKind::Json => patch::json(live, content).map_err(|error| refused(&error)),
        PatchKind::Strategic => {
            let schema = call.schemas.schema(call.gvk()).ok_or_else(no_strategy)?;
            patch::strategic(schema, live, content).map_err(|error| refused(&error))
        }
        PatchKind::Merge | PatchKind::Apply => Ok(patch::merge(live, content)),
    }
}

fn refused(error: &PatchError) -> ApiError {
    let (reason, message) = match error {
        PatchError::Bad(_) => (Reason::BadRequest, error.to_string()),
        PatchError::TooLong(_) => (Reason::RequestEntityTooLarge, error.to_string()),
        PatchError::Unprocessable(_) => (Reason::Invalid, UNPROCESSABLE.to_owned()),
        PatchError::Internal(_) => (Reason::Unknown, error.to_string()),
    };
    ApiError::new(reason, message)
}

/// The patched object, decoded: what is wrong with it is told of the patch.
fn checked(call: &Call<'_>, patched: &Value, shown: String) -> Result<Value, ApiError> {
    decode::object(call, patched).map_err(|error| {
        let mark = format!(" cannot be handled as a {}: ", call.gvk().kind);
        let Some((_, why)) = error.message.split_once(&mark) else {
            return error;
        };
        let shown = Value::from(shown);
        invalid(
            &GroupKind::default(),
            "",
            &[FieldError::invalid("patch", &shown, why)],
        )
    })
}

/// A value as Go prints maps: `map[a:1 b:[x y]]`.
fn go_map(value: &Value) -> String {
    match value {
        Value::Map(map) => {
            let mut pairs: Vec<(&str, String)> = map
                .iter()
                .map(|(key, inner)| (key.as_str(), go_map(inner)))
                .collect();
            pairs.sort();
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(key, inner)| format!("{key}:{inner}"))
                .collect();
            format!("map[{}]", pairs.join(" "))
        }
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(go_map).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Null => "<nil>".to_owned(),
        Value::Str(text) => text.to_string(),
        Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => value.to_json(),
    }
}

fn server_side_apply(
    call: &Call<'_>,
    store: &mut Store,
    content: &Value,
) -> Result<Response, ApiError> {
    let config = content.clone();
    let live = store
        .get(&call.key(&call.path.name))
        .map(|live| call.outward(live));
    if live.is_none() {
        if !call.path.subresource.is_empty() {
            return Err(call.not_found(&call.path.name));
        }
        uid_is_free(call, &config)?;
    }
    let config = match call.path.subresource.as_str() {
        "" => managed::without_status(call, config),
        _ => config,
    };
    let mut object = managed::applied(call, live.as_ref(), &config)?;
    repeated_keys(call)?;
    name_matches(call, &object)?;
    prepare::read(call, &mut object);
    if live.is_some() {
        return write::replace(call, store, object, Owners::Merged);
    }
    create::namespace_matches(call, &mut object)?;
    object.remove_at(&["metadata", "resourceVersion"]);
    Ok(Response::created(create::insert(call, store, object)?))
}

/// Keys that come twice in the text are told, or refused, once all else is well.
///
/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/patch.go`, `applyPatchToCurrentObject`.
fn repeated_keys(call: &Call<'_>) -> Result<(), ApiError> {
    let repeated = call.request.oddities.as_deref().unwrap_or_default();
    if repeated.is_empty() {
        return Ok(());
    }
    match call.validation() {
        Validation::Strict => {
            let lines = repeated.join("\n  ");
            let message = format!(
                "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {lines}"
            );
            return Err(ApiError::bad_request(message));
        }
        Validation::Warn => repeated.iter().for_each(|key| call.warn(key.as_str())),
        Validation::Ignore => {}
    }
    Ok(())
}

/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/patch.go`, `createNewObject`.
fn uid_is_free(call: &Call<'_>, config: &Value) -> Result<(), ApiError> {
    let uid = config.str_at(&["metadata", "uid"]).unwrap_or_default();
    if uid.is_empty() {
        return Ok(());
    }
    let why = format!(
        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
    );
    Err(ApiError::conflict(&call.named(), &call.path.name, &why))
}
