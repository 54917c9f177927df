//! The one port through which trees are read.

use std::sync::Arc;

use crate::path::RepoPath;
use crate::remote::Remote;

/// What a name in a directory stands for, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without a slash.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// Why something could not be read from a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing has this path.
    #[error("`{0}` does not exist")]
    NotFound(RepoPath),
    /// The path is a directory where a file was wanted.
    #[error("`{0}` is a directory")]
    IsDirectory(RepoPath),
    /// The path is a file where a directory was wanted.
    #[error("`{0}` is not a directory")]
    NotDirectory(RepoPath),
    /// A symbolic link on the way leads out of the tree.
    #[error("`{path}` is a symbolic link to `{target}`, which is outside the tree")]
    LinkLeavesTree {
        /// The path that was asked for.
        path: RepoPath,
        /// What the link says.
        target: String,
    },
    /// More symbolic links in a row than any honest tree has.
    #[error("`{0}` is behind too many symbolic links")]
    LinkLoop(RepoPath),
    /// The file is larger than [`FILE_BYTES_MAX`].
    #[error("`{path}` has {bytes} bytes; at most {FILE_BYTES_MAX} are read")]
    TooLarge {
        /// The path that was asked for.
        path: RepoPath,
        /// The size of the file.
        bytes: u64,
    },
    /// The disk or the object database failed.
    #[error("failed to read `{path}`: {cause}")]
    Failed {
        /// The path that was asked for.
        path: RepoPath,
        /// What the outside said.
        cause: String,
    },
    /// Something outside the tree is needed, and nobody has brought it yet.
    #[error("{0} was not fetched")]
    NotBrought(Remote),
    /// Something outside the tree is needed, and it could not be had.
    #[error("{remote} could not be fetched: {cause}")]
    Unavailable {
        /// What is needed.
        remote: Remote,
        /// What the outside said.
        cause: String,
    },
}

/// The largest file that is read: three times the largest YAML file found in public homelab repositories.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How many symbolic links are followed for one path; Linux follows 40.
pub const LINKS_MAX: usize = 40;

/// A read-only tree of files: a directory, a commit, or a map in memory.
///
/// A tree never changes while it is read through one value of this type. Symbolic links are followed
/// inside the tree only.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    /// The path is missing, is a directory, leaves the tree, or the outside failed.
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError>;

    /// What a path stands for; `None` where there is nothing.
    ///
    /// # Errors
    /// The path leaves the tree, or the outside failed.
    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError>;

    /// The entries of a directory, sorted by name in byte order.
    ///
    /// # Errors
    /// The path is missing, is a file, leaves the tree, or the outside failed.
    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError>;

    /// The path with every symbolic link resolved.
    ///
    /// # Errors
    /// The path is missing, leaves the tree, or the outside failed.
    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError>;

    /// The tree of something that lies outside this one.
    ///
    /// A tree by itself knows nothing of the outside: it answers [`ReadError::NotBrought`], and whoever
    /// asked for the rendering brings it and asks again ([`WithRemotes`](crate::WithRemotes)).
    ///
    /// # Errors
    /// Nobody has brought it yet, or it could not be had.
    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        Err(ReadError::NotBrought(remote.clone()))
    }
}
