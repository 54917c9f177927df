//! Which tool a folder is written for.

use toft_argo::SourceType;
use toft_source::{EntryKind, Files, ReadError, RepoPath};

/// The names of a kustomization.
pub(crate) const KUSTOMIZATIONS: &[&str] =
    &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The tool of a folder: a chart before a kustomization before plain files.
///
/// Source: Argo CD 3.2.0 `util/app/discovery/discovery.go`, `Discover`, which visits the files of the folder in
/// order of names and lets the first decide: `Chart.yaml` sorts before the names of a kustomization but `Kustomization`,
/// and a folder with both does not occur.
pub(crate) fn detect(files: &dyn Files, folder: &RepoPath) -> Result<SourceType, ReadError> {
    let entries = files.list(folder)?;
    let has = |name: &str| {
        entries
            .iter()
            .any(|entry| entry.name == name && entry.kind == EntryKind::File)
    };
    if has("Chart.yaml") {
        return Ok(SourceType::Helm);
    }
    let kustomization = KUSTOMIZATIONS.iter().any(|name| has(name));
    Ok(if kustomization {
        SourceType::Kustomize
    } else {
        SourceType::Directory
    })
}
