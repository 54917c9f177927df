//! `helmCharts`: charts are rendered, and what they give is generated.
//!
//! Upstream runs `helm`, with a file of values that it puts together; here both happen in place. A chart
//! that is not in the tree is asked for as a [`Remote`].
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/HelmChartInflationGenerator.go`.

mod inflate;
mod values;

use std::sync::Arc;

use toft_helm::{HelmVersion, Problem};
use toft_source::{EntryKind, Files, Remote, RepoPath};

use crate::accumulate::Accumulator;
use crate::build::{Build, HelmOptions, Stop};
use crate::directory::{Directory, Place};
use crate::kustomization::HelmChart;
use crate::provenance::Told;
use crate::resource::Resource;
use crate::steps::generators::absorb;

const PLUGIN: &str = "HelmChartInflationGenerator";

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    for chart in &directory.kustomization.charts {
        let place = chart.place;
        let namespace = [
            &chart.namespace,
            &directory.kustomization.namespace,
            directory.chart_namespace(),
        ];
        let namespace = namespace.into_iter().find(|name| !name.is_empty());
        let namespace = namespace.cloned().unwrap_or_default();
        let chart = HelmChart {
            namespace,
            ..chart.clone()
        };
        for mut resource in generate(build, directory, (&chart, place))? {
            resource.provenance.origin = Some(Told::built_in(directory, PLUGIN));
            absorb(build, directory, (accumulator, resource, place))?;
        }
    }
    Ok(())
}

/// The objects of a chart.
pub(super) fn generate(
    build: &mut Build<'_>,
    directory: &Directory,
    (chart, place): (&HelmChart, Place),
) -> Result<Vec<Resource>, Stop> {
    let Some(helm) = build.options.helm.clone() else {
        let told = directory.entry_error("KUS080", "must specify --enable-helm", place);
        let told =
            told.because("the kustomization renders a chart, which is done only if asked for");
        return Err(build.refuse(told.help("build with `--enable-helm`")));
    };
    if let Some(message) = unusable(chart) {
        return Err(build.refuse(directory.entry_error("KUS081", message, place)));
    }
    let mut one = Inflation {
        build,
        directory,
        chart,
        place,
        helm: &helm,
    };
    let source = one.find()?;
    let values = one.values(&source)?;
    one.render(&source, &values)
}

/// What upstream refuses before it looks at a chart.
fn unusable(chart: &HelmChart) -> Option<String> {
    if chart.name.is_empty() {
        return Some("chart name cannot be empty".to_owned());
    }
    let (release, name) = (&chart.release, &chart.name);
    if release.starts_with('-') {
        return Some(format!(
            "releaseName must not start with '-', got {release:?}"
        ));
    }
    if name.starts_with('-') {
        return Some(format!("chart name must not start with '-', got {name:?}"));
    }
    let merge = chart.values_merge.as_str();
    let known = ["", "merge", "override", "replace"];
    (!known.contains(&merge))
        .then(|| "valuesMerge must be one of [merge override replace]".to_owned())
}

/// One chart on its way to objects.
struct Inflation<'a, 'b> {
    build: &'a mut Build<'b>,
    directory: &'a Directory,
    chart: &'a HelmChart,
    place: Place,
    helm: &'a HelmOptions,
}

/// Where a chart is.
enum Found {
    /// In the tree.
    Local(RepoPath),
    /// Brought from outside; it stands for what upstream would have put into the tree.
    Remote(Arc<dyn Files + Send + Sync>),
}

impl Inflation<'_, '_> {
    fn version(&self) -> HelmVersion {
        self.helm.version
    }

    fn refuse(&mut self, code: &'static str, message: impl Into<String>) -> Stop {
        let told = self.directory.entry_error(code, message, self.place);
        self.build.refuse(told)
    }

    fn problem(&mut self, problem: Problem) -> Stop {
        let told = self
            .directory
            .entry_error(problem.code, problem.message, self.place);
        let told = told.because(format!("while the chart `{}` is rendered", self.chart.name));
        self.build.refuse(told)
    }

    /// The folder of charts, as it is written.
    ///
    /// Source: `absChartHome`.
    fn home(&self) -> String {
        let HelmChart {
            home,
            name,
            version,
            repository,
            ..
        } = self.chart;
        if version.is_empty() || repository.is_empty() {
            home.clone()
        } else {
            format!("{home}/{name}-{version}")
        }
    }

    /// The folder of the chart, as it is written.
    fn folder(&self) -> String {
        format!("{}/{}", self.home(), self.chart.name)
    }

    /// The chart in the tree, or the one that the repository gives.
    fn find(&mut self) -> Result<Found, Stop> {
        let folder = self.folder();
        if let Ok(path) = self.directory.path.join(&folder) {
            let files = self.directory.files(self.build);
            let found = files.canonical(&path).and_then(|path| files.kind(&path));
            if found == Ok(Some(EntryKind::Directory)) {
                return Ok(Found::Local(path));
            }
        }
        if self.chart.repository.is_empty() {
            let message = format!("no repo specified for pull, no chart found at '{folder}'");
            return Err(self.refuse("KUS082", message));
        }
        let remote = Remote::Chart {
            repository: self.chart.repository.trim_end_matches('/').into(),
            name: self.chart.name.as_str().into(),
            version: self.chart.version.as_str().into(),
        };
        let tree = self
            .directory
            .remote_for(self.build, (&remote, self.place))?;
        Ok(Found::Remote(tree))
    }
}
