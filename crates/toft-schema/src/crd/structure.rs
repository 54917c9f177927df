//! Structural schemas as a type graph.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_value::{Map, Value};

use super::{CRD_DEPTH_MAX, CrdError};
use crate::graph::{FieldEntry, Graph, Index, Node, OMIT_EMPTY, POINTER, REQUIRED, Rules, Type};
use crate::schema::Shape;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The graph of one version, and its root.
pub(crate) fn build(
    schema: Option<&Value>,
    builtin: &Graph,
    gvk: &Gvk,
) -> Result<(Graph, Index), CrdError> {
    let mut builder = Builder {
        builtin,
        graph: Graph::default(),
        copied: BTreeMap::new(),
        object_meta: None,
        known: BTreeMap::new(),
        plain: BTreeMap::new(),
    };
    let preserving = Value::Map(
        [(
            "x-kubernetes-preserve-unknown-fields".into(),
            Value::Bool(true),
        )]
        .into_iter()
        .collect(),
    );
    let root = builder.node(schema.unwrap_or(&preserving), 0)?;
    builder.embed(root);
    if let Some(node) = builder.graph.nodes.get_mut(to_usize(root)) {
        node.shape = Shape::Object;
    }
    if let Some(one) = builder.type_of(root) {
        one.go_name = gvk.kind.clone();
    }
    Ok((builder.graph, root))
}

struct Builder<'a> {
    builtin: &'a Graph,
    graph: Graph,
    /// Nodes of the built-in graph that were copied, by their index there.
    copied: BTreeMap<Index, Index>,
    object_meta: Option<Index>,
    /// Nodes of schemas that are written more than once, by the address of their map.
    known: BTreeMap<usize, Index>,
    /// Nodes of schemas that say nothing but a scalar type, by type.
    plain: BTreeMap<SmolStr, Index>,
}

fn to_usize(index: Index) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn to_index(at: usize) -> Index {
    Index::try_from(at).unwrap_or(Index::MAX)
}

