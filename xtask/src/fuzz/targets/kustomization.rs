//! Kustomizations: the cases of the room, their files changed.

use anyhow::Result;
use toft_kustomize::{BuildOptions, HelmOptions, LoadRestrictor, build, print};
use toft_source::{Files, RepoPath};
use toft_testkit::Mutator;

use super::{any, any_part};
use crate::fuzz::input::{Input, cases, files_below};
use crate::fuzz::reshape::{Kind, reshaped};

/// The part that names the directory.
const DIRECTORY: &str = "directory:";

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

pub(super) fn stored() -> Result<Vec<Input>> {
    let mut stored = Vec::new();
    for case in cases("crates/toft-kustomize/tests/cases")? {
        let mut input = files_below(&case.join("input"))?;
        let about = std::fs::read_to_string(case.join("case.md"))?;
        let mut lines = about.lines();
        let directory =
            lines.find_map(|line| line.strip_prefix("- directory: `")?.strip_suffix('`'));
        if let (Some(directory), false) = (directory, input.parts.is_empty()) {
            let part = (DIRECTORY.to_owned(), directory.as_bytes().to_vec());
            input.parts.insert(0, part);
            stored.push(input);
        }
    }
    Ok(stored)
}

pub(super) fn change(mutator: &mut Mutator, stored: &[Input]) -> Input {
    let mut input = any(mutator, stored).clone();
    for _ in 0..=mutator.below(2) {
        let wanted = mutator.below(2) == 0;
        let is_kustomization = |name: &str| NAMES.iter().any(|known| name.ends_with(known));
        let candidates = input
            .parts
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| name != DIRECTORY && (!wanted || is_kustomization(name)));
        let candidates: Vec<usize> = candidates.map(|(index, _)| index).collect();
        let Some(index) = candidates.get(mutator.below(candidates.len())) else {
            continue;
        };
        let other = any(mutator, stored);
        let other = match other.parts.iter().find(|(name, _)| is_kustomization(name)) {
            Some((_, bytes)) if wanted => bytes.as_slice(),
            _ => any_part(mutator, stored),
        };
        if let Some((_, bytes)) = input.parts.get_mut(*index) {
            *bytes = reshaped(mutator, (bytes, Kind::Yaml), other);
        }
    }
    input
}

pub(super) fn run(input: &Input) -> bool {
    let files = input.tree(&[DIRECTORY]);
    built(&files, &input.text(DIRECTORY))
}

fn built(files: &dyn Files, directory: &str) -> bool {
    let Ok(directory) = RepoPath::parse(directory) else {
        return false;
    };
    let options = BuildOptions {
        load_restrictor: LoadRestrictor::RootOnly,
        helm: Some(HelmOptions::default()),
        ..BuildOptions::default()
    };
    match build(files, &directory, &options) {
        Ok(built) if !built.has_errors() => {
            std::hint::black_box(print(&built.value));
            true
        }
        Ok(built) => {
            let told = toft_source::render_text(&built.diagnostics, toft_source::Style::Plain);
            std::hint::black_box(told);
            false
        }
        Err(_) => false,
    }
}
