//! Git, read from its object database: nothing is checked out and no program is started.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;
use gix::{ObjectId, Repository};
use toft_source::{FILE_BYTES_MAX, MemoryFiles, RepoPath};

use crate::snapshot::{DiskEntry, walk};

/// How many commits are searched for the last one that touched a folder. The Linux kernel has 1.4
/// million; a homelab has some thousands.
const COMMITS_MAX: usize = 200_000;

/// How deep folders may nest in a commit.
const DEPTH_MAX: usize = 64;

/// Why a Git repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The repository cannot be opened.
    #[error("failed to open the Git repository at `{path}`: {cause}")]
    Open {
        /// The work tree.
        path: PathBuf,
        /// What Git's library said.
        cause: String,
    },
    /// The repository does not know a revision.
    #[error("the repository has no revision `{revision}`: {cause}")]
    NoRevision {
        /// The revision, as it was asked for.
        revision: String,
        /// What Git's library said.
        cause: String,
    },
    /// An object is missing or broken.
    #[error("failed to read {what} from the Git repository: {cause}")]
    Read {
        /// What was to be read.
        what: String,
        /// What Git's library said.
        cause: String,
    },
}

/// The folder of a work tree at its HEAD commit.
pub(crate) struct Head {
    /// The tree of the folder.
    pub(crate) files: MemoryFiles,
    /// The last commit that touched the folder, in hexadecimal.
    pub(crate) revision: String,
    /// What is in the work tree and not in the commit, relative to the folder, sorted.
    pub(crate) uncommitted: Vec<String>,
}

/// The folder of a work tree at some commit.
pub(crate) struct Past {
    /// The tree of the folder; empty where the commit does not have it.
    pub(crate) files: MemoryFiles,
    /// The commit, in hexadecimal.
    pub(crate) commit: String,
}

/// Where work goes back to, the likeliest first.
const TRUNKS: &[&str] = &[
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
];

/// A Git work tree and a folder in it.
pub(crate) struct WorkTree {
    repository: Repository,
    root: PathBuf,
    /// The folder, relative to the root.
    folder: RepoPath,
}

fn read(
    what: impl Into<String>,
) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> GitError {
    let what = what.into();
    move |cause| GitError::Read {
        what,
        cause: cause.to_string(),
    }
}

impl WorkTree {
    /// The work tree that holds a canonical folder; `None` where there is none.
    pub(crate) fn find(folder: &Path) -> Result<Option<Self>, GitError> {
        let Some(root) = folder
            .ancestors()
            .find(|folder| folder.join(".git").exists())
        else {
            return Ok(None);
        };
        let inside = folder
            .strip_prefix(root)
            .unwrap_or(folder)
            .to_string_lossy()
            .into_owned();
        let Ok(inside) = RepoPath::parse(&inside) else {
            return Ok(None);
        };
        // No configuration, hook or filter of the user is read: reading a repository runs nothing.
        let opened = gix::open_opts(root, gix::open::Options::isolated());
        let opened = opened.map_err(|error| GitError::Open {
            path: root.to_owned(),
            cause: error.to_string(),
        })?;
        Ok(Some(Self {
            repository: opened,
            root: root.to_owned(),
            folder: inside,
        }))
    }

    /// The commit that HEAD names, in hexadecimal; `None` before the first commit.
    pub(crate) fn head_id(&self) -> Option<String> {
        Some(self.repository.head_id().ok()?.to_string())
    }

    /// The folder at HEAD; `None` before the first commit and where HEAD does not have the folder.
    pub(crate) fn head(&self) -> Result<Option<Head>, GitError> {
        let Ok(head) = self.repository.head_id() else {
            return Ok(None);
        };
        let head = head.detach();
        let Some(tree) = self.folder_of(head)? else {
            return Ok(None);
        };
        let mut listing = Listing {
            repository: &self.repository,
            files: MemoryFiles::default(),
            blobs: Vec::new(),
        };
        listing.add(tree, &RepoPath::root(), 0)?;
        let uncommitted = self.uncommitted(&listing.blobs);
        let revision = self.last_commit(head, tree)?.to_string();
        Ok(Some(Head {
            files: listing.files,
            revision,
            uncommitted,
        }))
    }