impl Builder<'_> {
    fn type_of(&mut self, node: Index) -> Option<&mut Type> {
        let index = self.graph.node(node)?.type_index?;
        self.graph.types.get_mut(to_usize(index))
    }

    fn push_node(&mut self, node: Node) -> Index {
        self.graph.nodes.push(node);
        to_index(self.graph.nodes.len() - 1)
    }

    fn push_type(&mut self, fields: Vec<FieldEntry>) -> Index {
        let start = self.graph.fields.len();
        self.graph.fields.extend(fields);
        self.graph.types.push(Type {
            name: SmolStr::default(),
            go_name: SmolStr::default(),
            fields: start..self.graph.fields.len(),
            inlines: 0..0,
        });
        to_index(self.graph.types.len() - 1)
    }

    /// The node of a schema; parts that are shared or plain have one node wherever they are.
    fn node(&mut self, schema: &Value, depth: usize) -> Result<Index, CrdError> {
        if depth > CRD_DEPTH_MAX {
            return Err(CrdError::TooDeep);
        }
        let address = schema.as_map().map(Map::address);
        let known = address.and_then(|address| self.known.get(&address));
        let plain = plain_type(schema);
        let known = known.or_else(|| self.plain.get(plain?));
        if let Some(known) = known {
            return Ok(*known);
        }
        let node = self.new_node(schema, depth)?;
        match (plain, address) {
            (Some(plain), _) => {
                self.plain.insert(plain.into(), node);
            }
            (None, Some(address)) => {
                self.known.insert(address, node);
            }
            (None, None) => {}
        }
        Ok(node)
    }

    fn new_node(&mut self, schema: &Value, depth: usize) -> Result<Index, CrdError> {
        let flag = |key: &str| schema.bool_at(&[key]) == Some(true);
        let fields = self.fields(schema, depth)?;
        let element = match (schema.get("items"), schema.get("additionalProperties")) {
            (Some(items), _) => Some(self.node(items, depth + 1)?),
            (None, Some(values @ Value::Map(_))) => Some(self.node(values, depth + 1)?),
            _ => None,
        };
        let allows_any = schema.bool_at(&["additionalProperties"]) == Some(true);
        let preserving = flag("x-kubernetes-preserve-unknown-fields") || allows_any;
        let shape = shape_of(schema);
        let type_index = (shape == Shape::Object).then(|| self.push_type(fields));
        let rules = self.rules(schema, depth)?;
        let node = self.push_node(Node {
            shape,
            type_index,
            element,
            merging: merging(schema),
            keys: texts(schema, "x-kubernetes-list-map-keys"),
            merge_key: SmolStr::default(),
            preserving,
            embedded: flag("x-kubernetes-embedded-resource"),
            nullable: flag("nullable"),
            rules,
        });
        if flag("x-kubernetes-embedded-resource") {
            self.embed(node);
        }
        Ok(node)
    }

    fn fields(&mut self, schema: &Value, depth: usize) -> Result<Vec<FieldEntry>, CrdError> {
        let required = texts(schema, "required");
        let properties = schema.get("properties").and_then(Value::as_map);
        let mut fields = Vec::new();
        for (name, property) in properties.into_iter().flatten() {
            let is_required = required.contains(name);
            fields.push(FieldEntry {
                name: name.clone(),
                node: self.node(property, depth + 1)?,
                number: 0,
                flags: OMIT_EMPTY | POINTER | if is_required { REQUIRED } else { 0 },
                go_type: SmolStr::default(),
                default: property.get("default").cloned(),
            });
        }
        Ok(fields)
    }

    fn rules(&mut self, schema: &Value, depth: usize) -> Result<Option<Arc<Rules>>, CrdError> {
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let count = |key: &str| {
            let count = schema.i64_at(&[key])?;
            usize::try_from(count).ok()
        };
        let flag = |key: &str| schema.bool_at(&[key]) == Some(true);
        let type_ = schema.str_at(&["type"]).unwrap_or_default();
        let mut junctors = [
            ("allOf", Vec::new()),
            ("anyOf", Vec::new()),
            ("oneOf", Vec::new()),
        ];
        for (key, nodes) in &mut junctors {
            for inner in schema.items_at(&[key]) {
                nodes.push(self.node(inner, depth + 1)?);
            }
        }
        let [(_, all_of), (_, any_of), (_, one_of)] = junctors;
        let not = match schema.get("not") {
            Some(inner @ Value::Map(_)) => Some(self.node(inner, depth + 1)?),
            _ => None,
        };
        Ok(Some(Arc::new(Rules {
            type_: if flag("x-kubernetes-int-or-string") {
                SmolStr::new_static("integer,string")
            } else {
                type_.into()
            },
            format: schema.str_at(&["format"]).unwrap_or_default().into(),
            required: texts(schema, "required"),
            values: schema.items_at(&["enum"]).to_vec(),
            pattern: schema.str_at(&["pattern"]).map(SmolStr::from),
            regex: OnceLock::new(),
            minimum: number("minimum"),
            maximum: number("maximum"),
            exclusive_minimum: flag("exclusiveMinimum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            unique_items: flag("uniqueItems"),
            all_of,
            any_of,
            one_of,
            not,
        })))
    }

    /// Adds `apiVersion`, `kind` and `metadata` to an object.
    fn embed(&mut self, node: Index) {
        let meta = self.object_meta();
        let text = self.push_node(Node::plain(Shape::String));
        let existing = match self.graph.node(node).and_then(|node| node.type_index) {
            Some(index) => self
                .graph
                .type_(index)
                .and_then(|one| self.graph.fields.get(one.fields.clone()))
                .map(<[FieldEntry]>::to_vec)
                .unwrap_or_default(),
            None => Vec::new(),
        };
        let mut fields = existing;
        for (name, index) in [("apiVersion", text), ("kind", text), ("metadata", meta)] {
            fields.retain(|field| field.name != name);
            fields.push(FieldEntry {
                name: name.into(),
                node: index,
                number: 0,
                flags: OMIT_EMPTY | POINTER,
                go_type: SmolStr::default(),
                default: None,
            });
        }
        fields.sort_by(|left, right| left.name.cmp(&right.name));
        let index = self.push_type(fields);
        if let Some(node) = self.graph.nodes.get_mut(to_usize(node)) {
            node.type_index = Some(index);
            node.shape = Shape::Object;
        }
    }

    fn object_meta(&mut self) -> Index {
        if let Some(known) = self.object_meta {
            return known;
        }
        let at = self
            .builtin
            .types
            .iter()
            .position(|one| one.name == OBJECT_META);
        let copied = self.copy(to_index(at.unwrap_or_default()));
        self.object_meta = Some(copied);
        copied
    }

    /// Copies a node of the built-in graph with all that it refers to.
    fn copy(&mut self, index: Index) -> Index {
        if let Some(known) = self.copied.get(&index) {
            return *known;
        }
        let Some(node) = self.builtin.node(index).cloned() else {
            return self.push_node(Node::plain(Shape::Any));
        };
        let copied = self.push_node(node.clone());
        self.copied.insert(index, copied);
        let element = node.element.map(|element| self.copy(element));
        let type_index = node
            .type_index
            .filter(|_| node.shape == Shape::Object)
            .and_then(|type_index| self.builtin.type_(type_index))
            .map(|one| self.copy_type(one));
        if let Some(node) = self.graph.nodes.get_mut(to_usize(copied)) {
            node.element = element;
            node.type_index = type_index;
        }
        copied
    }

    fn copy_type(&mut self, one: &Type) -> Index {
        let fields = self.builtin.fields.get(one.fields.clone());
        let mut fields = fields.unwrap_or_default().to_vec();
        for field in &mut fields {
            field.node = self.copy(field.node);
        }
        let index = self.push_type(fields);
        if let Some(copy) = self.graph.types.get_mut(to_usize(index)) {
            copy.name = one.name.clone();
            copy.go_name = one.go_name.clone();
        }
        index
    }
}

