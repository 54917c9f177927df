//! `kustomize build`: what it prints, or what it refuses with, which `case.md` keeps.

mod outside;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use regex::Regex;

use self::outside::Outside;
use super::{Answer, Programs, each};
use crate::{oracle, shell};

/// What stands in `case.md` before what upstream says.
const REFUSAL: &str = "\nUpstream refuses:\n";

/// The option that makes upstream run Helm.
const WITH_CHARTS: &str = "- option: `--enable-helm`";

/// Longer messages are cut: they repeat the object.
const LINES_MAX: usize = 16;

pub(super) fn answer(_: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let upstream = oracle::KUSTOMIZE.ensure()?;
    each(cases, |case| build(&upstream, case))
}

fn build(upstream: &Path, folder: &Path) -> Result<Answer> {
    let about_path = folder.join("case.md");
    let about = std::fs::read_to_string(&about_path)?;
    let about = about.split(REFUSAL).next().unwrap_or_default().to_owned();
    let directory = quoted(&about, "- directory: `").context("`case.md` names no directory")?;
    let options = about.lines().filter_map(|line| {
        let line = line.strip_prefix("- option: `")?;
        line.strip_suffix('`')
    });
    let mut command = Command::new(upstream);
    command
        .arg("build")
        .args(options.flat_map(str::split_whitespace));
    let helm = if about.contains(WITH_CHARTS) {
        let version = match quoted(&about, "- helm: `") {
            Some("4") => "helm-4.3.1",
            _ => "helm-3.22.0",
        };
        Some(oracle::ensure(version)?.display().to_string())
    } else {
        None
    };
    if let Some(helm) = &helm {
        command.args(["--helm-command", helm]);
    }
    let outside = Outside::of(folder, &about)?;
    if let Some(outside) = &outside {
        outside.show(&mut command);
    }
    let input = folder.join("input");
    let output = shell::output(command.arg(input.join(directory)))?;
    if output.status.success() {
        let objects = String::from_utf8_lossy(&output.stdout).into_owned();
        return Ok(BTreeMap::from([
            ("case.md", about),
            ("expected.yaml", objects),
        ]));
    }
    let message = String::from_utf8_lossy(&output.stderr);
    // Where the checkout lies has nothing to do with what is said.
    let message = message.replace(&input.display().to_string(), "input");
    let message = message.replace(helm.as_deref().unwrap_or("helm"), "helm");
    let temporary = format!("'{}'", std::env::temp_dir().display());
    let message = without_chance(&message.replace(&temporary, "'TEMPORARY'"))?;
    let about = format!("{about}{REFUSAL}\n{}", indented(&message));
    Ok(BTreeMap::from([("case.md", about)]))
}

fn quoted<'a>(about: &'a str, prefix: &str) -> Option<&'a str> {
    let mut lines = about.lines();
    lines.find_map(|line| line.strip_prefix(prefix)?.strip_suffix('`'))
}

/// What no two runs share: addresses of memory, the times of log lines, and the stack of a crash.
const CHANCE: &[(&str, &str)] = &[
    (r"\b0x[0-9a-f]{6,}\b", "ADDRESS"),
    (r"(?s)\ngoroutine \d+ \[running\]:.*", ""),
    (r"[^ =']*/kustomize-helm-\d+", "FOLDER"),
    (r"[^ =']*/kustomize-\d+", "CLONE"),
    (r"[^ =']*/toft-outside-\d+", "OUTSIDE"),
    (r"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", "TIME "),
];

fn without_chance(message: &str) -> Result<String> {
    let mut message = message.to_owned();
    for (pattern, with) in CHANCE {
        message = Regex::new(pattern)?
            .replace_all(&message, *with)
            .into_owned();
    }
    Ok(message)
}

fn indented(message: &str) -> String {
    let mut text = String::new();
    // Warnings about old fields come first and are no part of the refusal.
    let lines = message
        .lines()
        .filter(|line| !line.starts_with("# Warning"));
    let lines = lines.filter(|line| !line.trim().is_empty());
    for line in lines.take(LINES_MAX) {
        let _ = writeln!(text, "    {}", line.trim_end());
    }
    text
}
