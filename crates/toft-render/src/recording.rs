//! What a rendering read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use toft_source::{Entry, EntryKind, Files, ReadError, Remote, RepoPath};

/// One look at a tree. What was not there was looked at too: its coming would change the rendering.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// The bytes of a file.
    File(RepoPath),
    /// What a path stands for.
    Kind(RepoPath),
    /// The names in a folder.
    List(RepoPath),
    /// Something outside the tree.
    Remote(Remote),
}

/// A tree that remembers what was read from it.
pub struct RecordingFiles<'a> {
    files: &'a dyn Files,
    reads: RefCell<BTreeSet<Read>>,
}

impl<'a> RecordingFiles<'a> {
    /// The tree, with nothing read yet.
    pub fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            reads: RefCell::default(),
        }
    }

    /// What was read, in order.
    pub fn into_reads(self) -> BTreeSet<Read> {
        self.reads.into_inner()
    }

    fn note(&self, read: Read) {
        self.reads.borrow_mut().insert(read);
    }
}

impl Read {
    /// Whether a look gives the same in both trees.
    pub fn is_same(&self, before: &dyn Files, after: &dyn Files) -> bool {
        match self {
            Self::File(path) => before.read(path) == after.read(path),
            Self::Kind(path) => {
                before.kind(path) == after.kind(path)
                    && before.canonical(path) == after.canonical(path)
            }
            Self::List(path) => before.list(path) == after.list(path),
            Self::Remote(remote) => match (before.remote(remote), after.remote(remote)) {
                (Ok(before), Ok(after)) => Arc::ptr_eq(&before, &after),
                (Err(before), Err(after)) => before == after,
                (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
            },
        }
    }
}

impl Files for RecordingFiles<'_> {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        self.note(Read::File(path.clone()));
        self.files.read(path)
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        self.note(Read::Kind(path.clone()));
        self.files.kind(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        self.note(Read::List(directory.clone()));
        self.files.list(directory)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        self.note(Read::Kind(path.clone()));
        self.files.canonical(path)
    }

    fn remote(&self, remote: &Remote) -> Result<Arc<dyn Files + Send + Sync>, ReadError> {
        self.note(Read::Remote(remote.clone()));
        self.files.remote(remote)
    }
}

#[cfg(test)]
mod tests {
    use toft_source::MemoryFiles;

    use super::*;

    #[test]
    fn a_change_elsewhere_leaves_every_look_the_same() {
        let before = MemoryFiles::new([("a/x", "1"), ("b/y", "1")]);
        let recording = RecordingFiles::new(&before);
        let folder = RepoPath::parse("a").unwrap();
        recording.list(&folder).unwrap();
        recording.read(&folder.join("x").unwrap()).unwrap();
        assert!(recording.read(&folder.join("z").unwrap()).is_err());
        let reads = recording.into_reads();
        let same = |after: &MemoryFiles| reads.iter().all(|read| read.is_same(&before, after));
        assert!(same(&MemoryFiles::new([("a/x", "1"), ("b/y", "2")])));
        assert!(!same(&MemoryFiles::new([("a/x", "2"), ("b/y", "1")])));
        assert!(!same(&MemoryFiles::new([("a/x", "1"), ("a/z", "1")])));
    }
}
