//! Kinds that CRDs add: their resources, and their structural schemas as a type graph.
//!
//! CEL rules (`x-kubernetes-validations`) are not evaluated.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_value::Value;

use crate::graph::{FieldEntry, Graph, Index, Node, OMIT_EMPTY, PRESERVING, REQUIRED, Type};
use crate::resource::{Resource, Subresource};
use crate::schema::{Schema, Shape};
use crate::schemas::Schemas;

/// How deep a schema may nest: eight times the deepest schema of the operators that homelabs run.
pub const CRD_DEPTH_MAX: usize = 128;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// Takes out of an object of a custom kind what its schema does not name.
///
/// Maps keep every key; parts that preserve unknown fields keep theirs. Built-in kinds and custom kinds
/// without a schema are left alone.
///
/// Source: apiextensions-apiserver 0.36 `pkg/apiserver/schema/pruning/algorithm.go`.
pub fn prune(schemas: &Schemas, gvk: &Gvk, object: &mut Value) {
    if let Some(schema) = schemas.custom_schema(gvk) {
        prune_value(schema, object);
    }
}

fn prune_value(schema: Schema<'_>, value: &mut Value) {
    match (schema.shape(), value) {
        (Shape::Object, Value::Map(map)) => {
            if !schema.is_preserving() {
                map.retain(|key, _| schema.field(key).is_some());
            }
            for field in schema.fields() {
                if let Some(inner) = map.get_mut(field.name()) {
                    prune_value(field.schema(), inner);
                }
            }
        }
        (Shape::Map, Value::Map(map)) => {
            if let Some(values) = schema.values() {
                map.values_mut()
                    .for_each(|inner| prune_value(values, inner));
            }
        }
        (Shape::List, Value::List(list)) => {
            if let Some(items) = schema.items() {
                list.make_mut()
                    .iter_mut()
                    .for_each(|inner| prune_value(items, inner));
            }
        }
        _ => {}
    }
}

/// Why a definition adds no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrdError {
    /// A field that names the kind is missing.
    #[error("the definition has no `{0}`")]
    Missing(&'static str),
    /// The schema nests deeper than [`CRD_DEPTH_MAX`].
    #[error("the schema nests deeper than {CRD_DEPTH_MAX}")]
    TooDeep,
}

/// What one CRD adds.
#[derive(Debug)]
pub(crate) struct Custom {
    /// The name of the CRD.
    pub(crate) name: SmolStr,
    pub(crate) graph: Graph,
    /// One for each served version, the preferred one first.
    pub(crate) resources: Vec<Resource>,
    pub(crate) kinds: Vec<(Gvk, Index)>,
    /// The schemas as they are written, by kind.
    pub(crate) written: BTreeMap<Gvk, Value>,
}

impl Custom {
    /// Reads a CRD; `builtin` lends the schema of `metadata`.
    pub(crate) fn read(crd: &Value, builtin: &Graph) -> Result<Self, CrdError> {
        let text = |path: &[&str]| {
            crd.str_at(path)
                .filter(|text| !text.is_empty())
                .map(SmolStr::from)
        };
        let name = text(&["metadata", "name"]).ok_or(CrdError::Missing("metadata.name"))?;
        let group = text(&["spec", "group"]).ok_or(CrdError::Missing("spec.group"))?;
        let kind = text(&["spec", "names", "kind"]).ok_or(CrdError::Missing("spec.names.kind"))?;
        let plural =
            text(&["spec", "names", "plural"]).ok_or(CrdError::Missing("spec.names.plural"))?;
        let mut reading = Reading {
            graph: Graph::default(),
            builtin,
            imported: BTreeMap::new(),
        };
        let (mut resources, mut kinds, mut written) = (Vec::new(), Vec::new(), BTreeMap::new());
        let versions = crd.items_at(&["spec", "versions"]).iter();
        for version in versions.filter(|version| version.bool_at(&["served"]) == Some(true)) {
            let Some(version_name) = version.str_at(&["name"]) else {
                continue;
            };
            let gvk = Gvk::new(&group, version_name, &kind);
            if let Some(schema) = version.at(&["schema", "openAPIV3Schema"]) {
                kinds.push((gvk.clone(), reading.root(schema)?));
                written.insert(gvk.clone(), schema.clone());
            }
            resources.push(resource(crd, version, (gvk, plural.clone())));
        }
        resources.sort_by_key(|resource| priority(&resource.version));
        if let Some(first) = resources.first_mut() {
            first.preferred = true;
        }
        Ok(Self {
            name,
            graph: reading.graph,
            resources,
            kinds,
            written,
        })
    }
}

