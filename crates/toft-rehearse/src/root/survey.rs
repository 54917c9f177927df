//! What a tree holds for Argo CD beside what the root leads to.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_source::RepoPath;

use super::search::{Candidate, Found};
use super::{Root, is_held};

/// How many Applications are told one by one; who has more of them left out keeps them elsewhere.
const TOLD_MAX: usize = 5;

/// What a tree holds for Argo CD beside what the root leads to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// Applications that nothing applies, and why, a sentence each.
    pub(crate) unused: Vec<String>,
    /// The AppProjects, by name, and the files they are written in.
    pub(crate) projects: BTreeMap<SmolStr, RepoPath>,
    /// `kustomize.buildOptions`, where the tree holds settings of Argo CD; empty where it does not.
    pub(crate) build_options: SmolStr,
}

/// Looks for what the root does not lead to.
pub(crate) fn survey(found: Found, root: &Root) -> Survey {
    let all = &found.applications;
    let is_unused = |candidate: &&Candidate| {
        !candidate.file.starts_with(&root.place) && !is_held(candidate, all)
    };
    let unused: Vec<&Candidate> = all.iter().filter(is_unused).collect();
    let mut told: Vec<String> = unused
        .iter()
        .copied()
        .take(TOLD_MAX)
        .map(why_unused)
        .collect();
    if let Some(more) = unused.len().checked_sub(TOLD_MAX).filter(|more| *more > 0) {
        told.push(format!("{more} more Applications are left alone"));
    }
    Survey {
        unused: told,
        projects: found.projects,
        build_options: found.build_options,
    }
}

fn why_unused(candidate: &Candidate) -> String {
    let (name, file) = (candidate.object.name(), &candidate.file);
    let sources = candidate.application.sources.iter();
    let paths = sources.filter(|source| !source.path.is_empty());
    let paths: Vec<String> = paths.map(|source| format!("`{}`", source.path)).collect();
    let why = if paths.is_empty() {
        "no source of another one has it".to_owned()
    } else if candidate.folders.is_empty() {
        format!("its path {} does not exist here", paths.join(", "))
    } else {
        "it is another root, and one is brought up".to_owned()
    };
    format!("Application `{name}` in `{file}` is left alone: {why}")
}
