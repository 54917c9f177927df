//! Walking the fields of a kind.

use smol_str::SmolStr;
use toft_value::Value;

use crate::graph::{
    FieldEntry, Graph, INLINED, Index, Node, OMIT_EMPTY, OMIT_ZERO, POINTER, REQUIRED, Rules, Type,
};

/// What a value is in JSON and in protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// A map with known fields; a message.
    Object,
    /// A map with any keys and values of one schema.
    Map,
    /// A list.
    List,
    /// A string.
    String,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// A floating-point number; `double`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An integer or a string; message `{type = 1, intVal = 2, strVal = 3}`.
    IntOrString,
    /// An amount; message `{string = 1}`.
    Quantity,
    /// An RFC 3339 time; message `{seconds = 1, nanos = 2}`.
    Time,
    /// An RFC 3339 time with microseconds; message as of a time.
    MicroTime,
    /// A duration as Go prints it; message `{duration = 1}`, in nanoseconds.
    Duration,
    /// Bytes; in JSON a string in base 64.
    Bytes,
    /// Any map; message `{raw = 1}` that holds JSON.
    Raw,
    /// Anything; message `{raw = 1}` that holds JSON.
    Any,
}

/// How lists merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListType<'a> {
    /// As a whole.
    Atomic,
    /// Item by item, each item once.
    Set,
    /// Item by item, found by these fields.
    Map(&'a [SmolStr]),
}

/// How maps and objects merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// As a whole.
    Atomic,
    /// Entry by entry.
    Granular,
}

/// What strategic merge patches do with a list or map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// Items merge instead of replacing the list.
    pub merge: bool,
    /// A map is replaced instead of merged.
    pub replace: bool,
    /// The patch tells with `$retainKeys` which fields stay.
    pub retain_keys: bool,
}

/// When Go leaves a field out of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omit {
    /// Never: a field without a value is written as zero.
    Never,
    /// If it is empty: `""`, `0`, `false`, no item, no entry, no pointer. A struct is never empty.
    Empty,
    /// If it is zero; a struct is zero if all its fields are.
    Zero,
}

/// One node of a type graph; a copy is two words.
#[derive(Clone, Copy)]
pub struct Schema<'a> {
    graph: &'a Graph,
    index: Index,
}

/// One field of an object.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    graph: &'a Graph,
    entry: &'a FieldEntry,
}

/// What a number in a protobuf message stands for.
#[derive(Clone, Copy)]
pub enum ProtoField<'a> {
    /// A field of the object.
    Field(Field<'a>),
    /// A message whose fields are fields of the same object in JSON.
    Inline(ProtoMessage<'a>),
}

/// A message whose fields are fields of the outer object in JSON, such as `VolumeSource` in `Volume`.
#[derive(Clone, Copy)]
pub struct ProtoMessage<'a> {
    graph: &'a Graph,
    entry: &'a Type,
}

impl Shape {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Object,
            1 => Self::Map,
            2 => Self::List,
            3 => Self::String,
            4 => Self::Int32,
            5 => Self::Int64,
            6 => Self::Number,
            7 => Self::Boolean,
            8 => Self::IntOrString,
            9 => Self::Quantity,
            10 => Self::Time,
            11 => Self::MicroTime,
            12 => Self::Duration,
            13 => Self::Bytes,
            14 => Self::Raw,
            15 => Self::Any,
            _ => return None,
        })
    }
}

impl<'a> Schema<'a> {
    pub(crate) fn new(graph: &'a Graph, index: Index) -> Self {
        Self { graph, index }
    }

