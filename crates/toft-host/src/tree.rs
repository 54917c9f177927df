//! The folder that `toft up` is given, as an immutable tree with a revision.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toft_source::{MemoryFiles, RepoPath};

use crate::git::{GitError, Past, WorkTree};
use crate::snapshot::{BOUNDS, DiskEntry, load, walk};

/// What of a folder is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeMode {
    /// What HEAD has, in a Git work tree; what is on disk elsewhere.
    Committed,
    /// What is on disk.
    OnDisk,
}

/// A folder as an immutable tree.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The files.
    pub files: Arc<MemoryFiles>,
    /// The last commit that touched the folder, or a hash of the contents.
    pub revision: String,
    /// Whether `revision` is a commit.
    pub is_commit: bool,
    /// What is on disk and not in the commit, relative to the folder, sorted; empty for a snapshot.
    pub uncommitted: Vec<String>,
}

/// Why a folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing has this path.
    #[error("`{0}` does not exist")]
    NotFound(PathBuf),
    /// The path is no directory.
    #[error("`{0}` is not a directory")]
    NotDirectory(PathBuf),
    /// The folder is in no Git repository.
    #[error("`{0}` is in no Git repository: there is no revision to compare with")]
    NoRepository(PathBuf),
    /// The folder is no repository: it holds more than any has.
    #[error("`{folder}` holds more than {most}, which no repository does")]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// What it holds more of.
        most: String,
    },
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Opens a folder as a tree.
///
/// In a Git work tree that tracks the folder, the tree is the folder at HEAD and its revision the last
/// commit that touched it. Elsewhere, and with [`TreeMode::OnDisk`], the tree is what is on disk, without
/// what Git ignores, and its revision is a hash of names and contents.
///
/// # Errors
/// The folder is missing or no folder, or its Git repository is broken.
pub fn open_tree(folder: &Path, mode: TreeMode) -> Result<Opened, OpenError> {
    let folder = folder
        .canonicalize()
        .map_err(|_| OpenError::NotFound(folder.to_owned()))?;
    if !folder.is_dir() {
        return Err(OpenError::NotDirectory(folder));
    }
    let work_tree = WorkTree::find(&folder)?;
    if let (Some(work_tree), TreeMode::Committed) = (&work_tree, mode)
        && let Some(head) = work_tree.head()?
    {
        let (files, revision, uncommitted) =
            (Arc::new(head.files), head.revision, head.uncommitted);
        return Ok(Opened {
            files,
            revision,
            is_commit: true,
            uncommitted,
        });
    }
    let entries = on_disk(&folder, work_tree);
    if let Err(most) = BOUNDS.check(&folder, &entries) {
        return Err(OpenError::TooLarge { folder, most });
    }
    let (files, revision) = load(&folder, &entries);
    Ok(Opened {
        files: Arc::new(files),
        revision,
        is_commit: false,
        uncommitted: Vec::new(),
    })
}

/// Opens a folder as it was at a revision: a branch, a tag, a commit, `HEAD~2`.
///
/// A commit that does not have the folder has it empty.
///
/// # Errors
/// The folder is missing or in no Git repository, or the repository has no such revision.
pub fn open_revision(folder: &Path, revision: &str) -> Result<Opened, OpenError> {
    Ok(opened(tracked(folder)?.at(revision)?))
}

/// Opens a folder as it was where one revision left another, as `git merge-base` finds it.
///
/// # Errors
/// The folder is missing or in no Git repository, or the repository has no such revision.
pub fn open_merge_base(folder: &Path, one: &str, other: &str) -> Result<Opened, OpenError> {
    Ok(opened(tracked(folder)?.merge_base(one, other)?))
}

/// Opens a folder as it was where the work at HEAD left the branch that it goes back to: the default branch of
/// `origin`, else `main` or `master`.
///
/// # Errors
/// The folder is missing or in no Git repository, or there is no commit yet.
pub fn open_branch_point(folder: &Path) -> Result<Opened, OpenError> {
    Ok(opened(tracked(folder)?.branch_point()?))
}

