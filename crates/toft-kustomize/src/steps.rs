//! The order of a build, as one list.
//!
//! Each kustomization runs [`STEPS`] on what its bases gave; [`LAST`] runs once, after the outermost
//! one: a name gets its hash once, and references are mended when all names are known.
//!
//! Source: kustomize 5.8.2, `accumulateTarget` and `makeCustomizedResMap` in
//! `api/internal/target/kusttarget.go`, the order of transformers in `kusttarget_configplugin.go`.

mod affixes;
mod annotations;
mod charts;
mod components;
mod configurations;
mod crds;
mod generators;
mod hashes;
mod images;
mod labels;
mod local_config;
mod metadata;
mod name_references;
mod namespace;
mod order;
mod patches;
mod patches_json;
mod patches_strategic_merge;
mod plugins;
mod replacements;
mod replicas;
mod resources;
mod variables;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;

type Run = fn(&mut Build<'_>, &Directory, &mut Accumulator) -> Result<(), Stop>;

/// One step of a build: the field of the kustomization that it is about, and what it does.
pub(crate) struct Step {
    /// The name, for whoever reads the list.
    #[expect(dead_code, reason = "the list is read by people and by the debugger")]
    name: &'static str,
    run: Run,
}

impl Step {
    const fn new(name: &'static str, run: Run) -> Self {
        Self { name, run }
    }

    /// Runs the step.
    pub(crate) fn run(
        &self,
        build: &mut Build<'_>,
        directory: &Directory,
        accumulator: &mut Accumulator,
    ) -> Result<(), Stop> {
        (self.run)(build, directory, accumulator)
    }
}

/// What every kustomization does, in this order.
pub(crate) const STEPS: &[Step] = &[
    Step::new("resources", resources::run),
    Step::new("configurations", configurations::run),
    Step::new("crds", crds::run),
    Step::new("configMapGenerator", generators::config_maps),
    Step::new("secretGenerator", generators::secrets),
    Step::new("helmCharts", charts::run),
    Step::new("generators", plugins::generators),
    Step::new("components", components::run),
    Step::new("patchesStrategicMerge", patches_strategic_merge::run),
    Step::new("patches", patches::run),
    Step::new("namespace", namespace::run),
    Step::new("namePrefix", affixes::prefix),
    Step::new("nameSuffix", affixes::suffix),
    Step::new("labels", labels::run),
    Step::new("commonAnnotations", annotations::run),
    Step::new("patchesJson6902", patches_json::run),
    Step::new("replicas", replicas::run),
    Step::new("images", images::run),
    Step::new("replacements", replacements::run),
    Step::new("transformers", plugins::transformers),
    Step::new("validators", plugins::validators),
    Step::new("vars", variables::declare),
];

/// What the outermost kustomization does at the end.
pub(crate) const LAST: &[Step] = &[
    Step::new("hashes", hashes::run),
    Step::new("name references", name_references::run),
    Step::new("values of vars", variables::resolve),
    Step::new("local configuration", local_config::run),
    Step::new("sortOptions", order::run),
    Step::new("buildMetadata", metadata::run),
];
