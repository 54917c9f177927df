//! A generated object meets one that is there.
//!
//! Source: kustomize 5.8.2, `appendReplaceOrMerge` in `api/resmap/reswrangler.go`,
//! `CopyMergeMetaDataFieldsFrom` in `api/resource/resource.go`.

use smol_str::SmolStr;

use super::pairs::{encode, text_node};
use crate::fault::Fault;
use crate::node::{Fields, Node, NodeKind};
use crate::resource::{Behavior, Resource};
use crate::resources::Resources;

/// Adds a generated object, or puts it in place of the one that it replaces or merges with.
pub(super) fn absorb(resources: &mut Resources, resource: Resource) -> Result<(), Fault> {
    let id = resource.current_id();
    let behavior = resource.past.behavior.unwrap_or(Behavior::Unspecified);
    let found = resources.named(&id);
    let at = match (found.as_slice(), behavior) {
        ([], Behavior::Merge | Behavior::Replace) => {
            let text = format!("id {id} does not exist; cannot merge or replace");
            return Err(Fault::new(text));
        }
        ([], Behavior::Create | Behavior::Unspecified) => {
            return resources.append_all(vec![resource]);
        }
        ([at], Behavior::Merge | Behavior::Replace) => *at,
        ([_], Behavior::Create | Behavior::Unspecified) => {
            let text = format!(
                "id {id} exists; can not use behavior: '{}', behavior must be merge or replace",
                behavior.as_str()
            );
            return Err(Fault::new(text));
        }
        _ => {
            let text = format!("found multiple objects that could accept merge of {id}");
            return Err(Fault::new(text));
        }
    };
    let Some(old) = resources.get_mut(at) else {
        return Ok(());
    };
    *old = match behavior {
        Behavior::Merge => merged(old, resource)?,
        _ => replaced(old, resource),
    };
    Ok(())
}

/// The new object under the name, with the past and the metadata of the old one.
fn replaced(old: &Resource, mut new: Resource) -> Resource {
    for field in ["labels", "annotations"] {
        let mut entries = old.metadata_map(field);
        for (key, text) in new.metadata_map(field) {
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some(entry) => entry.1 = text,
                None => entries.push((key, text)),
            }
        }
        new.set_metadata_map(field, &entries);
    }
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    let needs_hash = new.past.needs_hash && old.past.needs_hash;
    new.past = old.past.clone();
    new.past.needs_hash = needs_hash;
    new.variables.clone_from(&old.variables);
    new.provenance
        .transformations
        .clone_from(&old.provenance.transformations);
    new
}

fn merged(old: &Resource, new: Resource) -> Result<Resource, Fault> {
    let mut old_data = texts(old.node.get("data"));
    if new.kind() == "Secret" {
        // What is written in clear counts as data, as the API server has it.
        for (key, text) in string_data(&old.node)? {
            put(&mut old_data, key, encode(text.as_bytes()).into());
        }
    }
    let old_binary = texts(old.node.get("binaryData"));
    let origin = old.provenance.origin.clone();
    let mut new = replaced(old, new);
    if origin.is_some() {
        new.provenance.origin = origin;
    }
    set_data(&mut new, "data", old_data);
    set_data(&mut new, "binaryData", old_binary);
    Ok(new)
}

type Texts = Vec<(SmolStr, SmolStr)>;

fn put(texts: &mut Texts, key: SmolStr, text: SmolStr) {
    match texts.iter_mut().find(|(known, _)| *known == key) {
        Some(entry) => entry.1 = text,
        None => texts.push((key, text)),
    }
}

fn texts(map: Option<&Node>) -> Texts {
    let fields = map
        .and_then(Node::fields)
        .into_iter()
        .flat_map(Fields::iter);
    let text = |node: &Node| if node.is_null() { "" } else { node.text() }.into();
    fields
        .map(|(key, node)| (key.clone(), text(node)))
        .collect()
}

fn string_data(node: &Node) -> Result<Texts, Fault> {
    let fields = node.get("stringData").and_then(Node::fields);
    for (key, value) in fields.into_iter().flat_map(Fields::iter) {
        if value.kind() != NodeKind::Scalar {
            let text = format!("stringData value for key \"{key}\" must be a scalar");
            return Err(Fault::new(text));
        }
    }
    Ok(texts(node.get("stringData")))
}

fn set_data(new: &mut Resource, field: &str, mut merged: Texts) {
    for (key, text) in texts(new.node.get(field)) {
        put(&mut merged, key, text);
    }
    let Some(object) = new.node.fields_mut() else {
        return;
    };
    object.remove(field);
    for (key, text) in merged {
        if let Some(map) = object.get_or_insert(field, NodeKind::Map).fields_mut() {
            map.set(&key, text_node(text.to_string()));
        }
    }
}
