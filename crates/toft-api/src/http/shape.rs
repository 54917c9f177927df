//! In which shape and format an answer comes.

use toft_schema::{Resource, Schemas};

use super::HttpRequest;
use crate::accept::{self, Accepted, Refused};
use crate::error::{ApiError, Reason};
use crate::query::Query;
use crate::request::{
    Document, IncludeObject, Representation, Request, ResourcePath, Target, Verb,
};

/// What the client and the server agree on.
pub(super) fn accepted(
    http: &HttpRequest<'_>,
    query: &Query,
    target: &Target,
) -> Result<Accepted, Refused> {
    match target {
        Target::Document(
            document @ (Document::OpenApiV2 | Document::OpenApi { .. } | Document::OpenApiIndex),
        ) => accept::negotiate_open_api(http.accept, document).ok_or(Refused::Media),
        Target::Document(_) | Target::Resource(_) => {
            accept::negotiate(http.accept, include_object(query))
        }
    }
}

/// Collections can be watched too, whose stream has a media type of its own.
pub(super) fn not_acceptable(method: &str, target: &Target, refused: Refused) -> ApiError {
    const ALWAYS: &str = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    const STREAMS: &str =
        ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    if refused == Refused::Shape {
        return wrong_shape();
    }
    let is_collection = matches!(target, Target::Resource(path) if path.name.is_empty());
    let streams = if method == "GET" && is_collection {
        STREAMS
    } else {
        ""
    };
    ApiError::new(Reason::NotAcceptable, format!("{ALWAYS}{streams}"))
}

/// What upstream says where a resource does not come in the shape that is asked for.
fn wrong_shape() -> ApiError {
    ApiError::new(
        Reason::NotAcceptable,
        "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    )
}

/// Refuses shapes that the resource does not have.
///
/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/response.go`, `transformObject`.
pub(super) fn shape_fits(
    request: &Request,
    (path, schemas): (&ResourcePath, &Schemas),
    (accepted, query): (Accepted, &Query),
) -> Result<(), ApiError> {
    if accepted.aggregated {
        return Err(wrong_shape());
    }
    let Some(resource) = schemas.resource(&path.group, &path.version, &path.resource) else {
        return Ok(());
    };
    match accepted.representation {
        Representation::Object => Ok(()),
        _ if !resource.allows("get") => Err(wrong_shape()),
        Representation::Table(_) => match query.get("includeObject").unwrap_or_default() {
            "" | "None" | "Metadata" | "Object" => Ok(()),
            other => Err(ApiError::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        },
        Representation::Metadata => {
            let is_list = matches!(request.verb, Verb::List | Verb::DeleteCollection);
            if request.verb == Verb::Watch || is_list == accepted.list {
                return Ok(());
            }
            let kind = go_type(resource, schemas);
            let why = if is_list {
                format!(
                    "you requested PartialObjectMetadata, but the requested object is a list (*{kind}List)"
                )
            } else {
                format!(
                    "you requested PartialObjectMetadataList, but the requested object is not a list (*{kind})"
                )
            };
            Err(ApiError::new(Reason::NotAcceptable, why))
        }
    }
}

/// The type that upstream has for the objects of a resource.
fn go_type(resource: &Resource, schemas: &Schemas) -> String {
    let is_custom = schemas.written(&resource.gvk).is_some();
    let package = resource.group.split('.').next().unwrap_or_default();
    match package {
        _ if is_custom => "unstructured.Unstructured".to_owned(),
        "" => format!("core.{}", resource.gvk.kind),
        package => format!("{package}.{}", resource.gvk.kind),
    }
}

fn include_object(query: &Query) -> IncludeObject {
    match query.get("includeObject") {
        Some("None") => IncludeObject::None,
        Some("Object") => IncludeObject::Object,
        Some(_) | None => IncludeObject::Metadata,
    }
}
