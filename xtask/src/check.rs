//! `cargo x check`: what can be seen without running anything.

use anyhow::Result;

use crate::{generate, shell, tidy};

/// Formatting, the rules of the house, lints, documentation; in the order of how long they take.
pub(crate) fn run(_: &[String]) -> Result<()> {
    shell::say("format");
    shell::run(&mut shell::cargo(&["fmt", "--all", "--", "--check"]))?;
    tidy::run(&[])?;
    shell::say("lints");
    let lints = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    shell::run(&mut shell::cargo(&lints))?;
    shell::say("documentation");
    let docs = ["doc", "--quiet", "--workspace", "--no-deps", "--locked"];
    shell::run(shell::cargo(&docs).env("RUSTDOCFLAGS", "-D warnings"))?;
    shell::say("pages that are written from the code");
    generate::papers(generate::Mode::Check)
}
