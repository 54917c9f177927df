//! A folder with a chart, and what an Application adds to it.
//!
//! Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `helmTemplate`; `util/helm/cmd.go`,
//! `template`.

mod dependencies;
mod patterns;
mod value_files;

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_argo::HelmSource;
use toft_helm::{
    Capabilities, HelmVersion, KubeVersion, Problem, ReleaseOptions, Setting, TemplateOptions,
    load, template,
};
use toft_object::Rendering;
use toft_source::{Checked, Diagnostic, EntryKind, Files, ReadError, RepoPath};
use toft_value::Map;

use crate::environment::Environment;
use crate::job::Job;
use crate::trees::Tree;
use value_files::ValueFiles;

/// Why a chart is not rendered.
enum Failure {
    /// The tree could not be read, or something outside is not there.
    Read(ReadError),
    /// The author did something wrong.
    Told(Vec<Diagnostic>),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Told(vec![diagnostic])
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        (*diagnostic).into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Diagnostic::from(problem).into()
    }
}

/// The objects of a chart.
pub(crate) fn render(
    job: &Job<'_>,
    files: &dyn Files,
    (tree, folder): (&Tree<'_>, &RepoPath),
) -> Result<Checked<Rendering>, ReadError> {
    match objects(job, files, (tree, folder)) {
        Ok(checked) => Ok(checked),
        Err(Failure::Read(error)) => Err(error),
        Err(Failure::Told(diagnostics)) => Ok(Checked {
            value: Rendering::default(),
            diagnostics,
        }),
    }
}

fn objects(
    job: &Job<'_>,
    files: &dyn Files,
    (tree, folder): (&Tree<'_>, &RepoPath),
) -> Result<Checked<Rendering>, Failure> {
    let nothing = HelmSource::default();
    let helm = job.source.helm.as_ref().unwrap_or(&nothing);
    let mut options = options(job, helm)?;
    let environment = Environment::new(job);
    let values = ValueFiles {
        job,
        files,
        tree,
        folder,
        environment: &environment,
    };
    let mut input = values.of_files(helm)?;
    if let Some(text) = own_values(helm) {
        input
            .files
            .push(("values of the Application".to_owned(), text));
    }
    input.settings = parameters(helm, &environment);
    values.add_file_parameters(&helm.file_parameters, &mut input)?;
    check_chart_file(tree, folder)?;
    if !["", "v3"].contains(&helm.version.as_str()) {
        let message = format!(
            "error initializing helm app object: failed to create new helm command: helm chart version '{}' is not supported",
            helm.version
        );
        return Err(Diagnostic::error("REN030", message).into());
    }
    let merged = input.merged(options.version)?;
    let chart = load(tree, folder, options.version)?;
    let Some(mut chart) = chart.value else {
        return Err(Failure::Told(chart.diagnostics));
    };
    dependencies::complete(&mut chart, (tree, folder), options.version)?;
    options.seed = seed(job);
    options.now = job.now();
    Ok(told_as_helm(template(&chart, &merged, &options)))
}

/// A rendering that failed gives nothing.
fn told_as_helm(checked: Checked<Rendering>) -> Checked<Rendering> {
    if checked.has_errors() {
        Checked {
            value: Rendering::default(),
            diagnostics: checked.diagnostics,
        }
    } else {
        checked
    }
}

fn options(job: &Job<'_>, helm: &HelmSource) -> Result<TemplateOptions, Failure> {
    let source = job.source;
    let version = job.release().helm();
    let mut options = TemplateOptions::new(version);
    options.capabilities = capabilities(job)?;
    let release_name = if helm.release_name.is_empty() {
        &job.application.name
    } else {
        &helm.release_name
    };
    let namespace = match source.tool_namespace() {
        "" => job.application.destination.namespace.as_str(),
        named => named,
    };
    let namespace = if namespace.is_empty() {
        "default"
    } else {
        namespace
    };
    options.release = ReleaseOptions {
        name: release_name.clone(),
        namespace: namespace.into(),
        upgrade: false,
    };
    options.include_crds = !helm.skip_crds;
    options.skip_tests = helm.skip_tests;
    options.skip_schema = helm.skip_schema_validation;
    Ok(options)
}

/// What templates are told about the cluster: what the source says, else what the cluster is.
fn capabilities(job: &Job<'_>) -> Result<Capabilities, Failure> {
    let source = job.source;
    let mut capabilities = Capabilities::assumed();
    if let Some(version) = kube_version(job)? {
        capabilities.kube_version = version;
    }
    let named = match source.tool_api_versions() {
        [] => job.api_versions(),
        named => named,
    };
    capabilities.api_versions.extend(named.iter().cloned());
    Ok(capabilities)
}

/// The version of Kubernetes that charts are told: what the source says, else the cluster's; none where
/// nothing is known.
///
/// What stands behind the numbers is dropped before Helm sees it, whichever Helm.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `parseKubeVersion`.
pub(crate) fn kube_version(job: &Job<'_>) -> Result<Option<KubeVersion>, Box<Diagnostic>> {
    let text = match job.source.tool_kube_version() {
        "" => job.kube_version(),
        named => named,
    };
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = KubeVersion::parse(text, HelmVersion::V3);
    parsed.map(Some).map_err(|_| {
        let message = format!(
            "could not parse kubernetes version {text}: could not parse \"{text}\" as version"
        );
        Box::new(Diagnostic::error("REN031", message))
    })
}

/// `valuesObject`, or else `values`; nothing where both are empty.
fn own_values(helm: &HelmSource) -> Option<Vec<u8>> {
    let text = match &helm.values_object {
        Some(values) => toft_yaml::write(values),
        None => helm.values.to_string(),
    };
    (!text.is_empty()).then(|| text.into_bytes())
}

/// Upstream hands parameters over in the random order of a map, in which the last of a name counts; here
/// they come in the order of their names.
fn parameters(helm: &HelmSource, environment: &Environment<'_>) -> Vec<Setting> {
    let of = |force: bool| {
        let parameters = helm.parameters.iter();
        let parameters = parameters.filter(move |one| one.force_string == force);
        parameters
            .map(|one| (&one.name, &one.value))
            .collect::<BTreeMap<&SmolStr, &SmolStr>>()
    };
    let written = |(name, value): (&SmolStr, &SmolStr)| {
        format!("{name}={}", escaped(&environment.substitute(value)))
    };
    let typed = of(false).into_iter().map(written).map(Setting::Typed);
    let texts = of(true).into_iter().map(written).map(Setting::Text);
    typed.chain(texts).collect()
}

/// A value in which commas are no separators, unless it is a list in braces.
///
/// Source: Argo CD 3.2.0 `util/helm/cmd.go`, `cleanSetParameters`.
fn escaped(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut before = None;
    for one in value.chars() {
        if one == ',' && before != Some('\\') {
            out.push('\\');
        }
        out.push(one);
        before = Some(one);
    }
    out
}

fn check_chart_file(tree: &Tree<'_>, folder: &RepoPath) -> Result<(), Failure> {
    let path = folder.join("Chart.yaml").unwrap_or_default();
    if tree.kind(&path)? == Some(EntryKind::File) {
        return Ok(());
    }
    let message = format!(
        "error getting helm repos: error retrieving helm dependency repos: error reading helm chart from ./{path}: open ./{path}: no such file or directory"
    );
    let help = "a source with `helm` options is a chart, and a chart has a `Chart.yaml`";
    Err(Diagnostic::error("REN032", message).help(help).into())
}

/// Charts of different Applications draw different random texts, the same ones every time.
pub(crate) fn seed(job: &Job<'_>) -> u64 {
    let app = job.application;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&job.seed().to_le_bytes());
    hasher.update(app.namespace.as_bytes());
    hasher.update(b"/");
    hasher.update(app.name.as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Reads a map from a YAML file of a chart; what is no map reads as an empty one.
fn read_map(tree: &dyn Files, path: &RepoPath) -> Result<Map, ReadError> {
    let source = toft_source::Source::new(path.as_str(), tree.read(path)?);
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    let first = parsed.value.into_iter().next();
    let map = first.and_then(|located| located.value.as_map().cloned());
    Ok(map.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_are_escaped_once_and_not_in_lists() {
        for (value, expected) in [
            ("a,b", "a\\,b"),
            ("a\\,b,c", "a\\,b\\,c"),
            ("{a,b}", "{a,b}"),
            ("", ""),
        ] {
            assert_eq!(escaped(value), expected);
        }
    }
}
