//! `cargo x up`: the main job, on the example lab.

use std::process::Command;

use anyhow::Result;

use crate::shell;

/// Builds the release binary and brings `examples/k8s-nas/repository` up; further words are flags of `toft up`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    shell::say("building toft (the first time takes some minutes)");
    build_release()?;
    let binary = release_binary();
    let mut toft = Command::new(binary);
    toft.args(["up", "examples/k8s-nas/repository"])
        .args(args)
        .current_dir(shell::root());
    shell::run(&mut toft)
}

/// Builds the release binary: on Linux a static one at a fixed address, as Go's programs are. One that
/// looks for its libraries and moves itself first needs three times as long to start.
pub(crate) fn build_release() -> Result<()> {
    let args = ["rustc", "--release", "--package=toft", "--bin=toft"];
    let mut cargo = shell::cargo(&args);
    cargo.arg("--locked");
    if cfg!(target_os = "linux") {
        cargo.args(["--", "-C", "target-feature=+crt-static"]);
        cargo.args(["-C", "relocation-model=static"]);
    }
    shell::run(&mut cargo)
}

/// Where cargo puts the release binary.
pub(crate) fn release_binary() -> std::path::PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| shell::root().join("target"), Into::into);
    target.join("release").join("toft")
}
