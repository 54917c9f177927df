//! Decisions, changelog fragments, large files, the lock file.

use std::path::Path;

use anyhow::Result;

use super::{Breach, Checkout};

/// What a Git repository carries for ever should be small.
const BLOB_BYTES_MAX: u64 = 256 * 1024;

/// Generated tables that are larger, and lock files, which grow by themselves.
const LARGE: &[&str] = &["Cargo.lock"];
const LARGE_FOLDERS: &[&str] = &["crates/toft-schema/table"];

/// How many packages may stand in `Cargo.lock`; raised on purpose, never in passing.
const LOCK_PACKAGES_MAX: usize = 340;

const FRAGMENTS: &[&str] = &["added", "changed", "fixed", "removed"];

/// ADRs out of order, fragments without a kind, large blobs.
pub(super) fn orderly(checkout: &Checkout) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for (index, file) in checkout
        .below("docs/adr")
        .filter(|file| is_numbered(file))
        .enumerate()
    {
        let expected = format!("{:04}-", index + 1);
        if !file_name(file).starts_with(&expected) {
            breaches.push(format!(
                "{}: the next decision has number {expected}",
                file.display()
            ));
        }
    }
    for file in checkout
        .below("changelog.d")
        .filter(|file| file_name(file) != "README.md")
    {
        let name = file_name(file);
        let kind = name
            .strip_suffix(".md")
            .and_then(|name| name.rsplit_once('.'))
            .map(|(_, kind)| kind);
        if !kind.is_some_and(|kind| FRAGMENTS.contains(&kind)) {
            breaches.push(format!(
                "{}: a fragment ends in .{{{}}}.md",
                file.display(),
                FRAGMENTS.join(",")
            ));
        }
    }
    for file in checkout.below("") {
        let bytes = std::fs::metadata(checkout.root.join(file))?.len();
        let large = LARGE.contains(&file_name(file).as_str())
            || LARGE_FOLDERS.iter().any(|folder| file.starts_with(folder));
        if bytes > BLOB_BYTES_MAX && !large {
            breaches.push(format!(
                "{}: {bytes} bytes, at most {BLOB_BYTES_MAX}",
                file.display()
            ));
        }
    }
    Ok(breaches)
}

/// A lock file over its budget.
pub(super) fn lock_budget(checkout: &Checkout) -> Result<Vec<Breach>> {
    let lock = checkout.read(Path::new("Cargo.lock"))?;
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    let over = packages > LOCK_PACKAGES_MAX;
    let breach = format!("Cargo.lock: {packages} packages, at most {LOCK_PACKAGES_MAX}");
    Ok(over.then_some(breach).into_iter().collect())
}

fn is_numbered(file: &Path) -> bool {
    file_name(file).starts_with(|first: char| first.is_ascii_digit())
}

fn file_name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
