//! `commonAnnotations`.
//!
//! Source: kustomize 5.8.2, `api/filters/annotations/annotations.go`.

use super::labels::set_texts;
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;

const PLUGIN: &str = "AnnotationsTransformer";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let annotations = &directory.kustomization.common_annotations;
    if annotations.is_empty() {
        return Ok(());
    }
    let specs = accumulator.config.common_annotations.clone();
    let pairs = (annotations, &*specs);
    set_texts(build, directory, (&mut accumulator.resources, pairs))?;
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}
