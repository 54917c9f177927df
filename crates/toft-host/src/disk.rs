//! A folder on disk as a tree.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use toft_source::{
    Entry, EntryKind, FILE_BYTES_MAX, Files, LinkTarget, ReadError, RepoPath, follow_links,
};

/// A folder on disk; symbolic links are followed inside it only.
///
/// What is read is what is there at that moment; where a link leads and what a path stands for is
/// looked up once. With the root `/`, every file of the machine is in the tree, as `kustomize build`
/// sees it.
#[derive(Debug)]
pub struct DiskFiles {
    root: PathBuf,
    /// What was looked up: a build asks three times for every file.
    seen: Mutex<HashMap<RepoPath, Seen>>,
    /// Where the folders really are that something was asked from.
    folders: Mutex<HashMap<RepoPath, RepoPath>>,
}

/// What stands at a path whose parents hold no link.
#[derive(Clone, Debug)]
enum Seen {
    Link(LinkTarget),
    Directory,
    File {
        bytes: u64,
    },
    /// Nothing that can be read: a pipe or a device could block for ever.
    Nothing,
}

impl DiskFiles {
    /// The tree below a folder, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            seen: Mutex::default(),
            folders: Mutex::default(),
        }
    }

    fn full(&self, path: &RepoPath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn resolve(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        let Some(parent) = path.parent() else {
            return Ok(path.clone());
        };
        let known = locked(&self.folders).get(&parent).cloned();
        let folder = if let Some(folder) = known {
            folder
        } else {
            let folder = self.follow(&parent)?;
            locked(&self.folders).insert(parent, folder.clone());
            folder
        };
        match folder.join(path.file_name()) {
            Ok(at) if !matches!(self.look(&at)?, Seen::Link(_)) => Ok(at),
            Ok(_) | Err(_) => self.follow(path),
        }
    }

    fn follow(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        follow_links(path, &|at| match self.look(at)? {
            Seen::Link(target) => Ok(Some(target)),
            // A part of the path that is a file or missing: whoever reads will be told.
            Seen::Directory | Seen::File { .. } | Seen::Nothing => Ok(None),
        })
    }

    fn look(&self, at: &RepoPath) -> Result<Seen, ReadError> {
        if let Some(seen) = locked(&self.seen).get(at) {
            return Ok(seen.clone());
        }
        let seen = self.look_at_disk(at)?;
        locked(&self.seen).insert(at.clone(), seen.clone());
        Ok(seen)
    }

    fn look_at_disk(&self, at: &RepoPath) -> Result<Seen, ReadError> {
        let full = self.full(at);
        let metadata = match fs::symlink_metadata(&full) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(Seen::Nothing),
            Err(error) => return Err(failed(at, &error)),
        };
        Ok(if metadata.is_symlink() {
            let target = fs::read_link(full).map_err(|error| failed(at, &error))?;
            Seen::Link(self.target(&target))
        } else if metadata.is_dir() {
            Seen::Directory
        } else if metadata.is_file() {
            let bytes = metadata.len();
            Seen::File { bytes }
        } else {
            Seen::Nothing
        })
    }

    fn target(&self, target: &Path) -> LinkTarget {
        let text = target.to_string_lossy().into_owned();
        if target.is_relative() {
            return LinkTarget::Relative(text);
        }
        let inside = target
            .strip_prefix(&self.root)
            .ok()
            .map(Path::to_string_lossy);
        match inside.map(|inside| RepoPath::parse(&inside)) {
            Some(Ok(path)) => LinkTarget::InTree(path),
            Some(Err(_)) | None => LinkTarget::Outside(text),
        }
    }

    fn kind_at(&self, at: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        Ok(match self.look(at)? {
            Seen::Directory => Some(EntryKind::Directory),
            Seen::File { .. } => Some(EntryKind::File),
            Seen::Link(_) | Seen::Nothing => None,
        })
    }
}

fn locked<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput
    )
}

fn failed(path: &RepoPath, error: &io::Error) -> ReadError {
    ReadError::Failed {
        path: path.clone(),
        cause: error.to_string(),
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let at = self.resolve(path)?;
        let bytes = match self.look(&at)? {
            Seen::File { bytes } => bytes,
            Seen::Directory => return Err(ReadError::IsDirectory(path.clone())),
            Seen::Link(_) | Seen::Nothing => return Err(ReadError::NotFound(path.clone())),
        };
        if bytes > FILE_BYTES_MAX {
            return Err(ReadError::TooLarge {
                path: path.clone(),
                bytes,
            });
        }
        fs::read(self.full(&at))
            .map(Into::into)
            .map_err(|error| failed(path, &error))
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        let at = self.resolve(path)?;
        self.kind_at(&at)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        let at = self.resolve(directory)?;
        match self.kind_at(&at)? {
            Some(EntryKind::Directory) => {}
            Some(EntryKind::File) => return Err(ReadError::NotDirectory(directory.clone())),
            None => return Err(ReadError::NotFound(directory.clone())),
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.full(&at)).map_err(|error| failed(directory, &error))? {
            let entry = entry.map_err(|error| failed(directory, &error))?;
            // A name that is not UTF-8 cannot be written in a kustomization: nobody can refer to it.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let Ok(path) = at.join(&name) else { continue };
            let kind = match self.kind(&path) {
                Ok(Some(kind)) => kind,
                // A link that leads out of the tree is told to whoever reads it.
                Err(ReadError::LinkLeavesTree { .. } | ReadError::LinkLoop(_)) => EntryKind::File,
                Ok(None) | Err(_) => continue,
            };
            entries.push(Entry { name, kind });
        }
        entries.sort();
        Ok(entries)
    }

    fn canonical(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        let at = self.resolve(path)?;
        match self.kind_at(&at)? {
            Some(_) => Ok(at),
            None => Err(ReadError::NotFound(path.clone())),
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
    fn links_are_followed_inside_the_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("lab/apps")).unwrap();
        fs::write(root.join("lab/apps/a.yaml"), "a: 1\n").unwrap();
        fs::write(root.join("secret"), "x").unwrap();
        let link = |from: &str, to: &str| {
            std::os::unix::fs::symlink(to, root.join("lab").join(from)).unwrap();
        };
        link("same", "apps/a.yaml");
        link("absolute", &root.join("lab/apps").to_string_lossy());
        link("up", "../secret");
        link("away", "/etc/hostname");
        let files = DiskFiles::new(root.join("lab"));
        assert_eq!(&*files.read(&path("same")).unwrap(), b"a: 1\n");
        assert_eq!(
            files.canonical(&path("absolute/a.yaml")).unwrap(),
            path("apps/a.yaml")
        );
        assert!(matches!(
            files.read(&path("up")),
            Err(ReadError::LinkLeavesTree { .. })
        ));
        assert!(matches!(
            files.read(&path("away")),
            Err(ReadError::LinkLeavesTree { .. })
        ));
        let names: Vec<String> = files
            .list(&RepoPath::root())
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        assert_eq!(names, ["absolute", "apps", "away", "same", "up"]);
    }
}
