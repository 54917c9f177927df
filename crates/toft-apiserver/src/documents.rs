//! Documents about the API itself: version, health, discovery, schemas.

use toft_api::discovery::{self, Section};
use toft_api::{Document, Response, http};
use toft_schema::Schemas;
use toft_value::{Value, value};

use crate::call::unknown_resource;
use crate::open_api;

/// The version of Kubernetes that the server is like; the build part says what it is.
const VERSION: &str = "v1.36.3+toft";

/// What verbose health answers list. A process that answers is healthy.
const CHECKS: &[&str] = &["ping", "log", "etcd"];

/// Answers a request for a document.
pub(crate) fn answer(built_in: &Schemas, schemas: &Schemas, document: &Document) -> Response {
    let found = match document {
        Document::Version => Some(version()),
        Document::Health { verbose: false, .. } => return Response::text("ok"),
        Document::Health {
            check,
            verbose: true,
        } => return Response::text(health(check)),
        Document::CoreVersions { aggregated: true } => {
            Some(discovery::aggregated(schemas, Section::Core))
        }
        Document::CoreVersions { aggregated: false } => Some(discovery::core_versions()),
        Document::Groups { aggregated: true } => {
            Some(discovery::aggregated(schemas, Section::Named))
        }
        Document::Groups { aggregated: false } => Some(discovery::group_list(schemas)),
        Document::Group(name) => discovery::group(schemas, name),
        Document::Resources { group, version } => {
            match discovery::resource_list(schemas, group, version) {
                Some(list) => Some(list),
                // Within a group that is served, upstream answers as for a resource it does not know.
                None if group.is_empty() || discovery::group(schemas, group).is_some() => {
                    return unknown_resource().into();
                }
                None => None,
            }
        }
        Document::OpenApiIndex => Some(open_api::index(built_in, schemas)),
        Document::OpenApi { group, version } => open_api::document(schemas, group, version),
        Document::OpenApiV2 => Some(open_api::older(schemas)),
        Document::Unknown(_) => None,
    };
    found.map_or_else(http::no_page, Response::ok)
}

fn version() -> Value {
    value!({
        "major": "1", "minor": "36",
        "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
        "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc", "platform": "linux/amd64",
    })
}

fn health(check: &str) -> String {
    let lines: Vec<String> = CHECKS
        .iter()
        .map(|name| format!("[+]{name} ok\n"))
        .collect();
    format!("{}{check} check passed\n", lines.concat())
}
