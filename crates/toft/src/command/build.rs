//! `toft build`: what `kustomize build` prints, byte for byte.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use toft_host::{DiskFiles, Look};
use toft_kustomize::{BuildOptions, HelmOptions, LoadRestrictor, Reorder, is_cluster_scoped};
use toft_object::{Rendered, Rendering};
use toft_source::{RepoPath, WithRemotes};

use crate::charts::{Helm, chance, now};
use crate::diagnostics::{Vantage, tell};
use crate::exit::ExitStatus;
use crate::outside::{Outside, OutsideArgs};
use crate::printer::Printer;
use crate::trouble::Trouble;

/// Print the objects of a kustomization as `kustomize build` does
///
/// What is printed is equal to what kustomize prints, byte for byte. Nothing is run.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct BuildArgs {
    /// The folder that holds the kustomization
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Whether files outside the folder of a kustomization may be loaded
    #[arg(
        long,
        value_name = "RESTRICTOR",
        default_value = "LoadRestrictionsRootOnly"
    )]
    load_restrictor: Restrictor,
    /// Order objects before they are printed: by kind (legacy), or not at all (none)
    #[arg(long, value_name = "ORDER")]
    reorder: Option<Order>,
    /// Render the charts of `helmCharts`
    #[arg(long)]
    enable_helm: bool,
    /// Whose meaning holds for charts where Helm 3 and Helm 4 differ
    #[arg(long, value_name = "MAJOR", default_value = "4")]
    helm: Helm,
    /// The version of Kubernetes for charts whose entry has no `kubeVersion`
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    helm_kube_version: String,
    /// An API version of the cluster for charts whose entry has no `apiVersions`; may be repeated
    #[arg(long, value_name = "GROUP/VERSION")]
    helm_api_versions: Vec<String>,
    #[command(flatten)]
    outside: OutsideArgs,
    /// Write to a file instead of stdout; into a folder, each object to a file of its own
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  toft build                             the kustomization in the current directory
  toft build apps/web/overlays/prod      the one in a folder
  toft build -o out apps/web             each object to a file in the folder `out`
  toft build --enable-helm apps/db       a kustomization that renders charts";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Legacy,
    None,
}

/// What `toft build` is to do.
#[derive(Debug)]
pub(crate) struct BuildSettings {
    directory: PathBuf,
    options: BuildOptions,
    outside: Outside,
    output: Option<PathBuf>,
}

impl BuildArgs {
    pub(crate) fn settings(self) -> BuildSettings {
        let load_restrictor = match self.load_restrictor {
            Restrictor::RootOnly => LoadRestrictor::RootOnly,
            Restrictor::None => LoadRestrictor::None,
        };
        let reorder = match self.reorder {
            None => Reorder::Unspecified,
            Some(Order::Legacy) => Reorder::Legacy,
            Some(Order::None) => Reorder::None,
        };
        let helm = self.enable_helm.then(|| HelmOptions {
            version: self.helm.version(),
            kube_version: self.helm_kube_version,
            api_versions: self.helm_api_versions,
            now: now(),
            seed: chance(),
        });
        BuildSettings {
            directory: self.directory,
            options: BuildOptions {
                load_restrictor,
                reorder,
                helm,
            },
            outside: self.outside.settings(Look::Missing),
            output: self.output,
        }
    }
}

/// Builds, prints, and tells what is to be said about the input.
pub(crate) fn run(settings: &BuildSettings, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let directory = in_tree(&settings.directory)?;
    // As `kustomize build` sees it: every file of the machine is in the tree.
    let files = DiskFiles::new("/");
    let built = settings.outside.rendered(printer, |remotes| {
        let files = WithRemotes::new(&files, remotes);
        toft_kustomize::build(&files, &directory, &settings.options)
    })?;
    tell(&built.diagnostics, &Vantage::of_machine(), printer);
    if built.has_errors() {
        return Ok(ExitStatus::Usage);
    }
    match &settings.output {
        None => printer.data(&toft_kustomize::print(&built.value)),
        Some(path) if path.is_dir() => write_each(path, &built.value)?,
        Some(path) => write(path, &toft_kustomize::print(&built.value))?,
    }
    // The process ends here: taking thousands of small objects apart would cost a tenth of the run.
    std::mem::forget(built.value);
    Ok(ExitStatus::Done)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).map_err(|error| {
        Trouble::usage(format!("failed to write `{}`", path.display()))
            .because(error)
            .into()
    })
}

/// Writes each object to a file of its own, whose name says what it is.
///
/// The namespace is a part of the name only where there are several; what has none counts as `default`.
///
/// Source: kustomize 5.8.2 `kustomize/commands/build/writer.go`.
fn write_each(folder: &Path, rendering: &Rendering) -> anyhow::Result<()> {
    let namespaces = rendering.objects.iter().filter_map(namespace);
    let namespaces: BTreeSet<String> = namespaces.collect();
    for rendered in &rendering.objects {
        let gvk = rendered.object.gvk();
        let name = rendered.object.name();
        let place = namespace(rendered).filter(|_| namespaces.len() > 1);
        let parts = [
            place.as_deref().unwrap_or_default(),
            &gvk.group,
            &gvk.version,
            &gvk.kind,
            name,
        ];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let file = parts.join("_").to_lowercase() + ".yaml";
        let alone = Rendering {
            objects: vec![rendered.clone()],
        };
        write(&folder.join(file), &toft_kustomize::print(&alone))?;
    }
    Ok(())
}

/// The namespace of an object that has one.
fn namespace(rendered: &Rendered) -> Option<String> {
    if is_cluster_scoped(&rendered.object.gvk()) {
        return None;
    }
    let namespace = match rendered.object.namespace() {
        "" => "default",
        namespace => namespace,
    };
    Some(namespace.to_owned())
}

/// The path of a folder in the tree of all files.
fn in_tree(directory: &Path) -> anyhow::Result<RepoPath> {
    let shown = directory.display();
    let absolute = directory
        .canonicalize()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::usage(format!("`{shown}` does not exist")),
            _ => Trouble::usage(format!("failed to read `{shown}`")).because(error),
        })?;
    if !absolute.is_dir() {
        return Err(Trouble::usage(format!("`{shown}` is not a directory")).into());
    }
    let text = absolute
        .to_str()
        .ok_or_else(|| Trouble::usage(format!("the path of `{shown}` is not UTF-8")))?;
    Ok(RepoPath::parse(text.trim_start_matches('/'))?)
}
