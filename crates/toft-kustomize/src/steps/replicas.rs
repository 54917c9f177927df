//! `replicas`: how many pods a workload has, by name.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/ReplicaCountTransformer.go`.

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::field_spec::Creation;
use crate::id::{GvkText, selects};
use crate::kustomization::Replica;
use crate::node::{Node, NodeKind, Tag};

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
        let found = set(build, directory, (accumulator, replica))?;
        if !found {
            let specs = accumulator.config.replicas.iter();
            let kinds: Vec<String> = specs.map(|spec| GvkText(&spec.gvk).to_string()).collect();
            let message = format!(
                "resource with name {} does not match a config with the following GVK [{}]",
                replica.name,
                kinds.join(" ")
            );
            return Err(build.refuse(directory.entry_error(
                "KUS064",
                message,
                ("replicas", index),
            )));
        }
        accumulator.transformed(directory, PLUGIN);
    }
    Ok(())
}

fn set(
    build: &mut Build<'_>,
    directory: &Directory,
    (accumulator, replica): (&mut Accumulator, &Replica),
) -> Result<bool, Stop> {
    let count = replica.count.to_string();
    let mut change = |node: &mut Node| node.set_scalar(count.as_str(), Tag::Int);
    let mut found = false;
    for spec in accumulator.config.replicas.iter() {
        let matching = accumulator
            .resources
            .matching(|id| id.name == replica.name && selects(&spec.gvk, &id.gvk));
        for at in matching {
            found = true;
            let Some(resource) = accumulator.resources.get_mut(at) else {
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
