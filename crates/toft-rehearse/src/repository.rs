//! The repository that a world is brought up from.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_source::Files;

/// A tree of files at a revision: the repository as Applications see it.
#[derive(Clone)]
pub struct Repository {
    /// The files; the root of the tree is the root of the repository.
    pub tree: Arc<dyn Files + Send + Sync>,
    /// A commit, or a hash of the contents.
    pub revision: SmolStr,
}

impl fmt::Debug for Repository {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Repository")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}
