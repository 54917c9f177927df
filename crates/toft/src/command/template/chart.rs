//! Where the chart of `toft template` is.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use toft_helm::{Chart, HelmVersion, load, load_archive};
use toft_host::{DiskFiles, Look};
use toft_source::{Checked, Diagnostic, Files, Remote, RepoPath};

use crate::outside::OutsideArgs;
use crate::printer::Printer;
use crate::trouble::Trouble;

/// Where a chart is that is not on this machine.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// The repository of the chart: `https://…`
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    /// The version of the chart, or a range of versions; the newest if nothing is said
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    version: String,
    /// Take versions that are not released too, where no version is asked for
    #[arg(long)]
    devel: bool,
    #[command(flatten)]
    outside: OutsideArgs,
}

/// A chart, or what is wrong with it.
type Loaded = Result<Chart, Vec<Diagnostic>>;

impl SourceArgs {
    /// Reads the chart: what lies on this machine comes first.
    ///
    /// Source: Helm 3.22.0 `pkg/action/install.go`, `LocateChart`.
    pub(super) fn chart(
        &self,
        name: &str,
        helm: HelmVersion,
        printer: &mut Printer,
    ) -> anyhow::Result<Loaded> {
        let name = name.trim();
        let path = Path::new(name);
        if path.exists() {
            return local(path, helm);
        }
        if path.is_absolute() || name.starts_with('.') {
            return Err(Trouble::usage(format!("`{name}` does not exist")).into());
        }
        let remote = self.remote(name)?;
        let outside = self.outside.clone().settings(Look::Missing);
        let tree = outside.brought(&remote, printer)?;
        brought(tree.as_ref(), &remote, helm)
    }

    fn remote(&self, name: &str) -> anyhow::Result<Remote> {
        let version = match self.version.trim() {
            "" if self.devel => ">0.0.0-0",
            version => version,
        };
        if let Some(repository) = &self.repo {
            return Ok(Remote::Chart {
                repository: repository.as_str().into(),
                name: name.into(),
                version: version.into(),
            });
        }
        if let Some(rest) = name.strip_prefix("oci://") {
            let (registry, last) = rest.rsplit_once('/').ok_or_else(|| {
                Trouble::usage(format!("`{name}` names no chart"))
                    .help("write `oci://REGISTRY/PATH/CHART`")
            })?;
            let (chart, tag) = last.split_once(':').unwrap_or((last, ""));
            return Ok(Remote::Chart {
                repository: format!("oci://{registry}").into(),
                name: chart.into(),
                version: if version.is_empty() { tag } else { version }.into(),
            });
        }
        if name.starts_with("https://") || name.starts_with("http://") {
            return Ok(Remote::File { url: name.into() });
        }
        Err(Trouble::usage(format!("`{name}` does not exist"))
            .help("name a folder or an archive, `oci://REGISTRY/PATH/CHART`, or a repository with `--repo URL`")
            .into())
    }
}

fn checked(loaded: Checked<Option<Chart>>) -> Loaded {
    match loaded.value {
        Some(chart) => Ok(chart),
        None => Err(loaded.diagnostics),
    }
}

fn local(path: &Path, helm: HelmVersion) -> anyhow::Result<Loaded> {
    let shown = path.display();
    let failed = |error| Trouble::usage(format!("failed to read `{shown}`")).because(error);
    let absolute = path.canonicalize().map_err(failed)?;
    let text = absolute
        .to_str()
        .ok_or_else(|| Trouble::usage(format!("the path of `{shown}` is not UTF-8")))?;
    let place = RepoPath::parse(text.trim_start_matches('/'))?;
    let machine = DiskFiles::new("/");
    Ok(checked(if absolute.is_dir() {
        load(&machine, &place, helm)?
    } else {
        load_archive(&machine.read(&place)?, &place, helm)
    }))
}

fn brought(tree: &dyn Files, remote: &Remote, helm: HelmVersion) -> anyhow::Result<Loaded> {
    let root = RepoPath::root();
    Ok(checked(match remote {
        Remote::Chart { .. } | Remote::Git { .. } => load(tree, &root, helm)?,
        Remote::File { .. } => {
            let entries = tree.list(&root)?;
            let file = entries.first().map_or("", |entry| entry.name.as_str());
            let place = root.join(file)?;
            let bytes: Arc<[u8]> = tree.read(&place)?;
            load_archive(&bytes, &place, helm)
        }
    }))
}
