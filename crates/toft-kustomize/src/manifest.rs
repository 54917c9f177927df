//! Manifest files: documents to resources, lists expanded.
//!
//! Source: kustomize 5.8.2, `api/resource/factory.go`, `kyaml/kio/byteio_reader.go`.

use std::collections::VecDeque;

use toft_object::Origin;
use toft_source::{Diagnostic, RepoPath, Source};
use toft_value::{Value, float_to_json};

use crate::node::{Fields, Node, Scalar, Style, Tag};
use crate::resource::Resource;
use crate::text::{Document, Keys, documents_with};

/// The objects of a text in order; an item of a `List` counts as an object.
///
/// # Errors
/// The text is no YAML, or something in it is no object.
pub(crate) fn resources(
    source: &Source,
    path: &RepoPath,
    (step, keys): (&'static str, Keys),
) -> Result<Vec<Resource>, Vec<Diagnostic>> {
    let documents = documents_with(source, keys)?;
    let mut queue = VecDeque::new();
    let alone = documents.len() == 1;
    for document in documents {
        if alone && is_plain_list(&document.node) {
            queue.extend(unwrapped(document));
        } else {
            queue.push_back(document);
        }
    }
    let mut resources = Vec::new();
    while let Some(document) = queue.pop_front() {
        if document.node.is_empty() {
            continue;
        }
        if let Err(message) = check_metadata(&document.node) {
            let told = Diagnostic::error("KUS030", message).at(source, document.span, "");
            return Err(vec![told]);
        }
        if let Some(items) = list_items(source, &document).map_err(|told| vec![*told])? {
            queue.extend(items);
            continue;
        }
        let origin = Origin {
            path: path.clone(),
            line: document.line,
            step,
        };
        let mut resource = Resource::new(document.node, origin);
        resource.read_past();
        resources.push(resource);
    }
    Ok(resources)
}

fn kind_of(node: &Node) -> &str {
    node.get("kind").map_or("", Node::text)
}

/// A file that is one `List` is the file of its items.
fn is_plain_list(node: &Node) -> bool {
    matches!(kind_of(node), "List" | "ResourceList")
        && (node.get("items").is_some() || node.get("functionConfig").is_some())
}

fn unwrapped(mut document: Document) -> Vec<Document> {
    let items = document
        .node
        .fields_mut()
        .and_then(|fields| fields.remove("items"));
    let Some(Node::List(items)) = items else {
        return Vec::new();
    };
    let items = items.into_iter().filter(|item| !item.is_null());
    items.map(|node| Document { node, ..document }).collect()
}

/// Source: `GetValidatedMetadata`, `kyaml/yaml/rnode.go`.
fn check_metadata(node: &Node) -> Result<(), String> {
    let has = |name: &str| node.get(name).is_some_and(|field| !field.is_empty());
    if !has("apiVersion") && !has("kind") && !has("metadata") {
        return Err("missing Resource metadata: no `apiVersion`, `kind` and `metadata`".to_owned());
    }
    let kind = node.get("kind").filter(|kind| !kind.is_null());
    let kind = kind.map_or("", Node::text);
    let name = node
        .at(&["metadata", "name"])
        .filter(|name| !name.is_empty());
    let name = name.map_or("", Node::text);
    if kind.is_empty() {
        return Err(format!("missing kind in object `{name}`"));
    }
    if name.is_empty() && !kind.ends_with("List") {
        return Err(format!("missing metadata.name in object of kind {kind}"));
    }
    Ok(())
}

/// The items of any other kind of list; `None` where this is an object.
fn list_items(
    source: &Source,
    document: &Document,
) -> Result<Option<Vec<Document>>, Box<Diagnostic>> {
    let kind = kind_of(&document.node);
    let Some(items) = document
        .node
        .get("items")
        .filter(|_| kind.ends_with("List"))
    else {
        return Ok(None);
    };
    if items.is_null() {
        return Ok(Some(Vec::new()));
    }
    let error = |message: String| {
        let told = Diagnostic::error("KUS031", message).at(source, document.span, "");
        Box::new(told)
    };
    let Some(items) = items.items() else {
        return Err(error(format!("expected array in {kind}/items")));
    };
    let nodes = items.iter().filter(|item| !item.is_null()).map(|item| {
        let value = item.to_value().map_err(|fault| error(fault.to_string()))?;
        Ok(Document {
            node: printed_as_json(&value),
            ..*document
        })
    });
    Ok(Some(nodes.collect::<Result<_, Box<Diagnostic>>>()?))
}

/// A value that upstream prints as JSON and reads again as YAML.
fn printed_as_json(value: &Value) -> Node {
    let plain = |text: String, tag| Node::Scalar(Scalar::tagged(text, tag));
    match value {
        Value::Null => plain("null".to_owned(), Tag::Null),
        Value::Bool(flag) => plain(flag.to_string(), Tag::Bool),
        Value::Int(number) => plain(number.to_string(), Tag::Int),
        Value::UInt(number) => plain(number.to_string(), Tag::Int),
        Value::Float(number) => {
            let text = float_to_json(*number);
            let is_whole = !text.contains(['.', 'e']);
            plain(text, if is_whole { Tag::Int } else { Tag::Float })
        }
        Value::Str(text) => Node::Scalar(Scalar {
            style: Style::Quoted,
            ..Scalar::tagged(text.clone(), Tag::Str)
        }),
        Value::List(items) => Node::List(items.iter().map(printed_as_json).collect()),
        Value::Map(map) => {
            let entries = map.iter();
            let entries = entries.map(|(name, value)| (name.clone(), printed_as_json(value)));
            Node::Map(Fields::new(entries.collect()))
        }
    }
}