    fn node(self) -> &'a Node {
        self.graph
            .node(self.index)
            .expect("a schema is made only from an index of its graph")
    }

    fn type_(self) -> Option<&'a Type> {
        self.graph.type_(self.node().type_index?)
    }

    /// What the value is.
    pub fn shape(self) -> Shape {
        self.node().shape
    }

    /// The name in OpenAPI, such as `io.k8s.api.core.v1.Container`; empty for what has none.
    pub fn name(self) -> &'a str {
        self.type_().map_or("", |one| one.name.as_str())
    }

    /// Another definition of the same table, by its name in OpenAPI.
    pub fn definition(self, name: &str) -> Option<Self> {
        Some(Self::new(self.graph, self.graph.named(name)?))
    }

    /// The struct as Go prints it, such as `v1.Container`; empty for what is none.
    pub fn go_name(self) -> &'a str {
        self.type_().map_or("", |one| one.go_name.as_str())
    }

    /// The fields of an object, sorted by name.
    pub fn fields(self) -> impl ExactSizeIterator<Item = Field<'a>> {
        let entries = self.type_().and_then(|one| entries(self.graph, one));
        let graph = self.graph;
        let entries = entries.unwrap_or_default().iter();
        entries.map(move |entry| Field { graph, entry })
    }

    /// One field of an object.
    pub fn field(self, name: &str) -> Option<Field<'a>> {
        let entries = entries(self.graph, self.type_()?)?;
        let at = entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()?;
        entries.get(at).map(|entry| Field {
            graph: self.graph,
            entry,
        })
    }

    /// The schema at a path of fields; a list's items and a map's values are not entered.
    pub fn at(self, path: &[&str]) -> Option<Self> {
        path.iter()
            .try_fold(self, |schema, name| Some(schema.field(name)?.schema()))
    }

    /// The schema of a list's items.
    pub fn items(self) -> Option<Self> {
        (self.shape() == Shape::List).then(|| self.element())?
    }

    /// The schema of a map's values.
    pub fn values(self) -> Option<Self> {
        (self.shape() == Shape::Map).then(|| self.element())?
    }

    fn element(self) -> Option<Self> {
        let index = self.node().element?;
        Some(Self::new(self.graph, index))
    }

    /// Whether fields that the schema does not name are kept.
    pub fn is_preserving(self) -> bool {
        self.node().preserving
    }

    /// Whether the value is a whole object, with kind and metadata.
    pub fn is_embedded(self) -> bool {
        self.node().embedded
    }

    /// Whether `null` is a value.
    pub fn is_nullable(self) -> bool {
        self.node().nullable
    }

    /// What a CRD demands of the value.
    pub(crate) fn rules(self) -> Option<&'a Rules> {
        self.node().rules.as_deref()
    }

    /// Another node of the same graph.
    pub(crate) fn sibling(self, index: Index) -> Self {
        Self::new(self.graph, index)
    }

    /// The schema of entries that are no fields.
    pub(crate) fn element_of_object(self) -> Option<Self> {
        matches!(self.shape(), Shape::Map | Shape::Object).then(|| self.element())?
    }

    /// How a list merges in server-side apply.
    ///
    /// Source: kube-openapi `pkg/schemaconv/openapi.go`, getListElementRelationship: a list without a
    /// list type follows its patch strategy.
    pub fn list_type(self) -> ListType<'a> {
        let node = self.node();
        match node.merging & 3 {
            2 => ListType::Set,
            3 => ListType::Map(&node.keys),
            0 if self.patch_strategy().merge && node.merge_key.is_empty() => ListType::Set,
            0 if self.patch_strategy().merge => {
                ListType::Map(std::slice::from_ref(&node.merge_key))
            }
            _ => ListType::Atomic,
        }
    }

    /// The list type as it is declared; `None` where nothing is.
    pub fn declared_list_type(self) -> Option<ListType<'a>> {
        (self.node().merging & 3 != 0).then(|| self.list_type())
    }

    /// How a map or an object merges.
    pub fn map_type(self) -> MapType {
        match (self.node().merging >> 2) & 3 {
            1 => MapType::Atomic,
            _ => MapType::Granular,
        }
    }

    /// What a strategic merge patch does here.
    pub fn patch_strategy(self) -> PatchStrategy {
        let bits = self.node().merging >> 4;
        PatchStrategy {
            merge: bits & 1 != 0,
            replace: bits & 2 != 0,
            retain_keys: bits & 4 != 0,
        }
    }

    /// The field by which a strategic merge patch finds list items.
    pub fn merge_key(self) -> Option<&'a str> {
        let key = self.node().merge_key.as_str();
        (!key.is_empty()).then_some(key)
    }

    /// What a number in the protobuf message of this object stands for.
    pub fn proto_field(self, number: u32) -> Option<ProtoField<'a>> {
        proto_field(self.graph, self.type_()?, number)
    }

    /// The Go name of the inlined struct that a field comes from.
    pub(crate) fn inline_name(self, field: Field<'a>) -> Option<&'a str> {
        let messages = self.proto_inlines();
        let mut found =
            messages.filter(|(_, message)| message.fields().any(|one| one.name() == field.name()));
        found
            .next()
            .map(|(_, message)| message.entry.go_name.as_str())
    }

    /// The messages of this object whose fields are the object's own in JSON, with their numbers.
    pub fn proto_inlines(self) -> impl Iterator<Item = (u32, ProtoMessage<'a>)> {
        let inlines = self
            .type_()
            .and_then(|one| self.graph.inlines.get(one.inlines.clone()));
        messages(self.graph, inlines.unwrap_or_default())
    }
}

