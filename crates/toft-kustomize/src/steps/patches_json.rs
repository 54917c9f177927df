//! `patchesJson6902`: old, as `patches` with JSON operations and a target by name.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/PatchJson6902Transformer.go`.

use super::patches::{apply_json, operations, patch_error, text};
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;

const PLUGIN: &str = "PatchJson6902Transformer";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    for (index, patch) in directory.kustomization.patches_json.iter().enumerate() {
        let place = ("patchesJson6902", index);
        let target = patch
            .target
            .as_ref()
            .filter(|target| !target.name.is_empty());
        let Some(target) = target else {
            let message = "must specify the target name";
            return Err(build.refuse(directory.entry_error("KUS059", message, place)));
        };
        let source = text(build, directory, (patch, place))?;
        let operations =
            operations(&source).map_err(|fault| patch_error(build, directory, (&fault, place)))?;
        if operations.is_empty() {
            let message = "patch appears to be empty";
            return Err(build.refuse(directory.entry_error("KUS050", message, place)));
        }
        let selector = target
            .compile()
            .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
        for resource in accumulator.resources.iter_mut() {
            if selector.selects(resource) {
                apply_json(resource, &operations)
                    .map_err(|fault| patch_error(build, directory, (&fault, place)))?;
            }
        }
        accumulator.transformed(directory, PLUGIN);
    }
    Ok(())
}
