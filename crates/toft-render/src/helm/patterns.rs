//! Patterns that stand for files: `*`, `?`, `[…]` within a folder, `**` over folders.
//!
//! Source: Argo CD 3.5.1 uses `doublestar.FilepathGlob` v4.

use toft_source::{EntryKind, Files, ReadError, RepoPath};

use crate::expand::is_path_match;

/// How deep `**` goes; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// The files and folders that match, in order of paths.
pub(super) fn expand(files: &dyn Files, pattern: &RepoPath) -> Result<Vec<RepoPath>, ReadError> {
    let segments: Vec<&str> = pattern.segments().collect();
    let mut found = Vec::new();
    walk(files, (&RepoPath::root(), DEPTH_MAX), &segments, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(
    files: &dyn Files,
    (folder, depth): (&RepoPath, usize),
    pattern: &[&str],
    found: &mut Vec<RepoPath>,
) -> Result<(), ReadError> {
    let (Some((first, rest)), Some(deeper)) = (pattern.split_first(), depth.checked_sub(1)) else {
        return Ok(());
    };
    if *first == "**" && !rest.is_empty() {
        walk(files, (folder, deeper), rest, found)?;
    }
    for entry in files.list(folder)? {
        let matches = *first == "**" || is_path_match(first, &entry.name);
        let Ok(path) = folder.join(&entry.name) else {
            continue;
        };
        if matches && (rest.is_empty()) {
            found.push(path.clone());
        }
        if entry.kind != EntryKind::Directory || !matches {
            continue;
        }
        let below = if *first == "**" { pattern } else { rest };
        walk(files, (&path, deeper), below, found)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use toft_source::MemoryFiles;

    use super::*;

    #[test]
    fn stars_stop_at_folders_and_two_of_them_do_not() {
        let files = ["a.yaml", "x/a.yaml", "x/y/a.yaml", "x/y/b.txt"];
        let files = MemoryFiles::new(files.map(|path| (path, "")));
        let cases: &[(&str, &[&str])] = &[
            ("*.yaml", &["a.yaml"]),
            ("*/*.yaml", &["x/a.yaml"]),
            ("**/*.yaml", &["a.yaml", "x/a.yaml", "x/y/a.yaml"]),
            ("x/**/a.yaml", &["x/a.yaml", "x/y/a.yaml"]),
            ("x/[y]/?.txt", &["x/y/b.txt"]),
            ("z/*", &[]),
        ];
        for (pattern, expected) in cases {
            let found = expand(&files, &RepoPath::parse(pattern).unwrap()).unwrap();
            let found: Vec<&str> = found.iter().map(RepoPath::as_str).collect();
            assert_eq!(found, *expected, "{pattern}");
        }
    }
}
