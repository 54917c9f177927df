//! Types of objects: fields, what must be there, how lists and maps merge.

use std::collections::BTreeMap;

use toft_object::Gvk;
use toft_schema::{Field, ListType, MapType, Omit, Resource, Schema, Schemas, Shape};
use toft_value::{Map, Value, value};

use super::custom;

/// What a reference to a type begins with.
pub(super) const REFERENCE: &str = "#/components/schemas/";

/// How deep an unnamed type may nest; the same bound as of objects.
const DEPTH_MAX: usize = toft_value::JSON_DEPTH_MAX;

/// What answers that are no objects are.
pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";

/// How objects are deleted.
pub(super) const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// Types that every document has.
const COMMON: &[&str] = &[
    DELETE_OPTIONS,
    LIST_META,
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    STATUS,
];

/// The type of every patch.
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

/// The types that a document tells, by name.
pub(super) struct Types<'s> {
    schemas: &'s Schemas,
    done: BTreeMap<String, Value>,
}

impl<'s> Types<'s> {
    pub(super) fn new(schemas: &'s Schemas) -> Self {
        let done = BTreeMap::from([(PATCH.to_owned(), value!({"type": "object"}))]);
        Self { schemas, done }
    }

    /// Adds the types of a resource, of its lists and of its subresources.
    pub(super) fn add_resource(&mut self, resource: &Resource) {
        self.add_kind(&resource.gvk);
        if resource.allows("list") {
            self.add_list(&resource.gvk);
        }
        for subresource in &resource.subresources {
            self.add_kind(&subresource.gvk);
        }
    }

    /// Adds what every document has.
    pub(super) fn add_common(&mut self) {
        for name in COMMON {
            if let Some(schema) = self.schemas.definition(name) {
                self.reference(schema);
            }
        }
        self.mark(STATUS, &Gvk::of("v1", "Status"));
        let versions = self.schemas.resources().map(|one| one.gvk.api_version());
        let mut versions: Vec<_> = versions.collect();
        versions.sort();
        versions.dedup();
        for version in versions {
            self.mark(DELETE_OPTIONS, &Gvk::of(&version, "DeleteOptions"));
        }
    }

    /// The types, by name.
    pub(super) fn into_map(self) -> Map {
        let types = self.done.into_iter();
        types.map(|(name, schema)| (name.into(), schema)).collect()
    }

