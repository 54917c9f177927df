//! Every YAML file at hand, read and written by this house and by the libraries of kubectl and kustomize.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::{DEPTH_MAX, Score};
use crate::differential;
use crate::shell;
use crate::suites::Programs;

/// Where YAML lies in the checkout.
const FOLDERS: &[&str] = &["crates", "examples", "tests"];

/// Compares the files of the corpus, of the examples and of all cases.
pub(super) fn run(programs: &mut Programs, corpus: &Path) -> Result<Score> {
    let oracle = programs.yaml()?;
    let mut score = Score::default();
    for file in files(corpus)? {
        let text = std::fs::read(&file)?;
        match differential::compare(oracle, &text)? {
            None => score.equal += 1,
            Some(found) => score.different.push(format!(
                "{}: {}: upstream {}, toft {}",
                file.display(),
                found.kind,
                found.upstream,
                found.ours
            )),
        }
    }
    Ok(score)
}

/// The YAML files of a folder and of the checkout, sorted.
pub(crate) fn files(corpus: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    find(corpus, 0, &mut files)?;
    for folder in FOLDERS {
        find(&shell::root().join(folder), 0, &mut files)?;
    }
    files.sort();
    if files.is_empty() {
        bail!("there is no YAML below `{}`", corpus.display());
    }
    Ok(files)
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    if depth > DEPTH_MAX || !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let extension = path.extension().unwrap_or_default();
        if kind.is_dir() {
            find(&path, depth + 1, found)?;
        } else if kind.is_file() && (extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    Ok(())
}
