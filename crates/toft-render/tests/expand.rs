//! `ApplicationSet`s expanded as Argo CD expands them.

use std::fmt::Write as _;
use std::process::ExitCode;

use toft_argo::{ApplicationSet, RepoUrl};
use toft_render::{ClusterSecret, Known};
use toft_source::{Entry, EntryKind, Files, ReadError, RepoPath, Severity, Source};
use toft_testkit::{Case, Outputs};
use toft_value::{Map, Value};
use toft_yaml::Resolver;

fn main() -> ExitCode {
    toft_testkit::run("tests/expand", check)
}

/// Expands `input/applicationset.yaml` over the tree `input/repository`.
///
/// `expected.yaml` holds the Applications, or the error; `expected.warnings.txt`, where there are some,
/// what else is told.
fn check(case: &Case) -> Result<Outputs, String> {
    let text = case.required("input/applicationset.yaml")?;
    let source = Source::new("applicationset.yaml", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, Resolver::Kubectl);
    let value = parsed.value.into_iter().next().ok_or("no ApplicationSet")?;
    let set = ApplicationSet::parse(&value.value).value;
    let tree = Below {
        files: case.files(),
        root: RepoPath::parse("repository").map_err(|error| error.to_string())?,
    };
    let elsewhere = |address: &str| address.contains("elsewhere");
    let clusters = clusters(case);
    let known = Known {
        is_this_repository: &|repo: &RepoUrl| !elsewhere(repo.as_str()),
        clusters: &clusters,
    };
    let expanded = toft_render::expand(&tree, &set, &known);
    let expanded = match expanded {
        Ok(expanded) => expanded,
        Err(error) => {
            let out = format!("error: {error}\n");
            return Ok(Outputs::from([("expected.yaml".to_owned(), out)]));
        }
    };
    let mut applications: Vec<_> = expanded.value.iter().collect();
    if text.contains("merge:") {
        // Upstream goes over a map there and gives another order every time; by name both are the same.
        applications.sort_by(|one, other| one.name.cmp(&other.name));
    }
    let mut out = String::new();
    for application in applications {
        let value = application.value();
        let mut shown = Map::new();
        for key in ["metadata", "spec", "operation"] {
            if let Some(found) = value.get(key) {
                shown.insert(key, found);
            }
        }
        let _ = write!(out, "---\n{}", toft_yaml::write(&Value::Map(shown)));
    }
    let mut warnings = String::new();
    for diagnostic in &expanded.diagnostics {
        let to = match diagnostic.severity {
            Severity::Error => &mut out,
            Severity::Warning | Severity::Note => &mut warnings,
        };
        let words = if diagnostic.severity == Severity::Error {
            "error: "
        } else {
            ""
        };
        let _ = writeln!(to, "{words}{}", diagnostic.message);
    }
    let mut outputs = Outputs::from([("expected.yaml".to_owned(), out)]);
    if !warnings.is_empty() {
        outputs.insert("expected.warnings.txt".to_owned(), warnings);
    }
    Ok(outputs)
}

/// The clusters of `input/clusters.yaml`, with the label that makes Secrets known.
fn clusters(case: &Case) -> Vec<ClusterSecret> {
    let Ok(text) = case.required("input/clusters.yaml") else {
        return Vec::new();
    };
    let source = Source::new("clusters.yaml", text.as_bytes().into());
    let parsed = toft_yaml::values(&source, Resolver::Kubectl).value;
    let listed = parsed.iter().flat_map(|one| one.value.items());
    let read = |one: &Value| {
        let text = |key: &str| one.str_at(&[key]).unwrap_or_default().into();
        let map = |key: &str| {
            one.get(key)
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_default()
        };
        let mut labels = map("labels");
        labels.insert("argocd.argoproj.io/secret-type", "cluster");
        ClusterSecret {
            name: text("name"),
            server: text("server"),
            project: text("project"),
            labels,
            annotations: map("annotations"),
        }
    };
    listed.map(read).collect()
}

/// The part of a tree below a directory; empty where there is none.
struct Below<F> {
    files: F,
    root: RepoPath,
}

impl<F: Files> Below<F> {
    fn path(&self, path: &RepoPath) -> RepoPath {
        self.root.join(path.as_str()).unwrap_or_default()
    }
}

impl<F: Files> Files for Below<F> {
    fn read(&self, path: &RepoPath) -> Result<std::sync::Arc<[u8]>, ReadError> {
        self.files.read(&self.path(path))
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.files.kind(&self.path(path))
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        match self.files.list(&self.path(directory)) {
            Err(ReadError::NotFound(_)) if directory.is_root() => Ok(Vec::new()),
            other => other,
        }
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.files.canonical(&self.path(path))
    }
}
