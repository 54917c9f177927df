//! Argo CD's own code: `tests/oracles/argocd`, which writes its answer into a case folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::{Answer, Programs};
use crate::{oracle, shell};

/// Templates, rendered as the ApplicationSet controller does.
pub(super) fn templates(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    ask("templates", cases, "expected.txt")
}

/// `ApplicationSet`s over a repository.
pub(super) fn expand(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    ask("expand", cases, "expected.yaml")
}

/// The health of objects.
pub(super) fn health(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    ask("health", cases, "expected.health")
}

/// The tasks of syncs, in order.
pub(super) fn order(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    ask("order", cases, "expected.order")
}

/// Syncs, pass by pass.
pub(super) fn passes(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    ask("sync", cases, "expected.passes")
}

/// Sources of Applications, with the Helm that Argo CD 3.2 ships with, and the newest kustomize.
pub(super) fn render(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    ask("render", cases, "expected.yaml")
}

/// Asks about copies of the cases: comparing changes nothing.
fn ask(question: &str, cases: &[PathBuf], file: &'static str) -> Result<Vec<Answer>> {
    let folder = std::env::temp_dir().join(format!("toft-argocd-{}", std::process::id()));
    let mut copies = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let to = folder.join(at.to_string());
        copy(&case.join("input"), &to.join("input"))?;
        copies.push(to);
    }
    let mut argo = Command::new(oracle::ensure("argocd")?);
    if question == "render" {
        argo.env("HELM", oracle::ensure("helm-3")?);
        argo.env("KUSTOMIZE", oracle::ensure("kustomize")?);
    }
    let output = shell::output(argo.arg(question).args(&copies))?;
    let mut answers = Vec::new();
    for to in copies {
        let text = std::fs::read_to_string(to.join(file));
        answers.extend(text.map(|text| BTreeMap::from([(file, text)])));
    }
    std::fs::remove_dir_all(&folder)?;
    if !output.status.success() || answers.len() < cases.len() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(answers)
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
