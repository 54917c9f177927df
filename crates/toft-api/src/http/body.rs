//! Bodies of requests: JSON, YAML or protobuf, and patches.

use std::fmt::Write as _;

use toft_object::Gvk;
use toft_schema::{Schema, Schemas};
use toft_source::{Severity, Source, Span};
use toft_value::{Value, value};
use toft_yaml::Resolver;

use super::{BODY_BYTES_MAX, HttpRequest};
use crate::error::{ApiError, Reason};
use crate::json_text;
use crate::protobuf;
use crate::request::{Body, PatchKind, Request, ResourcePath, Validation, Verb};

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Reads what a request brings.
///
/// # Errors
/// The refusal that upstream would give.
pub(super) fn read_body(
    http: &HttpRequest<'_>,
    schemas: &Schemas,
    path: &ResourcePath,
    request: &mut Request,
) -> Result<(), ApiError> {
    // Of a resource that is not served the server says so; its body means nothing.
    let Some(kind) = body_kind(schemas, path, request.verb) else {
        return Ok(());
    };
    if http.body.len() > BODY_BYTES_MAX {
        return Err(ApiError::new(
            Reason::RequestEntityTooLarge,
            format!("Request entity too large: limit is {BODY_BYTES_MAX}"),
        ));
    }
    match request.verb {
        Verb::Get | Verb::List | Verb::Watch => Ok(()),
        Verb::Delete | Verb::DeleteCollection if http.body.is_empty() => Ok(()),
        Verb::Create | Verb::Update | Verb::Delete | Verb::DeleteCollection => {
            let read = object(http, schemas, &kind, request)?;
            request.body = Body::Object(read);
            Ok(())
        }
        Verb::Patch => read_patch(http, schemas, &kind, request),
    }
}

/// The kind of the body that a path takes.
fn body_kind(schemas: &Schemas, path: &ResourcePath, verb: Verb) -> Option<Gvk> {
    let resource = schemas.resource(&path.group, &path.version, &path.resource)?;
    if matches!(verb, Verb::Delete | Verb::DeleteCollection) {
        return Some(Gvk::of("v1", "DeleteOptions"));
    }
    if path.subresource.is_empty() {
        return Some(resource.gvk.clone());
    }
    resource
        .subresource(&path.subresource)
        .map(|subresource| subresource.gvk.clone())
}

fn object(
    http: &HttpRequest<'_>,
    schemas: &Schemas,
    kind: &Gvk,
    request: &mut Request,
) -> Result<Value, ApiError> {
    match media_type(http.content_type) {
        "application/vnd.kubernetes.protobuf" => {
            request.oddities = Some(Vec::new());
            protobuf::decode(http.body, schemas)
                .map_err(|error| unrecognized(kind, &error.to_string(), http.body))
        }
        "application/json" | "" => json(http.body, schemas, kind, request),
        "application/yaml" => yaml(http.body, schemas, kind, request),
        _ => Err(ApiError::new(
            Reason::UnsupportedMediaType,
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
        )),
    }
}

fn schema_of<'s>(schemas: &'s Schemas, kind: &Gvk) -> Option<Schema<'s>> {
    schemas.schema(kind)
}

fn json(
    body: &[u8],
    schemas: &Schemas,
    kind: &Gvk,
    request: &mut Request,
) -> Result<Value, ApiError> {
    let ignored = request.options.field_validation == Some(Validation::Ignore);
    let schema = if ignored {
        None
    } else {
        schema_of(schemas, kind)
    };
    let parsed = Value::from_json(body);
    // Read once more only where something is to be told of the text.
    if parsed.is_err() || schema.is_some() {
        let oddities = json_text::oddities(body, schema).map_err(|error| {
            unrecognized(
                kind,
                &format!("couldn't get version/kind; json parse error: {error}"),
                body,
            )
        })?;
        request.oddities = Some(oddities);
    }
    let parsed = parsed.map_err(|error| {
        unrecognized(
            kind,
            &format!(
                "couldn't get version/kind; json parse error: {}",
                error.message
            ),
            body,
        )
    })?;
    if parsed.is_null() {
        return Ok(value!({}));
    }
    if let Some(odd) = ["apiVersion", "kind"]
        .iter()
        .find(|key| is_no_text(&parsed, key))
    {
        let found = parsed.get(odd).unwrap_or(&Value::Null).kind().go_name();
        let why = format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go struct field .{odd} of type string"
        );
        return Err(unrecognized(kind, &why, body));
    }
    if parsed.as_map().is_none() {
        let found = parsed.kind().go_name();
        let why = format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        );
        return Err(unrecognized(kind, &why, body));
    }
    Ok(parsed)
}

fn is_no_text(object: &Value, key: &str) -> bool {
    object
        .get(key)
        .is_some_and(|value| !value.is_null() && value.as_str().is_none())
}

/// What Go says of a text that is no JSON; empty where it has nothing to say.
pub fn json_problem(text: &[u8]) -> String {
    json_text::oddities(text, None).err().unwrap_or_default()
}

