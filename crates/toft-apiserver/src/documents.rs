//! Documents about the API itself: version, health, discovery, schemas.

use toft_api::discovery::{self, Section};
use toft_api::{Document, Response, http};
use toft_schema::Schemas;
use toft_value::{Value, value};

use crate::call::unknown_resource;
use crate::open_api;

/// The version of Kubernetes that the server is like; the build part says what it is.
const VERSION: &str = "v1.36.3+toft";

/// What verbose health answers list. A process that answers is healthy: its parts need no time to start.
///
/// Source: apiserver 0.36.3 `pkg/server/healthz`; kube-apiserver 1.36.3, which lists these.
const CHECKS: &[&str] = &[
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/max-in-flight-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

/// Checks that only one of the answers has, after the check of that name.
const CHECKS_OF: &[(&str, &str, &str)] = &[
    ("readyz", "etcd", "etcd-readiness"),
    ("readyz", "etcd", "informer-sync"),
    ("readyz", "autoregister-completion", "shutdown"),
];

/// Answers a request for a document.
pub(crate) fn answer(built_in: &Schemas, schemas: &Schemas, document: &Document) -> Response {
    let found = match document {
        Document::Version => Some(version()),
        Document::Root => Some(root(schemas)),
        Document::Health {
            check,
            verbose: true,
        } if !check.contains('/') => return all_checks(check),
        Document::Health { check, .. } => return health(check),
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

/// Every check of `/livez`, line by line.
fn all_checks(group: &str) -> Response {
    let mut text = String::new();
    for check in checks(group) {
        text.extend(["[+]", check, " ok\n"]);
    }
    text.extend([group, " check passed\n"]);
    Response::text(text)
}

/// `/livez` as a whole, or one check of it: `/livez/ping`.
fn health(path: &str) -> Response {
    let (group, check) = path.split_once('/').unwrap_or((path, ""));
    if check.is_empty() || checks(group).contains(&check) {
        Response::text("ok")
    } else {
        http::no_page()
    }
}

fn checks(group: &str) -> Vec<&'static str> {
    let mut checks = Vec::new();
    for check in CHECKS {
        checks.push(*check);
        let own = CHECKS_OF
            .iter()
            .filter(|own| own.0 == group && own.1 == *check);
        checks.extend(own.map(|own| own.2));
    }
    checks
}

/// Where the documents and the versions are.
fn root(schemas: &Schemas) -> Value {
    let mut paths: Vec<String> = [
        "/api",
        "/apis",
        "/healthz",
        "/livez",
        "/openapi/v2",
        "/openapi/v3",
        "/readyz",
        "/version",
    ]
    .map(str::to_owned)
    .to_vec();
    for resource in schemas.resources() {
        if resource.group.is_empty() {
            paths.push(format!("/api/{}", resource.version));
        } else {
            paths.push(format!("/apis/{}", resource.group));
            paths.push(format!("/apis/{}/{}", resource.group, resource.version));
        }
    }
    for group in ["healthz", "livez", "readyz"] {
        paths.extend(
            checks(group)
                .iter()
                .map(|check| format!("/{group}/{check}")),
        );
    }
    paths.sort();
    paths.dedup();
    value!({"paths": paths})
}
