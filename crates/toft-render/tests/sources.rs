//! Sources rendered as Argo CD's repo-server renders them.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{Application, RepoUrl, SourceType};
use toft_object::Rendered;
use toft_render::{Request, Surroundings, render};
use toft_source::{
    Diagnostic, Entry, EntryKind, Files, MemoryFiles, ReadError, Remote, RepoPath, Severity, Source,
};
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};
use toft_yaml::Resolver;

fn main() -> ExitCode {
    toft_testkit::run("tests/sources", check)
}

/// Renders the sources of `input/application.yaml`, whose repository is `input/repository`.
///
/// `input/remotes.yaml` lists what lies outside: the folder below `input/remotes`, and what it stands for.
/// `input/settings.yaml` says what Argo CD knows besides. `expected.yaml` holds the objects, or the error.
fn check(case: &Case) -> Result<Outputs, String> {
    let app = Application::parse(&document(case, "application.yaml")?).value;
    let settings = document(case, "settings.yaml").unwrap_or_default();
    let known = document(case, "remotes.yaml").unwrap_or_default();
    let world = World {
        repository: below(case, "repository")?,
        remotes: known
            .items()
            .iter()
            .map(|one| {
                let folder = one.str_at(&["folder"]).unwrap_or_default();
                Ok((
                    one.clone(),
                    Arc::new(below(case, &format!("remotes/{folder}"))?),
                ))
            })
            .collect::<Result<_, String>>()?,
    };
    let text = |key: &str, other: &str| settings.str_at(&[key]).unwrap_or(other).to_owned();
    let api_versions = settings.items_at(&["apiVersions"]).iter();
    let api_versions = api_versions.filter_map(Value::as_str).map(SmolStr::from);
    let api_versions: Vec<SmolStr> = api_versions.collect();
    let surroundings = Surroundings {
        is_this_repository: &|repository: &RepoUrl| !world.is_elsewhere(repository.as_str()),
        kube_version: &text("kubeVersion", "1.36"),
        api_versions: &api_versions,
        build_options: &text("buildOptions", ""),
        ..Surroundings::alone()
    };
    let revision = text("revision", "0123456789abcdef0123456789abcdef01234567");
    let mut out = String::new();
    for source in &app.sources {
        let request = Request {
            application: &app,
            source,
            revision: if source.chart.is_empty() {
                &revision
            } else {
                &source.target_revision
            },
            surroundings: &surroundings,
        };
        let rendered = render(&world, &request).map_err(|error| error.to_string())?;
        let mut all = rendered.diagnostics.iter();
        if let Some(error) = all.find(|one| one.severity == Severity::Error) {
            out = format!("error: {}\n", told(error, rendered.value.source_type));
            break;
        }
        for Rendered { object, .. } in &rendered.value.rendering.objects {
            let _ = write!(out, "---\n{}", toft_yaml::write(object.value()));
        }
    }
    Ok(Outputs::from([("expected.yaml".to_owned(), out)]))
}

/// What a program says is left to the program's own cases.
fn told(error: &Diagnostic, tool: SourceType) -> String {
    let of_kustomize = error.code.starts_with("KUS") || ["REN020", "REN021"].contains(&error.code);
    if error.code.starts_with("HLM") || error.code == "REN038" {
        "helm fails".to_owned()
    } else if tool == SourceType::Directory && error.code.starts_with("YML")
        || ["REN010", "REN015"].contains(&error.code)
    {
        "a file cannot be read".to_owned()
    } else if of_kustomize || error.code.starts_with("YML") {
        "kustomize fails".to_owned()
    } else {
        error.message.clone()
    }
}

fn document(case: &Case, name: &str) -> Result<Value, String> {
    let text = case.required(&format!("input/{name}"))?;
    let source = Source::new(name, text.as_bytes().into());
    let parsed = toft_yaml::values(&source, Resolver::Kubectl).value;
    let first = parsed.into_iter().next();
    first
        .map(|one| one.value)
        .ok_or_else(|| format!("{name} is empty"))
}

/// The files below a folder of the input.
fn below(case: &Case, folder: &str) -> Result<MemoryFiles, String> {
    let root = RepoPath::parse(folder).map_err(|error| error.to_string())?;
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(at) = folders.pop() {
        for entry in case.files().list(&at).unwrap_or_default() {
            let path = at.join(&entry.name).map_err(|error| error.to_string())?;
            match entry.kind {
                EntryKind::Directory => folders.push(path),
                EntryKind::File => {
                    let bytes = case
                        .files()
                        .read(&path)
                        .map_err(|error| error.to_string())?;
                    let inner = path.as_str().trim_start_matches(root.as_str());
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    found.push((inner.trim_start_matches('/').to_owned(), text));
                }
            }
        }
    }
    let texts = found
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    Ok(MemoryFiles::new(texts))
}

struct World {
    repository: MemoryFiles,
    remotes: Vec<(Value, Arc<MemoryFiles>)>,
}

impl World {
    fn is_elsewhere(&self, repository: &str) -> bool {
        let mut all = self.remotes.iter();
        all.any(|(one, _)| one.str_at(&["git"]) == Some(repository))
    }
}

impl Files for World {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        self.repository.read(path)
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.repository.kind(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        self.repository.list(directory)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.repository.canonical(path)
    }

    /// A chart stands for its version, or for what `asked` says of it.
    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        let fits = |one: &Value| match remote {
            Remote::Git { repository, .. } => one.str_at(&["git"]) == Some(repository),
            Remote::File { url } => one.str_at(&["file"]) == Some(url),
            Remote::Chart {
                repository,
                name,
                version,
            } => {
                let chart = one.get("chart").cloned().unwrap_or_default();
                let asked = one.str_at(&["asked"]).or(chart.str_at(&["version"]));
                let found = value!({"repository": repository, "name": name, "version": version});
                asked == Some(version)
                    && ["repository", "name"]
                        .iter()
                        .all(|key| chart.get(key) == found.get(key))
            }
        };
        let mut all = self.remotes.iter();
        let found = all.find(|(one, _)| fits(one));
        let (_, tree) = found.ok_or_else(|| ReadError::NotBrought(remote.clone()))?;
        Ok(Arc::clone(tree) as _)
    }
}
