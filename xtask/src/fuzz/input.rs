//! What a fuzzer gives to a room: some named texts, written down as one file.

use std::path::Path;

use anyhow::{Context, Result};
use toft_source::{MemoryFiles, RepoPath};

use crate::shell;

/// Larger cases are slow to run and rarely say more.
const INPUT_BYTES_MAX: usize = 60_000;

/// What stands before the length of a part.
const MARK: &str = "#### ";

/// Named texts, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) parts: Vec<(String, Vec<u8>)>,
}

impl Input {
    /// An input of one part.
    pub(super) fn of(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            parts: vec![(name.to_owned(), bytes.into())],
        }
    }

    /// A part by its name; empty where there is none.
    pub(super) fn part(&self, name: &str) -> &[u8] {
        let mut parts = self.parts.iter();
        let found = parts.find(|(known, _)| known == name);
        found.map(|(_, bytes)| bytes.as_slice()).unwrap_or_default()
    }

    /// A part as text.
    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.part(name)).into_owned()
    }

    /// All parts but the named ones as a tree.
    pub(super) fn tree(&self, without: &[&str]) -> MemoryFiles {
        let mut files = MemoryFiles::default();
        let parts = self.parts.iter();
        for (name, bytes) in parts.filter(|(name, _)| !without.contains(&name.as_str())) {
            if let Ok(path) = RepoPath::parse(name) {
                files.insert(path, bytes.as_slice().into());
            }
        }
        files
    }

    /// One file: each part after a line with its length and its name.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, part) in &self.parts {
            bytes.extend(format!("{MARK}{} {}\n", part.len(), name.escape_debug()).bytes());
            bytes.extend_from_slice(part);
            bytes.push(b'\n');
        }
        bytes
    }

    /// What [`Self::to_bytes`] wrote.
    pub(super) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut input = Self::default();
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
            let (length, name) = head.strip_prefix(MARK)?.split_once(' ')?;
            let start = end + 1;
            let stop = start.checked_add(length.parse().ok()?)?;
            let part = bytes.get(start..stop)?.to_vec();
            input.parts.push((name.to_owned(), part));
            bytes = bytes.get(stop + 1..)?;
        }
        Some(input)
    }

    /// Reads an input that was written down.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let bytes = std::fs::read(file)?;
        Self::from_bytes(&bytes).with_context(|| format!("{} is no input", file.display()))
    }
}

/// The case folders below a folder of the checkout, in order.
pub(super) fn cases(folder: &str) -> Result<Vec<std::path::PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(shell::root().join(folder))? {
        folders.push(entry?.path());
    }
    folders.sort();
    Ok(folders)
}

/// The files below a folder, with their paths below it; nothing where they are many bytes.
pub(super) fn files_below(folder: &Path) -> Result<Input> {
    let mut input = Input::default();
    collect(folder, "", &mut input)?;
    let bytes: usize = input.parts.iter().map(|(_, part)| part.len()).sum();
    if bytes > INPUT_BYTES_MAX {
        input.parts.clear();
    }
    Ok(input)
}

fn collect(folder: &Path, below: &str, input: &mut Input) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let entries = std::fs::read_dir(folder)?;
    let mut entries: Vec<_> = entries.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), input)?;
        } else if kind.is_file() {
            input.parts.push((name, std::fs::read(entry.path())?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_read_as_it_was_written() {
        let mut input = Input::of("a/b c.yaml", "x\n#### 3 y\n");
        input.parts.push(("empty".to_owned(), Vec::new()));
        assert_eq!(Input::from_bytes(&input.to_bytes()), Some(input));
    }
}
