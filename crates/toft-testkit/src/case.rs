//! One case folder.

use std::path::{Path, PathBuf};

use toft_source::{MemoryFiles, RepoPath};

/// One case: a folder with `case.md`, `input/` and what is expected.
#[derive(Clone, Debug)]
pub struct Case {
    dir: PathBuf,
}

impl Case {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The folder on disk.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A text file of the case, by its path below the case folder; `None` where there is none.
    pub fn text(&self, name: &str) -> Option<String> {
        std::fs::read(self.dir.join(name))
            .ok()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A text file that the case must have.
    ///
    /// # Errors
    /// The file is missing.
    pub fn required(&self, name: &str) -> Result<String, String> {
        self.text(name)
            .ok_or_else(|| format!("the case has no `{name}`"))
    }

    /// The tree below `input/`, symbolic links kept.
    pub fn files(&self) -> MemoryFiles {
        self.files_below("input")
    }

    /// The tree below a folder of the case, symbolic links kept.
    pub fn files_below(&self, folder: &str) -> MemoryFiles {
        let mut files = MemoryFiles::default();
        let folder = self.dir.join(folder);
        if folder.is_dir() {
            collect(&folder, &RepoPath::root(), &mut files);
        }
        files
    }
}

fn collect(dir: &Path, at: &RepoPath, files: &mut MemoryFiles) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(path) = at.join(&name) else { continue };
        let full = entry.path();
        if let Ok(target) = std::fs::read_link(&full) {
            files.link(path, target.to_string_lossy());
        } else if full.is_dir() {
            collect(&full, &path, files);
        } else if let Ok(bytes) = std::fs::read(&full) {
            files.insert(path, bytes.into());
        }
    }
}
