//! `validators`: transformers that must not change anything but one label.

use smol_str::SmolStr;

use super::transform::prepare;
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::resource::Resource;
use crate::resources::Resources;

/// The label that a validator may leave behind.
const VALIDATED_BY: &str = "validated-by";

pub(in crate::steps) fn validators(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let entries = &directory.kustomization.validators;
    for validator in prepare(build, directory, entries)? {
        let before = accumulator.resources.clone();
        validator.run(build, directory, &mut accumulator.resources)?;
        if !are_equal(&before, &accumulator.resources) {
            let message = "validator shouldn't modify the resource map";
            return Err(build.refuse(directory.error("KUS039", message, &["validators"])));
        }
    }
    Ok(())
}

/// Whether both hold the same objects, the label apart.
fn are_equal(before: &Resources, after: &Resources) -> bool {
    before.len() == after.len()
        && before.iter().all(|resource| {
            let id = resource.current_id();
            let mut others = after.iter().filter(|other| other.current_id().equals(&id));
            let other = others.next();
            others.next().is_none()
                && other.is_some_and(|other| unlabelled(other).node == resource.node)
        })
}

fn unlabelled(resource: &Resource) -> Resource {
    let mut resource = resource.clone();
    let mut labels = resource.metadata_map("labels");
    let is_mark = |(key, _): &(SmolStr, SmolStr)| key == VALIDATED_BY;
    if labels.iter().any(is_mark) {
        labels.retain(|label| !is_mark(label));
        resource.set_metadata_map("labels", &labels);
    }
    resource
}
