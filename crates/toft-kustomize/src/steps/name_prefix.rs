//! `namePrefix`.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/PrefixTransformer.go`.

use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::{Creation, FieldSpec};
use crate::id::selects;
use crate::node::{Node, NodeKind, Tag};
use crate::resource::Resource;

const PLUGIN: &str = "PrefixTransformer";
const SCALAR: Creation = Creation {
    kind: NodeKind::Scalar,
    tag: Tag::Str,
};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let prefix = directory.kustomization.name_prefix.as_str();
    if prefix.is_empty() {
        return Ok(());
    }
    let rename = |resource: &mut Resource| resource.past.prefixes.push(prefix.into());
    let text = |old: &str| format!("{prefix}{old}");
    for resource in accumulator.resources.iter_mut() {
        affix(resource, &accumulator.config.name_prefix, (&rename, &text)).map_err(|fault| {
            build.refuse(directory.object_error("KUS062", resource, &fault.to_string()))
        })?;
    }
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}

/// How a name changes: what is noted, and the new text.
pub(super) type Change<'a> = (&'a dyn Fn(&mut Resource), &'a dyn Fn(&str) -> String);

/// Changes the names that the paths lead to. Some kinds keep theirs.
pub(super) fn affix(
    resource: &mut Resource,
    specs: &[FieldSpec],
    (note, text): Change<'_>,
) -> Result<(), Fault> {
    let original = resource.original_id();
    if keeps_its_name(&original.gvk) {
        return Ok(());
    }
    for spec in specs {
        if !selects(&spec.gvk, &original.gvk) {
            continue;
        }
        if spec.path == "metadata/name" {
            note(resource);
            resource.store_previous_id();
        }
        let mut change = |node: &mut Node| {
            let new = text(node.text());
            node.set_scalar(new, Tag::None)
        };
        spec.apply(&mut resource.node, Some(SCALAR), &mut change)?;
    }
    Ok(())
}

fn keeps_its_name(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
