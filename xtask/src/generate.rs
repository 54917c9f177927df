//! Writes the files that are generated from published data, and the pages that are written from the code:
//! `cargo x generate [--check] [--papers] [--modules DIR]`.
//!
//! With `--papers`, only the pages: they need nothing of upstream. `DIR` is a Go module cache that holds the upstream modules (`go mod download`); by default the one of
//! the machine. With `--check` nothing is written, and a difference is an error.

mod argo;
mod discovery;
mod go;
mod kustomize;
mod openapi;
mod papers;
mod table;
mod types;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::shell;

/// The release whose API the schema table describes.
const KUBERNETES: &str = "1.36.3";

/// Where upstream's modules lie.
pub(crate) struct Upstream {
    modules: PathBuf,
}

impl Upstream {
    fn kubernetes(&self) -> PathBuf {
        self.modules
            .join(format!("k8s.io/kubernetes@v{KUBERNETES}"))
    }

    fn argo(&self) -> PathBuf {
        let module = format!("github.com/argoproj/argo-cd/v3@v{}", argo::VERSION);
        self.modules.join(module)
    }

    /// One of the modules that Kubernetes is published in: `1.x.y` is their `0.x.y`.
    fn staging(&self, name: &str) -> PathBuf {
        let version = KUBERNETES.trim_start_matches('1');
        self.modules.join(format!("k8s.io/{name}@v0{version}"))
    }
}

/// Runs the generators.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let mode = if arguments.iter().any(|argument| argument == "--check") {
        Mode::Check
    } else {
        Mode::Write
    };
    papers(mode)?;
    if arguments.iter().any(|argument| argument == "--papers") {
        return Ok(());
    }
    let modules = match shell::flag(arguments, "--modules") {
        Some(folder) => PathBuf::from(folder),
        None => module_cache()?,
    };
    let upstream = Upstream { modules };
    let root = shell::root();
    let tables = root.join("crates/toft-schema/src");
    let outputs = [
        (tables.join("argo.json"), argo::write(&upstream)?),
        (tables.join("kubernetes.table"), table::write(&upstream)?),
        (
            root.join("crates/toft-kustomize/src/schema/table.rs"),
            kustomize::write(&upstream)?,
        ),
    ];
    settle(mode, outputs)
}

/// What is done with generated files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are written.
    Write,
    /// A difference is an error.
    Check,
}

/// The pages that are written from the code; nothing of upstream is needed for them.
pub(crate) fn papers(mode: Mode) -> anyhow::Result<()> {
    settle(mode, papers::write()?)
}

fn settle(mode: Mode, outputs: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> anyhow::Result<()> {
    for (path, bytes) in outputs {
        match mode {
            Mode::Check => compare(&path, &bytes)?,
            Mode::Write => {
                std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
                std::fs::write(&path, &bytes)
                    .with_context(|| format!("writing {}", path.display()))?;
            }
        }
    }
    Ok(())
}

fn module_cache() -> anyhow::Result<PathBuf> {
    let output = Command::new("go")
        .args(["env", "GOMODCACHE"])
        .output()
        .context("asking `go env GOMODCACHE`")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn compare(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let found = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    if found != bytes {
        bail!("{} is stale: run `cargo x generate`", path.display());
    }
    Ok(())
}
