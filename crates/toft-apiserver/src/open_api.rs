//! OpenAPI v3: for each version of a group one document, made from the schemas.
//!
//! The documents hold what clients use: the paths with their kinds, the media types of patches and the query
//! parameter `fieldValidation`, and the types with their fields and merge rules. They hold no prose.
//!
//! Source: kube-openapi `pkg/handler3`; kubectl 0.36.3 `pkg/cmd/apply/patcher.go`, `pkg/explain/v2`.

use std::collections::BTreeMap;

use toft_object::Gvk;
use toft_schema::{Field, ListType, MapType, Resource, Schema, Schemas, Shape};
use toft_value::{Map, Value, value};

const REFERENCE: &str = "#/components/schemas/";

/// How deep an unnamed type may nest; the same bound as of objects.
const DEPTH_MAX: usize = toft_value::JSON_DEPTH_MAX;

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
    let mut components = Components {
        schemas,
        done: BTreeMap::new(),
    };
    let mut paths = Map::new();
    for resource in resources(schemas, group, version) {
        components.add_kind(&resource.gvk);
        for subresource in &resource.subresources {
            components.add_kind(&subresource.gvk);
        }
        add_paths(&mut paths, resource);
    }
    if paths.is_empty() {
        return None;
    }
    components.add_named("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
    components.add_named("io.k8s.apimachinery.pkg.apis.meta.v1.Status");
    let schemas: Map = components
        .done
        .into_iter()
        .map(|(name, schema)| (name.into(), schema))
        .collect();
    Some(value!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

struct Components<'s> {
    schemas: &'s Schemas,
    done: BTreeMap<String, Value>,
}

impl<'s> Components<'s> {
    /// Adds the type of a kind and marks it as such.
    fn add_kind(&mut self, gvk: &Gvk) {
        let Some(schema) = self.schemas.schema(gvk) else {
            return;
        };
        let name = component_name(schema, gvk);
        if !self.done.contains_key(&name) {
            self.done.insert(name.clone(), Value::Null);
            let object = self.object(schema, 0);
            self.done.insert(name.clone(), object);
        }
        let kind = value!({"group": gvk.group.clone(), "kind": gvk.kind.clone(), "version": gvk.version.clone()});
        if let Some(object) = self.done.get_mut(&name) {
            let mut kinds: Vec<Value> = object.items_at(&[KINDS]).to_vec();
            if !kinds.contains(&kind) {
                kinds.push(kind);
                object.set_at(&[KINDS], Value::from(kinds));
            }
        }
    }

    fn add_named(&mut self, name: &str) {
        if let Some(schema) = self.schemas.definition(name) {
            self.reference(schema);
        }
    }

    fn reference(&mut self, schema: Schema<'s>) -> Value {
        let name = schema.name();
        if !self.done.contains_key(name) {
            self.done.insert(name.to_owned(), Value::Null);
            let object = self.object(schema, 0);
            self.done.insert(name.to_owned(), object);
        }
        value!({"$ref": format!("{REFERENCE}{name}")})
    }

    fn value(&mut self, schema: Schema<'s>, depth: usize) -> Value {
        if depth > DEPTH_MAX {
            return value!({});
        }
        match schema.shape() {
            Shape::Object if !schema.name().is_empty() => self.reference(schema),
            Shape::Object => self.object(schema, depth),
            Shape::Map => {
                let values = schema.values().map(|values| self.value(values, depth + 1));
                value!({"type": "object", "additionalProperties": values.unwrap_or_default()})
            }
            Shape::List => {
                let items = schema.items().map(|items| self.value(items, depth + 1));
                value!({"type": "array", "items": items.unwrap_or_default()})
            }
            other => scalar(other),
        }
    }

    fn object(&mut self, schema: Schema<'s>, depth: usize) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in schema.fields() {
            let mut property = self.value(field.schema(), depth + 1);
            merge_rules(field, &mut property);
            properties.insert(field.name().clone(), property);
            if field.is_required() {
                required.push(Value::from(field.name()));
            }
        }
        let mut object = value!({"type": "object"});
        if !properties.is_empty() {
            object.set_at(&["properties"], properties);
        }
        if !required.is_empty() {
            object.set_at(&["required"], Value::from(required));
        }
        if schema.map_type() == MapType::Atomic {
            object.set_at(&["x-kubernetes-map-type"], "atomic");
        }
        object
    }
}

const KINDS: &str = "x-kubernetes-group-version-kind";

/// Types of custom kinds have no name of their own: theirs is the group backwards, version and kind.
fn component_name(schema: Schema<'_>, gvk: &Gvk) -> String {
    if !schema.name().is_empty() {
        return schema.name().to_owned();
    }
    let mut parts: Vec<&str> = gvk.group.split('.').collect();
    parts.reverse();
    format!("{}.{}.{}", parts.join("."), gvk.version, gvk.kind)
}