/// The type of a schema that says nothing else.
fn plain_type(schema: &Value) -> Option<&str> {
    let map = schema.as_map()?;
    let says_more = map.keys().any(|key| key != "type" && key != "description");
    let type_ = map.get("type")?.as_str()?;
    let is_scalar = matches!(type_, "string" | "integer" | "number" | "boolean");
    (is_scalar && !says_more).then_some(type_)
}

fn shape_of(schema: &Value) -> Shape {
    let values = schema.get("additionalProperties");
    let holds_values = values.is_some_and(|values| values.as_map().is_some());
    let preserving = values.and_then(Value::as_bool) == Some(true)
        || schema.bool_at(&["x-kubernetes-preserve-unknown-fields"]) == Some(true);
    let has_fields = schema
        .get("properties")
        .and_then(Value::as_map)
        .is_some_and(|properties| !properties.is_empty());
    if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) {
        return Shape::IntOrString;
    }
    match schema.str_at(&["type"]) {
        Some("array") => Shape::List,
        Some("object") if holds_values && !has_fields => Shape::Map,
        Some("object") if preserving && !has_fields => Shape::Raw,
        Some("object") => Shape::Object,
        Some("string") => Shape::String,
        Some("integer") if schema.str_at(&["format"]) == Some("int32") => Shape::Int32,
        Some("integer") => Shape::Int64,
        Some("number") => Shape::Number,
        Some("boolean") => Shape::Boolean,
        _ if has_fields => Shape::Object,
        _ => Shape::Any,
    }
}

fn merging(schema: &Value) -> u8 {
    let list = match schema.str_at(&["x-kubernetes-list-type"]) {
        Some("atomic") => 1,
        Some("set") => 2,
        Some("map") => 3,
        _ => 0,
    };
    let map = match schema.str_at(&["x-kubernetes-map-type"]) {
        Some("atomic") => 1,
        Some("granular") => 2,
        _ => 0,
    };
    list | (map << 2)
}

fn texts(schema: &Value, key: &str) -> Vec<SmolStr> {
    let items = schema.items_at(&[key]).iter();
    items.filter_map(Value::as_str).map(SmolStr::from).collect()
}
