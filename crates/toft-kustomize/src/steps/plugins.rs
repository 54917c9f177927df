//! `generators`, `transformers` and `validators`: built-in plugins that are configured by objects.
//!
//! Upstream can also run programs and containers here, when it is told to; a build that runs
//! programs depends on more than its sources, so this one refuses them, as upstream does untold.
//!
//! Source: kustomize 5.8.2, `configureExternalTransformers` in `api/internal/target/kusttarget.go`,
//! `api/internal/plugins/loader/loader.go`.

mod generate;
mod transform;
mod validate;
mod value_add;

use toft_source::{Diagnostic, Source};
use toft_value::Value;

use super::resources::gather;
use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::{Directory, Place, problem_text};
use crate::kustomization::{Entry, Problem};
use crate::provenance::Told;
use crate::resource::Resource;

pub(super) use generate::generators;
pub(super) use transform::transformers;
pub(super) use validate::validators;

/// The objects that entries name or are; those in place come first.
fn configurations(
    build: &mut Build<'_>,
    directory: &Directory,
    entries: &[Entry],
) -> Result<Vec<(Place, Resource)>, Stop> {
    let mut inline = Accumulator::empty();
    let mut files = Accumulator::empty();
    let mut places = (Vec::new(), Vec::new());
    for entry in entries {
        let place = (entry.field, entry.index);
        if let Some(resources) = in_place(build, directory, entry) {
            places.0.extend(resources.iter().map(|_| place));
            inline.resources.append_all(resources).map_err(|fault| {
                build.refuse(directory.entry_error("KUS032", fault.to_string(), place))
            })?;
            continue;
        }
        gather(build, directory, (&mut files, std::slice::from_ref(entry)))?;
        let new = files.resources.len() - places.1.len();
        places.1.extend(std::iter::repeat_n(place, new));
    }
    let resources = inline.resources.into_vec().into_iter();
    let resources = resources.chain(files.resources.into_vec());
    Ok(places
        .0
        .into_iter()
        .chain(places.1)
        .zip(resources)
        .collect())
}

/// What parses as objects is a configuration; anything else is a path.
fn in_place(build: &mut Build<'_>, directory: &Directory, entry: &Entry) -> Option<Vec<Resource>> {
    let path = directory.file_path();
    let source = Source::new(path.to_string(), entry.text.as_bytes().into());
    let mut resources = build.objects(&source, &path, entry.field).ok()?;
    for resource in &mut resources {
        resource.provenance.origin = Some(Told::File(directory.shown_file()));
    }
    Some(resources)
}

/// What a configuration says, if it is one of a built-in plugin.
fn built_in(
    build: &mut Build<'_>,
    directory: &Directory,
    (resource, place): (&Resource, Place),
) -> Result<Value, Stop> {
    let gvk = resource.gvk();
    if !gvk.group.is_empty() || gvk.version != "builtin" {
        let message = format!(
            "external plugins disabled; unable to load external plugin '{}'",
            gvk.kind
        );
        let told = directory.entry_error("KUS018", message, place);
        return Err(build.refuse(told.because(
            "external plugins and functions run programs while rendering, which is never done here",
        )));
    }
    resource
        .node
        .to_value()
        .map_err(|fault| build.refuse(failed(directory, (resource, place), &fault.to_string())))
}

/// A plugin that cannot work with its configuration.
fn failed(
    directory: &Directory,
    (resource, place): (&Resource, Place),
    message: &str,
) -> Diagnostic {
    let id = resource.current_id();
    let message = format!("plugin {id} fails configuration: {message}");
    directory
        .entry_error("KUS019", message, place)
        .because(format!(
            "the configuration is written at {}",
            resource.origin
        ))
}

/// A plugin whose configuration holds the wrong things.
fn misconfigured(
    build: &mut Build<'_>,
    directory: &Directory,
    (resource, place, problems): (&Resource, Place, &[Problem]),
) -> Stop {
    for problem in problems {
        build.tell(failed(directory, (resource, place), &problem_text(problem)));
    }
    Stop::Told
}

/// A kind of plugin that does not exist, or that is of the other sort.
fn unknown(
    build: &mut Build<'_>,
    directory: &Directory,
    (resource, place, sort): (&Resource, Place, &str),
) -> Stop {
    let id = resource.current_id();
    let message = format!("unable to load builtin {id}: it is no {sort}");
    build.refuse(directory.entry_error("KUS018", message, place))
}
