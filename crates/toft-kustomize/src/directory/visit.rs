//! How a build gets from one kustomization to the next, within a tree and into another.
//!
//! Source: kustomize 5.8.2, `New` in `api/internal/loader/fileloader.go`.

use std::fmt;
use std::sync::Arc;

use toft_source::{EntryKind, Files, RepoPath};

use super::load::{self, LoadFault, Tree};
use super::repository::Repository;
use super::{BASE_DEPTH_MAX, DIRECTORIES_MAX, Directory};
use crate::build::{Build, LoadRestrictor};
use crate::provenance::Shown;

/// A directory and how the build got there.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(super) path: RepoPath,
    /// The tree that the directory is in, if it is not the one that is built.
    brought: Option<Brought>,
    /// The directories that are being built, outermost first.
    ancestors: Vec<Ancestor>,
    /// The path as `buildMetadata` tells it: the entries on the way, joined.
    pub(super) shown: Shown,
    /// The namespace of charts that have none.
    pub(super) chart_namespace: String,
}

/// A directory that is being built.
#[derive(Clone, Debug)]
struct Ancestor {
    path: RepoPath,
    /// Which of the trees that were brought; 0 for the one that is built.
    tree: usize,
    /// The address that led into the tree, for the first directory there.
    entered: Option<String>,
}

/// A tree that was brought.
#[derive(Clone)]
struct Brought {
    files: Arc<dyn Files + Send + Sync>,
    address: String,
    /// A number of its own: upstream clones anew each time.
    number: usize,
    /// The address by which this very directory was entered.
    entered: Option<String>,
}

impl fmt::Debug for Brought {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.address)
    }
}

impl Visit {
    /// The directory that the build is asked for.
    pub(crate) fn outermost(path: &RepoPath) -> Self {
        Self {
            path: path.clone(),
            brought: None,
            ancestors: Vec::new(),
            shown: Shown::default(),
            chart_namespace: String::new(),
        }
    }

    /// Whether it leads from one tree into another.
    pub(crate) fn enters(&self) -> bool {
        let brought = self.brought.as_ref();
        brought.is_some_and(|brought| brought.entered.is_some())
    }

    /// The tree, and what may be read there: in a clone never more than what is below.
    pub(super) fn tree<'a>(&'a self, build: &Build<'a>) -> Tree<'a> {
        match &self.brought {
            None => Tree {
                files: build.files,
                address: "",
                restrictor: build.options.load_restrictor,
            },
            Some(brought) => Tree {
                files: brought.files.as_ref(),
                address: &brought.address,
                restrictor: LoadRestrictor::RootOnly,
            },
        }
    }

    fn number(&self) -> usize {
        self.brought.as_ref().map_or(0, |brought| brought.number)
    }

    /// The directories that are being built, this one last.
    fn chain(&self) -> Vec<Ancestor> {
        let mut chain = self.ancestors.clone();
        let entered = self.brought.as_ref().and_then(|one| one.entered.clone());
        chain.push(Ancestor {
            path: self.path.clone(),
            tree: self.number(),
            entered,
        });
        chain
    }
}

impl Directory {
    /// The directory that an entry of `resources` or `components` means.
    pub(crate) fn visit(&self, build: &Build<'_>, entry: &str) -> Result<Visit, LoadFault> {
        let chain = self.visit.chain();
        let (path, brought) = if let Some(repository) = Repository::parse(entry) {
            let (path, brought) = enter(build, &chain, &repository)?;
            (path, Some(brought))
        } else {
            let path = load::directory(self.files(build), &self.path, entry)?;
            self.refuse_cycle(&chain, &path)?;
            let brought = self.visit.brought.clone();
            let entered = None;
            (path, brought.map(|brought| Brought { entered, ..brought }))
        };
        if chain.len() > BASE_DEPTH_MAX {
            return Err(LoadFault::Depth);
        }
        if build.opened >= DIRECTORIES_MAX {
            return Err(LoadFault::TooMany);
        }
        Ok(Visit {
            path,
            brought,
            ancestors: chain,
            shown: self.shown_path(entry),
            chart_namespace: match self.kustomization.namespace.as_str() {
                "" => self.visit.chart_namespace.clone(),
                namespace => namespace.to_owned(),
            },
        })
    }

    fn refuse_cycle(&self, chain: &[Ancestor], path: &RepoPath) -> Result<(), LoadFault> {
        let tree = self.visit.number();
        let mut visited = chain.iter().rev().filter(|one| one.tree == tree);
        match visited.find(|visited| visited.path.starts_with(path)) {
            None => Ok(()),
            Some(visited) => Err(LoadFault::Cycle {
                candidate: path.clone(),
                visited: visited.path.clone(),
            }),
        }
    }
}

/// A directory in a repository that has to be brought.
fn enter(
    build: &Build<'_>,
    chain: &[Ancestor],
    repository: &Repository,
) -> Result<(RepoPath, Brought), LoadFault> {
    let mut entered = chain.iter().rev().filter_map(|one| one.entered.as_ref());
    if let Some(visited) = entered.find(|visited| visited.starts_with(&repository.raw)) {
        return Err(LoadFault::RemoteCycle {
            candidate: repository.raw.clone(),
            visited: visited.clone(),
        });
    }
    let files = build.files.remote(&repository.remote());
    let files = files.map_err(LoadFault::of)?;
    let path = RepoPath::parse(repository.directory.trim_start_matches('/'));
    let path = path.map_err(LoadFault::Path)?;
    let path = files.canonical(&path).map_err(LoadFault::of)?;
    match files.kind(&path).map_err(LoadFault::of)? {
        Some(EntryKind::Directory) => {}
        Some(EntryKind::File) => return Err(LoadFault::NotDirectory),
        None => return Err(LoadFault::Missing),
    }
    let brought = Brought {
        files,
        address: repository.address.clone(),
        number: build.opened,
        entered: Some(repository.raw.clone()),
    };
    Ok((path, brought))
}
