//! What files beside the manifests say about the source: `.argocd-source.yaml`.

use toft_argo::ApplicationSource;
use toft_source::{Diagnostic, EntryKind, Files, ReadError, RepoPath, Source};
use toft_value::{Map, Value};
use toft_yaml::Resolver;

/// For every Application of the folder.
const OF_ALL: &str = ".argocd-source.yaml";

/// What stays as the Application says it.
const KEPT: &[&str] = &["chart", "path", "repoURL", "targetRevision"];

/// The source as the files of its folder have it.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `mergeSourceParameters`. What a file says
/// comes on top of the source; a `null` takes nothing away, since upstream decodes the result into the
/// source that it began with.
pub(crate) fn apply(
    files: &dyn Files,
    folder: &RepoPath,
    (source, app_name): (&ApplicationSource, &str),
) -> Result<Result<ApplicationSource, Diagnostic>, ReadError> {
    let mut merged = source.value().clone();
    let mut touched = false;
    let of_one = format!(".argocd-source-{app_name}.yaml");
    for name in [OF_ALL, &of_one] {
        let Ok(path) = folder.join(name) else {
            continue;
        };
        if files.kind(&path)? != Some(EntryKind::File) {
            continue;
        }
        match read(files, &path)? {
            Ok(patch) => merged = over(&merged, &patch),
            Err(message) => {
                let message = format!(
                    "error getting app source type: error while parsing source parameters: ./{path}: {message}"
                );
                return Ok(Err(Diagnostic::error("REN006", message)));
            }
        }
        touched = true;
    }
    if !touched {
        return Ok(Ok(source.clone()));
    }
    for key in KEPT {
        match source.value().get(key) {
            Some(kept) => merged.set_at(&[key], kept.clone()),
            None => drop(merged.remove_at(&[key])),
        }
    }
    Ok(Ok(ApplicationSource::parse(&merged)))
}

fn read(files: &dyn Files, path: &RepoPath) -> Result<Result<Map, String>, ReadError> {
    let source = Source::new(path.as_str(), files.read(path)?);
    let parsed = toft_yaml::values(&source, Resolver::Kubectl);
    if let Some(problem) = parsed.diagnostics.first().filter(|_| parsed.has_errors()) {
        return Ok(Err(problem.message.clone()));
    }
    let first = parsed.value.into_iter().next();
    Ok(match first.map(|located| located.value) {
        Some(Value::Map(map)) => Ok(map),
        Some(Value::List(_)) => Err(
            "json: cannot unmarshal array into Go value of type v1alpha1.ApplicationSource"
                .to_owned(),
        ),
        _ => Err("Invalid JSON Patch".to_owned()),
    })
}

/// The patch over the value; maps in both are merged in turn, and what is `null` stays.
fn over(under: &Value, patch: &Map) -> Value {
    let mut merged = under.as_map().cloned().unwrap_or_default();
    for (key, value) in patch {
        let value = match (value, merged.get(key)) {
            (Value::Null, _) => continue,
            // Kept as text upstream, so that here the merge alone counts.
            (Value::Map(patch), known) if key == "valuesObject" => {
                merge_patch(known.unwrap_or(&Value::Null), patch)
            }
            (Value::Map(patch), Some(known)) => over(known, patch),
            (value, _) => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    Value::Map(merged)
}

/// A JSON merge patch: `null` takes away.
///
/// Source: RFC 7386, section 2.
fn merge_patch(under: &Value, patch: &Map) -> Value {
    let mut merged = under.as_map().cloned().unwrap_or_default();
    for (key, value) in patch {
        match value {
            Value::Null => drop(merged.remove(key)),
            Value::Map(patch) => {
                let known = merged.get(key).cloned().unwrap_or_default();
                merged.insert(key.clone(), merge_patch(&known, patch));
            }
            value => drop(merged.insert(key.clone(), value.clone())),
        }
    }
    Value::Map(merged)
}
