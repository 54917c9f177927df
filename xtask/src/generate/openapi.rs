//! Reads the published OpenAPI v3 documents: all schema definitions by name.

use std::collections::BTreeMap;

use anyhow::Context;
use toft_value::Value;

use super::Upstream;

/// All definitions by name, such as `io.k8s.api.core.v1.Pod`.
pub(crate) fn definitions(upstream: &Upstream) -> anyhow::Result<BTreeMap<String, Value>> {
    let dir = upstream.kubernetes().join("api/openapi-spec/v3");
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .with_context(|| format!("reading {}", dir.display()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let mut definitions = BTreeMap::new();
    for file in files {
        let document = Value::from_json(&std::fs::read(&file)?)
            .with_context(|| format!("reading {}", file.display()))?;
        let schemas = document.at(&["components", "schemas"]);
        for (name, schema) in schemas.and_then(Value::as_map).into_iter().flatten() {
            definitions
                .entry(name.to_string())
                .or_insert_with(|| schema.clone());
        }
    }
    Ok(definitions)
}

/// The definition that a schema refers to, directly or as the only part of `allOf`.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    let direct = schema.str_at(&["$ref"]);
    let path = direct.or_else(|| schema.items_at(&["allOf"]).first()?.str_at(&["$ref"]))?;
    path.rsplit('/').next()
}
