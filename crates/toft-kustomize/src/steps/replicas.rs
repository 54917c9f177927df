//! `replicas`: how many pods a workload has, by name.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/ReplicaCountTransformer.go`.

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::field_spec::{Creation, FieldSpec};
use crate::id::{GvkText, selects};
use crate::kustomization::Replica;
use crate::node::{Node, NodeKind, Tag};
use crate::resources::Resources;

const PLUGIN: &str = "ReplicaCountTransformer";
const INTEGER: Creation = Creation {
    kind: NodeKind::Scalar,
    tag: Tag::Int,
};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    for (index, replica) in directory.kustomization.replicas.iter().enumerate() {
        let specs = accumulator.config.replicas.clone();
        let (resources, place) = (&mut accumulator.resources, ("replicas", index));
        apply(build, directory, (resources, (replica, &specs), place))?;
        accumulator.transformed(directory, PLUGIN);
    }
    Ok(())
}

/// Sets the count of the objects of one name.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, (replica, specs), place): (&mut Resources, (&Replica, &[FieldSpec]), Place),
) -> Result<(), Stop> {
    if set(build, directory, (resources, replica, specs))? {
        return Ok(());
    }
    let kinds = specs.iter().map(|spec| GvkText(&spec.gvk).to_string());
    let kinds: Vec<String> = kinds.collect();
    let message = format!(
        "resource with name {} does not match a config with the following GVK [{}]",
        replica.name,
        kinds.join(" ")
    );
    Err(build.refuse(directory.entry_error("KUS064", message, place)))
}

fn set(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, replica, specs): (&mut Resources, &Replica, &[FieldSpec]),
) -> Result<bool, Stop> {
    let count = replica.count.to_string();
    let mut change = |node: &mut Node| node.set_scalar(count.as_str(), Tag::Int);
    let mut found = false;
    for spec in specs {
        let matching =
            resources.matching(|id| id.name == replica.name && selects(&spec.gvk, &id.gvk));
        for at in matching {
            found = true;
            let Some(resource) = resources.get_mut(at) else {
                continue;
            };
            spec.apply(&mut resource.node, Some(INTEGER), &mut change)
                .map_err(|fault| {
                    build.refuse(directory.object_error("KUS064", resource, &fault.to_string()))
                })?;
        }
    }
    Ok(found)
}
