//! The type graph: what OpenAPI says about each field, joined with what the Go types say.

use std::collections::BTreeMap;

use anyhow::Context;
use toft_value::Value;

use super::go::{GoField, Package};
use super::openapi::reference;
use super::{Upstream, go};

/// What a value is; the numbers are those of `toft_schema::Shape` in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Object = 0,
    Map = 1,
    List = 2,
    Text = 3,
    Int32 = 4,
    Int64 = 5,
    Number = 6,
    Boolean = 7,
    IntOrString = 8,
    Quantity = 9,
    Time = 10,
    MicroTime = 11,
    Duration = 12,
    Bytes = 13,
    Raw = 14,
    Any = 15,
}

/// One node of the graph: a type with what the place where it is used says about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    pub(crate) shape: Shape,
    /// The index of the type; `None` for scalars, lists and maps.
    pub(crate) type_index: Option<usize>,
    /// The node of items or values.
    pub(crate) element: Option<usize>,
    /// 0 unsaid, 1 atomic, 2 set, 3 map
    pub(crate) list_type: u8,
    pub(crate) keys: Vec<String>,
    /// 0 unsaid, 1 atomic, 2 granular
    pub(crate) map_type: u8,
    /// 1 merge, 2 replace, 4 retainKeys
    pub(crate) patch: u8,
    pub(crate) merge_key: String,
}

/// One field of a type.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) node: usize,
    pub(crate) number: u32,
    /// 1 required, 2 omitempty, 4 omitzero, 8 pointer, 16 numbered in an inlined message
    pub(crate) flags: u8,
    pub(crate) go_type: String,
    /// JSON; empty where there is none.
    pub(crate) default: String,
}

/// A struct.
#[derive(Clone, Debug, Default)]
pub(crate) struct Type {
    /// The name in OpenAPI; empty for a struct that is inlined only.
    pub(crate) name: String,
    /// As Go prints it, such as `v1.Container`.
    pub(crate) go_name: String,
    pub(crate) fields: Vec<Field>,
    /// Inlined structs, which are messages of their own in protobuf: number and type.
    pub(crate) inlines: Vec<(u32, usize)>,
}

/// The whole graph. The first nodes are the types', in the same order.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) types: Vec<Type>,
    pub(crate) nodes: Vec<Node>,
    nodes_by_content: BTreeMap<Node, usize>,
    indexes: BTreeMap<String, usize>,
}

/// Types that are no structs in JSON, or not only.
const LEAVES: &[(&str, Shape)] = &[
    (
        "io.k8s.apimachinery.pkg.api.resource.Quantity",
        Shape::Quantity,
    ),
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1.Duration",
        Shape::Duration,
    ),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", Shape::Raw),
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
        Shape::MicroTime,
    ),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.Patch", Shape::Raw),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", Shape::Time),
    ("io.k8s.apimachinery.pkg.runtime.RawExtension", Shape::Raw),
    (
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        Shape::IntOrString,
    ),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
        Shape::Any,
    ),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
        Shape::Any,
    ),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
        Shape::Any,
    ),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
        Shape::Any,
    ),
];

impl Graph {
    /// Joins the OpenAPI definitions with the Go types that they were made from.
    pub(crate) fn build(
        upstream: &Upstream,
        definitions: &BTreeMap<String, Value>,
    ) -> anyhow::Result<Self> {
        let mut graph = Self::default();
        for (index, (name, definition)) in definitions.iter().enumerate() {
            let (_, short) = name.rsplit_once('.').unwrap_or(("", name));
            graph.indexes.insert(name.clone(), index);
            graph.types.push(Type {
                name: name.clone(),
                go_name: format!("{}.{short}", package_of(name)),
                ..Type::default()
            });
            graph.push(Node {
                type_index: Some(index),
                ..Node::of(definition, leaf_shape(name).unwrap_or(Shape::Object))
            });
        }
        let mut packages = BTreeMap::new();
        for (name, definition) in definitions {
            if leaf_shape(name).is_none() {
                graph
                    .fill(upstream, &mut packages, (name, definition))
                    .with_context(|| format!("joining {name}"))?;
            }
        }
        Ok(graph)
    }

