//! A folder with a kustomization, and what an Application adds to it.

use std::sync::Arc;

use toft_argo::KustomizeSource;
use toft_kustomize::{BuildOptions, HelmOptions, LoadRestrictor, Reorder, build};
use toft_object::Rendering;
use toft_source::{
    Checked, Diagnostic, Entry, EntryKind, Files, ReadError, Remote, RepoPath, Source,
};
use toft_value::{Map, Value};
use toft_yaml::{Resolver, values, write};

use crate::detect::KUSTOMIZATIONS;
use crate::edit::edit;
use crate::environment::Environment;
use crate::helm::{kube_version, seed};
use crate::job::Job;
use crate::trees::Tree;

/// The objects of a kustomization.
///
/// Source: Argo CD 3.2.0 `util/kustomize/kustomize.go`, `Build`.
pub(crate) fn render(
    job: &Job<'_>,
    files: &Tree<'_>,
    folder: &RepoPath,
) -> Result<Checked<Rendering>, ReadError> {
    let build_options = match build_options(job) {
        Ok(options) => options,
        Err(diagnostic) => return Ok(failed(*diagnostic)),
    };
    let nothing = KustomizeSource::default();
    let options = job.source.kustomize.as_ref().unwrap_or(&nothing);
    let options = substituted(options, &Environment::new(job));
    if options == untouched(&options) {
        return built(files, folder, &build_options);
    }
    let Some(path) = kustomization(files, folder)? else {
        let message =
            format!("`{folder}` has no kustomization to add the options of the Application to");
        return Ok(failed(Diagnostic::error("REN020", message)));
    };
    let source = Source::new(path.as_str(), files.read(&path)?);
    let parsed = values(&source, Resolver::Kustomize);
    if parsed.has_errors() {
        // The build says what is wrong with it, and where.
        return built(files, folder, &build_options);
    }
    let written = parsed
        .value
        .into_iter()
        .next()
        .map_or(Value::Null, |located| located.value);
    let present = |component: &str| {
        let place = folder.join(component).ok();
        place.is_some_and(|place| matches!(files.kind(&place), Ok(Some(_))))
    };
    match edit(written, &options, &present) {
        Ok(edited) => {
            let bytes: Arc<[u8]> = write(&edited).into_bytes().into();
            built(&Edited { files, path, bytes }, folder, &build_options)
        }
        Err(message) => Ok(failed(Diagnostic::error("REN021", message))),
    }
}

/// Builds, and gives advice that an Application can follow.
fn built(
    files: &dyn Files,
    folder: &RepoPath,
    options: &BuildOptions,
) -> Result<Checked<Rendering>, ReadError> {
    let mut built = build(files, folder, options)?;
    let without_helm = built
        .diagnostics
        .iter_mut()
        .filter(|told| told.code == "KUS080");
    for told in without_helm {
        let advice =
            "set `kustomize.buildOptions: --enable-helm` in Argo CD's ConfigMap `argocd-cm`";
        told.help = vec![advice.to_owned()];
    }
    Ok(built)
}

/// The options with the names of the Application in them.
fn substituted(options: &KustomizeSource, environment: &Environment<'_>) -> KustomizeSource {
    let all = |map: &Map| {
        let entries = map.iter().map(|(key, value)| {
            let value = match value {
                Value::Str(text) => Value::from(environment.substitute(text)),
                other => other.clone(),
            };
            (key.clone(), value)
        });
        entries.collect::<Map>()
    };
    let mut substituted = options.clone();
    for image in &mut substituted.images {
        *image = environment.substitute(image).into();
    }
    substituted.common_labels = all(&options.common_labels);
    if options.common_annotations_envsubst {
        substituted.common_annotations = all(&options.common_annotations);
    }
    substituted
}

/// Options that say nothing to the kustomization itself.
fn untouched(options: &KustomizeSource) -> KustomizeSource {
    KustomizeSource {
        ignore_missing_components: options.ignore_missing_components,
        force_common_labels: options.force_common_labels,
        label_without_selector: options.label_without_selector,
        label_include_templates: options.label_include_templates,
        force_common_annotations: options.force_common_annotations,
        common_annotations_envsubst: options.common_annotations_envsubst,
        kube_version: options.kube_version.clone(),
        api_versions: options.api_versions.clone(),
        ..KustomizeSource::default()
    }
}

/// What `kustomize.buildOptions` says; what does not change the objects is passed over.
fn build_options(job: &Job<'_>) -> Result<BuildOptions, Box<Diagnostic>> {
    let text = job.build_options();
    let mut options = BuildOptions::default();
    let kube_version = kube_version(job)?;
    if text.contains("--enable-helm") {
        let api_versions = match job.source.tool_api_versions() {
            [] => job.api_versions(),
            named => named,
        };
        options.helm = Some(HelmOptions {
            version: job.release().helm(),
            kube_version: kube_version.map_or_else(String::new, |version| {
                version.plain.trim_start_matches('v').to_owned()
            }),
            api_versions: api_versions.iter().map(ToString::to_string).collect(),
            now: job.now(),
            seed: seed(job),
        });
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, value),
            None => (*word, words.get(at + 1).copied().unwrap_or_default()),
        };
        match (flag, value) {
            ("--load-restrictor", "LoadRestrictionsNone" | "none") => {
                options.load_restrictor = LoadRestrictor::None;
            }
            ("--reorder", "none") => options.reorder = Reorder::None,
            ("--reorder", "legacy") => options.reorder = Reorder::Legacy,
            _ => {}
        }
    }
    Ok(options)
}

fn failed(diagnostic: Diagnostic) -> Checked<Rendering> {
    Checked {
        value: Rendering::default(),
        diagnostics: vec![diagnostic],
    }
}

fn kustomization(files: &dyn Files, folder: &RepoPath) -> Result<Option<RepoPath>, ReadError> {
    for name in KUSTOMIZATIONS {
        let Ok(path) = folder.join(name) else {
            continue;
        };
        if files.kind(&path)? == Some(EntryKind::File) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// A tree in which one file says something else.
struct Edited<'a> {
    files: &'a dyn Files,
    path: RepoPath,
    bytes: Arc<[u8]>,
}

impl Files for Edited<'_> {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        if *path == self.path {
            Ok(Arc::clone(&self.bytes))
        } else {
            self.files.read(path)
        }
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.files.kind(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        self.files.list(directory)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.files.canonical(path)
    }

    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        self.files.remote(remote)
    }
}
