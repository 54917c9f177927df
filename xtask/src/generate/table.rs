//! Writes the schema table; `toft-schema/src/table.rs` describes the format and reads it.

use std::collections::BTreeMap;

use toft_value::Value;

use super::types::{Graph, Node, Type};
use super::{KUBERNETES, Upstream, discovery, openapi};

/// The bytes of the table.
pub(crate) fn write(upstream: &Upstream) -> anyhow::Result<Vec<u8>> {
    let definitions = openapi::definitions(upstream)?;
    let graph = Graph::build(upstream, &definitions)?;
    let mut writer = Writer::default();
    writer.number(graph.types.len());
    for one in &graph.types {
        writer.type_(one);
    }
    writer.number(graph.nodes.len());
    for node in &graph.nodes {
        writer.node(node);
    }
    write_kinds(&mut writer, &graph, &definitions);
    let groups = discovery::groups(upstream)?;
    writer.number(groups.len());
    for group in &groups {
        write_group(&mut writer, group);
    }
    Ok(writer.finish(&format!("toft schema table 1, Kubernetes {KUBERNETES}")))
}

/// Numbers in base 128, least digits first; texts as indexes into a table.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    texts: Vec<String>,
    indexes: BTreeMap<String, usize>,
}

impl Writer {
    fn number(&mut self, number: usize) {
        write_number(&mut self.bytes, number);
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn text(&mut self, text: &str) {
        let next = self.texts.len();
        let index = *self.indexes.entry(text.to_owned()).or_insert_with(|| {
            self.texts.push(text.to_owned());
            next
        });
        self.number(index);
    }

    fn texts(&mut self, texts: &[Value]) {
        self.number(texts.len());
        for text in texts {
            self.text(text.as_str().unwrap_or_default());
        }
    }

    fn maybe(&mut self, index: Option<usize>) {
        self.number(index.map_or(0, |index| index + 1));
    }

    fn type_(&mut self, one: &Type) {
        self.text(&one.name);
        self.text(&one.go_name);
        self.number(one.fields.len());
        for field in &one.fields {
            self.text(&field.name);
            self.number(field.node);
            self.number(usize::try_from(field.number).unwrap_or_default());
            self.byte(field.flags);
            self.text(&field.go_type);
            self.text(&field.default);
        }
        self.number(one.inlines.len());
        for (number, index) in &one.inlines {
            self.number(usize::try_from(*number).unwrap_or_default());
            self.number(*index);
        }
    }

    fn node(&mut self, node: &Node) {
        self.byte(node.shape as u8);
        self.byte(node.list_type | (node.map_type << 2) | (node.patch << 4));
        self.maybe(node.type_index);
        self.maybe(node.element);
        self.number(node.keys.len());
        for key in &node.keys {
            self.text(key);
        }
        self.text(&node.merge_key);
    }

    /// Header line, texts, then everything else.
    fn finish(self, header: &str) -> Vec<u8> {
        let mut bytes = format!("{header}\n").into_bytes();
        write_number(&mut bytes, self.texts.len());
        for text in &self.texts {
            write_number(&mut bytes, text.len());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend(self.bytes);
        bytes
    }
}

fn write_number(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let digits = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(digits);
            return;
        }
        bytes.push(digits | 0x80);
    }
}

/// Which type a group, version and kind has.
fn write_kinds(writer: &mut Writer, graph: &Graph, definitions: &BTreeMap<String, Value>) {
    let mut kinds = Vec::new();
    for (name, definition) in definitions {
        let all = definition.items_at(&["x-kubernetes-group-version-kind"]);
        for gvk in all {
            let text = |key: &str| gvk.str_at(&[key]).unwrap_or_default().to_owned();
            // Kinds that every group has, such as DeleteOptions, count in core only.
            if all.len() == 1 || (text("group").is_empty() && text("version") == "v1") {
                kinds.push((text("group"), text("version"), text("kind"), name));
            }
        }
    }
    kinds.sort();
    writer.number(kinds.len());
    for (group, version, kind, name) in kinds {
        writer.text(&group);
        writer.text(&version);
        writer.text(&kind);
        writer.number(graph.index(name).unwrap_or_default());
    }
}

fn write_group(writer: &mut Writer, group: &Value) {
    writer.text(group.str_at(&["metadata", "name"]).unwrap_or_default());
    let versions = group.items_at(&["versions"]);
    writer.number(versions.len());
    for version in versions {
        writer.text(version.str_at(&["version"]).unwrap_or_default());
        let resources = version.items_at(&["resources"]);
        writer.number(resources.len());
        for resource in resources {
            write_resource(writer, resource);
        }
    }
}

fn write_resource(writer: &mut Writer, resource: &Value) {
    let text = |key: &str| resource.str_at(&[key]).unwrap_or_default();
    writer.text(text("resource"));
    write_kind(writer, resource);
    writer.text(text("singularResource"));
    writer.byte(u8::from(text("scope") == "Namespaced"));
    writer.texts(resource.items_at(&["shortNames"]));
    writer.texts(resource.items_at(&["categories"]));
    writer.texts(resource.items_at(&["verbs"]));
    let subresources = resource.items_at(&["subresources"]);
    writer.number(subresources.len());
    for subresource in subresources {
        writer.text(subresource.str_at(&["subresource"]).unwrap_or_default());
        write_kind(writer, subresource);
        writer.texts(subresource.items_at(&["verbs"]));
    }
}

/// The kind of the body; group and version are empty where they are the resource's own.
fn write_kind(writer: &mut Writer, entry: &Value) {
    for key in ["group", "version", "kind"] {
        writer.text(entry.str_at(&["responseKind", key]).unwrap_or_default());
    }
}
