//! A folder as it is on disk at one moment.

use std::fs;
use std::path::Path;

use toft_source::{FILE_BYTES_MAX, MemoryFiles, RepoPath};

/// How many files a snapshot holds; the largest public homelab repository has some thousands.
pub const SNAPSHOT_FILES_MAX: usize = 50_000;

/// How much a snapshot holds: it is in memory as a whole. Repositories with pictures and charts have some
/// tens of megabytes.
const SNAPSHOT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// What a folder may hold, so that somebody's home or a whole disk is not read into memory.
pub(crate) const BOUNDS: Bounds = Bounds {
    files: SNAPSHOT_FILES_MAX,
    bytes: SNAPSHOT_BYTES_MAX,
};

/// What a folder may hold.
pub(crate) struct Bounds {
    files: usize,
    bytes: u64,
}

impl Bounds {
    /// What a folder holds too much of, in words, if it does.
    pub(crate) fn check(&self, folder: &Path, entries: &[DiskEntry]) -> Result<(), String> {
        if entries.len() >= self.files {
            return Err(format!("{} files", self.files));
        }
        let length = |entry: &DiskEntry| {
            let metadata = fs::symlink_metadata(folder.join(entry.path.as_str()));
            metadata.map_or(0, |metadata| metadata.len())
        };
        let taken = entries.iter().map(length);
        let total: u64 = taken.filter(|length| *length <= FILE_BYTES_MAX).sum();
        if total > self.bytes {
            return Err(format!("{} MiB", self.bytes / (1024 * 1024)));
        }
        Ok(())
    }
}

/// Folders nest no deeper than this in any repository that people can still read.
const DEPTH_MAX: usize = 64;

/// Folders that are never part of a repository: Git's own, and our state.
const LEFT_OUT: &[&str] = &[".git", ".toft"];

/// The file that tells a folder with the state of a cluster, whatever it is called.
const STATE: &str = "state.redb";

/// What a path on disk is, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

/// One file or link of a folder.
#[derive(Clone, Debug)]
pub(crate) struct DiskEntry {
    /// The path, relative to the folder.
    pub(crate) path: RepoPath,
    /// What it is.
    pub(crate) kind: DiskKind,
}

impl DiskEntry {
    /// The bytes of the file, or the text of the link; `None` where it cannot be read or is too large.
    pub(crate) fn content(&self, folder: &Path) -> Option<Vec<u8>> {
        let full = folder.join(self.path.as_str());
        match self.kind {
            DiskKind::Link => Some(
                fs::read_link(full)
                    .ok()?
                    .to_string_lossy()
                    .into_owned()
                    .into_bytes(),
            ),
            DiskKind::File => {
                let bytes = fs::metadata(&full).ok()?.len();
                if bytes > FILE_BYTES_MAX {
                    None
                } else {
                    fs::read(full).ok()
                }
            }
        }
    }
}

/// The files and links below a folder, sorted; what `ignored` says and what never belongs is left out.
pub(crate) fn walk(
    folder: &Path,
    ignored: &mut dyn FnMut(&RepoPath, bool) -> bool,
) -> Vec<DiskEntry> {
    let mut entries = Vec::new();
    collect(folder, (&RepoPath::root(), 0), ignored, &mut entries);
    entries.sort_by(|left, right| left.path.cmp(&right.path));
    entries
}

fn collect(
    folder: &Path,
    (at, depth): (&RepoPath, usize),
    ignored: &mut dyn FnMut(&RepoPath, bool) -> bool,
    entries: &mut Vec<DiskEntry>,
) {
    if depth > DEPTH_MAX || entries.len() >= SNAPSHOT_FILES_MAX {
        return;
    }
    for entry in fs::read_dir(folder.join(at.as_str()))
        .into_iter()
        .flatten()
        .flatten()
    {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let (Ok(path), Ok(kind)) = (at.join(&name), entry.file_type()) else {
            continue;
        };
        if LEFT_OUT.contains(&name.as_str()) || ignored(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() && entry.path().join(STATE).is_file() {
            continue;
        }
        if kind.is_dir() {
            collect(folder, (&path, depth + 1), ignored, entries);
        } else if kind.is_symlink() {
            entries.push(DiskEntry {
                path,
                kind: DiskKind::Link,
            });
        } else if kind.is_file() {
            entries.push(DiskEntry {
                path,
                kind: DiskKind::File,
            });
        }
    }
}

/// Reads what was found into memory, with a hash of names and contents as its revision.
pub(crate) fn load(folder: &Path, entries: &[DiskEntry]) -> (MemoryFiles, String) {
    let mut files = MemoryFiles::default();
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        let content = entry.content(folder);
        let marker: &[u8] = if entry.kind == DiskKind::Link {
            b"\0link\0"
        } else {
            b"\0file\0"
        };
        let length = content
            .as_ref()
            .map_or(u64::MAX, |content| content.len() as u64);
        hasher
            .update(entry.path.as_str().as_bytes())
            .update(marker)
            .update(&length.to_le_bytes());
        match (content, entry.kind) {
            (Some(content), DiskKind::File) => {
                hasher.update(&content);
                files.insert(entry.path.clone(), content.into());
            }
            (Some(content), DiskKind::Link) => {
                hasher.update(&content);
                files.link(entry.path.clone(), String::from_utf8_lossy(&content));
            }
            (None, _) => {
                let bytes = fs::metadata(folder.join(entry.path.as_str()))
                    .map_or(0, |metadata| metadata.len());
                files.insert_too_large(entry.path.clone(), bytes);
            }
        }
    }
    let revision: String = hasher.finalize().to_hex().chars().take(40).collect();
    (files, revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_no_repository_is_not_read_into_memory() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(folder.path().join(name), "x".repeat(1024 * 1024)).unwrap();
        }
        let entries = walk(folder.path(), &mut |_, _| false);
        let check = |files, bytes| Bounds { files, bytes }.check(folder.path(), &entries);
        assert_eq!(check(4, 3 * 1024 * 1024), Ok(()));
        assert_eq!(check(3, u64::MAX), Err("3 files".to_owned()));
        assert_eq!(check(4, 2 * 1024 * 1024), Err("2 MiB".to_owned()));
    }
}