    /// The index of a type by its OpenAPI name.
    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.indexes.get(name).copied()
    }

    fn push(&mut self, node: Node) -> usize {
        let index = self.nodes.len();
        self.nodes_by_content
            .entry(node.clone())
            .or_insert_with(|| {
                self.nodes.push(node);
                index
            })
            .to_owned()
    }

    fn fill(
        &mut self,
        upstream: &Upstream,
        packages: &mut BTreeMap<String, Package>,
        (name, definition): (&str, &Value),
    ) -> anyhow::Result<()> {
        let index = self.index(name).context("the type has an index")?;
        let (package_name, short) = name.rsplit_once('.').context("a dotted name")?;
        if !packages.contains_key(package_name) {
            let package = match package_dir(upstream, package_name) {
                Some(dir) => go::read_package(&dir)?,
                None => Package::default(),
            };
            packages.insert(package_name.to_owned(), package);
        }
        let package = packages.get(package_name).context("it was just read")?;
        let joined = self.join(definition, package, short)?;
        let target = self.types.get_mut(index).context("the type is there")?;
        target.fields = joined.fields;
        target.inlines = joined.inlines;
        Ok(())
    }

    fn join(&mut self, definition: &Value, package: &Package, short: &str) -> anyhow::Result<Type> {
        let mut result = Type::default();
        let required = definition.items_at(&["required"]);
        let properties = definition
            .at(&["properties"])
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default();
        let go_fields = package.structs.get(short).cloned().unwrap_or_default();
        let mut found = BTreeMap::new();
        collect(&go_fields, package, &mut found, Depth::Own);
        for (property, schema) in &properties {
            let go_field = found.get(property.as_str());
            if go_field.is_none() && !go_fields.is_empty() {
                anyhow::bail!("the Go type has no field `{property}`");
            }
            let mut field = self.field((property, schema), go_field)?;
            let name = Some(property.as_str());
            field.flags |= u8::from(required.iter().any(|one| one.as_str() == name));
            result.fields.push(field);
        }
        for inline in go_fields.iter().filter(|field| field.inline) {
            let name = inline.go_type.rsplit('.').next().unwrap_or_default();
            if inline.number > 0 {
                let inlined = self.inlined(&result.fields, package, name)?;
                result.inlines.push((inline.number, inlined));
            }
        }
        Ok(result)
    }

    /// The message of an inlined struct: those fields of the outer struct that come from it.
    fn inlined(&mut self, outer: &[Field], package: &Package, name: &str) -> anyhow::Result<usize> {
        let go_fields = package
            .structs
            .get(name)
            .with_context(|| format!("the inlined struct `{name}`"))?
            .clone();
        let mut own = BTreeMap::new();
        collect(&go_fields, package, &mut own, Depth::Own);
        let mut inlined = Type {
            go_name: name.to_owned(),
            ..Type::default()
        };
        for field in outer {
            if let Some((go_field, depth)) = own.get(field.name.as_str()) {
                let mut field = field.clone();
                field.number = go_field.number;
                if *depth == Depth::Own {
                    field.flags &= !16;
                }
                inlined.fields.push(field);
            }
        }
        for inner in go_fields
            .iter()
            .filter(|field| field.inline && field.number > 0)
        {
            let name = inner.go_type.rsplit('.').next().unwrap_or_default();
            let index = self.inlined(outer, package, name)?;
            inlined.inlines.push((inner.number, index));
        }
        let index = self.types.len();
        self.types.push(inlined);
        Ok(index)
    }

    fn field(
        &mut self,
        (name, schema): (&str, &Value),
        go_field: Option<&(GoField, Depth)>,
    ) -> anyhow::Result<Field> {
        let node = self.node(schema)?;
        let mut flags = 0;
        let mut field = Field {
            name: name.to_owned(),
            node,
            number: 0,
            flags: 0,
            go_type: String::new(),
            default: default_of(schema),
        };
        if let Some((go_field, depth)) = go_field {
            flags |= u8::from(go_field.omit_empty) * 2 + u8::from(go_field.omit_zero) * 4;
            flags |= u8::from(go_field.go_type.starts_with('*')) * 8;
            flags |= u8::from(*depth == Depth::Inlined) * 16;
            field.number = go_field.number;
            go_field
                .go_type
                .trim_start_matches('*')
                .clone_into(&mut field.go_type);
        }
        field.flags = flags;
        Ok(field)
    }

    fn node(&mut self, schema: &Value) -> anyhow::Result<usize> {
        if let Some(name) = reference(schema) {
            let index = self
                .index(name)
                .with_context(|| format!("a reference to `{name}`"))?;
            let base = self.nodes.get(index).context("types have nodes")?.clone();
            let used = Node::of(schema, base.shape);
            let map_type = match used.map_type {
                0 => base.map_type,
                said => said,
            };
            return Ok(self.push(Node {
                patch: used.patch,
                merge_key: used.merge_key,
                map_type,
                ..base
            }));
        }
        let element = |graph: &mut Self, key| match schema.get(key) {
            Some(element) => graph.node(element).map(Some),
            None => Ok(None),
        };
        let (shape, element) = match schema.str_at(&["type"]) {
            Some("array") => (Shape::List, element(self, "items")?),
            Some("object") if schema.get("additionalProperties").is_some() => {
                (Shape::Map, element(self, "additionalProperties")?)
            }
            Some("object") => (Shape::Raw, None),
            Some("string") => (text_shape(schema), None),
            Some("integer") if schema.str_at(&["format"]) == Some("int32") => (Shape::Int32, None),
            Some("integer") => (Shape::Int64, None),
            Some("number") => (Shape::Number, None),
            Some("boolean") => (Shape::Boolean, None),
            Some(other) => anyhow::bail!("the type `{other}` is unknown"),
            None => (Shape::Any, None),
        };
        Ok(self.push(Node {
            element,
            ..Node::of(schema, shape)
        }))
    }
}

