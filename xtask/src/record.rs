//! `cargo x record [--tool TOOL] [ROOM/CASE]`: what upstream makes of the cases, written down again.

use anyhow::{Result, bail};

use crate::kubectl::{self, Mode};
use crate::shell;
use crate::suites::{Programs, SUITES};

/// The tool that plays the scenarios of `tests/kubectl` on a real control plane.
const KUBECTL: &str = "kubectl";

/// Records again: the cases of one tool, of one room, one case, or all.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let tool = shell::flag(args, "--tool");
    let wanted = args
        .iter()
        .enumerate()
        .filter(|(at, _)| {
            at.checked_sub(1)
                .and_then(|at| args.get(at))
                .map(String::as_str)
                != Some("--tool")
        })
        .map(|(_, word)| word.as_str())
        .find(|word| !word.starts_with("--"));
    let mut programs = Programs::default();
    let mut recorded = 0;
    for suite in SUITES
        .iter()
        .filter(|suite| tool.is_none_or(|tool| tool == suite.tool))
    {
        let count = suite.record(&mut programs, wanted)?;
        if count > 0 {
            println!("{}: {count} cases, from {}", suite.folder, suite.origin);
        }
        recorded += count;
    }
    if tool == Some(KUBECTL) || (tool.is_none() && wanted.is_none()) {
        recorded += kubectl::with_plane(Mode::Record, wanted)?.equal;
    }
    if recorded == 0 {
        bail!("no case matches");
    }
    Ok(())
}
