//! OpenAPI: for each version of a group one document, made from the schemas; in the older form one for all.
//!
//! The documents hold what clients use: the paths with their kinds, the media types of patches and the query
//! parameter `fieldValidation`, and the types with their fields and merge rules. They hold no prose.
//!
//! Source: kube-openapi `pkg/handler3`; kubectl 0.36.3 `pkg/cmd/apply/patcher.go`, `pkg/explain/v2`.

mod custom;
mod older;
mod operations;
mod types;

use toft_schema::{Resource, Schemas};
use toft_value::{Map, Value, value};

use types::Types;

/// `/openapi/v3`: where the documents are, each with a hash of its content in the URL.
pub(crate) fn index(built_in: &Schemas, schemas: &Schemas) -> Value {
    let mut paths = Map::new();
    for (group, version) in versions(schemas) {
        let path = if group.is_empty() {
            format!("api/{version}")
        } else {
            format!("apis/{group}/{version}")
        };
        let hash = hash(built_in, schemas, (&group, &version));
        let url = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path, value!({"serverRelativeURL": url}));
    }
    value!({"paths": paths})
}

fn versions(schemas: &Schemas) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = schemas
        .resources()
        .map(|one| (one.group.to_string(), one.version.to_string()))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// A version without custom kinds never changes; of the others the document is hashed.
fn hash(built_in: &Schemas, schemas: &Schemas, (group, version): (&str, &str)) -> String {
    let count = |schemas: &Schemas| resources(schemas, group, version).count();
    let content = if count(built_in) == count(schemas) {
        format!("{} {group}/{version}", env!("CARGO_PKG_VERSION"))
    } else {
        document(schemas, group, version)
            .unwrap_or_default()
            .to_json()
    };
    blake3::hash(content.as_bytes())
        .to_hex()
        .as_str()
        .to_uppercase()
}

fn resources<'s>(
    schemas: &'s Schemas,
    group: &str,
    version: &str,
) -> impl Iterator<Item = &'s Resource> {
    schemas
        .resources()
        .filter(move |one| one.group == group && one.version == version)
}

/// The document of one version; `None` for one that is not served.
pub(crate) fn document(schemas: &Schemas, group: &str, version: &str) -> Option<Value> {
    let mut types = Types::new(schemas);
    let mut paths = Map::new();
    for resource in resources(schemas, group, version) {
        types.add_resource(resource);
        operations::add(&mut paths, resource, &types);
    }
    if paths.is_empty() {
        return None;
    }
    types.add_common();
    Some(value!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths,
        "components": {"schemas": types.into_map()},
    }))
}

/// `/openapi/v2`: all versions in one document of the older form.
///
/// Source: kube-openapi `pkg/builder`; apiextensions-apiserver 0.36.3 `pkg/controller/openapi`.
pub(crate) fn older(schemas: &Schemas) -> Value {
    let versions = versions(schemas).into_iter();
    let documents = versions.filter_map(|(group, version)| document(schemas, &group, &version));
    older::merged(documents)
}
