//! `patchesStrategicMerge`: old, each entry a file or the text of a patch.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/PatchStrategicMergeTransformer.go`.

use toft_source::Source;

use super::patches::{apply_to_selected, patch_error};
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place};
use crate::kustomization::{AllowedChanges, Include};
use crate::resource::Resource;
use crate::resources::Resources;

const PLUGIN: &str = "PatchStrategicMergeTransformer";
const NOTHING: AllowedChanges = AllowedChanges {
    name: Include::No,
    kind: Include::No,
};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let entries = &directory.kustomization.patches_strategic_merge;
    if entries.is_empty() {
        return Ok(());
    }
    let mut patches = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let place = ("patchesStrategicMerge", index);
        let loaded = load(build, directory, (entry, place))?;
        patches.extend(loaded.into_iter().map(|patch| (place, patch)));
    }
    if patches.is_empty() {
        let message = "patch appears to be empty";
        let keys = ["patchesStrategicMerge"];
        return Err(build.refuse(directory.error("KUS050", message, &keys)));
    }
    for (place, patch) in patches {
        apply(
            build,
            directory,
            (&mut accumulator.resources, &patch, place),
        )?;
    }
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}

/// Merges a patch into the one object that it names.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, patch, place): (&mut Resources, &Resource, Place),
) -> Result<(), Stop> {
    let id = patch.current_id();
    let at = resources
        .unique(&id)
        .map_err(|fault| build.refuse(directory.entry_error("KUS051", fault.to_string(), place)))?;
    apply_to_selected(resources, &[at], (patch, NOTHING))
        .map_err(|fault| patch_error(build, directory, (&fault, place)))
}

/// What parses as objects is a patch; anything else is a path.
pub(super) fn load(
    build: &mut Build<'_>,
    directory: &Directory,
    (entry, place): (&str, Place),
) -> Result<Vec<Resource>, Stop> {
    let inline = Source::new(directory.file_path().to_string(), entry.as_bytes().into());
    if let Ok(patches) = build.patches(&inline, &directory.file_path()) {
        return Ok(patches);
    }
    let source = match directory.load(build, entry) {
        Ok(source) => source,
        Err(fault) => {
            let mut told = fault.diagnostic(entry);
            told.labels = directory.entry_error("", "", place).labels;
            return Err(fault.stop(build, told));
        }
    };
    build
        .patches(&source, &directory.file_path())
        .map_err(|diagnostics| build.tell_all(diagnostics))
}