fn resource(crd: &Value, version: &Value, (gvk, plural): (Gvk, SmolStr)) -> Resource {
    let names = |field: &str| {
        let items = crd.items_at(&["spec", "names", field]).iter();
        items
            .filter_map(Value::as_str)
            .map(SmolStr::from)
            .collect::<Vec<_>>()
    };
    let lower = gvk.kind.to_lowercase();
    let singular = crd
        .str_at(&["spec", "names", "singular"])
        .filter(|text| !text.is_empty());
    let has = |name: &str| version.at(&["subresources", name]).is_some();
    let sub = |name: &str, gvk: Gvk| Subresource {
        name: name.into(),
        gvk,
        verbs: ["get", "patch", "update"].map(SmolStr::from).to_vec(),
    };
    let scale = has("scale").then(|| sub("scale", Gvk::new("autoscaling", "v1", "Scale")));
    let status = has("status").then(|| sub("status", gvk.clone()));
    Resource {
        group: gvk.group.clone(),
        version: gvk.version.clone(),
        plural,
        singular: singular.unwrap_or(&lower).into(),
        short_names: names("shortNames"),
        categories: names("categories"),
        namespaced: crd.str_at(&["spec", "scope"]) != Some("Cluster"),
        verbs: VERBS.iter().copied().map(SmolStr::from).collect(),
        subresources: scale.into_iter().chain(status).collect(),
        served: true,
        preferred: false,
        gvk,
    }
}

/// Stable versions before beta before alpha, higher numbers first, other names last in order.
///
/// Source: apimachinery 0.36 `pkg/version/helpers.go`, `CompareKubeAwareVersionStrings`.
fn priority(version: &str) -> (u8, std::cmp::Reverse<(u32, u32)>, SmolStr) {
    let parsed = version.strip_prefix('v').and_then(|rest| {
        let digits = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        let (major, stage) = (rest.get(..digits)?, rest.get(digits..)?);
        let major: u32 = major.parse().ok()?;
        if stage.is_empty() {
            return Some((0, major, 0));
        }
        let (rank, minor) = match (stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
            (Some(minor), _) => (1, minor),
            (None, Some(minor)) => (2, minor),
            (None, None) => return None,
        };
        Some((rank, major, minor.parse().ok()?))
    });
    match parsed {
        Some((rank, major, minor)) => (rank, std::cmp::Reverse((major, minor)), SmolStr::default()),
        None => (3, std::cmp::Reverse((0, 0)), version.into()),
    }
}

struct Reading<'a> {
    graph: Graph,
    builtin: &'a Graph,
    imported: BTreeMap<Index, Index>,
}

/// What the head of a kind has besides the fields of its schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Object,
    Embedded,
    None,
}

