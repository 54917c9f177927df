//! `configurations`: more places for the transformers to write to.
//!
//! Source: kustomize 5.8.2, `api/internal/plugins/builtinconfig/transformerconfig.go`.

use toft_source::Source;
use toft_yaml::Resolver;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::config::Config;
use crate::directory::{Directory, tell_problems};
use crate::fault::Fault;
use crate::kustomization::{CONFIGURATION, check_converting, configuration};
use crate::text::{KEY_TWICE, documents};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let mut configured = Config::built_in();
    if !directory.kustomization.configurations.is_empty() {
        let files = load(build, directory)?;
        configured
            .merge(&files)
            .map_err(|fault| conflict(build, directory, &fault))?;
    }
    let merged = accumulator.config.merge(&configured);
    merged.map_err(|fault| conflict(build, directory, &fault))
}

fn conflict(build: &mut Build<'_>, directory: &Directory, fault: &Fault) -> Stop {
    build.refuse(directory.error("KUS034", fault.to_string(), &["configurations"]))
}

/// Upstream decodes these files strictly.
fn refuse_keys_that_are_there_twice(build: &mut Build<'_>, source: &Source) -> Result<(), Stop> {
    let Err(diagnostics) = documents(source) else {
        return Ok(());
    };
    let twice = diagnostics
        .into_iter()
        .filter(|told| told.code == KEY_TWICE);
    let twice: Vec<_> = twice.collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(build.tell_all(twice))
}

/// What the files say, merged in their order.
fn load(build: &mut Build<'_>, directory: &Directory) -> Result<Config, Stop> {
    let mut result = Config::empty();
    for entry in &directory.kustomization.configurations {
        let source = match directory.load(build, &entry.text) {
            Ok(source) => source,
            Err(fault) => return Err(super::resources::told(build, directory, (fault, entry))),
        };
        let values = toft_yaml::unmarshal(&source, Resolver::Kubectl);
        let values = build.checked(values)?;
        let Some(located) = values.first() else {
            continue;
        };
        refuse_keys_that_are_there_twice(build, &source)?;
        let (value, problems) = check_converting(&located.value, &CONFIGURATION);
        tell_problems(build, &source, problems)?;
        let (specs, references) = configuration(&value);
        let file = Config::of(specs, references);
        let merged = result.merge(&file);
        merged.map_err(|fault| conflict(build, directory, &fault))?;
    }
    Ok(result)
}
