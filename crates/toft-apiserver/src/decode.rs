//! The object that a request brings, checked against the kind that its URL names.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/create.go`, `update.go`; the texts are those of
//! apimachinery 0.36.3 `pkg/runtime` and Go's `encoding/json`.

use toft_api::{ApiError, Validation};
use toft_object::Gvk;
use toft_value::Value;

use crate::call::Call;

/// Reads the object: its kind and version, the types of its fields; unknown fields are dropped, told or
/// refused as the request asks.
pub(crate) fn object(call: &Call<'_>, body: &Value) -> Result<Value, ApiError> {
    decode_as(call, call.gvk(), body)
}

/// The same for the kind of a subresource.
pub(crate) fn decode_as(call: &Call<'_>, expected: &Gvk, body: &Value) -> Result<Value, ApiError> {
    let mut object = body.clone();
    if object.as_map().is_none() {
        return Err(cannot(
            expected,
            expected,
            "json: cannot unmarshal into Go value",
        ));
    }
    kind_and_version(call, expected, &mut object)?;
    let decoded = toft_schema::decode(call.schemas, expected, &object)
        .map_err(|error| cannot(expected, expected, &error.to_string()))?;
    let oddities = match (&call.request.oddities, call.validation()) {
        (_, Validation::Ignore) => &[],
        // What was seen in the text is in its order, and knows of duplicates.
        (Some(oddities), _) => oddities.as_slice(),
        (None, _) => decoded.unknown.as_slice(),
    };
    match call.validation() {
        Validation::Strict if !oddities.is_empty() => {
            let why = format!("strict decoding error: {}", oddities.join(", "));
            return Err(cannot(expected, expected, &why));
        }
        Validation::Ignore | Validation::Strict => {}
        Validation::Warn => oddities
            .iter()
            .for_each(|oddity| call.warn(oddity.as_str())),
    }
    Ok(decoded.value)
}

fn kind_and_version(call: &Call<'_>, expected: &Gvk, object: &mut Value) -> Result<(), ApiError> {
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default().to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if call.custom.is_some() {
        custom_kind(expected, &version, &kind, object)?;
    }
    let version = if version.is_empty() {
        expected.api_version().to_string()
    } else {
        version
    };
    let kind = if kind.is_empty() {
        expected.kind.to_string()
    } else {
        kind
    };
    let found = Gvk::of(&version, &kind);
    if found != *expected {
        return Err(mismatch(call, expected, &found));
    }
    object.set_at(&["apiVersion"], version);
    object.set_at(&["kind"], kind);
    Ok(())
}

/// Custom resources must say what they are.
fn custom_kind(expected: &Gvk, version: &str, kind: &str, object: &Value) -> Result<(), ApiError> {
    let missing = if kind.is_empty() {
        "Kind"
    } else if version.is_empty() {
        "apiVersion"
    } else {
        return Ok(());
    };
    let why = format!(
        "the object provided is unrecognized (must be of type {}): Object '{missing}' is missing in '{}' ({})",
        expected.kind,
        object.to_json(),
        hex_of(object)
    );
    Err(ApiError::bad_request(why))
}

/// The first bytes of the body, as upstream shows them.
fn hex_of(object: &Value) -> String {
    let text = object.to_json();
    let shown = text.bytes().take(64).map(|byte| format!("{byte:02x}"));
    let shown: String = shown.collect();
    if text.len() > 64 {
        format!("{shown} ...")
    } else {
        shown
    }
}

fn mismatch(call: &Call<'_>, expected: &Gvk, found: &Gvk) -> ApiError {
    if call.custom.is_some() || (found.kind == expected.kind && call.schemas.kind(found).is_some())
    {
        return ApiError::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({})",
            found.api_version(),
            expected.api_version()
        ));
    }
    if call.schemas.kind(found).is_some() {
        let (from, to) = (
            go_type(found, &found.version),
            go_type(expected, &internal(expected)),
        );
        return cannot(
            found,
            expected,
            &format!("converting ({from}) to ({to}): unknown conversion"),
        );
    }
    let why = format!(
        "no kind {:?} is registered for version {:?} in scheme \"pkg/runtime/scheme.go:111\"",
        found.kind,
        found.api_version()
    );
    cannot(found, expected, &why)
}

fn go_type(gvk: &Gvk, package: &str) -> String {
    format!("{package}.{}", gvk.kind)
}

/// The name of the Go package of the internal types of a group.
fn internal(gvk: &Gvk) -> String {
    let first = gvk.group.split('.').next().unwrap_or_default();
    if first.is_empty() {
        "core".to_owned()
    } else {
        first.to_owned()
    }
}

fn cannot(found: &Gvk, expected: &Gvk, why: &str) -> ApiError {
    ApiError::bad_request(format!(
        "{} in version {:?} cannot be handled as a {}: {why}",
        found.kind, found.version, expected.kind
    ))
}
