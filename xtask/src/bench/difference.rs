//! What a commit changes: `toft diff`, beside building every kustomization of both revisions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::measure::{alternate, cost};
use super::{compare, one_by_one};
use crate::{parity, shell};

/// Runs; the median is told.
const RUNS: usize = 5;

/// A commit that changes one image of the example.
pub(super) fn run(ours: &Path, upstream: &Path) -> Result<()> {
    let example = shell::root().join("examples/k8s-nas/repository");
    let folder = std::env::temp_dir().join(format!("toft-bench-diff-{}", std::process::id()));
    copy(&example, &folder)?;
    git(&folder, &["init", "--quiet", "--initial-branch=main"])?;
    commit(&folder)?;
    change_an_image(&folder)?;
    commit(&folder)?;
    let folders = parity::kustomizations(&folder)?;
    let folders: Vec<PathBuf> = folders
        .into_iter()
        .filter(|found| found.starts_with(&folder))
        .collect();
    let mine = || {
        let mut command = Command::new(ours);
        command.args(["diff", "--offline", "HEAD~1..HEAD", "--repository"]);
        command.arg(&folder);
        cost(command)
    };
    let theirs = || {
        let revisions = [
            one_by_one(upstream, &folders)?,
            one_by_one(upstream, &folders)?,
        ];
        Ok(revisions.into_iter().sum())
    };
    let [mine, theirs] = alternate(RUNS, [&mine, &theirs])?;
    let what = format!(
        "diff of a commit, beside {} builds for each revision (goal: at most 1000 ms)",
        folders.len()
    );
    compare(&what, [&mine, &theirs], ("kustomize", 60.0));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

fn git(folder: &Path, args: &[&str]) -> Result<()> {
    let mut git = Command::new("git");
    git.args([
        "-c",
        "user.name=bench",
        "-c",
        "user.email=bench@example.org",
    ]);
    shell::run(git.args(args).current_dir(folder))
}

fn commit(folder: &Path) -> Result<()> {
    git(folder, &["add", "--all"])?;
    git(folder, &["commit", "--quiet", "--message", "change"])
}

/// The first image that a file names gets another tag.
fn change_an_image(folder: &Path) -> Result<()> {
    let mut files = parity::yaml_files(folder)?;
    files.sort();
    for file in files.iter().filter(|file| file.starts_with(folder)) {
        let text = std::fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.trim().starts_with("image: "));
        if let Some(line) = line {
            std::fs::write(file, text.replacen(line, &format!("{line}-next"), 1))?;
            return Ok(());
        }
    }
    None.context("the example has no image")
}
