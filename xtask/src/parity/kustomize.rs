//! `toft build` beside `kustomize build`, on every kustomization of the corpus and of `examples/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::{DEPTH_MAX, Score};
use crate::{oracle, shell, up};

const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Builds each folder with both programs: the same bytes, or both refuse.
pub(super) fn run(corpus: &Path) -> Result<Score> {
    let upstream = oracle::KUSTOMIZE.ensure()?;
    shell::say("building toft");
    up::build_release()?;
    let ours = up::release_binary();
    let folders = kustomizations(corpus)?;
    let mut score = Score::default();
    for folder in &folders {
        match differs(&upstream, &ours, folder)? {
            None => score.equal += 1,
            Some(difference) => score.different.push(difference),
        }
    }
    Ok(score)
}

/// The folders with a kustomization below the corpus and below `examples/`, sorted.
pub(crate) fn kustomizations(corpus: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    find(corpus, 0, &mut folders)?;
    find(&shell::root().join("examples"), 0, &mut folders)?;
    folders.sort();
    if folders.is_empty() {
        bail!("there is no kustomization below `{}`", corpus.display());
    }
    Ok(folders)
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    if depth > DEPTH_MAX || !folder.is_dir() {
        return Ok(());
    }
    if NAMES.iter().any(|name| folder.join(name).is_file()) {
        found.push(folder.to_owned());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

fn differs(upstream: &Path, ours: &Path, folder: &Path) -> Result<Option<String>> {
    let theirs = shell::output(Command::new(upstream).arg("build").arg(folder))?;
    let mine = shell::output(Command::new(ours).arg("build").arg(folder))?;
    let place = folder.display();
    let difference = match (theirs.status.success(), mine.status.success()) {
        (true, true) if theirs.stdout == mine.stdout => None,
        (false, false) => None,
        (true, true) => Some(format!(
            "{place}: {}",
            first_difference(&theirs.stdout, &mine.stdout)
        )),
        (true, false) => Some(format!(
            "{place}: only toft refuses: {}",
            first_line(&mine.stderr)
        )),
        (false, true) => Some(format!(
            "{place}: only kustomize refuses: {}",
            first_line(&theirs.stderr)
        )),
    };
    Ok(difference)
}

pub(super) fn first_difference(theirs: &[u8], mine: &[u8]) -> String {
    let (theirs, mine) = (
        String::from_utf8_lossy(theirs),
        String::from_utf8_lossy(mine),
    );
    let mut lines = theirs.lines().zip(mine.lines()).enumerate();
    match lines.find(|(_, (left, right))| left != right) {
        Some((number, (left, right))) => {
            format!("line {}: kustomize `{left}`, toft `{right}`", number + 1)
        }
        None => format!(
            "kustomize has {} lines, toft {}",
            theirs.lines().count(),
            mine.lines().count()
        ),
    }
}

fn first_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
