//! The files of a chart's archive, read with bounds and written nowhere.

use std::io::Read as _;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};
use toft_source::RepoPath;

use crate::chart::ChartFile;
use crate::problem::Problem;

/// How many bytes the files of an archive may have together; Helm's own limit.
pub const ARCHIVE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// How many files a chart may have: ten times the largest public chart.
pub const ARCHIVE_FILES_MAX: usize = 10_000;

/// How many bytes one file may have; Helm's own limit.
pub const FILE_BYTES_MAX: usize = 5 * 1024 * 1024;

/// The bytes without a byte order mark; `None` where there is no mark.
pub(super) fn without_mark(bytes: &[u8]) -> Option<Arc<[u8]>> {
    bytes.strip_prefix(b"\xef\xbb\xbf").map(Arc::from)
}

/// Reads every regular file of an archive.
pub(super) fn read(bytes: &[u8], path: &RepoPath) -> Result<Vec<ChartFile>, Problem> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Err(Problem::chart("gzip: invalid header"));
    }
    let mut archive = Archive::new(MultiGzDecoder::new(bytes).take(STREAM_BYTES_MAX));
    let broken = |error: std::io::Error| Problem::chart(format!("the archive is broken: {error}"));
    let mut files = Vec::new();
    let mut left = ARCHIVE_BYTES_MAX;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader)
            || kind.is_dir()
            || name.ends_with('/')
        {
            continue;
        }
        let inside = inner_path(&name)?;
        let size = usize::try_from(entry.size()).unwrap_or(usize::MAX);
        if size > left {
            return Err(too_large());
        }
        if size > FILE_BYTES_MAX {
            return Err(Problem::chart(format!(
                "decompressed chart file {name:?} is larger than the maximum file size {FILE_BYTES_MAX}"
            )));
        }
        if files.len() == ARCHIVE_FILES_MAX {
            return Err(Problem::chart(format!(
                "the chart has more than {ARCHIVE_FILES_MAX} files"
            )));
        }
        // The size is what the header claims, so that nothing is set aside for it.
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if content.len() < size || content.len() > left {
            return Err(too_large());
        }
        left -= content.len();
        files.push(ChartFile {
            name: inside.into(),
            bytes: without_mark(&content).unwrap_or_else(|| content.into()),
            path: path.clone(),
        });
    }
    if files.is_empty() {
        return Err(Problem::chart("no files in chart archive"));
    }
    Ok(files)
}

/// How much of the stream is read at all: the files, and a header of two blocks for each.
const STREAM_BYTES_MAX: u64 = 128 * 1024 * 1024;

fn too_large() -> Problem {
    Problem::chart(format!(
        "decompressed chart is larger than the maximum file size {ARCHIVE_BYTES_MAX}"
    ))
}

/// The path below the archive's one folder, which must not lead out of it.
fn inner_path(name: &str) -> Result<String, Problem> {
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(delimiter).unwrap_or((name, ""));
    let path = rest.replace(delimiter, "/");
    if path.starts_with('/') {
        return Err(Problem::chart("chart illegally contains absolute paths"));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." if parts.pop().is_none() => {
                return Err(Problem::chart(
                    "chart illegally references parent directory",
                ));
            }
            "" | "." | ".." => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(Problem::chart(format!(
            "chart illegally contains content outside the base directory: {name:?}"
        )));
    }
    let path = parts.join("/");
    let mut start = path.chars();
    let drive = start.next().is_some_and(|one| one.is_ascii_alphabetic())
        && start.as_str().starts_with(":/");
    if drive {
        return Err(Problem::chart("chart contains illegally named files"));
    }
    if first == "Chart.yaml" {
        return Err(Problem::chart("chart yaml not in base directory"));
    }
    Ok(path)
}
