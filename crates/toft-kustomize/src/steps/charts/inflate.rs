//! A chart and values to objects, as `helm template` prints them.

use toft_helm::{
    Chart, KubeVersion, Manifests, Problem, TemplateOptions, ValuesInput, load, manifests,
    release_name,
};
use toft_object::Origin;
use toft_source::{Files, RepoPath, Source};

use super::{Found, Inflation};
use crate::build::Stop;
use crate::kustomization::Include;
use crate::resource::Resource;

impl Inflation<'_, '_> {
    /// Renders the chart and reads what it gives.
    pub(super) fn render(
        &mut self,
        found: &Found,
        values: &ValuesInput,
    ) -> Result<Vec<Resource>, Stop> {
        let chart = self.load(found)?;
        let rendered = self.options().and_then(|options| {
            let values = values.merged(self.version())?;
            manifests(&chart, &values, &options)
        });
        let rendered = rendered.map_err(|problem| self.problem(problem))?;
        let text = rendered.print();
        let file = self.directory.file_path();
        let shown = format!("{file} ({})", self.chart.name);
        let source = Source::new(shown, text.as_bytes().into());
        let resources = self.build.objects(&source, &file, self.place.0);
        let mut resources = resources.map_err(|diagnostics| self.build.tell_all(diagnostics))?;
        let origins = Origins::new(&text, &rendered);
        let line = self.directory.line_of(self.place);
        for resource in &mut resources {
            resource.origin = match found {
                Found::Local(_) => origins.of(&resource.origin),
                Found::Remote(_) => Origin {
                    line,
                    ..resource.origin.clone()
                },
            };
            let marked = resource.mark_as_from_chart();
            marked.map_err(|fault| {
                let told = fault.within("failed to set helm annotation").to_string();
                self.refuse("KUS084", told)
            })?;
        }
        Ok(resources)
    }

    fn load(&mut self, found: &Found) -> Result<Chart, Stop> {
        let version = self.version();
        let loaded = match found {
            Found::Local(path) => load(self.directory.files(self.build), path, version),
            Found::Remote(tree) => {
                let tree: &dyn Files = tree.as_ref();
                load(tree, &RepoPath::root(), version)
            }
        };
        let loaded = loaded.map_err(Stop::Read)?;
        let mut told = loaded.diagnostics.into_iter();
        match (loaded.value, told.next()) {
            (Some(chart), _) => Ok(chart),
            (None, told) => {
                let message = told.map(|told| told.message).unwrap_or_default();
                Err(self.refuse("KUS085", message))
            }
        }
    }

    fn options(&self) -> Result<TemplateOptions, Problem> {
        let chart = self.chart;
        let mut options = TemplateOptions::new(self.version());
        options.now = self.helm.now;
        options.seed = self.helm.seed;
        options.include_crds = chart.include_crds == Include::Yes;
        options.skip_hooks = chart.skip_hooks == Include::Yes;
        options.skip_tests = chart.skip_tests == Include::Yes;
        if !chart.namespace.is_empty() {
            options.release.namespace = chart.namespace.as_str().into();
        }
        let kube_version = match chart.kube_version.as_str() {
            "" => self.helm.kube_version.as_str(),
            version => version,
        };
        if !kube_version.is_empty() {
            options.capabilities.kube_version = KubeVersion::parse(kube_version, self.version())?;
        }
        let versions = match chart.api_versions.as_slice() {
            [] => self.helm.api_versions.as_slice(),
            versions => versions,
        };
        let versions = versions.iter().flat_map(|text| text.split(','));
        options
            .capabilities
            .api_versions
            .extend(versions.map(Into::into));
        options.release.name = match (chart.release.as_str(), chart.name_template.as_str()) {
            ("", "") => options.release.name.clone(),
            ("", template) => release_name(template, &options)?,
            (name, "") => name.into(),
            (_, _) => return Err(Problem::two_names()),
        };
        Ok(options)
    }
}

/// Which template gave which lines of what was printed.
struct Origins<'a> {
    /// The line before each manifest, in order, and the template.
    starts: Vec<(usize, &'a RepoPath)>,
}

impl<'a> Origins<'a> {
    fn new(text: &str, rendered: &'a Manifests) -> Self {
        let hooks = rendered.hooks.iter().map(|hook| &hook.manifest);
        let all = rendered.crds.iter().chain(&rendered.manifests).chain(hooks);
        let mut lines = text.lines().enumerate();
        let mut starts = Vec::new();
        for manifest in all {
            let head = format!("# Source: {}", manifest.name);
            let Some((at, _)) = lines.find(|(_, line)| *line == head) else {
                break;
            };
            starts.push((at + 1, &manifest.path));
        }
        Self { starts }
    }

    /// The place in the template of an object that was read from the text.
    fn of(&self, printed: &Origin) -> Origin {
        let count = self.starts.partition_point(|(at, _)| *at < printed.line);
        let start = count.checked_sub(1).and_then(|at| self.starts.get(at));
        match start {
            Some((at, path)) => Origin {
                path: (*path).clone(),
                line: printed.line - at,
                step: printed.step,
            },
            None => printed.clone(),
        }
    }
}
