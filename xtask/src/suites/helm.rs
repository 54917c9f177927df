//! Helm's own code and programs: `tests/oracles/helm3` and `tests/oracles/helm4`, which write their answers into
//! a case folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::argo::copy;
use super::{Answer, Programs};
use crate::{oracle, shell};

/// The program that answers, Helm itself, and the file of the answer.
const VERSIONS: &[(&str, &str, &str)] = &[
    ("helm3-cases", "helm-3.22.0", "expected.3.txt"),
    ("helm4-cases", "helm-4.3.1", "expected.4.txt"),
];

/// Templates and charts, rendered by both versions.
pub(super) fn answer(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let folder = std::env::temp_dir().join(format!("toft-helm-{}", std::process::id()));
    let mut copies = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let to = folder.join(at.to_string());
        copy(&case.join("input"), &to.join("input"))?;
        copies.push(to);
    }
    for (cases, helm, _) in VERSIONS {
        let helm = oracle::ensure(helm)?;
        for to in &copies {
            let templates = to.join("input/templates.txt").is_file();
            let question = if templates { "templates" } else { "charts" };
            let mut ask = Command::new(oracle::ensure(cases)?);
            let output = shell::output(ask.arg(question).arg(to).env("HELM", &helm))?;
            if !output.status.success() {
                bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
            }
        }
    }
    let mut answers = Vec::new();
    for to in copies {
        let mut answer = Answer::new();
        for (_, _, file) in VERSIONS {
            let bytes = std::fs::read(to.join(file))?;
            answer.insert(file, String::from_utf8_lossy(&bytes).into_owned());
        }
        answers.push(answer);
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(answers)
}
