//! Calls as HTTP carries them: bytes to a [`Request`], a [`Response`] to bytes, and the way back for a live
//! cluster.

use std::fmt::Write as _;

use toft_object::Gvk;
use toft_schema::{Schema, Schemas};
use toft_source::{Severity, Source};
use toft_value::{Value, value};
use toft_yaml::Resolver;

use crate::accept::{self, Accepted, Format};
use crate::error::{ApiError, Reason};
use crate::json_text;
use crate::open_api_binary;
use crate::path;
use crate::protobuf;
use crate::query::{self, Query};
use crate::request::{
    Body, Document, IncludeObject, PatchKind, Representation, Request, ResourcePath, Target,
    Validation, Verb,
};
use crate::response::{Response, ResponseBody};
use crate::watch::{WatchEvent, WatchEventKind};

/// The largest body that is read.
///
/// Source: apiserver 0.36.3 `pkg/server/config.go`, `MaxRequestBodyBytes`: 3 `MiB`.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// What upstream answers, as plain text, where a path means nothing.
const NO_PAGE: &str = "404 page not found\n";

/// A call as HTTP brings it. A header that is missing is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpRequest<'a> {
    /// `GET`, `POST`, ….
    pub method: &'a str,
    /// The path and the query.
    pub target: &'a str,
    /// The header `Accept`.
    pub accept: &'a str,
    /// The header `Content-Type`.
    pub content_type: &'a str,
    /// The header `User-Agent`.
    pub agent: &'a str,
    /// The name of the user, as the door found it out.
    pub user: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A call as HTTP is to carry it to a live cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// `GET`, `POST`, ….
    pub method: &'static str,
    /// The path and the query.
    pub target: String,
    /// The header `Accept`.
    pub accept: &'static str,
    /// The header `Content-Type`; empty where there is no body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// JSON or YAML.
    pub format: Format,
    /// Whether JSON is indented, for people.
    pub pretty: bool,
    aggregated: bool,
}

/// An answer as HTTP carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub code: u16,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// Values of the header `Warning`.
    pub warnings: Vec<String>,
    /// The header `Retry-After`, in seconds; 0 for none.
    pub retry_after_seconds: u32,
    /// The body.
    pub body: Vec<u8>,
}

/// Reads a call.
///
/// Bodies are JSON, YAML or protobuf. What strict decoding objects to is noted for the server to judge.
///
/// # Errors
/// The refusal that upstream would give: a method, media type, option or body that cannot be read.
pub fn read(http: &HttpRequest<'_>, schemas: &Schemas) -> Result<(Request, Encoding), ApiError> {
    let (path, text) = http.target.split_once('?').unwrap_or((http.target, ""));
    let query = Query::parse(text);
    let named = path::parse(path);
    let accepted = accepted(http, &query, &named.target)
        .ok_or_else(|| not_acceptable(http.method, &named.target))?;
    let encoding = Encoding {
        format: accepted.format,
        pretty: is_pretty(&query, http.agent),
        aggregated: accepted.aggregated,
    };
    let mut request = Request {
        user: http.user.into(),
        agent: http.agent.into(),
        ..Request::get("", ResourcePath::default())
    };
    match named.target {
        Target::Document(document) => {
            if !matches!(http.method, "GET" | "HEAD") {
                return Err(method_not_allowed());
            }
            request.target = Target::Document(with_query(document, &query, accepted));
        }
        Target::Resource(resource) => {
            request.verb = verb(http.method, &resource)?;
            let asked = named.watch || query.flag("watch").unwrap_or(false);
            if asked && (named.watch || request.verb == Verb::List) {
                request.verb = Verb::Watch;
            }
            request.options = query.options(request.verb)?;
            request.representation = accepted.representation;
            read_body(http, schemas, &resource, &mut request)?;
            request.target = Target::Resource(resource);
        }
    }
    Ok((request, encoding))
}

fn accepted(http: &HttpRequest<'_>, query: &Query, target: &Target) -> Option<Accepted> {
    match target {
        Target::Document(
            document @ (Document::OpenApiV2 | Document::OpenApi { .. } | Document::OpenApiIndex),
        ) => accept::negotiate_open_api(http.accept, document),
        Target::Document(_) | Target::Resource(_) => {
            accept::negotiate(http.accept, include_object(query))
        }
    }
}

