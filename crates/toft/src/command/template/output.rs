//! `--output-dir`: what a chart gives, in files.
//!
//! Source: Helm 4.3.1 `pkg/action/install.go`, `pkg/cmd/template.go`, `writeToFile`.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toft_helm::{Manifest, Manifests};

use crate::printer::Printer;

/// Writes every manifest to the file of its template, and tells each one.
///
/// The objects of `crds/` never go below the name of the release, and hooks are added to a file that is there:
/// both as Helm does it.
pub(super) fn write(
    rendered: &Manifests,
    folder: &Path,
    release: Option<&str>,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let below = release.map_or_else(|| folder.to_owned(), |release| folder.join(release));
    let mut written = BTreeSet::new();
    let crds = rendered.crds.iter().map(|manifest| (folder, manifest));
    let objects = rendered.manifests.iter();
    let objects = objects.map(|manifest| (below.as_path(), manifest));
    for (folder, manifest) in crds.chain(objects) {
        let path = folder.join(&manifest.name);
        let start = if written.insert(path.clone()) {
            Start::Anew
        } else {
            Start::Behind
        };
        one(&path, manifest, start)?;
        printer.data(&format!("wrote {}\n", path.display()));
    }
    for hook in &rendered.hooks {
        let path: PathBuf = below.join(&hook.manifest.name);
        let start = if path.exists() {
            Start::Behind
        } else {
            Start::Anew
        };
        one(&path, &hook.manifest, start)?;
        printer.data(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

/// Whether a file loses what is in it.
#[derive(Clone, Copy)]
enum Start {
    Anew,
    Behind,
}

fn one(path: &Path, manifest: &Manifest, start: Start) -> anyhow::Result<()> {
    let text = format!("---\n# Source: {}\n{}\n", manifest.name, manifest.text);
    let failed = || format!("cannot write `{}`", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let mut options = OpenOptions::new();
    match start {
        Start::Anew => options.write(true).create(true).truncate(true),
        Start::Behind => options.append(true),
    };
    let mut file = options.open(path).with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)
}
