//! `patchesJson6902`: old, as `patches` with JSON operations and a target by name.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/PatchJson6902Transformer.go`.

use super::patches::{apply_json, operations, patch_error, text};
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::json_patch::Operation;
use crate::kustomization::Patch;
use crate::resources::Resources;

const PLUGIN: &str = "PatchJson6902Transformer";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let patches = directory.kustomization.patches_json.iter().enumerate();
    let mut loaded = Vec::new();
    for (index, patch) in patches {
        let place = ("patchesJson6902", index);
        loaded.push((place, patch, load(build, directory, (patch, place))?));
    }
    for (place, patch, operations) in loaded {
        let resources = &mut accumulator.resources;
        apply(build, directory, (resources, (patch, &operations), place))?;
        accumulator.transformed(directory, PLUGIN);
    }
    Ok(())
}

/// Reads the operations of one entry.
pub(super) fn load(
    build: &mut Build<'_>,
    directory: &Directory,
    (patch, place): (&Patch, Place),
) -> Result<Vec<Operation>, Stop> {
    let named = patch
        .target
        .as_ref()
        .is_some_and(|target| !target.name.is_empty());
    if !named {
        let message = "must specify the target name";
        return Err(build.refuse(directory.entry_error("KUS059", message, place)));
    }
    let source = text(build, directory, (patch, place))?;
    let operations =
        operations(&source).map_err(|fault| patch_error(build, directory, (&fault, place)))?;
    if operations.is_empty() {
        let message = "patch appears to be empty";
        return Err(build.refuse(directory.entry_error("KUS050", message, place)));
    }
    Ok(operations)
}

/// Applies the operations to what the entry selects.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, (patch, operations), place): (&mut Resources, (&Patch, &[Operation]), Place),
) -> Result<(), Stop> {
    let Some(target) = &patch.target else {
        return Ok(());
    };
    let selector = target
        .compile()
        .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
    for resource in resources.iter_mut() {
        if selector.selects(resource) {
            apply_json(resource, operations)
                .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
        }
    }
    Ok(())
}
