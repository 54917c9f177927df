//! Noticing that a repository changed: a new commit, or a saved file.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tracing::warn;

use crate::line::Line;
use crate::supply::Supplier;
use crate::tree::{OpenError, Opened, TreeMode, files_on_disk, head_commit, open_tree};

/// How often HEAD is looked at; reading it costs a millisecond.
const COMMITS_EVERY: Duration = Duration::from_secs(3);
/// How often files are looked at. An editor saves in several steps; a change is taken once two looks in a
/// row find the same.
const FILES_EVERY: Duration = Duration::from_secs(1);

/// Tells the world of every change of a folder, on a thread of its own, for as long as the world listens.
///
/// A snapshot that nobody watches never changes.
///
/// # Errors
/// The thread does not start.
pub fn follow(
    folder: &Path,
    mode: TreeMode,
    (opened, supplier): (&Opened, Supplier),
    line: Line,
) -> io::Result<()> {
    if mode == TreeMode::Committed && !opened.is_commit {
        return Ok(());
    }
    let watcher = Watcher {
        folder: folder.to_owned(),
        mode,
        revision: opened.revision.clone(),
        supplier,
        line,
    };
    let watch = move || match mode {
        TreeMode::Committed => watcher.commits(),
        TreeMode::OnDisk => watcher.files(),
    };
    thread::Builder::new()
        .name("repository".to_owned())
        .spawn(watch)?;
    Ok(())
}

struct Watcher {
    folder: PathBuf,
    mode: TreeMode,
    /// What the world has.
    revision: String,
    supplier: Supplier,
    line: Line,
}

/// The world has ended.
struct Gone;

impl Watcher {
    fn commits(mut self) {
        let mut seen = None;
        loop {
            thread::sleep(COMMITS_EVERY);
            let head = match head_commit(&self.folder) {
                Ok(head) => head,
                Err(error) => {
                    warn!(error = %error, "HEAD cannot be read");
                    continue;
                }
            };
            if head != seen && self.take().is_err() {
                return;
            }
            seen = head;
        }
    }

    fn files(mut self) {
        let mut taken = stamp(&self.folder);
        let mut last = taken;
        loop {
            thread::sleep(FILES_EVERY);
            let now = stamp(&self.folder);
            if now == last && now != taken {
                if self.take().is_err() {
                    return;
                }
                taken = now;
            }
            last = now;
        }
    }

    /// Opens the tree and tells the world, if it is another one.
    fn take(&mut self) -> Result<(), Gone> {
        let opened = match open_tree(&self.folder, self.mode) {
            Ok(opened) => opened,
            // In the middle of a rebase, or gone for a moment: the world keeps what it has.
            Err(
                error @ (OpenError::NotFound(_)
                | OpenError::NotDirectory(_)
                | OpenError::NoRepository(_)
                | OpenError::TooLarge { .. }
                | OpenError::Git(_)),
            ) => {
                warn!(error = %error, "the repository cannot be read");
                return Ok(());
            }
        };
        if opened.revision != self.revision {
            self.revision.clone_from(&opened.revision);
            let (repository, gathered) = match self.supplier.supply(&opened, &|_| {}) {
                Ok(supplied) => supplied,
                Err(error) => {
                    warn!(error = %error, "the repository cannot be read");
                    return Ok(());
                }
            };
            for (remote, error) in gathered.failed() {
                warn!(what = %remote, error = %error.told(), "something cannot be fetched");
            }
            self.line.change(repository).map_err(|_| Gone)?;
        }
        Ok(())
    }
}

/// What differs after a file was saved, made or removed, most certainly.
fn stamp(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in files_on_disk(folder) {
        path.hash(&mut hasher);
        if let Ok(metadata) = fs::symlink_metadata(folder.join(path.as_str())) {
            metadata.len().hash(&mut hasher);
            metadata.modified().ok().hash(&mut hasher);
        }
    }
    hasher.finish()
}
