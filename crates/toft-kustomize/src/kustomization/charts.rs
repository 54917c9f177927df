//! `helmCharts`, `helmGlobals`, and what came before them.
//!
//! Source: kustomize 5.8.2, `api/types/helmchartargs.go`.

use toft_value::{Map, Value};

use super::Include;
use super::decode::{flag, list, text};
use super::fields::TEXT_LIST;
use super::shape::Shape::{self, AnyMap, Exact, Flag, List, Record, Text};

/// Where charts are if nothing else is said.
const HOME: &str = "charts";

/// A chart and how it is rendered.
#[derive(Clone, Debug)]
pub(crate) struct HelmChart {
    /// The field and the index where it is written.
    pub(crate) place: (&'static str, usize),
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) repository: String,
    pub(crate) release: String,
    pub(crate) name_template: String,
    pub(crate) namespace: String,
    /// Read in place of the chart's own values.
    pub(crate) values_file: String,
    pub(crate) more_values_files: Vec<String>,
    pub(crate) values: Map,
    /// How `values` and the file meet.
    pub(crate) values_merge: String,
    pub(crate) include_crds: Include,
    pub(crate) skip_hooks: Include,
    pub(crate) skip_tests: Include,
    pub(crate) api_versions: Vec<String>,
    pub(crate) kube_version: String,
    /// The folder where charts are looked for.
    pub(crate) home: String,
}

pub(super) const GLOBALS: Shape = Record(&[("chartHome", Text), ("configHome", Text)]);

pub(super) static CHART: Shape = Record(&[
    ("name", Text),
    ("version", Text),
    ("repo", Text),
    ("releaseName", Text),
    ("namespace", Text),
    ("additionalValuesFiles", TEXT_LIST),
    ("valuesFile", Text),
    ("valuesInline", AnyMap),
    ("valuesMerge", Text),
    ("includeCRDs", Flag),
    ("skipHooks", Flag),
    ("apiVersions", TEXT_LIST),
    ("kubeVersion", Text),
    ("nameTemplate", Text),
    ("skipTests", Flag),
    ("debug", Flag),
    ("devel", Flag),
]);

pub(super) static OLD_CHART: Shape = Record(&[
    ("chartName", Text),
    ("chartVersion", Text),
    ("chartRepoUrl", Text),
    ("chartHome", Text),
    ("chartRepoName", Text),
    ("helmBin", Text),
    ("helmHome", Text),
    ("values", Text),
    ("valuesLocal", AnyMap),
    ("valuesMerge", Text),
    ("releaseName", Text),
    ("releaseNamespace", Text),
    ("extraArgs", TEXT_LIST),
]);

/// The object that configures the generator: both of the above, and their types are exact.
pub(super) static GENERATOR: Shape = Exact(&Record(&[
    ("chartHome", Text),
    ("configHome", Text),
    ("name", Text),
    ("version", Text),
    ("repo", Text),
    ("releaseName", Text),
    ("namespace", Text),
    ("additionalValuesFiles", TEXT_LIST),
    ("valuesFile", Text),
    ("valuesInline", AnyMap),
    ("valuesMerge", Text),
    ("includeCRDs", Flag),
    ("skipHooks", Flag),
    ("apiVersions", TEXT_LIST),
    ("kubeVersion", Text),
    ("nameTemplate", Text),
    ("skipTests", Flag),
    ("debug", Flag),
    ("devel", Flag),
]));

pub(super) static CHARTS: Shape = List(&CHART);
pub(super) static OLD_CHARTS: Shape = List(&OLD_CHART);

/// The charts of a kustomization, those of the old field last.
///
/// Source: `SplitHelmParameters`, `FixKustomizationPostUnmarshalling` in `api/types/kustomization.go`.
pub(super) fn charts(value: &Value) -> Vec<HelmChart> {
    const NEW: &str = "helmCharts";
    const OLD: &str = "helmChartInflationGenerator";
    let old_homes = value.items_at(&[OLD]).iter();
    let mut old_homes = old_homes.map(|chart| text(chart, "chartHome"));
    let home = match value.get("helmGlobals") {
        Some(globals) => Some(text(globals, "chartHome")),
        None => old_homes.rfind(|home| !home.is_empty()),
    };
    let home = home.unwrap_or_default();
    let numbered = |field| value.items_at(&[field]).iter().enumerate();
    let new = numbered(NEW).map(|(index, chart)| helm_chart(chart, &home, (NEW, index)));
    let old = numbered(OLD).map(|(index, chart)| old_chart(chart, &home, (OLD, index)));
    new.chain(old).collect()
}

/// Reads one chart.
pub(super) fn helm_chart(value: &Value, home: &str, place: (&'static str, usize)) -> HelmChart {
    HelmChart {
        place,
        name: text(value, "name"),
        version: text(value, "version"),
        repository: text(value, "repo"),
        release: text(value, "releaseName"),
        name_template: text(value, "nameTemplate"),
        namespace: text(value, "namespace"),
        values_file: text(value, "valuesFile"),
        more_values_files: list(value, "additionalValuesFiles"),
        values: map(value, "valuesInline"),
        values_merge: text(value, "valuesMerge"),
        include_crds: flag(value, "includeCRDs"),
        skip_hooks: flag(value, "skipHooks"),
        skip_tests: flag(value, "skipTests"),
        api_versions: list(value, "apiVersions"),
        kube_version: text(value, "kubeVersion"),
        home: or_default(home),
    }
}

/// What the old field says beyond this is passed over, the namespace too.
fn old_chart(value: &Value, home: &str, place: (&'static str, usize)) -> HelmChart {
    HelmChart {
        name: text(value, "chartName"),
        version: text(value, "chartVersion"),
        repository: text(value, "chartRepoUrl"),
        values_file: text(value, "values"),
        values: map(value, "valuesLocal"),
        values_merge: text(value, "valuesMerge"),
        release: text(value, "releaseName"),
        ..helm_chart(&Value::default(), home, place)
    }
}

fn or_default(home: &str) -> String {
    if home.is_empty() { HOME } else { home }.to_owned()
}

fn map(value: &Value, name: &str) -> Map {
    let map = value.get(name).and_then(Value::as_map);
    map.cloned().unwrap_or_default()
}
