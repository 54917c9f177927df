//! One folder per case: a tree below `input/`, and what upstream makes of it.
//!
//! `expected.yaml` is recorded from upstream (`cargo x record --tool kustomize`). `expected.error` is how
//! this crate tells what upstream refuses, `expected.warnings` what it says beside objects.

use std::process::ExitCode;
use std::sync::Arc;

use toft_helm::HelmVersion;
use toft_kustomize::{BuildOptions, HelmOptions, LoadRestrictor, Reorder, build, print};
use toft_object::Rendering;
use toft_source::{
    Checked, Files, MemoryFiles, ReadError, Remote, Remotes, RepoPath, Style, WithRemotes,
    render_text,
};
use toft_testkit::{Case, Outputs};

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let about = case.required("case.md")?;
    let directory = line(&about, "directory").ok_or("`case.md` names no directory")?;
    let directory = RepoPath::parse(directory).map_err(|error| error.to_string())?;
    let options = BuildOptions {
        load_restrictor: if about.contains("--load-restrictor LoadRestrictionsNone`") {
            LoadRestrictor::None
        } else {
            LoadRestrictor::RootOnly
        },
        reorder: if about.contains("--reorder none`") {
            Reorder::None
        } else {
            Reorder::Unspecified
        },
        helm: helm(&about),
    };
    let built = build_all(case, (&about, &directory, &options))?;
    let told = render_text(&built.diagnostics, Style::Plain);
    let mut outputs = Outputs::new();
    if built.has_errors() {
        outputs.insert("expected.error".to_owned(), told);
        return Ok(outputs);
    }
    if !told.is_empty() {
        outputs.insert("expected.warnings".to_owned(), told);
    }
    outputs.insert("expected.yaml".to_owned(), print(&built.value));
    Ok(outputs)
}

/// Builds, and brings what is asked for, until nothing is.
fn build_all(
    case: &Case,
    (about, directory, options): (&str, &RepoPath, &BuildOptions),
) -> Result<Checked<Rendering>, String> {
    let files = case.files();
    let mut remotes = Remotes::new();
    loop {
        let tree = WithRemotes::new(&files, &remotes);
        match build(&tree, directory, options) {
            Err(ReadError::NotBrought(remote)) => {
                let brought = bring(case, about, &remote);
                let known = remotes.insert(remote, brought);
                assert!(known.is_none(), "what was brought is asked for again");
            }
            built => return built.map_err(|error| error.to_string()),
        }
    }
}

/// What `case.md` says is there, from below `outside/`.
fn bring(
    case: &Case,
    about: &str,
    remote: &Remote,
) -> Result<Arc<dyn Files + Send + Sync>, String> {
    let head = match remote {
        Remote::Git {
            repository,
            revision,
        } => format!("- repository: `{repository}` at `{revision}` is `"),
        Remote::File { url } => format!("- file: `{url}` is `"),
        Remote::Chart { .. } => return Err("charts are not brought here".to_owned()),
    };
    let mut lines = about.lines();
    let from = lines.find_map(|line| line.strip_prefix(&head)?.strip_suffix('`'));
    let from = from.ok_or("status code 404 (Not Found)")?;
    let files = case.files_below("outside");
    let from = RepoPath::parse(from).map_err(|error| error.to_string())?;
    Ok(Arc::new(match remote {
        Remote::File { .. } => {
            let bytes = files.read(&from).map_err(|error| error.to_string())?;
            let mut alone = MemoryFiles::default();
            let name = RepoPath::parse(from.file_name());
            alone.insert(name.map_err(|error| error.to_string())?, bytes);
            alone
        }
        _ => case.files_below(&format!("outside/{from}")),
    }))
}

/// How charts are rendered: `--enable-helm` among the options, and the version beside them.
fn helm(about: &str) -> Option<HelmOptions> {
    let option = |name: &str| {
        let mut lines = about.lines();
        lines.find_map(|line| {
            line.strip_prefix(&format!("- option: `{name}"))?
                .strip_suffix('`')
        })
    };
    option("--enable-helm")?;
    let text = |name| option(name).map(|text| text.trim().to_owned());
    Some(HelmOptions {
        version: match line(about, "helm") {
            Some("4") => HelmVersion::V4,
            _ => HelmVersion::V3,
        },
        kube_version: text("--helm-kube-version").unwrap_or_default(),
        api_versions: text("--helm-api-versions").into_iter().collect(),
        ..HelmOptions::default()
    })
}

fn line<'a>(about: &'a str, name: &str) -> Option<&'a str> {
    let prefix = format!("- {name}: `");
    let mut lines = about.lines();
    lines.find_map(|line| line.strip_prefix(&prefix)?.strip_suffix('`'))
}