    /// The folder at a revision: a branch, a tag, a commit, or what `git rev-parse` takes beside these.
    pub(crate) fn at(&self, revision: &str) -> Result<Past, GitError> {
        self.past(self.commit(revision)?)
    }

    /// The folder where one revision left another; at the first where they have nothing in common.
    pub(crate) fn merge_base(&self, one: &str, other: &str) -> Result<Past, GitError> {
        let (one, other) = (self.commit(one)?, self.commit(other)?);
        let base = self.repository.merge_base(one, other).ok().flatten();
        self.past(base.map_or(one, gix::Id::detach))
    }

    /// The folder where the work at HEAD left the branch that it goes back to: the default one of `origin`, else
    /// `main` or `master` there or here. Who stands on it compares with HEAD itself.
    pub(crate) fn branch_point(&self) -> Result<Past, GitError> {
        let is_there = |name: &&&str| self.repository.rev_parse_single(**name).is_ok();
        let trunk = TRUNKS.iter().find(is_there).copied();
        self.merge_base("HEAD", trunk.unwrap_or("HEAD"))
    }

    fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        let unknown = |cause: String| GitError::NoRevision {
            revision: revision.to_owned(),
            cause,
        };
        let found = self.repository.rev_parse_single(revision);
        let found = found.map_err(|error| unknown(error.to_string()))?;
        let object = found.object();
        let object = object.map_err(|error| read(revision)(error.into()))?;
        let commit = object.peel_to_commit();
        Ok(commit.map_err(|error| unknown(error.to_string()))?.id)
    }

    fn past(&self, commit: ObjectId) -> Result<Past, GitError> {
        let mut listing = Listing {
            repository: &self.repository,
            files: MemoryFiles::default(),
            blobs: Vec::new(),
        };
        // A commit that does not have the folder yet has it empty.
        if let Some(tree) = self.folder_of(commit)? {
            listing.add(tree, &RepoPath::root(), 0)?;
        }
        Ok(Past {
            files: listing.files,
            commit: commit.to_string(),
        })
    }

    /// The files of the folder on disk that Git does not ignore.
    pub(crate) fn on_disk(&self) -> Vec<DiskEntry> {
        let folder = self.root.join(self.folder.as_str());
        let Ok(index) = self.repository.index_or_empty() else {
            return walk(&folder, &mut |_, _| false);
        };
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let Ok(mut excludes) = self.repository.excludes(&index, None, source) else {
            return walk(&folder, &mut |_, _| false);
        };
        walk(&folder, &mut |path, is_directory| {
            let Ok(path) = self.folder.join(path.as_str()) else {
                return false;
            };
            let mode = if is_directory {
                gix::index::entry::Mode::DIR
            } else {
                gix::index::entry::Mode::FILE
            };
            excludes
                .at_entry(path.as_str(), Some(mode))
                .is_ok_and(|platform| platform.is_excluded())
        })
    }

    fn uncommitted(&self, blobs: &[(RepoPath, ObjectId)]) -> Vec<String> {
        let mut changed = Vec::new();
        let mut committed: std::collections::BTreeMap<&RepoPath, ObjectId> =
            blobs.iter().map(|(path, id)| (path, *id)).collect();
        for entry in self.on_disk() {
            let bytes = entry.content(&self.root.join(self.folder.as_str()));
            let id = bytes.and_then(|bytes| {
                gix::objs::compute_hash(
                    self.repository.object_hash(),
                    gix::objs::Kind::Blob,
                    &bytes,
                )
                .ok()
            });
            if committed.remove(&entry.path) != id {
                changed.push(entry.path.to_string());
            }
        }
        // What is committed and was not met on disk is deleted, or ignored and tracked all the same.
        let folder = self.root.join(self.folder.as_str());
        let gone = committed
            .keys()
            .filter(|path| !folder.join(path.as_str()).exists());
        changed.extend(gone.map(ToString::to_string));
        changed.sort();
        changed
    }

    /// The tree of the folder at a commit; `None` where the commit does not have it.
    fn folder_of(&self, commit: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let what = || format!("commit {commit}");
        let commit = self
            .repository
            .find_commit(commit)
            .map_err(|error| read(what())(error.into()))?;
        let tree = commit.tree().map_err(|error| read(what())(error.into()))?;
        if self.folder.is_root() {
            return Ok(Some(tree.id));
        }
        let entry = tree
            .lookup_entry_by_path(self.folder.as_str())
            .map_err(|error| read(what())(error.into()))?;
        Ok(entry
            .filter(|entry| entry.mode().is_tree())
            .map(|entry| entry.object_id()))
    }

    /// As `git log -1 -- FOLDER` finds it: a parent with the same folder is followed, and it alone.
    fn last_commit(&self, head: ObjectId, tree: ObjectId) -> Result<ObjectId, GitError> {
        let mut at = head;
        for _ in 0..COMMITS_MAX {
            let commit = self
                .repository
                .find_commit(at)
                .map_err(|error| read(format!("commit {at}"))(error.into()))?;
            let mut same = None;
            for parent in commit.parent_ids() {
                // In a shallow clone the parents of the oldest commit are named and not there.
                if let Ok(Some(folder)) = self.folder_of(parent.detach())
                    && folder == tree
                {
                    same = Some(parent.detach());
                    break;
                }
            }
            match same {
                Some(parent) => at = parent,
                None => return Ok(at),
            }
        }
        Ok(at)
    }
}

