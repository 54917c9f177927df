//! Looks at what decides a rendering, and what they give now.

use std::collections::BTreeMap;
use std::sync::Arc;

use toft_source::{Files, ReadError, Remote};

use super::digest::{self, Digest};
use super::fingerprint::of_circumstance;
use crate::job::Circumstance;
use crate::recording::Read;
use crate::request::Request;

/// A look at the tree, or at what lies around the Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Tree(Read),
    Circumstance(Circumstance),
}

/// What looks at one tree gave: who renders many Applications of a tree hands the same one in every time, and a
/// new one for another tree.
#[derive(Default)]
pub struct Seen {
    reads: BTreeMap<Read, Digest>,
    /// A tree from outside is known by where it lies, for as long as it is held here.
    trees: BTreeMap<Remote, (Arc<dyn Files + Send + Sync>, Digest)>,
}

impl Seen {
    /// Forgets what looks at the tree gave. What was brought from outside is known again where it is the same.
    pub fn forget_tree(&mut self) {
        self.reads.clear();
    }

    /// What a look gives now.
    pub(super) fn digest(
        &mut self,
        look: &Look,
        (files, request): (&dyn Files, &Request<'_>),
    ) -> Digest {
        let read = match look {
            Look::Circumstance(circumstance) => return of_circumstance(circumstance, request),
            Look::Tree(Read::Remote(remote)) => return self.of_remote(files, remote),
            Look::Tree(read) => read,
        };
        if let Some(known) = self.reads.get(read) {
            return *known;
        }
        let digest = match read {
            Read::File(path) => digest::of_file(&files.read(path)),
            Read::Kind(path) => digest::of_kind(files, path),
            Read::List(path) => digest::of_list(files, path),
            Read::Remote(remote) => self.of_remote(files, remote),
        };
        self.reads.insert(read.clone(), digest);
        digest
    }

    fn of_remote(&mut self, files: &dyn Files, remote: &Remote) -> Digest {
        let tree = match files.remote(remote) {
            Ok(tree) => tree,
            Err(error) => return digest::of_failure(&error),
        };
        let known = self.trees.get(remote);
        if let Some((_, digest)) = known.filter(|(known, _)| Arc::ptr_eq(known, &tree)) {
            return *digest;
        }
        let digest = digest::of_tree(&*tree);
        self.trees.insert(remote.clone(), (tree, digest));
        digest
    }
}

impl Look {
    /// What is asked for outside, and nobody has brought.
    pub(super) fn wanted(&self, files: &dyn Files) -> Option<Remote> {
        let Self::Tree(Read::Remote(remote)) = self else {
            return None;
        };
        let answer = files.remote(remote);
        matches!(answer, Err(ReadError::NotBrought(_))).then(|| remote.clone())
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Seen")
            .field("reads", &self.reads.len())
            .field("trees", &self.trees.len())
            .finish()
    }
}
