//! The repository that a world is brought up from.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_source::{EntryKind, Files, ReadError, Remotes, RepoPath};

/// How deep a tree from outside is looked at for its digest; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// A tree of files at a revision: the repository as Applications see it.
#[derive(Clone)]
pub struct Repository {
    /// The files; the root of the tree is the root of the repository.
    pub tree: Arc<dyn Files + Send + Sync>,
    /// A commit, or a hash of the contents.
    pub revision: SmolStr,
    /// What was brought from outside.
    pub remotes: Remotes,
}

impl Repository {
    /// What was brought from outside, as one word; empty where that is nothing.
    ///
    /// Two repositories with the same revision and the same word render alike.
    pub fn remotes_digest(&self) -> SmolStr {
        if self.remotes.is_empty() {
            return SmolStr::default();
        }
        let mut hasher = blake3::Hasher::new();
        for (remote, brought) in &self.remotes {
            let what = match brought {
                Ok(tree) => tree_digest(&**tree),
                Err(cause) => cause.clone(),
            };
            for text in [remote.to_string(), what] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
        short(&hasher)
    }
}

/// The content of a tree as one word, as long as the name of a commit.
pub(crate) fn tree_digest(tree: &dyn Files) -> String {
    let mut hasher = blake3::Hasher::new();
    // What cannot be read cannot be rendered either; the word then tells of the failure.
    if let Err(error) = take_in(&mut hasher, tree, (&RepoPath::root(), DEPTH_MAX)) {
        hasher.update(error.to_string().as_bytes());
    }
    short(&hasher).to_string()
}

fn short(hasher: &blake3::Hasher) -> SmolStr {
    let word = hasher.finalize().to_hex();
    word.get(..40).unwrap_or(&word).into()
}

fn take_in(
    hasher: &mut blake3::Hasher,
    tree: &dyn Files,
    (folder, depth): (&RepoPath, usize),
) -> Result<(), ReadError> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Ok(());
    };
    for entry in tree.list(folder)? {
        let Ok(path) = folder.join(&entry.name) else {
            continue;
        };
        hasher.update(path.as_str().as_bytes());
        match entry.kind {
            EntryKind::Directory => take_in(hasher, tree, (&path, deeper))?,
            EntryKind::File => {
                let bytes = tree.read(&path)?;
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(&bytes);
            }
        }
    }
    Ok(())
}

impl fmt::Debug for Repository {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Repository")
            .field("revision", &self.revision)
            .field("remotes", &self.remotes.len())
            .finish_non_exhaustive()
    }
}
