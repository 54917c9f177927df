//! Runs a function over every case folder and compares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use similar::TextDiff;

use crate::case::Case;

/// What a case gave: the name of an `expected.*` file and its content.
pub type Outputs = BTreeMap<String, String>;

/// Runs `check` over every folder below `dir` that holds a `case.md`, as one test each.
///
/// `dir` is relative to the crate. The outputs of a case must be exactly its `expected.*` files;
/// with `BLESS=1` they are written instead. A suite without cases fails.
pub fn run(dir: &str, check: fn(&Case) -> Result<Outputs, String>) -> ExitCode {
    let root = std::env::current_dir().unwrap_or_default().join(dir);
    let mut dirs = Vec::new();
    find(&root, &mut dirs);
    dirs.sort();
    let mut trials: Vec<Trial> = dirs
        .into_iter()
        .map(|dir| trial(&root, dir, check))
        .collect();
    if trials.is_empty() {
        let message = format!("no case below {}", root.display());
        trials.push(Trial::test("cases_exist", move || {
            Err(Failed::from(message))
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn find(dir: &Path, dirs: &mut Vec<PathBuf>) {
    if dir.join("case.md").is_file() {
        dirs.push(dir.to_owned());
        return;
    }
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            find(&entry.path(), dirs);
        }
    }
}

fn trial(root: &Path, dir: PathBuf, check: fn(&Case) -> Result<Outputs, String>) -> Trial {
    let name = dir
        .strip_prefix(root)
        .unwrap_or(&dir)
        .to_string_lossy()
        .into_owned();
    Trial::test(name, move || {
        let case = Case::new(dir);
        let outputs = check(&case)?;
        if std::env::var_os("BLESS").is_some() {
            bless(&case, &outputs)
        } else {
            compare(&case, &outputs)
        }
    })
}

fn expected_names(case: &Case) -> Vec<String> {
    let entries = std::fs::read_dir(case.dir())
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("expected.")).collect();
    names.sort();
    names
}

fn bless(case: &Case, outputs: &Outputs) -> Result<(), Failed> {
    for name in expected_names(case) {
        if !outputs.contains_key(&name) {
            std::fs::remove_file(case.dir().join(name))?;
        }
    }
    for (name, content) in outputs {
        std::fs::write(case.dir().join(name), content)?;
    }
    Ok(())
}

fn compare(case: &Case, outputs: &Outputs) -> Result<(), Failed> {
    let mut trouble = String::new();
    for name in expected_names(case) {
        if !outputs.contains_key(&name) {
            let _ = writeln!(trouble, "`{name}` is expected and did not come out");
        }
    }
    for (name, content) in outputs {
        let expected = case.text(name).unwrap_or_default();
        if expected != *content {
            let diff = TextDiff::from_lines(expected.as_str(), content.as_str());
            let _ = writeln!(
                trouble,
                "{}",
                diff.unified_diff().header(name, "what came out")
            );
        }
    }
    if trouble.is_empty() {
        Ok(())
    } else {
        Err(Failed::from(trouble))
    }
}
