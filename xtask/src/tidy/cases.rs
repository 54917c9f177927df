//! Case folders are whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Breach, Checkout};

/// Folders with expectations and no `case.md`, and the other way round.
pub(super) fn complete(checkout: &Checkout) -> Result<Vec<Breach>> {
    let in_cases = |file: &&Path| file.components().any(|part| part.as_os_str() == "cases");
    let mut told: BTreeSet<PathBuf> = BTreeSet::new();
    let mut expecting: BTreeSet<PathBuf> = BTreeSet::new();
    let mut breaches = Vec::new();
    for file in checkout.below("crates").filter(in_cases) {
        let folder = file.parent().unwrap_or(file).to_owned();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name == "case.md" {
            if checkout.read(file)?.trim().is_empty() {
                breaches.push(format!("{}: says nothing", file.display()));
            }
            told.insert(folder);
        } else if name.starts_with("expected.") {
            expecting.insert(folder);
        }
    }
    let silent = expecting
        .difference(&told)
        .map(|folder| format!("{}: has no case.md", folder.display()));
    let empty = told
        .difference(&expecting)
        .map(|folder| format!("{}: expects nothing", folder.display()));
    breaches.extend(silent.chain(empty));
    Ok(breaches)
}
