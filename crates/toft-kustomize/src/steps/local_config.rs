//! Objects that are for tools only and not for the cluster.
//!
//! Source: kustomize 5.8.2, `IgnoreLocal` in `api/internal/target/kusttarget.go`, `DropLocalNodes` in
//! `api/resource/factory.go`.

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::node::Node;
use crate::resource::Resource;

const ANNOTATION: &str = "config.kubernetes.io/local-config";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    accumulator.resources.drop_empty();
    for resource in accumulator.resources.iter() {
        let kind = resource.kind();
        if kind.is_empty() {
            let told = directory.object_error("KUS030", resource, "missing kind in object");
            return Err(build.refuse(told));
        }
        if resource.name().is_empty() && !kind.ends_with("List") {
            let told =
                directory.object_error("KUS030", resource, "missing metadata.name in object");
            return Err(build.refuse(told));
        }
    }
    accumulator.resources.retain(|resource| !is_local(resource));
    Ok(())
}

fn is_local(resource: &Resource) -> bool {
    let annotation = resource.node.at(&["metadata", "annotations", ANNOTATION]);
    annotation.is_some_and(|node: &Node| node.is_null() || node.text() != "false")
}