struct Listing<'a> {
    repository: &'a Repository,
    files: MemoryFiles,
    blobs: Vec<(RepoPath, ObjectId)>,
}

impl Listing<'_> {
    fn add(&mut self, tree: ObjectId, at: &RepoPath, depth: usize) -> Result<(), GitError> {
        if depth > DEPTH_MAX {
            let cause = format!("folders nest deeper than {DEPTH_MAX}");
            return Err(GitError::Read {
                what: format!("folder `{at}`"),
                cause,
            });
        }
        let repository = self.repository;
        let tree = repository
            .find_tree(tree)
            .map_err(|error| read(format!("folder `{at}`"))(error.into()))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| read(format!("folder `{at}`"))(error.into()))?;
            let Ok(name) = entry.filename().to_str() else {
                continue;
            };
            let Ok(path) = at.join(name) else { continue };
            match entry.mode().kind() {
                EntryKind::Tree => self.add(entry.object_id(), &path, depth + 1)?,
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    self.add_file(entry.object_id(), path)?;
                }
                EntryKind::Link => self.add_link(entry.object_id(), path)?,
                // A submodule is another repository.
                EntryKind::Commit => {}
            }
        }
        Ok(())
    }

    fn add_file(&mut self, id: ObjectId, path: RepoPath) -> Result<(), GitError> {
        let failed = |error| read(format!("file `{path}`"))(error);
        let header = self
            .repository
            .find_header(id)
            .map_err(|error| failed(error.into()))?;
        self.blobs.push((path.clone(), id));
        if header.size() > FILE_BYTES_MAX {
            self.files.insert_too_large(path, header.size());
            return Ok(());
        }
        let blob = self
            .repository
            .find_object(id)
            .map_err(|error| failed(error.into()))?;
        self.files.insert(path, blob.data.as_slice().into());
        Ok(())
    }

    fn add_link(&mut self, id: ObjectId, path: RepoPath) -> Result<(), GitError> {
        let blob = self.repository.find_object(id);
        let blob = blob.map_err(|error| read(format!("link `{path}`"))(error.into()))?;
        self.blobs.push((path.clone(), id));
        self.files.link(path, blob.data.to_str_lossy());
        Ok(())
    }
}