/// Collections can be watched too, whose stream has a media type of its own.
fn not_acceptable(method: &str, target: &Target) -> ApiError {
    const ALWAYS: &str = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    const STREAMS: &str =
        ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    let is_collection = matches!(target, Target::Resource(path) if path.name.is_empty());
    let streams = if method == "GET" && is_collection {
        STREAMS
    } else {
        ""
    };
    ApiError::new(Reason::NotAcceptable, format!("{ALWAYS}{streams}"))
}

fn include_object(query: &Query) -> IncludeObject {
    match query.get("includeObject") {
        Some("None") => IncludeObject::None,
        Some("Object") => IncludeObject::Object,
        Some(_) | None => IncludeObject::Metadata,
    }
}

/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/negotiation/negotiate.go`, `isPrettyPrint`.
fn is_pretty(query: &Query, agent: &str) -> bool {
    let reader = ["curl", "Wget", "Mozilla/5.0"]
        .iter()
        .any(|name| agent.starts_with(name));
    query.flag("pretty").unwrap_or(reader)
}

fn with_query(document: Document, query: &Query, accepted: Accepted) -> Document {
    let aggregated = accepted.aggregated;
    match document {
        Document::Health { check, .. } => {
            let verbose = query.flag("verbose").unwrap_or(false);
            Document::Health { check, verbose }
        }
        Document::CoreVersions { .. } => Document::CoreVersions { aggregated },
        Document::Groups { .. } => Document::Groups { aggregated },
        other => other,
    }
}

fn method_not_allowed() -> ApiError {
    ApiError::new(
        Reason::MethodNotAllowed,
        "the server does not allow this method on the requested resource",
    )
}

fn verb(method: &str, path: &ResourcePath) -> Result<Verb, ApiError> {
    Ok(match (method, path.name.is_empty()) {
        ("GET" | "HEAD", true) => Verb::List,
        ("GET" | "HEAD", false) => Verb::Get,
        ("POST", _) => Verb::Create,
        ("PUT", _) => Verb::Update,
        ("PATCH", _) => Verb::Patch,
        ("DELETE", true) => Verb::DeleteCollection,
        ("DELETE", false) => Verb::Delete,
        _ => return Err(method_not_allowed()),
    })
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn read_body(
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
    if parsed.as_map().is_none() {
        let found = go_kind(&parsed);
        let why = format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        );
        return Err(unrecognized(kind, &why, body));
    }
    Ok(parsed)
}

/// What Go says of a text that is no JSON; empty where it has nothing to say.
pub fn json_problem(text: &[u8]) -> String {
    json_text::oddities(text, None).err().unwrap_or_default()
}

/// What Go's JSON decoder calls a value.
pub fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// Source: apiserver 0.36.3 `pkg/endpoints/handlers/rest.go`, `transformDecodeError`, `summarizeData`.
fn unrecognized(kind: &Gvk, why: &str, body: &[u8]) -> ApiError {
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
    let source = Source::new("body", text.as_bytes().into());
    let checked = toft_yaml::values(&source, Resolver::Kubectl);
    if let Some(trouble) = checked
        .diagnostics
        .iter()
        .find(|one| one.severity == Severity::Error)
    {
        return Err(trouble.message.clone());
    }
    let first = checked.value.into_iter().next();
    Ok(first.map_or(Value::Null, |located| located.value))
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
        apply_body(http.body, schemas, kind, request)?
    } else {
        Value::from_json(http.body).map_err(|error| {
            let why = json_text::oddities(http.body, None)
                .err()
                .unwrap_or(error.message);
            ApiError::bad_request(format!("error decoding patch: {why}"))
        })?
    };
    request.body = Body::Patch {
        kind: patch,
        content,
    };
    Ok(())
}

/// An apply brings YAML, of which JSON is a part; most clients bring JSON.
fn apply_body(
    body: &[u8],
    schemas: &Schemas,
    kind: &Gvk,
    request: &mut Request,
) -> Result<Value, ApiError> {
    if let Ok(value) = Value::from_json(body) {
        let oddities = json_text::oddities(body, schema_of(schemas, kind));
        request.oddities = Some(oddities.unwrap_or_default());
        return Ok(value);
    }
    let text = String::from_utf8_lossy(body).into_owned();
    let value = yaml_value(&text).map_err(|why| {
        ApiError::bad_request(format!(
            "error decoding YAML: error converting YAML to JSON: {why}"
        ))
    })?;
    let oddities = json_text::oddities(value.to_json().as_bytes(), schema_of(schemas, kind));
    request.oddities = Some(oddities.unwrap_or_default());
    Ok(value)
}

impl Encoding {
    /// Writes an answer. A watch has no body here: its events are written one by one.
    pub fn response(self, response: &Response) -> HttpResponse {
        let (content_type, body) = match &response.body {
            ResponseBody::Value(value) => (self.content_type(value), self.text(value)),
            ResponseBody::Error(error) => (self.media(), self.text(&error.to_value())),
            ResponseBody::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
            ResponseBody::Watch(_) => ("application/json", Vec::new()),
        };
        HttpResponse {
            code: response.code,
            content_type,
            warnings: response
                .warnings
                .iter()
                .map(|warning| warning_header(warning))
                .collect(),
            retry_after_seconds: response
                .error()
                .map_or(0, |error| error.details.retry_after_seconds),
            body,
        }
    }

    fn media(self) -> &'static str {
        match self.format {
            Format::Json => "application/json",
            Format::Yaml => "application/yaml",
            Format::OpenApi => open_api_binary::MEDIA,
        }
    }

    fn content_type(self, value: &Value) -> &'static str {
        if self.aggregated && value.str_at(&["kind"]) == Some("APIGroupDiscoveryList") {
            return "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        }
        self.media()
    }

    fn text(self, value: &Value) -> Vec<u8> {
        match (self.format, self.pretty) {
            (Format::Yaml, _) => toft_yaml::write(value).into_bytes(),
            (Format::OpenApi, _) => open_api_binary::encode(value),
            (Format::Json, true) => value.to_json_indented("  ").into_bytes(),
            (Format::Json, false) => {
                let mut text = value.to_json();
                text.push('\n');
                text.into_bytes()
            }
        }
    }
}

/// One line of a watch: `{"type":"ADDED","object":{…}}`.
pub fn event_line(event: &WatchEvent) -> Vec<u8> {
    let mut text = String::from("{\"type\":\"");
    text.push_str(event.kind.as_str());
    text.push_str("\",\"object\":");
    event.object.write_json(&mut text);
    text.push_str("}\n");
    text.into_bytes()
}

/// The last event of a watch that cannot go on.
pub fn error_event(error: &ApiError) -> WatchEvent {
    WatchEvent {
        kind: WatchEventKind::Error,
        object: error.to_value(),
    }
}

/// Source: apimachinery 0.36.3 `pkg/util/net/http.go`, `NewWarningHeader`.
fn warning_header(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("299 - \"{escaped}\"")
}

/// What upstream answers, as plain text, where a path means nothing.
pub fn no_page() -> Response {
    Response {
        code: 404,
        ..Response::text(NO_PAGE)
    }
}

impl Request {
    /// The call as HTTP is to carry it to a live cluster; documents about the API have their paths too.
    pub fn to_http(&self) -> HttpCall {
        let (method, content_type) = match (self.verb, &self.body) {
            (Verb::Get | Verb::List | Verb::Watch, _) => ("GET", ""),
            (Verb::Create, _) => ("POST", "application/json"),
            (Verb::Update, _) => ("PUT", "application/json"),
            (Verb::Patch, Body::Patch { kind, .. }) => ("PATCH", kind.media_type()),
            (Verb::Patch, Body::None | Body::Object(_)) => ("PATCH", "application/json"),
            (Verb::Delete | Verb::DeleteCollection, Body::None) => ("DELETE", ""),
            (Verb::Delete | Verb::DeleteCollection, Body::Object(_) | Body::Patch { .. }) => {
                ("DELETE", "application/json")
            }
        };
        let body = match &self.body {
            Body::None => Vec::new(),
            Body::Object(value) | Body::Patch { content: value, .. } => {
                value.to_json().into_bytes()
            }
        };
        HttpCall {
            method,
            target: self.url(),
            accept: self.accept(),
            content_type,
            body,
        }
    }

    fn accept(&self) -> &'static str {
        match self.representation {
            Representation::Object => "application/json",
            Representation::Table(_) => "application/json;as=Table;v=v1;g=meta.k8s.io",
            Representation::Metadata if self.verb == Verb::List => {
                "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
            }
            Representation::Metadata => {
                "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
            }
        }
    }

    fn url(&self) -> String {
        let path = match &self.target {
            Target::Resource(resource) => path::print(resource),
            Target::Document(document) => document.path(),
        };
        let query = query::print(&self.options, self.verb);
        if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        }
    }
}

impl PatchKind {
    /// The `Content-Type` of such a patch.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Apply => "application/apply-patch+yaml",
        }
    }
}

impl Document {
    /// The path of the document.
    pub fn path(&self) -> String {
        let version = |group: &str, version: &str| {
            if group.is_empty() {
                format!("api/{version}")
            } else {
                format!("apis/{group}/{version}")
            }
        };
        match self {
            Self::Version => "/version".to_owned(),
            Self::Health { check, .. } => format!("/{check}"),
            Self::CoreVersions { .. } => "/api".to_owned(),
            Self::Groups { .. } => "/apis".to_owned(),
            Self::Group(group) => format!("/apis/{group}"),
            Self::Resources {
                group,
                version: one,
            } => format!("/{}", version(group, one)),
            Self::OpenApiV2 => "/openapi/v2".to_owned(),
            Self::OpenApiIndex => "/openapi/v3".to_owned(),
            Self::OpenApi {
                group,
                version: one,
            } => format!("/openapi/v3/{}", version(group, one)),
            Self::Unknown(path) => path.to_string(),
        }
    }
}

/// A `Status` that says that all is well.
pub fn success() -> Value {
    value!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success"})
}

#[cfg(test)]
mod tests {
    use toft_object::LabelSelector;

    use super::*;
    use crate::request::Options;

    fn read_it(http: HttpRequest<'_>) -> Result<(Request, Encoding), ApiError> {
        read(&http, &Schemas::builtin())
    }

    #[test]
    fn what_is_written_reads_back() {
        let path = ResourcePath::new("apps", "v1", "deployments").namespace("media");
        let options = Options {
            label_selector: LabelSelector::parse("app=a,tier in (x,y)").unwrap(),
            limit: 500,
            resource_version: Some("12".into()),
            ..Options::default()
        };
        let request = Request {
            options,
            ..Request::list("toft", path)
        };
        let call = request.to_http();
        let http = HttpRequest {
            method: call.method,
            target: &call.target,
            accept: call.accept,
            agent: "toft",
            user: "toft",
            ..HttpRequest::default()
        };
        assert_eq!(read_it(http).unwrap().0, request);
    }

    #[test]
    fn bodies_of_all_kinds_give_the_same_object() {
        let target = "/api/v1/namespaces/a/configmaps";
        let json = HttpRequest {
            method: "POST",
            target,
            content_type: "application/json; charset=utf-8",
            body: br#"{"metadata":{"name":"x"}}"#,
            ..HttpRequest::default()
        };
        let yaml = HttpRequest {
            content_type: "application/yaml",
            body: b"metadata:\n  name: x\n",
            ..json
        };
        let (from_json, from_yaml) = (read_it(json).unwrap().0, read_it(yaml).unwrap().0);
        assert_eq!(
            from_json.body,
            Body::Object(value!({"metadata": {"name": "x"}}))
        );
        assert_eq!(from_json, from_yaml);
        let other = HttpRequest {
            content_type: "text/plain",
            ..json
        };
        assert_eq!(read_it(other).unwrap_err().code, 415);
    }

    #[test]
    fn named_paths_are_not_watched_but_collections_are() {
        let get = |target| {
            read_it(HttpRequest {
                method: "GET",
                target,
                ..HttpRequest::default()
            })
            .unwrap()
            .0
            .verb
        };
        assert_eq!(get("/api/v1/pods?watch"), Verb::Watch);
        assert_eq!(get("/api/v1/pods?watch=0"), Verb::List);
        assert_eq!(get("/api/v1/namespaces/a/pods/b?watch=true"), Verb::Get);
        assert_eq!(get("/api/v1/watch/namespaces/a/pods"), Verb::Watch);
    }
}