impl Reading<'_> {
    fn root(&mut self, schema: &Value) -> Result<Index, CrdError> {
        self.node(schema, (Head::Object, 0))
    }

    fn push(&mut self, node: Node) -> Index {
        self.graph.nodes.push(node);
        index(self.graph.nodes.len() - 1)
    }

    fn node(&mut self, schema: &Value, (head, depth): (Head, usize)) -> Result<Index, CrdError> {
        if depth > CRD_DEPTH_MAX {
            return Err(CrdError::TooDeep);
        }
        let flag = |name: &str| schema.bool_at(&[name]) == Some(true);
        let mut node = plain(shape(schema));
        node.nullable = flag("nullable");
        if flag("x-kubernetes-preserve-unknown-fields") {
            node.merging |= PRESERVING;
        }
        let embedded = flag("x-kubernetes-embedded-resource");
        match node.shape {
            Shape::Object => {
                let head = if embedded { Head::Embedded } else { head };
                let fields = self.fields(schema, (head, depth))?;
                node.type_index = Some(self.add_type(fields));
                node.merging |= map_type(schema);
            }
            Shape::Map => {
                let values = schema.get("additionalProperties");
                node.element = Some(match values.filter(|values| values.as_map().is_some()) {
                    Some(values) => self.node(values, (Head::None, depth + 1))?,
                    None => self.push(plain(Shape::Any)),
                });
                node.merging |= map_type(schema);
            }
            Shape::List => {
                let items = schema.get("items").cloned().unwrap_or_default();
                node.element = Some(self.node(&items, (Head::None, depth + 1))?);
                node.merging |= list_type(schema);
                let keys = schema.items_at(&["x-kubernetes-list-map-keys"]).iter();
                node.keys = keys.filter_map(Value::as_str).map(SmolStr::from).collect();
            }
            _ => {}
        }
        Ok(self.push(node))
    }

    fn fields(
        &mut self,
        schema: &Value,
        (head, depth): (Head, usize),
    ) -> Result<Vec<FieldEntry>, CrdError> {
        let required: Vec<&str> = schema
            .items_at(&["required"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut fields = BTreeMap::new();
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_map)
            .into_iter()
            .flatten()
        {
            let node = self.node(property, (Head::None, depth + 1))?;
            let flags = if required.contains(&name.as_str()) {
                REQUIRED | OMIT_EMPTY
            } else {
                OMIT_EMPTY
            };
            fields.insert(
                name.clone(),
                entry(name, node, (flags, property.get("default").cloned())),
            );
        }
        if head != Head::None {
            for name in ["apiVersion", "kind"] {
                let node = self.push(plain(Shape::String));
                fields.insert(name.into(), entry(name, node, (OMIT_EMPTY, None)));
            }
            let node = self.object_meta();
            fields.insert(
                "metadata".into(),
                entry("metadata", node, (OMIT_EMPTY, None)),
            );
        }
        Ok(fields.into_values().collect())
    }

    fn add_type(&mut self, fields: Vec<FieldEntry>) -> Index {
        let start = self.graph.fields.len();
        self.graph.fields.extend(fields);
        let fields = start..self.graph.fields.len();
        let name = SmolStr::default();
        self.graph.types.push(Type {
            go_name: name.clone(),
            name,
            fields,
            inlines: 0..0,
        });
        index(self.graph.types.len() - 1)
    }

    /// The schema of `metadata`, copied from the built-in kinds.
    fn object_meta(&mut self) -> Index {
        let found = self
            .builtin
            .types
            .iter()
            .position(|one| one.name == OBJECT_META);
        let mut node = plain(Shape::Object);
        node.type_index = found.map(|at| self.import_type(index(at)));
        self.push(node)
    }

    fn import_type(&mut self, at: Index) -> Index {
        if let Some(done) = self.imported.get(&at) {
            return *done;
        }
        // A number first: `metadata` has no type within itself, but nothing should hang on that.
        let number = index(self.graph.types.len());
        self.imported.insert(at, number);
        let found = self.builtin.type_(at).cloned();
        let empty = Type {
            name: SmolStr::default(),
            go_name: SmolStr::default(),
            fields: 0..0,
            inlines: 0..0,
        };
        let original = found.unwrap_or(empty);
        self.graph.types.push(original.clone());
        let entries = self.builtin.fields.get(original.fields).unwrap_or_default();
        let fields: Vec<FieldEntry> = entries
            .iter()
            .map(|entry| FieldEntry {
                node: self.import_node(entry.node),
                ..entry.clone()
            })
            .collect();
        let start = self.graph.fields.len();
        self.graph.fields.extend(fields);
        let range = start..self.graph.fields.len();
        if let Some(copy) = usize::try_from(number)
            .ok()
            .and_then(|at| self.graph.types.get_mut(at))
        {
            copy.fields = range;
            copy.inlines = 0..0;
        }
        number
    }

    fn import_node(&mut self, at: Index) -> Index {
        let Some(original) = self.builtin.node(at).cloned() else {
            return self.push(plain(Shape::Any));
        };
        let type_index = original.type_index.map(|at| self.import_type(at));
        let element = original.element.map(|at| self.import_node(at));
        self.push(Node {
            type_index,
            element,
            ..original
        })
    }
}

fn index(at: usize) -> Index {
    Index::try_from(at).expect("a definition is read from a request of limited size")
}

fn plain(shape: Shape) -> Node {
    Node {
        shape,
        type_index: None,
        element: None,
        merging: 0,
        keys: Vec::new(),
        merge_key: SmolStr::default(),
        nullable: false,
    }
}

fn entry(name: &str, node: Index, (flags, default): (u8, Option<Value>)) -> FieldEntry {
    FieldEntry {
        name: name.into(),
        node,
        number: 0,
        flags,
        go_type: SmolStr::default(),
        default,
    }
}

fn shape(schema: &Value) -> Shape {
    if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) {
        return Shape::IntOrString;
    }
    match schema.str_at(&["type"]).unwrap_or_default() {
        "object" => object_shape(schema),
        "array" => Shape::List,
        "string" => Shape::String,
        "integer" => Shape::Int64,
        "number" => Shape::Number,
        "boolean" => Shape::Boolean,
        _ => Shape::Any,
    }
}

fn object_shape(schema: &Value) -> Shape {
    let allows = schema.get("additionalProperties");
    let is_map =
        allows.is_some_and(|allows| allows.as_map().is_some() || allows.as_bool() == Some(true));
    if is_map && schema.get("properties").is_none() {
        Shape::Map
    } else {
        Shape::Object
    }
}

fn list_type(schema: &Value) -> u8 {
    match schema.str_at(&["x-kubernetes-list-type"]) {
        Some("set") => 2,
        Some("map") => 3,
        // A list of a custom kind that says nothing is replaced as a whole.
        _ => 1,
    }
}

fn map_type(schema: &Value) -> u8 {
    if schema.str_at(&["x-kubernetes-map-type"]) == Some("atomic") {
        1 << 2
    } else {
        0
    }
}
