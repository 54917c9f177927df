//! What lies outside the tree: charts, other repositories, single files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::files::{Entry, EntryKind, Files, ReadError};
use crate::path::RepoPath;

/// Something outside the tree that a rendering needs.
///
/// It prints as people say it: ``the chart `redis` 18.1 of https://charts.example.org``.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remote {
    /// A chart; its tree is the folder of the chart, with `Chart.yaml` in its root.
    Chart {
        /// The repository: `https://…`, or `oci://…` without the name of the chart.
        repository: SmolStr,
        /// The name of the chart.
        name: SmolStr,
        /// A version or a constraint, as written; empty asks for the newest.
        version: SmolStr,
    },
    /// Another Git repository; its tree is the whole repository.
    Git {
        /// The address.
        repository: SmolStr,
        /// Branch, tag or commit; empty asks for the default branch.
        revision: SmolStr,
    },
    /// One file; its tree holds the file under the last segment of the address.
    File {
        /// The address: `https://…`.
        url: SmolStr,
    },
}

impl fmt::Display for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart {
                repository,
                name,
                version,
            } if version.is_empty() => write!(out, "the chart `{name}` of {repository}"),
            Self::Chart {
                repository,
                name,
                version,
            } => write!(out, "the chart `{name}` {version} of {repository}"),
            Self::Git {
                repository,
                revision,
            } if revision.is_empty() => write!(out, "the repository {repository}"),
            Self::Git {
                repository,
                revision,
            } => write!(out, "the repository {repository} at `{revision}`"),
            Self::File { url } => write!(out, "the file {url}"),
        }
    }
}

/// What was brought from outside: a remote, and its tree or why there is none.
pub type Remotes = BTreeMap<Remote, Result<Arc<dyn Files + Send + Sync>, String>>;

/// A tree, and beside it what was brought from outside.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use toft_source::{Files, MemoryFiles, ReadError, Remote, Remotes, RepoPath, WithRemotes};
/// let tree = MemoryFiles::new([("kustomization.yaml", "")]);
/// let crds = Remote::File { url: "https://example.org/crds.yaml".into() };
/// let brought = MemoryFiles::new([("crds.yaml", "kind: List\n")]);
/// let remotes = Remotes::from([(crds.clone(), Ok(Arc::new(brought) as _))]);
/// let files = WithRemotes::new(&tree, &remotes);
/// let crds = files.remote(&crds).unwrap();
/// assert!(crds.read(&RepoPath::parse("crds.yaml").unwrap()).is_ok());
/// let other = Remote::File { url: "https://example.org/other.yaml".into() };
/// assert_eq!(files.remote(&other).err(), Some(ReadError::NotBrought(other)));
/// ```
#[derive(Clone, Copy)]
pub struct WithRemotes<'a> {
    tree: &'a dyn Files,
    remotes: &'a Remotes,
}

impl<'a> WithRemotes<'a> {
    /// The tree with these remotes.
    pub fn new(tree: &'a dyn Files, remotes: &'a Remotes) -> Self {
        Self { tree, remotes }
    }
}

impl Files for WithRemotes<'_> {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        self.tree.read(path)
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.tree.kind(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        self.tree.list(directory)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.tree.canonical(path)
    }

    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        match self.remotes.get(remote) {
            Some(Ok(tree)) => Ok(Arc::clone(tree)),
            Some(Err(cause)) => Err(ReadError::Unavailable {
                remote: remote.clone(),
                cause: cause.clone(),
            }),
            None => self.tree.remote(remote),
        }
    }
}
