//! `cargo x record --tool TOOL [--case NAME]`: what upstream makes of the cases, written down again.

mod exchanges;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{oracle, shell};

/// The cases of kustomize.
const KUSTOMIZE_CASES: &str = "crates/toft-kustomize/tests/cases";

/// What stands in `case.md` before what upstream says.
const REFUSAL: &str = "\nUpstream refuses:\n";

/// Longer messages are cut: they repeat the object.
const LINES_MAX: usize = 16;

/// Records again.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match shell::flag(args, "--tool") {
        Some("kube-apiserver") => exchanges::record(shell::flag(args, "--case")),
        Some("kustomize") => kustomize(shell::flag(args, "--case")),
        Some(other) => bail!("nothing is recorded from `{other}`"),
        None => bail!("`cargo x record` needs `--tool kube-apiserver` or `--tool kustomize`"),
    }
}

fn kustomize(only: Option<&str>) -> Result<()> {
    let upstream = oracle::KUSTOMIZE.ensure()?;
    let cases = shell::root().join(KUSTOMIZE_CASES);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    folders.sort();
    let wanted = |folder: &&PathBuf| only.is_none_or(|name| folder.ends_with(name));
    let mut recorded = 0;
    for folder in folders.iter().filter(wanted) {
        record(&upstream, folder).with_context(|| format!("recording {}", folder.display()))?;
        recorded += 1;
    }
    println!("{recorded} cases recorded");
    Ok(())
}

fn record(upstream: &Path, folder: &Path) -> Result<()> {
    let about_path = folder.join("case.md");
    let about = std::fs::read_to_string(&about_path)?;
    let about = about.split(REFUSAL).next().unwrap_or_default().to_owned();
    if about.contains("- upstream: not compared") {
        return Ok(());
    }
    let directory = quoted(&about, "- directory: `").context("`case.md` names no directory")?;
    let options = about.lines().filter_map(|line| {
        let line = line.strip_prefix("- option: `")?;
        line.strip_suffix('`')
    });
    let mut command = Command::new(upstream);
    command
        .arg("build")
        .args(options.flat_map(str::split_whitespace));
    let input = folder.join("input");
    let output = shell::output(command.arg(input.join(directory)))?;
    let expected = folder.join("expected.yaml");
    if output.status.success() {
        std::fs::write(&expected, &output.stdout)?;
        std::fs::write(&about_path, about)?;
        return Ok(());
    }
    if expected.exists() {
        std::fs::remove_file(&expected)?;
    }
    let message = String::from_utf8_lossy(&output.stderr);
    // Where the checkout lies has nothing to do with what is said.
    let message = message.replace(&input.display().to_string(), "input");
    std::fs::write(
        &about_path,
        format!("{about}{REFUSAL}\n{}", indented(&message)),
    )?;
    Ok(())
}

fn quoted<'a>(about: &'a str, prefix: &str) -> Option<&'a str> {
    let mut lines = about.lines();
    lines.find_map(|line| line.strip_prefix(prefix)?.strip_suffix('`'))
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