fn scalar(shape: Shape) -> Value {
    match shape {
        Shape::String | Shape::Duration => value!({"type": "string"}),
        Shape::Int32 => value!({"type": "integer", "format": "int32"}),
        Shape::Int64 => value!({"type": "integer", "format": "int64"}),
        Shape::Number => value!({"type": "number", "format": "double"}),
        Shape::Boolean => value!({"type": "boolean"}),
        Shape::IntOrString => {
            value!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        Shape::Quantity => value!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        Shape::Time | Shape::MicroTime => value!({"type": "string", "format": "date-time"}),
        Shape::Bytes => value!({"type": "string", "format": "byte"}),
        Shape::Raw => value!({"type": "object"}),
        Shape::Any | Shape::Object | Shape::Map | Shape::List => value!({}),
    }
}

/// How lists and maps merge, where a client must know.
fn merge_rules(field: Field<'_>, property: &mut Value) {
    let schema = field.schema();
    match schema.declared_list_type() {
        Some(ListType::Atomic) => property.set_at(&["x-kubernetes-list-type"], "atomic"),
        Some(ListType::Set) => property.set_at(&["x-kubernetes-list-type"], "set"),
        Some(ListType::Map(keys)) => {
            property.set_at(&["x-kubernetes-list-type"], "map");
            let keys: Vec<Value> = keys.iter().map(Value::from).collect();
            property.set_at(&["x-kubernetes-list-map-keys"], Value::from(keys));
        }
        None => {}
    }
    if let Some(key) = schema.merge_key() {
        property.set_at(&["x-kubernetes-patch-merge-key"], key);
    }
    let strategy = schema.patch_strategy();
    let named = [
        (strategy.merge, "merge"),
        (strategy.replace, "replace"),
        (strategy.retain_keys, "retainKeys"),
    ];
    let named: Vec<&str> = named
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| *name)
        .collect();
    if !named.is_empty() {
        property.set_at(&["x-kubernetes-patch-strategy"], named.join(","));
    }
}

/// What an operation does, by verb: its method and the name of its action.
const OPERATIONS: &[(&str, &str, Place)] = &[
    ("list", "get", Place::Collection),
    ("create", "post", Place::Collection),
    ("deletecollection", "delete", Place::Collection),
    ("get", "get", Place::Object),
    ("update", "put", Place::Object),
    ("patch", "patch", Place::Object),
    ("delete", "delete", Place::Object),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Collection,
    Object,
}

fn add_paths(paths: &mut Map, resource: &Resource) {
    let root = if resource.group.is_empty() {
        format!("/api/{}", resource.version)
    } else {
        format!("/apis/{}/{}", resource.group, resource.version)
    };
    let scope = if resource.namespaced {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    let collection = format!("{root}{scope}/{}", resource.plural);
    let object = format!("{collection}/{{name}}");
    if resource.namespaced && resource.allows("list") {
        let all = operations(&[("list".into(), "get")], &resource.gvk);
        paths.insert(format!("{root}/{}", resource.plural), all);
    }
    for (place, path) in [(Place::Collection, &collection), (Place::Object, &object)] {
        let verbs: Vec<_> = OPERATIONS
            .iter()
            .filter(|one| one.2 == place && resource.allows(one.0))
            .map(|one| (one.0.to_owned(), one.1))
            .collect();
        if !verbs.is_empty() {
            paths.insert(path.clone(), operations(&verbs, &resource.gvk));
        }
    }
    for subresource in &resource.subresources {
        let verbs = OPERATIONS
            .iter()
            .filter(|one| subresource.verbs.iter().any(|verb| verb == one.0));
        let verbs: Vec<_> = verbs.map(|one| (one.0.to_owned(), one.1)).collect();
        paths.insert(
            format!("{object}/{}", subresource.name),
            operations(&verbs, &subresource.gvk),
        );
    }
}

fn operations(verbs: &[(String, &str)], gvk: &Gvk) -> Value {
    let mut item = Map::new();
    for (action, method) in verbs {
        item.insert(*method, operation(action, gvk));
    }
    Value::Map(item)
}

fn operation(action: &str, gvk: &Gvk) -> Value {
    const PATCHES: &[&str] = &[
        "application/apply-patch+yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ];
    let shown = match action {
        "create" => "post",
        "update" => "put",
        other => other,
    };
    let mut operation = value!({
        (KINDS): {"group": gvk.group.clone(), "kind": gvk.kind.clone(), "version": gvk.version.clone()},
        "x-kubernetes-action": shown,
        "responses": {},
    });
    if matches!(action, "create" | "update" | "patch") {
        let names = ["dryRun", "fieldManager", "fieldValidation"];
        let parameter = |name: &&str| value!({"name": *name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
        let parameters: Vec<Value> = names.iter().map(parameter).collect();
        operation.set_at(&["parameters"], Value::from(parameters));
    }
    if action == "patch" {
        let strategic = is_built_in(gvk);
        let kinds = PATCHES
            .iter()
            .filter(|kind| strategic || !kind.contains("strategic"));
        let content: Map = kinds
            .map(|kind| ((*kind).into(), value!({"schema": {}})))
            .collect();
        operation.set_at(
            &["requestBody"],
            value!({"content": content, "required": true}),
        );
    }
    operation
}

/// Built-in kinds take strategic merge patches; their groups have no dot, or end in `.k8s.io`.
fn is_built_in(gvk: &Gvk) -> bool {
    !gvk.group.contains('.') || gvk.group.ends_with(".k8s.io")
}
