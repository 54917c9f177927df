//! Reads the published discovery documents: groups, versions and resources in upstream's order.

use anyhow::Context;
use toft_value::{Value, value};

use super::Upstream;

/// The groups as the aggregated discovery document has them, core first.
pub(crate) fn groups(upstream: &Upstream) -> anyhow::Result<Vec<Value>> {
    let dir = upstream.kubernetes().join("api/discovery");
    let read = |name: &str| -> anyhow::Result<Value> {
        let bytes = std::fs::read(dir.join(name)).with_context(|| format!("reading {name}"))?;
        Ok(Value::from_json(&bytes)?)
    };
    let mut groups = vec![core_group(&read("api__v1.json")?)];
    groups.extend(read("aggregated_v2.json")?.items_at(&["items"]).to_vec());
    Ok(groups)
}

/// Core is published in the older form only: a flat list where a subresource is `pods/status`.
fn core_group(list: &Value) -> Value {
    let entries = list.items_at(&["resources"]);
    let name = |entry: &Value| entry.str_at(&["name"]).unwrap_or_default().to_owned();
    let mut resources = Vec::new();
    for entry in entries.iter().filter(|entry| !name(entry).contains('/')) {
        let prefix = format!("{}/", name(entry));
        let subresources = entries.iter().filter_map(|sub| {
            let subresource = name(sub).strip_prefix(&prefix)?.to_owned();
            Some(value!({
                "subresource": subresource,
                "responseKind": kind_of(sub),
                "verbs": (sub.get("verbs").cloned()),
            }))
        });
        let subresources: Vec<Value> = subresources.collect();
        let namespaced = entry.bool_at(&["namespaced"]).unwrap_or_default();
        resources.push(value!({
            "resource": name(entry),
            "responseKind": kind_of(entry),
            "singularResource": (entry.get("singularName").cloned()),
            "scope": if namespaced { "Namespaced" } else { "Cluster" },
            "shortNames": (entry.get("shortNames").cloned()),
            "categories": (entry.get("categories").cloned()),
            "verbs": (entry.get("verbs").cloned()),
            "subresources": subresources,
        }));
    }
    value!({"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": resources}]})
}

fn kind_of(entry: &Value) -> Value {
    let text = |key: &str| entry.str_at(&[key]).unwrap_or_default();
    value!({"group": text("group"), "version": text("version"), "kind": text("kind")})
}