impl<'a> ProtoMessage<'a> {
    /// What a number in this message stands for.
    pub fn proto_field(self, number: u32) -> Option<ProtoField<'a>> {
        proto_field(self.graph, self.entry, number)
    }

    /// The fields of the message.
    pub fn fields(self) -> impl Iterator<Item = Field<'a>> {
        let graph = self.graph;
        let entries = entries(graph, self.entry).unwrap_or_default().iter();
        entries.map(move |entry| Field { graph, entry })
    }
}

impl<'a> Field<'a> {
    /// The name in JSON.
    pub fn name(self) -> &'a SmolStr {
        &self.entry.name
    }

    /// The schema of the value.
    pub fn schema(self) -> Schema<'a> {
        Schema::new(self.graph, self.entry.node)
    }

    /// The number in protobuf; 0 for `apiVersion` and `kind`, which have none.
    pub fn number(self) -> u32 {
        self.entry.number
    }

    /// Whether the number counts in an inlined message, not in the object's own.
    pub fn is_inlined(self) -> bool {
        self.entry.flags & INLINED != 0
    }

    /// Whether OpenAPI requires the field.
    pub fn is_required(self) -> bool {
        self.entry.flags & REQUIRED != 0
    }

    /// Whether the field is a pointer in Go, so that zero differs from nothing.
    pub fn is_pointer(self) -> bool {
        self.entry.flags & POINTER != 0
    }

    /// When Go leaves the field out.
    pub fn omit(self) -> Omit {
        if self.entry.flags & OMIT_ZERO != 0 {
            Omit::Zero
        } else if self.entry.flags & OMIT_EMPTY != 0 {
            Omit::Empty
        } else {
            Omit::Never
        }
    }

    /// The default that the schema declares; a zero is declared for fields that Go always writes.
    pub fn default(self) -> Option<&'a Value> {
        self.entry.default.as_ref()
    }

    /// The type as Go prints it, without a pointer's star: `[]v1.Container`.
    pub fn go_type(self) -> &'a str {
        &self.entry.go_type
    }
}

fn entries<'a>(graph: &'a Graph, one: &Type) -> Option<&'a [FieldEntry]> {
    graph.fields.get(one.fields.clone())
}

fn messages<'a>(
    graph: &'a Graph,
    inlines: &'a [(u32, Index)],
) -> impl Iterator<Item = (u32, ProtoMessage<'a>)> {
    inlines.iter().filter_map(move |(number, index)| {
        let entry = graph.type_(*index)?;
        Some((*number, ProtoMessage { graph, entry }))
    })
}

fn proto_field<'a>(graph: &'a Graph, one: &'a Type, number: u32) -> Option<ProtoField<'a>> {
    let inlines = graph.inlines.get(one.inlines.clone())?;
    let inline = messages(graph, inlines).find(|(found, _)| *found == number);
    if let Some((_, message)) = inline {
        return Some(ProtoField::Inline(message));
    }
    let own = |entry: &&FieldEntry| entry.number == number && entry.flags & INLINED == 0;
    let entry = entries(graph, one)?.iter().find(own)?;
    Some(ProtoField::Field(Field { graph, entry }))
}
