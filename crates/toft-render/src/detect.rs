//! Which tool a folder is written for.

use toft_argo::SourceType;
use toft_source::{EntryKind, Files, ReadError, RepoPath};

/// The names of a kustomization.
pub(crate) const KUSTOMIZATIONS: &[&str] =
    &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The tool of a folder: that of the last file, in order of names, that is written for one.
///
/// A chart is what has a file whose name ends in `Chart.yaml`.
///
/// Source: Argo CD 3.2.0 `util/app/discovery/discovery.go`, `Discover`, which visits the files of the folder in
/// order of names and lets each overwrite what the one before decided: `kustomization.yaml` wins over `Chart.yaml`.
pub(crate) fn detect(files: &dyn Files, folder: &RepoPath) -> Result<SourceType, ReadError> {
    let entries = files.list(folder)?;
    let tool = entries.iter().rev().find_map(|entry| {
        if entry.kind != EntryKind::File {
            None
        } else if entry.name.ends_with("Chart.yaml") {
            Some(SourceType::Helm)
        } else if KUSTOMIZATIONS.contains(&entry.name.as_str()) {
            Some(SourceType::Kustomize)
        } else {
            None
        }
    });
    Ok(tool.unwrap_or(SourceType::Directory))
}
