//! The YAML libraries of kubectl and of kustomize, each with the reader of files that goes with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::programs::YamlOracle;
use super::{Answer, Programs, each};

/// What each library makes of the documents: their values as upstream writes them, then what it refuses.
pub(super) fn answer(programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let oracle = programs.yaml()?;
    each(cases, |case| documents(oracle, case))
}

fn documents(oracle: &mut YamlOracle, case: &Path) -> Result<Answer> {
    let text = std::fs::read(case.join("input/document.yaml"))?;
    let mut files = BTreeMap::new();
    for (mode, name) in [
        ("kubectl", "expected.kubectl"),
        ("kustomize", "expected.kustomize"),
    ] {
        let (mut values, mut refusals) = (Vec::new(), String::new());
        for document in oracle.read(mode, &text)? {
            match document {
                Ok(json) if json == "null" => {}
                Ok(json) => values.push(oracle.write(&json)?.context("what was read is written")?),
                Err(message) => drop(writeln!(refusals, "error: {message}")),
            }
        }
        files.insert(name, values.join("---\n") + &refusals);
    }
    Ok(files)
}
