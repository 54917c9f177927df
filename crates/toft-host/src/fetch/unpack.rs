//! What the cache holds, as a tree.

use std::io::Read as _;

use tar::{Archive, EntryType};
use toft_source::{FILE_BYTES_MAX, MemoryFiles, Remote, RepoPath};

/// The tree of a content that was fetched.
pub(super) fn tree(remote: &Remote, content: &[u8]) -> Result<MemoryFiles, String> {
    match remote {
        Remote::Chart { .. } => chart(content),
        Remote::Git { .. } => repository(content),
        Remote::File { url } => file(url, content),
    }
}

fn chart(content: &[u8]) -> Result<MemoryFiles, String> {
    let mut files = MemoryFiles::default();
    for file in toft_helm::unpack(content).map_err(|problem| problem.message)? {
        let path = RepoPath::parse(&file.name).map_err(|error| error.to_string())?;
        files.insert(path, file.bytes);
    }
    Ok(files)
}

fn repository(content: &[u8]) -> Result<MemoryFiles, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut files = MemoryFiles::default();
    let mut archive = Archive::new(content);
    for entry in archive.entries().map_err(told)? {
        let mut entry = entry.map_err(told)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        // What a path cannot say is no file that anybody could name.
        let Ok(path) = RepoPath::parse(&path) else {
            continue;
        };
        if entry.size() > FILE_BYTES_MAX {
            files.insert_too_large(path, entry.size());
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(told)?;
        if entry.header().entry_type() == EntryType::Symlink {
            files.link(path, String::from_utf8_lossy(&bytes));
        } else {
            files.insert(path, bytes.into());
        }
    }
    Ok(files)
}

/// The name of a file is the last segment of its address.
fn file(url: &str, content: &[u8]) -> Result<MemoryFiles, String> {
    let (path, _) = url.split_once(['?', '#']).unwrap_or((url, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    let path = RepoPath::parse(name).map_err(|error| error.to_string())?;
    if path.is_root() {
        return Err("its address names no file".to_owned());
    }
    let mut files = MemoryFiles::default();
    files.insert(path, content.into());
    Ok(files)
}
