//! The object that a request brings, checked against the kind that its URL names.
//!
//! Source: apiserver 0.36.3 `pkg/endpoints/handlers/create.go`, `update.go`; the texts are those of
//! apimachinery 0.36.3 `pkg/runtime` and Go's `encoding/json`.

use std::fmt::Write as _;

use toft_api::{ApiError, Body, PatchKind, Validation, Verb};
use toft_object::Gvk;
use toft_schema::{DecodeError, Decoded};
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
    let decoded = match call.custom {
        Some(_) if *expected == *call.gvk() => custom(call, &object),
        Some(_) | None => toft_schema::decode(call.schemas, expected, &object),
    };
    let decoded = decoded.map_err(|error| cannot(expected, expected, &told(call, &error)))?;
    let oddities = match (&call.request.oddities, call.validation()) {
        (_, Validation::Ignore) => Vec::new(),
        (Some(seen), _) if call.custom.is_some() && call.request.verb != Verb::Patch => {
            let duplicates = seen.iter().filter(|oddity| oddity.starts_with("duplicate"));
            decoded.unknown.iter().chain(duplicates).cloned().collect()
        }
        // What an applied text repeats is told once it is applied.
        (Some(_), _) if patch_kind(call) == Some(PatchKind::Apply) => decoded.unknown.clone(),
        // The text of a patch knows of duplicates, and the patched object of unknown fields.
        (Some(seen), _) if call.request.verb == Verb::Patch => {
            seen.iter().chain(&decoded.unknown).cloned().collect()
        }
        // What was seen in the text is in its order, and knows of duplicates.
        (Some(seen), _) => seen.clone(),
        (None, _) => decoded.unknown.clone(),
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

/// Custom resources are no Go structs: what their schema does not name is dropped, and only their metadata
/// is read as everybody's.
fn custom(call: &Call<'_>, object: &Value) -> Result<Decoded, DecodeError> {
    let mut value = object.clone();
    toft_schema::prune(call.schemas, call.gvk(), &mut value);
    let mut unknown = Vec::new();
    dropped(object, &value, &mut (String::new(), &mut unknown));
    if let (Some(metadata), Some(schema)) =
        (value.get("metadata"), call.schemas.definition(OBJECT_META))
    {
        let decoded = toft_schema::decode_schema(schema, metadata)?;
        let told = decoded.unknown.iter();
        unknown.extend(told.map(|one| one.replacen('"', "\"metadata.", 1)));
        value.set_at(&["metadata"], decoded.value);
    }
    unknown.sort();
    Ok(Decoded { value, unknown })
}

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Notes the paths of what is in `before` and no more in `after`.
fn dropped(before: &Value, after: &Value, at: &mut (String, &mut Vec<String>)) {
    let length = at.0.len();
    for (key, inner) in before.as_map().into_iter().flatten() {
        if length > 0 {
            at.0.push('.');
        }
        at.0.push_str(key);
        match after.get(key) {
            Some(kept) => dropped(inner, kept, at),
            None => at.1.push(format!("unknown field {:?}", at.0)),
        }
        at.0.truncate(length);
    }
    for (index, (inner, kept)) in before.items().iter().zip(after.items()).enumerate() {
        let _ = write!(at.0, "[{index}]");
        dropped(inner, kept, at);
        at.0.truncate(length);
    }
}

fn kind_and_version(call: &Call<'_>, expected: &Gvk, object: &mut Value) -> Result<(), ApiError> {
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default().to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if call.custom.is_some() {
        custom_kind(expected, &version, &kind, object)?;
    }
    if version.matches('/').count() > 1 {
        return Err(ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): unexpected GroupVersion string: {version} ({})",
            expected.kind,
            beginning_of(object)
        )));
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
        beginning_of(object)
    );
    Err(ApiError::bad_request(why))
}

/// The first bytes of the body, as upstream shows them.
fn beginning_of(object: &Value) -> String {
    const SHOWN: usize = 30;
    let text = object.to_json();
    match text.get(..SHOWN) {
        Some(shown) if text.len() > SHOWN => format!("{shown} ..."),
        Some(_) | None => text,
    }
}

fn mismatch(call: &Call<'_>, expected: &Gvk, found: &Gvk) -> ApiError {
    let is_known = call.schemas.kind(found).is_some() || is_retired(found);
    if call.custom.is_some() || (found.kind == expected.kind && is_known) {
        return ApiError::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({})",
            found.api_version(),
            expected.api_version()
        ));
    }
    if call.schemas.kind(found).is_some() || is_list(call, found) {
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

/// Every kind that can be listed has a kind of lists.
fn is_list(call: &Call<'_>, gvk: &Gvk) -> bool {
    let item = gvk.kind.strip_suffix("List").map(|kind| Gvk {
        kind: kind.into(),
        ..gvk.clone()
    });
    let resource = item.and_then(|item| call.schemas.kind(&item));
    resource.is_some_and(|resource| resource.allows("list"))
}

/// Versions that upstream still reads and no longer serves.
///
/// Source: Kubernetes 1.36.3 `pkg/apis/*/install/install.go`.
const RETIRED: &[(&str, &str)] = &[
    ("apps", "v1beta1"),
    ("apps", "v1beta2"),
    ("batch", "v1beta1"),
    ("coordination.k8s.io", "v1beta1"),
    ("discovery.k8s.io", "v1beta1"),
    ("events.k8s.io", "v1beta1"),
    ("extensions", "v1beta1"),
    ("networking.k8s.io", "v1beta1"),
    ("policy", "v1beta1"),
    ("rbac.authorization.k8s.io", "v1alpha1"),
    ("rbac.authorization.k8s.io", "v1beta1"),
    ("storage.k8s.io", "v1beta1"),
];

fn is_retired(gvk: &Gvk) -> bool {
    RETIRED.contains(&(gvk.group.as_str(), gvk.version.as_str()))
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

fn patch_kind(call: &Call<'_>) -> Option<PatchKind> {
    match &call.request.body {
        Body::Patch { kind, .. } => Some(*kind),
        Body::None | Body::Object(_) => None,
    }
}

/// A strategic merge patch is no text that is read again.
fn told(call: &Call<'_>, error: &DecodeError) -> String {
    if patch_kind(call) == Some(PatchKind::Strategic) {
        error.restored().to_owned()
    } else {
        error.to_string()
    }
}

fn cannot(found: &Gvk, expected: &Gvk, why: &str) -> ApiError {
    ApiError::bad_request(format!(
        "{} in version {:?} cannot be handled as a {}: {why}",
        found.kind, found.version, expected.kind
    ))
}
