//! A folder on disk as a tree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toft_source::{
    Entry, EntryKind, FILE_BYTES_MAX, Files, LinkTarget, ReadError, RepoPath, follow_links,
};

/// A folder on disk; symbolic links are followed inside it only.
///
/// What is read is what is there at that moment. With the root `/`, every file of the machine is in
/// the tree, as `kustomize build` sees it.
#[derive(Clone, Debug)]
pub struct DiskFiles {
    root: PathBuf,
}

impl DiskFiles {
    /// The tree below a folder, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn full(&self, path: &RepoPath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn resolve(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        follow_links(path, &|at| match fs::read_link(self.full(at)) {
            Ok(target) => Ok(Some(self.target(&target))),
            // No link, nothing there, or a part of the path is a file: whoever reads will be told.
            Err(_) => Ok(None),
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

    fn kind_at(&self, at: &RepoPath, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        match fs::metadata(self.full(at)) {
            Ok(metadata) if metadata.is_dir() => Ok(Some(EntryKind::Directory)),
            Ok(metadata) if metadata.is_file() => Ok(Some(EntryKind::File)),
            // A pipe or a device could block for ever: it is not there.
            Ok(_) => Ok(None),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(failed(path, &error)),
        }
    }
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
        match self.kind_at(&at, path)? {
            Some(EntryKind::File) => {}
            Some(EntryKind::Directory) => return Err(ReadError::IsDirectory(path.clone())),
            None => return Err(ReadError::NotFound(path.clone())),
        }
        let full = self.full(&at);
        let bytes = fs::metadata(&full)
            .map_err(|error| failed(path, &error))?
            .len();
        if bytes > FILE_BYTES_MAX {
            return Err(ReadError::TooLarge {
                path: path.clone(),
                bytes,
            });
        }
        fs::read(full)
            .map(Into::into)
            .map_err(|error| failed(path, &error))
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadError> {
        let at = self.resolve(path)?;
        self.kind_at(&at, path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<Entry>, ReadError> {
        let at = self.resolve(directory)?;
        match self.kind_at(&at, directory)? {
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
        match self.kind_at(&at, path)? {
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