fn tracked(folder: &Path) -> Result<WorkTree, OpenError> {
    let folder = folder
        .canonicalize()
        .map_err(|_| OpenError::NotFound(folder.to_owned()))?;
    WorkTree::find(&folder)?.ok_or(OpenError::NoRepository(folder))
}

fn opened(past: Past) -> Opened {
    Opened {
        files: Arc::new(past.files),
        revision: past.commit,
        is_commit: true,
        uncommitted: Vec::new(),
    }
}

fn on_disk(folder: &Path, work_tree: Option<WorkTree>) -> Vec<DiskEntry> {
    work_tree.map_or_else(
        || walk(folder, &mut |_, _| false),
        |work_tree| work_tree.on_disk(),
    )
}

/// The files that a snapshot of a folder would hold; none where it cannot be read.
pub(crate) fn files_on_disk(folder: &Path) -> Vec<RepoPath> {
    let work_tree = WorkTree::find(folder).unwrap_or_default();
    let entries = on_disk(folder, work_tree).into_iter();
    entries.map(|entry| entry.path).collect()
}

/// What tells cheaply whether a folder may have changed: the HEAD commit, or nothing outside Git.
///
/// # Errors
/// The Git repository is broken.
pub fn head_commit(folder: &Path) -> Result<Option<String>, GitError> {
    let Ok(folder) = folder.canonicalize() else {
        return Ok(None);
    };
    Ok(WorkTree::find(&folder)?.and_then(|work_tree| work_tree.head_id()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use toft_source::{Files, RepoPath};

    use super::*;

    fn git(folder: &Path, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "commit.gpgsign=false",
        ]);
        let output = git.args(args).current_dir(folder).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn write(folder: &Path, path: &str, text: &str) {
        let full = folder.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    fn text(opened: &Opened, path: &str) -> Option<String> {
        let bytes = opened.files.read(&RepoPath::parse(path).unwrap()).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn in_git_the_commit_is_taken_and_what_is_not_committed_is_announced() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "-q"]);
        write(root, "lab/a.yaml", "a: 1\n");
        write(root, "lab/gone.yaml", "b: 1\n");
        write(root, "lab/.gitignore", "*.tmp\n");
        git(root, &["add", "-A"]);
        git(root, &["commit", "-qm", "lab"]);
        let touched = git(root, &["rev-parse", "HEAD"]);
        write(root, "other.txt", "x");
        git(root, &["add", "-A"]);
        git(root, &["commit", "-qm", "other"]);
        write(root, "lab/a.yaml", "a: 2\n");
        write(root, "lab/new.yaml", "c: 1\n");
        write(root, "lab/scratch.tmp", "x");
        fs::remove_file(root.join("lab/gone.yaml")).unwrap();

        let opened = open_tree(&root.join("lab"), TreeMode::Committed).unwrap();
        assert_eq!(opened.revision, touched);
        assert_eq!(text(&opened, "a.yaml").as_deref(), Some("a: 1\n"));
        assert_eq!(opened.uncommitted, ["a.yaml", "gone.yaml", "new.yaml"]);

        let on_disk = open_tree(&root.join("lab"), TreeMode::OnDisk).unwrap();
        assert_eq!(text(&on_disk, "a.yaml").as_deref(), Some("a: 2\n"));
        assert_eq!(text(&on_disk, "scratch.tmp"), None);
        assert!(!on_disk.is_commit && on_disk.revision.len() == 40);
    }

    #[test]
    fn a_snapshot_has_another_revision_when_a_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.yaml", "a: 1\n");
        let before = open_tree(folder.path(), TreeMode::Committed).unwrap();
        write(folder.path(), "a.yaml", "a: 2\n");
        let after = open_tree(folder.path(), TreeMode::Committed).unwrap();
        assert_ne!(before.revision, after.revision);
        write(folder.path(), "a.yaml", "a: 1\n");
        assert_eq!(
            open_tree(folder.path(), TreeMode::Committed)
                .unwrap()
                .revision,
            before.revision
        );
    }
}