    /// The name of the type of a kind.
    pub(super) fn name(&self, gvk: &Gvk) -> String {
        let built_in = self.schemas.schema(gvk).map(Schema::name);
        match built_in.filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => custom_name(gvk),
        }
    }

    /// Adds the type of a kind and marks it as such.
    fn add_kind(&mut self, gvk: &Gvk) {
        let name = self.name(gvk);
        if !self.done.contains_key(&name) {
            self.done.insert(name.clone(), Value::Null);
            let object = match (self.schemas.written(gvk), self.schemas.schema(gvk)) {
                (Some(written), _) => custom::published(written),
                (None, Some(schema)) => self.object(schema, 0),
                (None, None) => {
                    self.done.remove(&name);
                    return;
                }
            };
            self.done.insert(name.clone(), object);
        }
        self.mark(&name, gvk);
    }

    fn add_list(&mut self, gvk: &Gvk) {
        let item = self.name(gvk);
        let name = format!("{item}List");
        let reference = |name: &str| value!({"$ref": format!("{REFERENCE}{name}")});
        let (mut items, mut metadata) = (reference(&item), referred(reference(LIST_META)));
        if self.schemas.written(gvk).is_none() {
            items = with_default(items, value!({}));
            metadata = with_default(metadata, value!({}));
        }
        let list = value!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "items": {"type": "array", "items": items},
                "kind": {"type": "string"},
                "metadata": metadata,
            },
        });
        self.done.insert(name.clone(), list);
        let list = Gvk {
            kind: format!("{}List", gvk.kind).into(),
            ..gvk.clone()
        };
        self.mark(&name, &list);
    }

    fn mark(&mut self, name: &str, gvk: &Gvk) {
        let kind = value!({"group": gvk.group.clone(), "kind": gvk.kind.clone(), "version": gvk.version.clone()});
        if let Some(object) = self.done.get_mut(name) {
            let mut kinds: Vec<Value> = object.items_at(&[KINDS]).to_vec();
            if !kinds.contains(&kind) {
                kinds.push(kind);
                object.set_at(&[KINDS], Value::from(kinds));
            }
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
                let values = schema.values().map(|values| self.part(values, depth + 1));
                value!({"type": "object", "additionalProperties": values.unwrap_or_default()})
            }
            Shape::List => {
                let items = schema.items().map(|items| self.part(items, depth + 1));
                value!({"type": "array", "items": items.unwrap_or_default()})
            }
            _ => self.scalar(schema),
        }
    }

    /// What a list or a map holds; it says what it is when nobody wrote it.
    fn part(&mut self, schema: Schema<'s>, depth: usize) -> Value {
        let part = self.value(schema, depth);
        match zero(schema.shape()) {
            Some(zero) => with_default(part, zero),
            None => part,
        }
    }

    /// What is no structure; some of it has a name all the same.
    fn scalar(&mut self, schema: Schema<'s>) -> Value {
        let shape = schema.shape();
        let own = Some(schema.name()).filter(|name| !name.is_empty());
        let Some(name) = own.or_else(|| scalar_name(shape)) else {
            return scalar(shape);
        };
        let known = self.done.entry(name.to_owned());
        known.or_insert_with(|| scalar(shape));
        value!({"$ref": format!("{REFERENCE}{name}")})
    }

    fn object(&mut self, schema: Schema<'s>, depth: usize) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in schema.fields() {
            let mut property = referred(self.value(field.schema(), depth + 1));
            if let Some(default) = default_of(field) {
                property.set_at(&["default"], default);
            }
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

/// What a field is when nobody wrote it.
///
/// Source: kube-openapi `pkg/generators/openapi.go`, `mustEnforceDefault`.
fn default_of(field: Field<'_>) -> Option<Value> {
    if let Some(default) = field.default() {
        return Some(default.clone());
    }
    let shape = field.schema().shape();
    if field.is_pointer() || (shape != Shape::Object && field.omit() != Omit::Never) {
        return None;
    }
    zero(shape)
}

fn zero(shape: Shape) -> Option<Value> {
    Some(match shape {
        Shape::Object => value!({}),
        Shape::String => "".into(),
        Shape::Int32 | Shape::Int64 | Shape::Number => 0.into(),
        Shape::Boolean => false.into(),
        Shape::Time
        | Shape::MicroTime
        | Shape::Duration
        | Shape::IntOrString
        | Shape::Quantity
        | Shape::Bytes
        | Shape::Raw
        | Shape::Any
        | Shape::Map
        | Shape::List => return None,
    })
}

fn with_default(schema: Value, default: Value) -> Value {
    let mut schema = referred(schema);
    schema.set_at(&["default"], default);
    schema
}

/// A property that refers to a type says so in a way that lets it say more.
fn referred(property: Value) -> Value {
    if property.get("$ref").is_some() {
        value!({"allOf": [property]})
    } else {
        property
    }
}

/// Types of custom kinds have no name of their own: theirs is the group backwards, version and kind.
fn custom_name(gvk: &Gvk) -> String {
    let mut parts: Vec<&str> = gvk.group.split('.').collect();
    parts.reverse();
    format!("{}.{}.{}", parts.join("."), gvk.version, gvk.kind)
}

fn scalar_name(shape: Shape) -> Option<&'static str> {
    Some(match shape {
        Shape::IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        Shape::Quantity => "io.k8s.apimachinery.pkg.api.resource.Quantity",
        Shape::Time => "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
        Shape::MicroTime => "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
        Shape::Raw => "io.k8s.apimachinery.pkg.runtime.RawExtension",
        Shape::String
        | Shape::Duration
        | Shape::Int32
        | Shape::Int64
        | Shape::Number
        | Shape::Boolean
        | Shape::Bytes
        | Shape::Any
        | Shape::Object
        | Shape::Map
        | Shape::List => return None,
    })
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
