//! Case folders are whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Breach, Checkout};
use crate::suites::{NOT_COMPARED, suite_of};

/// What decides the scenarios of the clients.
const KUBECTL_ORIGIN: &str = "Kubernetes 1.36.3";

/// Where expectations are what this house decided, and nobody upstream can be asked.
const OWN: &[&str] = &[
    "crates/toft/tests/cases",
    "crates/toft-cluster/tests/cases",
    "crates/toft-diff/tests/cases",
    "crates/toft-source/tests/cases",
];

/// Cases that do not say which upstream program decided them.
pub(super) fn origins(checkout: &Checkout) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    let is_about = |file: &&Path| file.file_name().is_some_and(|name| name == "case.md");
    for file in checkout.below("").filter(is_about) {
        if OWN.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let text = checkout.read(file)?;
        let suite = suite_of(file);
        let origin = match suite {
            Some(suite) => suite.origin,
            None if file.starts_with("tests/kubectl") => KUBECTL_ORIGIN,
            None => {
                breaches.push(format!("{}: belongs to no suite", file.display()));
                continue;
            }
        };
        if !text.contains(origin) && !text.contains(NOT_COMPARED) {
            breaches.push(format!("{}: does not name {origin}", file.display()));
        }
    }
    Ok(breaches)
}

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
