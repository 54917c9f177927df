//! What a manifest of a custom kind leaves empty.
//!
//! `elements:` with nothing behind it is a `null`. Argo CD creates objects, and an API server drops such a
//! `null` from what it is to create; from what is applied on the server it does not drop it, and refuses
//! it. Here it is dropped before it is applied, by the same rule.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/schema/defaulting/prunenulls.go`; kube-apiserver
//! 1.36.3 refuses an applied one with `must be of type array: "null"`.

use toft_api::ResourcePath;
use toft_object::Gvk;
use toft_value::Value;

use super::Engine;
use super::store::StoreKey;
use crate::event::ClusterId;

impl Engine {
    /// Drops every `null` that is no value of its field, as the definition of the kind says.
    pub(super) fn drop_nulls(&self, cluster: &ClusterId, gvk: &Gvk, object: &mut Value) {
        if !has_null(object) {
            return;
        }
        if let Some(schema) = self.schema_of(cluster, gvk) {
            drop_nulls(object, schema);
        }
    }

    /// The schema of a custom kind, as its definition has it.
    fn schema_of(&self, cluster: &ClusterId, gvk: &Gvk) -> Option<&Value> {
        let served = self.clusters.get(cluster)?.kinds.get(gvk)?;
        let definitions = StoreKey {
            cluster: cluster.clone(),
            path: ResourcePath::new("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
        };
        let name = format!("{}.{}", served.plural, gvk.group);
        let definition = self.stores.get(&definitions)?.get("", &name)?;
        let versions = definition.value().items_at(&["spec", "versions"]);
        let version = versions
            .iter()
            .find(|one| one.str_at(&["name"]) == Some(&gvk.version))?;
        version.at(&["schema", "openAPIV3Schema"])
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.iter().any(has_null),
        Value::Map(map) => map.iter().any(|(_, value)| has_null(value)),
        Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) | Value::Str(_) => false,
    }
}

fn drop_nulls(value: &mut Value, schema: &Value) {
    if let Some(map) = value.as_map_mut() {
        let keys: Vec<_> = map.keys().cloned().collect();
        for key in keys {
            let Some(field) = field(schema, &key) else {
                continue;
            };
            let Some(inner) = map.get_mut(&key) else {
                continue;
            };
            if inner.is_null() && !takes_null(field) {
                map.remove(&key);
            } else if has_null(inner) {
                drop_nulls(inner, field);
            }
        }
        return;
    }
    let items = schema.get("items");
    if let (Some(list), Some(schema)) = (value.as_list_mut(), items) {
        for item in list.make_mut() {
            drop_nulls(item, schema);
        }
    }
}

fn field<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let named = schema.at(&["properties", key]);
    let others = schema.get("additionalProperties");
    named.or(others.filter(|others| others.as_map().is_some()))
}

/// Whether a `null` says something: it may be written, or stands for the default.
fn takes_null(schema: &Value) -> bool {
    schema.bool_at(&["nullable"]) == Some(true) || schema.get("default").is_some()
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn only_what_the_schema_does_not_take_is_dropped() {
        let schema = value!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "may": {"type": "string", "nullable": true},
            "given": {"type": "string", "default": "x"},
            "values": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }}}});
        let mut object = value!({"spec": {
            "list": null, "may": null, "given": null, "unknown": null,
            "values": {"deep": null}, "labels": {"a": null, "b": "c"},
        }});
        drop_nulls(&mut object, &schema);
        assert_eq!(
            object,
            value!({"spec": {
                "may": null, "given": null, "unknown": null, "values": {"deep": null}, "labels": {"b": "c"},
            }})
        );
        let mut object = value!({"spec": {"list": [{"a": null, "b": null}, null]}});
        drop_nulls(&mut object, &schema);
        assert_eq!(object, value!({"spec": {"list": [{"b": null}, null]}}));
    }
}
