//! Calls as HTTP carries them: bytes to a [`Request`], a [`Response`] to bytes, and the way back for a live
//! cluster.

mod body;
mod shape;

use toft_schema::Schemas;
use toft_value::{Value, value};

use crate::accept::{Accepted, Format};
use crate::error::{ApiError, Reason};
use crate::open_api_binary;
use crate::path;
use crate::query::{self, Query};
use crate::request::{
    Body, Document, PatchKind, Representation, Request, ResourcePath, Target, Verb,
};
use crate::response::{Response, ResponseBody};
use crate::watch::{WatchEvent, WatchEventKind};

pub use body::json_problem;

use body::read_body;
use shape::{accepted, not_acceptable, shape_fits};

/// The largest body that is read.
///
/// Source: apiserver 0.36.3 `pkg/server/config.go`, `MaxRequestBodyBytes`: 3 `MiB`.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// How a document with everything that is served is asked for.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

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
    /// Whether tables and metadata say that they are of their older version.
    beta: bool,
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
        .map_err(|refused| not_acceptable(http.method, &named.target, refused))?;
    let encoding = Encoding {
        format: accepted.format,
        pretty: is_pretty(&query, http.agent),
        aggregated: accepted.aggregated,
        beta: accepted.beta,
    };
    let mut request = Request {
        user: http.user.into(),
        agent: http.agent.into(),
        ..Request::get("", ResourcePath::default())
    };
    match named.target {
        Target::Document(document) => {
            let any = matches!(document, Document::Health { .. } | Document::Root);
            if !any && !matches!(http.method, "GET" | "HEAD") {
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
            let deletes = matches!(request.verb, Verb::Delete | Verb::DeleteCollection);
            let query = if deletes && !http.body.is_empty() {
                query.without_deletion()
            } else {
                query
            };
            request.options = query.options(request.verb)?;
            request.representation = accepted.representation;
            shape_fits(&request, (&resource, schemas), (accepted, &query))?;
            read_body(http, schemas, &resource, &mut request)?;
            request.target = Target::Resource(resource);
        }
    }
    Ok((request, encoding))
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
            let verbose = query.get("verbose").is_some();
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
        ("GET", true) => Verb::List,
        ("GET", false) => Verb::Get,
        ("POST", _) => Verb::Create,
        ("PUT", _) => Verb::Update,
        ("PATCH", _) => Verb::Patch,
        ("DELETE", true) => Verb::DeleteCollection,
        ("DELETE", false) => Verb::Delete,
        _ => return Err(method_not_allowed()),
    })
}

impl Encoding {
    /// Writes an answer. A watch has no body here: its events are written one by one.
    pub fn response(self, response: &Response) -> HttpResponse {
        let (content_type, body) = match &response.body {
            ResponseBody::Value(value) if self.beta => {
                let older = older_version(value.clone());
                (self.content_type(&older), self.text(&older))
            }
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
            return AGGREGATED;
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

/// Tables and metadata of the older version: the same under another name.
fn older_version(mut value: Value) -> Value {
    if value.str_at(&["apiVersion"]) == Some("meta.k8s.io/v1") {
        value.set_at(&["apiVersion"], "meta.k8s.io/v1beta1");
    }
    for (list, inner) in [("rows", &["object"][..]), ("items", &[])] {
        let Some(list) = value.at_mut(&[list]).and_then(Value::as_list_mut) else {
            continue;
        };
        for entry in list.make_mut() {
            if let Some(object) = entry.at_mut(inner) {
                *object = older_version(std::mem::take(object));
            }
        }
    }
    value
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
        if let Target::Document(
            Document::CoreVersions { aggregated: true } | Document::Groups { aggregated: true },
        ) = &self.target
        {
            return AGGREGATED;
        }
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
            Self::Root => "/".to_owned(),
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
