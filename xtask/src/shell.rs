//! Running programs, and where things are.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Where what is expensive to build is kept between runs: `TOFT_CACHE`, else the user's cache folder.
pub(crate) fn cache() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let home = || from("HOME").map(|home| home.join(".cache"));
    let base = from("XDG_CACHE_HOME")
        .or_else(home)
        .unwrap_or_else(std::env::temp_dir);
    from("TOFT_CACHE").unwrap_or_else(|| base.join("toft"))
}

/// Says what is being done, on standard error.
pub(crate) fn say(text: &str) {
    eprintln!("   {text}");
}

/// A `cargo` command in the root of the checkout.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    // What the cargo that started us says about this package is no business of the next one: build
    // scripts that watch these variables would run again after every change between the two.
    let of_package = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    for name in of_package {
        command.env_remove(name);
    }
    command
}

/// Builds the binary of a package for tests, and says where it is.
pub(crate) fn build_debug(package: &str) -> Result<PathBuf> {
    say(&format!("building {package}"));
    run(&mut cargo(&["build", "--package", package, "--locked"]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("debug").join(package))
}

/// Runs a program to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("failed to start {}", words(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", words(command));
    }
    Ok(())
}

/// Runs a program to its end and gives what it printed; a failure is not an error.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command
        .output()
        .with_context(|| format!("failed to start {}", words(command)))
}

fn words(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    let program = command.get_program().to_string_lossy();
    std::iter::once(program)
        .chain(args)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The value after `--name`, if it is there.
pub(crate) fn flag<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}
