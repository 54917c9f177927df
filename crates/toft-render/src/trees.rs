//! Which tree a source is rendered from.

use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{ApplicationSource, RepoUrl};
use toft_source::{Entry, EntryKind, Files, ReadError, Remote, RepoPath};

use crate::job::Job;

/// A tree: the one at hand, or one that was brought from outside.
#[derive(Clone)]
pub(crate) enum Tree<'a> {
    /// The repository at hand.
    Here(&'a dyn Files),
    /// From outside, which is asked through the tree at hand.
    Brought {
        tree: Arc<dyn Files + Send + Sync>,
        outside: &'a dyn Files,
    },
}

impl<'a> Tree<'a> {
    /// The tree of something outside.
    pub(crate) fn remote(files: &'a dyn Files, remote: &Remote) -> Result<Self, ReadError> {
        Ok(Self::Brought {
            tree: files.remote(remote)?,
            outside: files,
        })
    }

    /// The tree of a source.
    pub(crate) fn of(
        files: &'a dyn Files,
        source: &ApplicationSource,
        job: &Job<'_>,
    ) -> Result<Self, ReadError> {
        match remote_of(source, &|address| job.is_ours(address)) {
            Some(remote) => Self::remote(files, &remote),
            None => Ok(Self::Here(files)),
        }
    }

    fn files(&self) -> &dyn Files {
        match self {
            Self::Here(files) => *files,
            Self::Brought { tree, .. } => &**tree,
        }
    }
}

impl Files for Tree<'_> {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        self.files().read(path)
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.files().kind(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        self.files().list(directory)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.files().canonical(path)
    }

    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        match self {
            Self::Here(files) => files.remote(remote),
            Self::Brought { outside, .. } => outside.remote(remote),
        }
    }
}

/// What has to be had from outside for a source; nothing where the repository at hand has it.
///
/// An address without a scheme is that of an OCI registry, as Argo CD writes those of charts. An
/// `oci://` address with neither chart nor repository around it names the chart with its last part.
///
/// Source: Argo CD 3.2.0 `reposerver/repository/repository.go`, `runRepoOperation`; `util/helm/client.go`.
pub fn remote_of(
    source: &ApplicationSource,
    is_this_repository: &dyn Fn(&RepoUrl) -> bool,
) -> Option<Remote> {
    let url = source.repo_url.as_str();
    let version = source.target_revision.clone();
    if !source.chart.is_empty() {
        let repository = if url.contains("://") {
            url.into()
        } else {
            SmolStr::from(format!("oci://{url}"))
        };
        return Some(Remote::Chart {
            repository,
            name: source.chart.clone(),
            version,
        });
    }
    if let Some(rest) = url.strip_prefix("oci://") {
        let (registry, name) = rest.trim_end_matches('/').rsplit_once('/')?;
        return Some(Remote::Chart {
            repository: format!("oci://{registry}").into(),
            name: name.into(),
            version,
        });
    }
    (!is_this_repository(&source.repo_url)).then(|| Remote::Git {
        repository: url.into(),
        revision: version,
    })
}
