//! The files of a chart's folder.

use toft_source::{EntryKind, Files, ReadError, RepoPath};

use crate::chart::ChartFile;
use crate::ignore::Rules;
use crate::problem::Problem;

use super::archive::{ARCHIVE_FILES_MAX, FILE_BYTES_MAX, without_mark};

/// How deep folders may nest.
const FOLDER_DEPTH_MAX: usize = 64;

/// Reads every file below a folder, in order of paths, without those that `.helmignore` names.
pub(super) fn read(
    files: &dyn Files,
    directory: &RepoPath,
) -> Result<Result<Vec<ChartFile>, Problem>, ReadError> {
    let rules = match rules(files, directory)? {
        Ok(rules) => rules,
        Err(message) => return Ok(Err(Problem::chart(message))),
    };
    let mut walk = Walk {
        files,
        rules: &rules,
        found: Vec::new(),
        problem: None,
    };
    walk.folder(directory, "", FOLDER_DEPTH_MAX)?;
    Ok(match walk.problem {
        None => Ok(walk.found),
        Some(problem) => Err(problem),
    })
}

fn rules(files: &dyn Files, directory: &RepoPath) -> Result<Result<Rules, String>, ReadError> {
    let Ok(path) = directory.join(".helmignore") else {
        return Ok(Rules::parse(""));
    };
    if files.kind(&path)? != Some(EntryKind::File) {
        return Ok(Rules::parse(""));
    }
    let bytes = files.read(&path)?;
    Ok(Rules::parse(&String::from_utf8_lossy(&bytes)))
}

struct Walk<'a> {
    files: &'a dyn Files,
    rules: &'a Rules,
    found: Vec<ChartFile>,
    problem: Option<Problem>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &RepoPath, below: &str, depth: usize) -> Result<(), ReadError> {
        let Some(deeper) = depth.checked_sub(1) else {
            self.problem = Some(Problem::chart(format!(
                "folders of the chart nest deeper than {FOLDER_DEPTH_MAX}"
            )));
            return Ok(());
        };
        for entry in self.files.list(folder)? {
            let name = if below.is_empty() {
                entry.name.clone()
            } else {
                format!("{below}/{}", entry.name)
            };
            if self.problem.is_some() || self.rules.ignores(&name, entry.kind) {
                continue;
            }
            let Ok(path) = folder.join(&entry.name) else {
                continue;
            };
            match entry.kind {
                EntryKind::Directory => self.folder(&path, &name, deeper)?,
                EntryKind::File => self.file(path, &name)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, path: RepoPath, name: &str) -> Result<(), ReadError> {
        let bytes = self.files.read(&path)?;
        if bytes.len() > FILE_BYTES_MAX {
            self.problem = Some(Problem::chart(format!(
                "chart file {:?} is larger than the maximum file size {FILE_BYTES_MAX}",
                path.file_name()
            )));
        }
        if self.found.len() == ARCHIVE_FILES_MAX {
            self.problem = Some(Problem::chart(format!(
                "the chart has more than {ARCHIVE_FILES_MAX} files"
            )));
            return Ok(());
        }
        self.found.push(ChartFile {
            name: name.into(),
            bytes: without_mark(&bytes).unwrap_or(bytes),
            path,
        });
        Ok(())
    }
}
