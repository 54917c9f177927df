//! `nameSuffix`.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/SuffixTransformer.go`.

use super::name_prefix::affix;
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::resource::Resource;

const PLUGIN: &str = "SuffixTransformer";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let suffix = directory.kustomization.name_suffix.as_str();
    if suffix.is_empty() {
        return Ok(());
    }
    let rename = |resource: &mut Resource| resource.past.suffixes.push(suffix.into());
    let text = |old: &str| format!("{old}{suffix}");
    for resource in accumulator.resources.iter_mut() {
        affix(resource, &accumulator.config.name_suffix, (&rename, &text)).map_err(|fault| {
            build.refuse(directory.object_error("KUS062", resource, &fault.to_string()))
        })?;
    }
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}
