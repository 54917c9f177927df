//! `cargo x test`: everything that must pass before a change lands, but the live comparison.

use anyhow::Result;

use crate::{check, kubectl, oracle, shell};

/// Looks at the house, builds the clients that the tests drive, and runs the tests.
pub(crate) fn run(args: &[String]) -> Result<()> {
    check::run(&[])?;
    shell::say("kubectl: the real clients that the tests drive (built once)");
    let newest = oracle::KUBECTL.ensure()?;
    let older = oracle::KUBECTL_OLDER.ensure()?;
    shell::say("tests");
    let mut cargo = shell::cargo(&["test", "--workspace", "--locked"]);
    cargo
        .args(args)
        .env("TOFT_KUBECTL", newest)
        .env("TOFT_KUBECTL_OLDER", older);
    shell::run(&mut cargo)?;
    shell::say("kubectl against the simulated cluster");
    kubectl::run(&[])
}