/// Whether a field is a struct's own or comes from an inlined struct that is a message of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Own,
    Inlined,
}

fn collect(
    fields: &[GoField],
    package: &Package,
    found: &mut BTreeMap<String, (GoField, Depth)>,
    depth: Depth,
) {
    for field in fields {
        if !field.inline {
            found.insert(field.json.clone(), (field.clone(), depth));
            continue;
        }
        let name = field.go_type.rsplit('.').next().unwrap_or_default();
        if name == "TypeMeta" {
            for name in ["apiVersion", "kind"] {
                let field = GoField {
                    json: name.to_owned(),
                    go_type: "string".to_owned(),
                    number: 0,
                    omit_empty: true,
                    omit_zero: false,
                    inline: false,
                };
                found.insert(name.to_owned(), (field, Depth::Own));
            }
        } else if let Some(inner) = package.structs.get(name) {
            let depth = if field.number > 0 {
                Depth::Inlined
            } else {
                depth
            };
            collect(inner, package, found, depth);
        }
    }
}

impl Node {
    /// A node of a shape with what the schema says about merging.
    fn of(schema: &Value, shape: Shape) -> Self {
        let text = |key: &str| schema.str_at(&[key]).unwrap_or_default();
        let strategies = text("x-kubernetes-patch-strategy").split(',');
        Self {
            shape,
            type_index: None,
            element: None,
            list_type: match text("x-kubernetes-list-type") {
                "atomic" => 1,
                "set" => 2,
                "map" => 3,
                _ => 0,
            },
            keys: schema
                .items_at(&["x-kubernetes-list-map-keys"])
                .iter()
                .filter_map(|key| key.as_str().map(str::to_owned))
                .collect(),
            map_type: match text("x-kubernetes-map-type") {
                "atomic" => 1,
                "granular" => 2,
                _ => 0,
            },
            patch: strategies.fold(0, |bits, strategy| {
                bits | match strategy {
                    "merge" => 1,
                    "replace" => 2,
                    "retainKeys" => 4,
                    _ => 0,
                }
            }),
            merge_key: text("x-kubernetes-patch-merge-key").to_owned(),
        }
    }
}

fn text_shape(schema: &Value) -> Shape {
    match schema.str_at(&["format"]) {
        Some("byte") => Shape::Bytes,
        Some("date-time") => Shape::Time,
        Some("int-or-string") => Shape::IntOrString,
        _ => Shape::Text,
    }
}

fn default_of(schema: &Value) -> String {
    match schema.get("default") {
        Some(Value::Map(map)) if map.is_empty() => String::new(),
        Some(default) => default.to_json(),
        None => String::new(),
    }
}

fn leaf_shape(name: &str) -> Option<Shape> {
    let leaf = LEAVES.iter().find(|(leaf, _)| *leaf == name);
    leaf.map(|(_, shape)| *shape)
}

/// The Go package's own name of a definition: `v1` of `io.k8s.api.core.v1.Pod`.
fn package_of(name: &str) -> &str {
    name.rsplit('.').nth(1).unwrap_or_default()
}

/// The folder of the Go package that a definition was made from.
fn package_dir(upstream: &Upstream, package: &str) -> Option<std::path::PathBuf> {
    let roots = [
        ("io.k8s.api.", "api", ""),
        ("io.k8s.apimachinery.pkg.apis.", "apimachinery", "pkg/apis/"),
        (
            "io.k8s.apiextensions-apiserver.pkg.apis.",
            "apiextensions-apiserver",
            "pkg/apis/",
        ),
        (
            "io.k8s.kube-aggregator.pkg.apis.",
            "kube-aggregator",
            "pkg/apis/",
        ),
    ];
    roots.iter().find_map(|(prefix, module, dir)| {
        let path = package.strip_prefix(prefix)?.replace('.', "/");
        Some(upstream.staging(module).join(format!("{dir}{path}")))
    })
}
