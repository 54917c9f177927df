//! Objects and the configuration that goes with them, gathered over a tree of kustomizations.
//!
//! Source: kustomize 5.8.2, `api/internal/accumulator/resaccumulator.go`, `api/internal/target/kusttarget.go`.

use crate::build::{Build, Stop};
use crate::config::Config;
use crate::directory::Directory;
use crate::fault::Fault;
use crate::provenance::Told;
use crate::resources::Resources;
use crate::steps;

/// What the steps of a build work on.
#[derive(Debug)]
pub(crate) struct Accumulator {
    pub(crate) resources: Resources,
    pub(crate) config: Config,
}

/// Runs the steps of one kustomization from nothing.
pub(crate) fn accumulate(
    build: &mut Build<'_>,
    directory: &Directory,
) -> Result<Accumulator, Stop> {
    let mut accumulator = Accumulator::empty();
    accumulate_into(build, directory, &mut accumulator)?;
    Ok(accumulator)
}

/// Runs the steps of one kustomization on what is there, as a component does.
pub(crate) fn accumulate_into(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    for step in steps::STEPS {
        step.run(build, directory, accumulator)?;
    }
    Ok(())
}

impl Accumulator {
    /// Nothing yet, not even the defaults: each kustomization brings its own.
    fn empty() -> Self {
        Self {
            resources: Resources::default(),
            config: Config::empty(),
        }
    }

    /// Takes everything over into an empty accumulation, as upstream does after a component.
    pub(crate) fn renew(&mut self) -> Result<(), Fault> {
        self.resources.check_ids()?;
        let config = std::mem::replace(&mut self.config, Config::empty());
        self.config.merge(&config)
    }

    /// Takes over what another accumulation gathered.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), Fault> {
        self.resources.append_all(other.resources.into_vec())?;
        self.config.merge(&other.config)
    }

    /// Notes that a transformer ran over everything: what it emptied goes, the rest remembers it.
    pub(crate) fn transformed(&mut self, directory: &Directory, by: &'static str) {
        self.resources.drop_empty();
        for resource in self.resources.iter_mut() {
            let told = Told::Configured {
                file: directory.shown_file(),
                by,
            };
            resource.provenance.transformations.push(told);
        }
    }
}
