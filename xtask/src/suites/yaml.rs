//! The YAML libraries of kubectl and of kustomize, each document of a case asked alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

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
        for chunk in chunks(&text) {
            match oracle.ask(mode, chunk)? {
                Ok(json) if json == "null" => {}
                Ok(json) => {
                    let written = oracle.ask("write", json.as_bytes())?;
                    values.push(written.map_err(|error| anyhow!(error))?);
                }
                Err(message) => drop(writeln!(refusals, "error: {message}")),
            }
        }
        files.insert(name, values.join("---\n") + &refusals);
    }
    Ok(files)
}

/// The text, cut before every line that begins another document, as upstream's readers of manifests do.
pub(crate) fn chunks(text: &[u8]) -> Vec<&[u8]> {
    let (mut chunks, mut start) = (Vec::new(), 0);
    for (at, byte) in text.iter().enumerate() {
        let rest = text.get(at + 1..).unwrap_or_default();
        let is_marker =
            rest.starts_with(b"---") && rest.get(3).is_none_or(u8::is_ascii_whitespace);
        if *byte == b'\n' && is_marker {
            chunks.push(text.get(start..=at).unwrap_or_default());
            start = at + 1;
        }
    }
    chunks.push(text.get(start..).unwrap_or_default());
    chunks
}
