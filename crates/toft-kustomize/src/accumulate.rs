//! Objects and the configuration that goes with them, gathered over a tree of kustomizations.
//!
//! Source: kustomize 5.8.2, `api/internal/accumulator/resaccumulator.go`, `api/internal/target/kusttarget.go`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::build::{Build, Stop};
use crate::config::Config;
use crate::directory::Directory;
use crate::fault::Fault;
use crate::kustomization::Variable;
use crate::provenance::Told;
use crate::resources::Resources;
use crate::steps;

/// What the steps of a build work on.
#[derive(Debug)]
pub(crate) struct Accumulator {
    pub(crate) resources: Resources,
    pub(crate) config: Config,
    /// The variables by name.
    pub(crate) variables: BTreeMap<SmolStr, Variable>,
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
    pub(crate) fn empty() -> Self {
        Self {
            resources: Resources::default(),
            config: Config::empty(),
            variables: BTreeMap::new(),
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
        self.config.merge(&other.config)?;
        let mut variables = other.variables.into_values();
        variables.try_for_each(|variable| self.add_variable(variable))
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// There is one of that name.
    pub(crate) fn add_variable(&mut self, variable: Variable) -> Result<(), Fault> {
        match self.variables.entry(variable.name.clone()) {
            Entry::Vacant(place) => {
                place.insert(variable);
                Ok(())
            }
            Entry::Occupied(_) => {
                let text = format!("var '{}' already encountered", variable.name);
                Err(Fault::new(text))
            }
        }
    }

    /// Notes that a transformer ran over everything: what it emptied goes, the rest remembers it.
    pub(crate) fn transformed(&mut self, directory: &Directory, by: &'static str) {
        self.transformed_by(Told::built_in(directory, by));
    }

    /// As [`Accumulator::transformed`], by whatever is told. What has no origin gets this one.
    ///
    /// Source: `AddTransformerAnnotation`, `api/resmap/reswrangler.go`.
    pub(crate) fn transformed_by(&mut self, told: Told) {
        self.resources.drop_empty();
        let told = Arc::new(told);
        for provenance in self.resources.provenances() {
            match &provenance.origin {
                Some(_) => provenance.transformations.push(Arc::clone(&told)),
                None => provenance.origin = Some((*told).clone()),
            }
        }
    }
}
