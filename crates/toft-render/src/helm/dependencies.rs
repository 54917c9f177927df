//! The charts that a chart needs and does not carry: what `helm dependency build` would bring.
//!
//! Argo CD runs it where, and only where, a chart that is needed is missing from `charts/`.
//!
//! Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `helmTemplate`, `getHelmDependencyRepos`;
//! Helm 3.22.0 `pkg/downloader/manager.go`, `internal/resolver/resolver.go`.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use toft_gotmpl::satisfies;
use toft_helm::{Chart, Dependency, HelmVersion, ImportValues, load};
use toft_source::{Diagnostic, EntryKind, Files, Remote, RepoPath};
use toft_value::{List, Value, value};

use super::{Failure, read_map};
use crate::trees::Tree;

/// A dependency that is to be brought: as `Chart.lock` has it, or else as `Chart.yaml` does.
struct Wanted {
    name: SmolStr,
    version: SmolStr,
    repository: SmolStr,
}

/// Adds the charts that are needed and not there; nothing where all are.
pub(super) fn complete(
    chart: &mut Chart,
    (tree, folder): (&Tree<'_>, &RepoPath),
    version: HelmVersion,
) -> Result<(), Failure> {
    let has = |chart: &Chart, name: &str| chart.charts.iter().any(|one| one.metadata.name == name);
    let dependencies = &chart.metadata.dependencies;
    if dependencies.iter().all(|one| has(chart, &one.name)) {
        return Ok(());
    }
    let wanted = wanted(chart, tree, folder)?;
    ask_for_all(&wanted, tree)?;
    let mut built = Vec::new();
    for one in wanted {
        if let Some(found) = bring(chart, &one, (tree, folder, version))? {
            built.push(found);
        }
    }
    let is_built = |chart: &Chart| {
        built
            .iter()
            .any(|one: &Chart| one.metadata.name == chart.metadata.name)
    };
    let kept: Vec<Chart> = chart
        .charts
        .drain(..)
        .filter(|one| !is_built(one))
        .collect();
    chart.charts = kept;
    chart.charts.extend(built);
    Ok(())
}

/// Looks at everything that comes from outside before the first that is missing is told, so that all of it
/// can be fetched at once.
fn ask_for_all(wanted: &[Wanted], tree: &Tree<'_>) -> Result<(), Failure> {
    let mut missing = None;
    for remote in wanted.iter().filter_map(Wanted::remote) {
        if let Err(error) = tree.remote(&remote) {
            missing.get_or_insert(error);
        }
    }
    missing.map_or(Ok(()), |error| Err(error.into()))
}

fn bring(
    chart: &Chart,
    wanted: &Wanted,
    (tree, folder, version): (&Tree<'_>, &RepoPath, HelmVersion),
) -> Result<Option<Chart>, Failure> {
    if let Some(remote) = wanted.remote() {
        let brought = Tree::remote(tree, &remote)?;
        return loaded(&brought, &RepoPath::root(), version).map(Some);
    }
    let Wanted {
        name, repository, ..
    } = wanted;
    if repository.is_empty() {
        let there = chart.charts.iter().any(|one| one.metadata.name == *name);
        return if there {
            Ok(None)
        } else {
            let message = format!(
                "no repository definition for dependency `{name}`, and `charts/` does not hold it"
            );
            Err(failed(
                &message,
                "put the chart into `charts/`, or say where it is with `repository`",
            ))
        };
    }
    let Some(path) = repository.strip_prefix("file://") else {
        let message =
            format!("the repository `{repository}` of dependency `{name}` is known to nobody here");
        return Err(failed(
            &message,
            "write its address: `https://…` or `oci://…`",
        ));
    };
    let outside = || {
        let message =
            format!("directory {path} of dependency `{name}` lies outside the repository");
        failed(
            &message,
            "a `file://` dependency is relative to its chart, and stays in the repository",
        )
    };
    let place = folder.join(path).map_err(|_| outside())?;
    if tree.kind(&place)? != Some(EntryKind::Directory) {
        return Err(failed(
            &format!("directory {place} not found"),
            "the path behind `file://` is relative to the chart",
        ));
    }
    let found = loaded(tree, &place, version)?;
    if !satisfies(&wanted.version, &found.metadata.version) {
        let message = format!("can't get a valid version for dependency {name}");
        let help = format!(
            "`Chart.yaml` wants {}, and `{place}` holds {}",
            wanted.version, found.metadata.version
        );
        return Err(failed(&message, &help));
    }
    Ok(Some(found))
}

fn loaded(tree: &dyn Files, folder: &RepoPath, version: HelmVersion) -> Result<Chart, Failure> {
    let chart = load(tree, folder, version)?;
    chart.value.ok_or(Failure::Told(chart.diagnostics))
}

fn failed(message: &str, help: &str) -> Failure {
    let words = "error building helm chart dependencies: failed to build helm dependencies: ";
    Diagnostic::error("HLM003", format!("{words}{message}"))
        .help(help)
        .into()
}

impl Wanted {
    /// What has to be had from outside.
    fn remote(&self) -> Option<Remote> {
        let repository = self.repository.as_str();
        let is_address = ["https://", "http://", "oci://"]
            .iter()
            .any(|scheme| repository.starts_with(scheme));
        is_address.then(|| Remote::Chart {
            repository: self.repository.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
        })
    }
}

/// What is to be brought: the versions of the lock file where there is one.
fn wanted(chart: &Chart, tree: &Tree<'_>, folder: &RepoPath) -> Result<Vec<Wanted>, Failure> {
    let name = if chart.metadata.api_version == "v1" {
        "requirements.lock"
    } else {
        "Chart.lock"
    };
    let path = folder.join(name).unwrap_or_default();
    if tree.kind(&path)? != Some(EntryKind::File) {
        let dependencies = chart.metadata.dependencies.iter();
        let wanted = dependencies.map(|one| Wanted {
            name: one.name.clone(),
            version: one.version.clone(),
            repository: one.repository.clone(),
        });
        return Ok(wanted.collect());
    }
    let lock = read_map(tree, &path)?;
    let lock = Value::Map(lock);
    let locked = lock.items_at(&["dependencies"]);
    let digest = lock.str_at(&["digest"]).unwrap_or_default();
    if digest != self::digest(&chart.metadata.dependencies, locked) {
        let (lock, file) = if name == "Chart.lock" {
            ("Chart.lock", "Chart.yaml")
        } else {
            ("requirements.lock", "requirements.yaml")
        };
        let message = format!(
            "the lock file ({lock}) is out of sync with the dependencies file ({file}). Please update the dependencies"
        );
        return Err(failed(
            &message,
            "run `helm dependency update` in the folder of the chart, and commit the lock file",
        ));
    }
    let text = |one: &Value, key: &str| SmolStr::from(one.str_at(&[key]).unwrap_or_default());
    let wanted = locked.iter().map(|one| Wanted {
        name: text(one, "name"),
        version: text(one, "version"),
        repository: text(one, "repository"),
    });
    Ok(wanted.collect())
}

/// The digest of what is wanted and what is locked.
///
/// Source: Helm 3.22.0 `internal/resolver/resolver.go`, `HashReq`: SHA-256 of both lists as Go prints them.
fn digest(wanted: &[Dependency], locked: &[Value]) -> String {
    let wanted: Vec<String> = wanted.iter().map(printed).collect();
    let locked = locked.iter().map(|one| {
        let text = |key: &str| SmolStr::from(one.str_at(&[key]).unwrap_or_default());
        printed(&Dependency {
            name: text("name"),
            version: text("version"),
            repository: text("repository"),
            ..Dependency::default()
        })
    });
    let locked: Vec<String> = locked.collect();
    let json = format!("[[{}],[{}]]", wanted.join(","), locked.join(","));
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(go_escaped(&json).as_bytes()) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

/// A dependency as Go prints the struct: fields in their order, empty ones left out but the repository.
fn printed(dependency: &Dependency) -> String {
    let list = |items: Vec<Value>| Value::List(List::from(items));
    let tags = dependency.tags.iter().map(Value::from).collect();
    let imported = dependency.import_values.iter().map(|one| match one {
        ImportValues::Exported(name) => Value::from(name),
        ImportValues::Moved { child, parent } | ImportValues::Noted { child, parent } => {
            value!({"child": child, "parent": parent})
        }
        ImportValues::Other(value) => value.clone(),
    });
    let fields = [
        ("name", Value::from(&dependency.name)),
        ("version", Value::from(&dependency.version)),
        ("repository", Value::from(&dependency.repository)),
        ("condition", Value::from(&dependency.condition)),
        ("tags", list(tags)),
        ("enabled", Value::from(dependency.enabled)),
        ("import-values", list(imported.collect())),
        ("alias", Value::from(&dependency.alias)),
    ];
    let is_empty = |value: &Value| match value {
        Value::Str(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Bool(flag) => !flag,
        _ => false,
    };
    let kept = fields
        .iter()
        .filter(|(key, value)| *key == "repository" || *key == "name" || !is_empty(value));
    let kept = kept.map(|(key, value)| format!("\"{key}\":{}", value.to_json()));
    format!("{{{}}}", kept.collect::<Vec<_>>().join(","))
}

/// Go writes what HTML would take for its own as escapes.
fn go_escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for one in json.chars() {
        match one {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(one));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_lock_is_helms() {
        // Recorded from `helm dependency update` of Helm 3.22.0.
        let wanted = Dependency {
            name: "common".into(),
            version: ">=1.0.0".into(),
            repository: "file://../common".into(),
            ..Dependency::default()
        };
        let locked =
            value!({"name": "common", "version": "1.2.0", "repository": "file://../common"});
        assert_eq!(
            digest(&[wanted], &[locked]),
            "sha256:9c05d3d473e21019de7aca3990d59980caf05ac85516e57f5cc9bec0e09321f5"
        );
    }
}
