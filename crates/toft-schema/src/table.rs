//! Reads the table of built-in kinds.
//!
//! The table is written by `cargo x generate` from Kubernetes' published discovery and OpenAPI documents
//! and Go types. Its first line names format and source. Numbers are in base 128, least digits first;
//! a text is an index into the table of texts, a maybe is 0 or an index plus one.
//!
//! ```text
//! texts    count (length bytes)*
//! types    count (name go-name fields inlines)*
//!          field: name node number flags-byte go-type default-json     inline: number type
//! nodes    count (shape-byte merging-byte maybe-type maybe-element keys merge-key)*
//! kinds    count (group version kind type)*             sorted
//! groups   count (name versions)*                       in discovery order
//!          version: name resources
//!          resource: plural kind singular namespaced-byte short-names categories verbs subresources
//!          subresource: name kind verbs                 kind: group version kind
//! ```

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_value::Value;

use crate::graph::{FieldEntry, Graph, Index, Node, Type};
use crate::resource::{Resource, Subresource};
use crate::schema::Shape;

const TABLE: &[u8] = include_bytes!("kubernetes.table");

/// What the table holds.
pub(crate) struct Table {
    pub(crate) graph: Graph,
    pub(crate) kinds: Vec<(Gvk, Index)>,
    pub(crate) resources: Vec<Resource>,
}

impl Table {
    /// Reads the built-in table.
    pub(crate) fn builtin() -> Self {
        read(TABLE).expect("the table is generated, and a test reads all of it")
    }
}

/// `None` where the bytes are no table.
fn read(bytes: &'static [u8]) -> Option<Table> {
    let header = bytes.iter().position(|byte| *byte == b'\n')?;
    let mut reader = Reader {
        bytes: bytes.get(header + 1..)?,
        texts: Vec::new(),
    };
    reader.read_texts()?;
    let mut graph = Graph::default();
    for _ in 0..reader.number()? {
        read_type(&mut reader, &mut graph)?;
    }
    for _ in 0..reader.number()? {
        graph.nodes.push(read_node(&mut reader)?);
    }
    let kinds = reader.list(|reader| Some((reader.gvk()?, reader.index()?)))?;
    let groups = reader.list(read_group)?;
    Some(Table {
        graph,
        kinds,
        resources: groups.into_iter().flatten().collect(),
    })
}

struct Reader {
    bytes: &'static [u8],
    texts: Vec<SmolStr>,
}

impl Reader {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for place in 0..5 {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn index(&mut self) -> Option<Index> {
        self.number()?.try_into().ok()
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one means a broken table, the inner one is what the table says"
    )]
    fn maybe(&mut self) -> Option<Option<Index>> {
        Some(self.index()?.checked_sub(1))
    }

    fn text(&mut self) -> Option<SmolStr> {
        let index = self.number()?;
        self.texts.get(index).cloned()
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| item(self)).collect()
    }

    fn gvk(&mut self) -> Option<Gvk> {
        Some(Gvk {
            group: self.text()?,
            version: self.text()?,
            kind: self.text()?,
        })
    }

    fn read_texts(&mut self) -> Option<()> {
        for _ in 0..self.number()? {
            let length = self.number()?;
            let (text, rest) = self.bytes.split_at_checked(length)?;
            self.texts
                .push(SmolStr::new_static(std::str::from_utf8(text).ok()?));
            self.bytes = rest;
        }
        Some(())
    }
}

fn read_type(reader: &mut Reader, graph: &mut Graph) -> Option<()> {
    let (name, go_name) = (reader.text()?, reader.text()?);
    let first_field = graph.fields.len();
    for _ in 0..reader.number()? {
        graph.fields.push(FieldEntry {
            name: reader.text()?,
            node: reader.index()?,
            number: reader.index()?,
            flags: reader.byte()?,
            go_type: reader.text()?,
            default: read_default(&reader.text()?)?,
        });
    }
    let first_inline = graph.inlines.len();
    for _ in 0..reader.number()? {
        graph.inlines.push((reader.index()?, reader.index()?));
    }
    graph.types.push(Type {
        name,
        go_name,
        fields: first_field..graph.fields.len(),
        inlines: first_inline..graph.inlines.len(),
    });
    Some(())
}

#[expect(
    clippy::option_option,
    reason = "the outer one means a broken table, the inner one is what the table says"
)]
fn read_default(text: &str) -> Option<Option<Value>> {
    if text.is_empty() {
        return Some(None);
    }
    Value::from_json(text.as_bytes()).ok().map(Some)
}

fn read_node(reader: &mut Reader) -> Option<Node> {
    let shape = Shape::from_number(reader.byte()?)?;
    Some(Node {
        merging: reader.byte()?,
        type_index: reader.maybe()?,
        element: reader.maybe()?,
        keys: reader.list(Reader::text)?,
        merge_key: reader.text()?,
        ..Node::plain(shape)
    })
}

fn read_group(reader: &mut Reader) -> Option<Vec<Resource>> {
    let group = reader.text()?;
    let mut resources = Vec::new();
    for order in 0..reader.number()? {
        let version = reader.text()?;
        for _ in 0..reader.number()? {
            let mut resource = read_resource(reader, &group, &version)?;
            resource.preferred = order == 0;
            resources.push(resource);
        }
    }
    Some(resources)
}

fn read_resource(reader: &mut Reader, group: &SmolStr, version: &SmolStr) -> Option<Resource> {
    // Group and version are empty where they are the resource's own.
    let kind = |reader: &mut Reader| {
        let gvk = reader.gvk()?;
        Some(if gvk.version.is_empty() {
            Gvk {
                group: group.clone(),
                version: version.clone(),
                kind: gvk.kind,
            }
        } else {
            gvk
        })
    };
    let plural = reader.text()?;
    Some(Resource {
        gvk: kind(reader)?,
        group: group.clone(),
        version: version.clone(),
        plural,
        singular: reader.text()?,
        namespaced: reader.byte()? == 1,
        short_names: reader.list(Reader::text)?,
        categories: reader.list(Reader::text)?,
        verbs: reader.list(Reader::text)?,
        subresources: reader.list(|reader| {
            Some(Subresource {
                name: reader.text()?,
                gvk: kind(reader)?,
                verbs: reader.list(Reader::text)?,
            })
        })?,
        // A new cluster serves no alpha and beta versions.
        // Source: kubernetes 1.36.3 `pkg/controlplane/instance.go`, DefaultAPIResourceConfigSource.
        served: !version.contains("alpha") && !version.contains("beta"),
        preferred: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_reads() {
        let table = Table::builtin();
        assert!(table.graph.types.len() > 700, "{}", table.graph.types.len());
        for node in &table.graph.nodes {
            for index in node.element.into_iter().chain(node.type_index) {
                assert!(table.graph.nodes.len() > usize::try_from(index).unwrap());
            }
        }
        for resource in &table.resources {
            assert!(!resource.gvk.kind.is_empty(), "{}", resource.plural);
        }
    }

    #[test]
    fn every_field_of_a_message_has_a_number() {
        let table = Table::builtin();
        let mut without = Vec::new();
        for one in &table.graph.types {
            let fields = &table.graph.fields[one.fields.clone()];
            let numbered = fields.iter().any(|field| field.number > 0);
            let missing = fields.iter().filter(|field| {
                field.number == 0 && field.name != "apiVersion" && field.name != "kind"
            });
            if numbered {
                without.extend(missing.map(|field| format!("{} {}", one.name, field.name)));
            }
        }
        assert_eq!(without, Vec::<String>::new());
    }
}
