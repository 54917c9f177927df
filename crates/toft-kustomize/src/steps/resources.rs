//! `resources`: files and other kustomizations.

use toft_object::Origin;
use toft_source::ReadError;

use crate::accumulate::{Accumulator, accumulate};
use crate::build::{Build, Stop};
use crate::directory::{Directory, LoadFault, Repository, is_web_address, with_similar};
use crate::kustomization::Entry;
use crate::provenance::Told;

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    gather(
        build,
        directory,
        (accumulator, &directory.kustomization.resources),
    )
}

/// Adds what the entries name. Every entry is looked at, so that all mistakes are told at once.
pub(super) fn gather(
    build: &mut Build<'_>,
    directory: &Directory,
    (accumulator, entries): (&mut Accumulator, &[Entry]),
) -> Result<(), Stop> {
    let mut result = Ok(());
    for entry in entries {
        match one(build, directory, (accumulator, entry)) {
            Ok(()) => {}
            Err(Stop::Told) => result = Err(Stop::Told),
            Err(stop @ Stop::Read(_)) => return Err(stop),
        }
    }
    result
}

fn one(
    build: &mut Build<'_>,
    directory: &Directory,
    (accumulator, entry): (&mut Accumulator, &Entry),
) -> Result<(), Stop> {
    let place = (entry.field, entry.index);
    let is_repository = Repository::parse(&entry.text).is_some();
    let source = match directory.load(build, &entry.text) {
        Ok(source) => source,
        Err(LoadFault::Read(error @ ReadError::NotBrought(_))) => return Err(Stop::Read(error)),
        Err(LoadFault::Directory | LoadFault::Missing) => {
            return base(build, directory, (accumulator, entry));
        }
        // What gives no file may be a repository.
        Err(_) if is_repository => return base(build, directory, (accumulator, entry)),
        Err(fault) => return Err(told(build, directory, (fault, entry))),
    };
    let is_remote = is_web_address(&entry.text);
    let path = match directory.path.join(&entry.text) {
        Ok(path) if !is_remote => path,
        _ => directory.file_path(),
    };
    let mut resources = match build.objects(&source, &path, "resources") {
        Ok(resources) => resources,
        // A page about a repository is no file of objects.
        Err(_) if is_repository => return base(build, directory, (accumulator, entry)),
        Err(diagnostics) => return Err(build.tell_all(diagnostics)),
    };
    let line = is_remote.then(|| directory.line_of(place));
    for resource in &mut resources {
        resource.provenance.origin = Some(Told::File(directory.shown_path(&entry.text)));
        resource.origin.line = line.unwrap_or(resource.origin.line);
    }
    accumulator
        .resources
        .append_all(resources)
        .map_err(|fault| build.refuse(directory.entry_error("KUS032", fault.to_string(), place)))
}

fn base(
    build: &mut Build<'_>,
    directory: &Directory,
    (accumulator, entry): (&mut Accumulator, &Entry),
) -> Result<(), Stop> {
    let place = (entry.field, entry.index);
    let visit = directory
        .visit(build, &entry.text)
        .map_err(|fault| told(build, directory, (fault, entry)))?;
    let enters = visit.enters();
    let base = Directory::open(build, visit)?;
    if base.kustomization.kind == "Component" {
        let message = format!("expected kind != 'Component' for path '{}'", base.path);
        let told = directory.entry_error("KUS033", message, place);
        return Err(build.refuse(told.help("list it below `components:`")));
    }
    let mut gathered = accumulate(build, &base)?;
    if enters {
        // What was written in another tree is told where this one names it.
        let origin = Origin {
            path: directory.file_path(),
            line: directory.line_of(place),
            step: "resources",
        };
        for one in gathered.resources.origins() {
            one.clone_from(&origin);
        }
    }
    accumulator
        .merge(gathered)
        .map_err(|fault| build.refuse(directory.entry_error("KUS032", fault.to_string(), place)))
}

/// Tells why an entry could not be loaded.
pub(super) fn told(
    build: &mut Build<'_>,
    directory: &Directory,
    (fault, entry): (LoadFault, &Entry),
) -> Stop {
    let mut told = fault.diagnostic(&entry.text);
    let place = directory.entry_error("", "", (entry.field, entry.index));
    told.labels = place.labels;
    if let (LoadFault::Missing, Ok(path)) = (&fault, directory.path.join(&entry.text)) {
        told = with_similar(directory.files(build), &path, told);
    }
    fault.stop(build, told)
}
