//! `cargo x bless`: what the cases give becomes what they expect; the diff is the review.

use std::process::Command;

use anyhow::Result;

use crate::shell;

/// Writes the expectations of one crate, or of all.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut cargo = shell::cargo(&["test", "--quiet"]);
    match args.first() {
        Some(package) => cargo.args(["--package", package]),
        None => cargo.arg("--workspace"),
    };
    shell::run(cargo.env("BLESS", "1"))?;
    shell::run(
        Command::new("git")
            .args(["diff", "--stat"])
            .current_dir(shell::root()),
    )
}