/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/rest.go`, `transformDecodeError`, `summarizeData`.
fn unrecognized(kind: &Gvk, why: &str, body: &[u8]) -> ApiError {
    // Of options it says less.
    if kind.kind == "DeleteOptions" {
        return ApiError::bad_request(why);
    }
    ApiError::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {why} ({})",
        kind.kind,
        summary(body)
    ))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn summary(body: &[u8]) -> String {
    const SHOWN: usize = 30;
    let shown = body.get(..SHOWN.min(body.len())).unwrap_or_default();
    let text = match body.first() {
        None => return "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(shown).into_owned(),
        Some(_) => hex(shown),
    };
    if body.len() > SHOWN {
        format!("{text} ...")
    } else {
        text
    }
}

fn yaml(
    body: &[u8],
    schemas: &Schemas,
    kind: &Gvk,
    request: &mut Request,
) -> Result<Value, ApiError> {
    let text = String::from_utf8_lossy(body).into_owned();
    let value =
        yaml_value(&text).map_err(|why| unrecognized(kind, &format!("yaml: {why}"), body))?;
    // Upstream turns YAML into JSON first, whose keys are sorted.
    let schema = schema_of(schemas, kind);
    let oddities = json_text::oddities(value.to_json().as_bytes(), schema);
    request.oddities = Some(oddities.unwrap_or_default());
    Ok(value)
}

/// The first document of a text.
fn yaml_value(text: &str) -> Result<Value, String> {
    yaml_text(text).map(|(value, _)| value)
}

/// The first document, and the keys that come twice in it as Go's reader tells them: `line 9: key "foo" already
/// set in map`.
///
/// Source: `sigs.k8s.io/yaml` 1.6.0 `goyaml.v2/decode.go`, `setMapIndex`.
fn yaml_text(text: &str) -> Result<(Value, Vec<String>), String> {
    let source = Source::new("body", text.as_bytes().into());
    let checked = toft_yaml::values(&source, Resolver::Kubectl);
    if let Some(trouble) = checked
        .diagnostics
        .iter()
        .find(|one| one.severity == Severity::Error)
    {
        return Err(trouble.message.clone());
    }
    let repeated = checked.diagnostics.iter();
    let repeated = repeated.filter(|one| one.code == toft_yaml::REPEATED_KEY);
    let repeated =
        repeated.filter_map(|one| Some(repeated_key((&source, text), one.labels.first()?.span)));
    let repeated = repeated.collect();
    let first = checked.value.into_iter().next();
    Ok((first.map_or(Value::Null, |located| located.value), repeated))
}

/// A key that came before, told with the line where its value begins.
fn repeated_key((source, text): (&Source, &str), key: Span) -> String {
    let (start, end) = (key.start as usize, key.end as usize);
    let written = text.get(start..end).unwrap_or_default();
    let name = written.trim_matches(['"', '\'']);
    let rest = text.get(end..).unwrap_or_default();
    let gap = rest.find(|character: char| character != ':' && !character.is_whitespace());
    let value = end + gap.unwrap_or_default();
    let line = source
        .position(u32::try_from(value).unwrap_or(key.end))
        .line;
    format!("line {line}: key {name:?} already set in map")
}

fn read_patch(
    http: &HttpRequest<'_>,
    schemas: &Schemas,
    kind: &Gvk,
    request: &mut Request,
) -> Result<(), ApiError> {
    let patch = match media_type(http.content_type) {
        "application/json-patch+json" => PatchKind::Json,
        "application/merge-patch+json" => PatchKind::Merge,
        "application/strategic-merge-patch+json" => PatchKind::Strategic,
        "application/apply-patch+yaml" => PatchKind::Apply,
        // The server knows which patches the resource takes.
        _ => return Ok(()),
    };
    let content = if patch == PatchKind::Apply {
        apply_body(http.body, request)?
    } else {
        plain_patch(http.body, (patch, schema_of(schemas, kind)), request)?
    };
    request.body = Body::Patch {
        kind: patch,
        content,
    };
    Ok(())
}

/// A patch of any other kind is JSON; fields that are there twice are noted.
fn plain_patch(
    body: &[u8],
    (kind, schema): (PatchKind, Option<Schema<'_>>),
    request: &mut Request,
) -> Result<Value, ApiError> {
    let told = json_text::oddities(body, schema);
    let content = Value::from_json(body).map_err(|error| {
        let why = told.clone().err().unwrap_or(error.message);
        match kind {
            PatchKind::Strategic => ApiError::bad_request(why),
            PatchKind::Json | PatchKind::Merge | PatchKind::Apply => {
                ApiError::bad_request(format!("error decoding patch: {why}"))
            }
        }
    })?;
    // A patch is no object: it has fields of its own.
    let mut told = told.unwrap_or_default();
    told.retain(|one| one.starts_with("duplicate"));
    request.oddities = Some(told).filter(|told| !told.is_empty());
    Ok(content)
}

/// An apply brings YAML, of which JSON is a part; most clients bring JSON.
fn apply_body(body: &[u8], request: &mut Request) -> Result<Value, ApiError> {
    if let Ok(value) = Value::from_json(body) {
        if value.as_map().is_none() && !value.is_null() {
            return Err(ApiError::bad_request(format!(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                value.kind().go_name()
            )));
        }
        // Upstream reads it as YAML all the same.
        let repeated = yaml_text(&String::from_utf8_lossy(body)).map(|(_, repeated)| repeated);
        request.oddities = Some(repeated.unwrap_or_default());
        return Ok(value);
    }
    let (value, repeated) = yaml_text(&String::from_utf8_lossy(body)).map_err(|why| {
        ApiError::bad_request(format!(
            "error decoding YAML: error converting YAML to JSON: {why}"
        ))
    })?;
    request.oddities = Some(repeated);
    Ok(value)
}
