//! A tree held in memory: tests, generated trees, snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::files::{Entry, EntryKind, Files, ReadError};
use crate::links::{LinkTarget, follow_links};
use crate::path::RepoPath;

#[derive(Clone, Debug)]
enum Node {
    File(Arc<[u8]>),
    TooLarge(u64),
    Link(String),
    Directory(BTreeSet<String>),
}

/// A tree of files in memory; directories exist because something is in them.
///
/// # Example
/// ```
/// use toft_source::{Files, MemoryFiles, RepoPath};
/// let files = MemoryFiles::new([("apps/a.yaml", "a: 1\n")]);
/// assert_eq!(&*files.read(&RepoPath::parse("apps/a.yaml").unwrap()).unwrap(), b"a: 1\n");
/// assert_eq!(files.list(&RepoPath::root()).unwrap()[0].name, "apps");
/// ```
#[derive(Clone, Debug)]
pub struct MemoryFiles {
    nodes: BTreeMap<RepoPath, Node>,
}

impl Default for MemoryFiles {
    fn default() -> Self {
        let root = (RepoPath::root(), Node::Directory(BTreeSet::new()));
        Self {
            nodes: BTreeMap::from([root]),
        }
    }
}

impl MemoryFiles {
    /// A tree of the given paths and texts; a path that leaves the tree is left out.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            if let Ok(path) = RepoPath::parse(path) {
                tree.insert(path, text.as_bytes().into());
            }
        }
        tree
    }

    /// Puts a file into the tree, and its directories with it; a file already there is replaced.
    pub fn insert(&mut self, path: RepoPath, bytes: Arc<[u8]>) {
        self.put(path, Node::File(bytes));
    }

    /// Puts a file into the tree that is larger than [`FILE_BYTES_MAX`](crate::FILE_BYTES_MAX): it is there and cannot be read.
    pub fn insert_too_large(&mut self, path: RepoPath, bytes: u64) {
        self.put(path, Node::TooLarge(bytes));
    }

    /// Puts a symbolic link into the tree; `target` is relative to the directory of the link.
    pub fn link(&mut self, path: RepoPath, target: impl Into<String>) {
        self.put(path, Node::Link(target.into()));
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.nodes
            .iter()
            .filter(|(_, node)| matches!(node, Node::File(_)))
            .map(|(path, _)| path)
    }

    fn put(&mut self, path: RepoPath, node: Node) {
        let mut child = path.clone();
        while let Some(parent) = child.parent() {
            let entry = self.nodes.entry(parent.clone());
            let directory = entry.or_insert_with(|| Node::Directory(BTreeSet::new()));
            if let Node::Directory(names) = directory {
                names.insert(child.file_name().to_owned());
            }
            child = parent;
        }
        self.nodes.insert(path, node);
    }

    fn resolve(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        follow_links(path, &|at| match self.nodes.get(at) {
            Some(Node::Link(target)) => Ok(Some(LinkTarget::Relative(target.clone()))),
            Some(Node::File(_) | Node::TooLarge(_) | Node::Directory(_)) | None => Ok(None),
        })
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.nodes.get(&self.resolve(path)?) {
            Some(Node::File(bytes)) => Ok(Arc::clone(bytes)),
            Some(Node::TooLarge(bytes)) => Err(ReadError::TooLarge {
                path: path.clone(),
                bytes: *bytes,
            }),
            Some(Node::Directory(_)) => Err(ReadError::IsDirectory(path.clone())),
            Some(Node::Link(_)) | None => Err(ReadError::NotFound(path.clone())),
        }
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        Ok(match self.nodes.get(&self.resolve(path)?) {
            Some(Node::File(_) | Node::TooLarge(_)) => Some(EntryKind::File),
            Some(Node::Directory(_)) => Some(EntryKind::Directory),
            Some(Node::Link(_)) | None => None,
        })
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        let at = self.resolve(directory)?;
        let names = match self.nodes.get(&at) {
            Some(Node::Directory(names)) => names,
            Some(Node::File(_) | Node::TooLarge(_)) => {
                return Err(ReadError::NotDirectory(directory.clone()));
            }
            Some(Node::Link(_)) | None => return Err(ReadError::NotFound(directory.clone())),
        };
        let mut entries = Vec::with_capacity(names.len());
        for name in names {
            let Ok(path) = at.join(name) else { continue };
            let kind = match self.kind(&path) {
                Ok(Some(kind)) => kind,
                // A dangling link is a name without a thing behind it: `list` leaves it out.
                Ok(None) => continue,
                // One that leads out of the tree is told to whoever reads it.
                Err(ReadError::LinkLeavesTree { .. } | ReadError::LinkLoop(_)) => EntryKind::File,
                Err(error) => return Err(error),
            };
            entries.push(Entry {
                name: name.clone(),
                kind,
            });
        }
        Ok(entries)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        let at = self.resolve(path)?;
        if self.nodes.contains_key(&at) {
            Ok(at)
        } else {
            Err(ReadError::NotFound(path.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn links_are_followed_inside_the_tree() {
        let mut files = MemoryFiles::new([("a/b/file", "x")]);
        files.link(path("c"), "a/b");
        assert_eq!(&*files.read(&path("c/file")).unwrap(), b"x");
        assert_eq!(files.canonical(&path("c/file")).unwrap(), path("a/b/file"));
    }

    #[test]
    fn a_link_out_of_the_tree_is_refused() {
        let mut files = MemoryFiles::new([("a/file", "x")]);
        files.link(path("a/up"), "../../etc");
        let refused = files.read(&path("a/up/passwd"));
        assert!(
            matches!(refused, Err(ReadError::LinkLeavesTree { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn a_loop_of_links_ends() {
        let mut files = MemoryFiles::default();
        files.link(path("a"), "b");
        files.link(path("b"), "a");
        assert_eq!(files.read(&path("a")), Err(ReadError::LinkLoop(path("a"))));
    }
}
