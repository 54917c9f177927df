//! `namePrefix` and `nameSuffix`.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/{PrefixTransformer,SuffixTransformer}.go`.

use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::{Creation, FieldSpec};
use crate::id::selects;
use crate::node::{Node, NodeKind, Tag};
use crate::resource::Resource;
use crate::resources::Resources;

const SCALAR: Creation = Creation {
    kind: NodeKind::Scalar,
    tag: Tag::Str,
};

/// A text before or behind every name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Affix<'a> {
    Prefix(&'a str),
    Suffix(&'a str),
}

impl Affix<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Prefix(text) | Self::Suffix(text) => text,
        }
    }

    fn applied(&self, name: &str) -> String {
        match self {
            Self::Prefix(text) => format!("{text}{name}"),
            Self::Suffix(text) => format!("{name}{text}"),
        }
    }

    /// Notes that the name changes. An empty text changes nothing that anybody could note.
    fn note(&self, resource: &mut Resource) {
        if self.text().is_empty() {
            return;
        }
        let noted = match self {
            Self::Prefix(_) => &mut resource.past.prefixes,
            Self::Suffix(_) => &mut resource.past.suffixes,
        };
        noted.push(self.text().into());
        resource.store_previous_id();
    }
}

pub(super) fn prefix(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let prefix = directory.kustomization.name_prefix.as_str();
    if prefix.is_empty() {
        return Ok(());
    }
    let specs = accumulator.config.name_prefix.clone();
    let change = (Affix::Prefix(prefix), &*specs);
    apply(build, directory, (&mut accumulator.resources, change))?;
    accumulator.transformed(directory, "PrefixTransformer");
    Ok(())
}

pub(super) fn suffix(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let suffix = directory.kustomization.name_suffix.as_str();
    if suffix.is_empty() {
        return Ok(());
    }
    let specs = accumulator.config.name_suffix.clone();
    let change = (Affix::Suffix(suffix), &*specs);
    apply(build, directory, (&mut accumulator.resources, change))?;
    accumulator.transformed(directory, "SuffixTransformer");
    Ok(())
}

/// Changes the names that the paths lead to. Some kinds keep theirs.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, (affix, specs)): (&mut Resources, (Affix<'_>, &[FieldSpec])),
) -> Result<(), Stop> {
    for resource in resources.iter_mut() {
        rename(resource, specs, affix).map_err(|fault| {
            build.refuse(directory.object_error("KUS062", resource, &fault.to_string()))
        })?;
    }
    Ok(())
}

fn rename(resource: &mut Resource, specs: &[FieldSpec], affix: Affix<'_>) -> Result<(), Fault> {
    let original = resource.original_gvk();
    if keeps_its_name(&original) {
        return Ok(());
    }
    for spec in specs {
        if !selects(&spec.gvk, &original) {
            continue;
        }
        if spec.path == "metadata/name" {
            affix.note(resource);
        }
        let mut change = |node: &mut Node| node.set_scalar(affix.applied(node.text()), Tag::None);
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
