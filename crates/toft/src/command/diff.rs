//! `toft diff`: what a change does to every object.

mod live;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use smol_str::SmolStr;
use toft_argo::Application;
use toft_diff::{
    AppDifference, AppSide, ChartVersion, Difference, Hunk, Line, Mark, ObjectDifference,
    SecretKey, Side, diff, headline, html, json, markdown,
};
use toft_host::{
    Fetcher, Look, OpenError, Opened, TreeMode, gather, open_branch_point, open_merge_base,
    open_revision, open_tree, repository,
};
use toft_rehearse::{Everything, Means, Rendition, Repository, render_everything};
use toft_source::ReadError;

use super::state::StateArgs;
use crate::charts::chance;
use crate::exit::ExitStatus;
use crate::outside::{OutsideArgs, telling};
use crate::printer::{Printer, Tone, inert};
use crate::trouble::Trouble;

/// Show what a change does to every object, before the merge
///
/// Renders the repository twice and compares: the folder as it is on disk with where the work left the default
/// branch, or two revisions, or with what runs. Nothing is brought up, and without `--live` no cluster is asked. The
/// values of Secrets are told as hashes that change with every run.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DiffArgs {
    /// Two revisions `A..B`, or `A...B` from where B left A, or one to compare what is on disk with
    ///
    /// Without it, what is on disk is compared with where HEAD left the default branch.
    #[arg(value_name = "REVISIONS")]
    revisions: Option<String>,
    /// The repository root, as its Applications see it
    #[arg(long, value_name = "DIR", default_value = ".")]
    repository: PathBuf,
    /// Compare what runs in the cluster of `--state` with what is on disk
    ///
    /// The cluster is asked what applying would change, and nothing is applied. What the cluster keeps for itself,
    /// its defaults and what `ignoreDifferences` names are no differences.
    #[arg(long, conflicts_with = "revisions")]
    live: bool,
    #[command(flatten)]
    state: StateArgs,
    /// The Application that everything begins with, or the file or folder that its owner applies
    #[arg(long, value_name = "NAME|FILE|FOLDER")]
    root: Option<String>,
    /// The form of the answer
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Form,
    /// Exit with 1 where something changes
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    outside: OutsideArgs,
}

const EXAMPLES: &str = "Examples:
  toft diff                                what is on disk, against where the work began
  toft diff main...HEAD -o markdown        the comment of a pull request
  toft diff HEAD~1 --exit-code             what is on disk, against a commit; 1 where something changes
  toft diff v1..v2 --repository lab        a folder below the current one
  toft diff --live                         what applying what is on disk would change in the running cluster";

/// In which form a difference is told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Table,
    Markdown,
    Json,
    Html,
}

/// Renders both sides and tells what changes.
pub(crate) fn run(args: &DiffArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let outside = args.outside.clone().settings(Look::Missing);
    let kept = outside.rendered_before(&args.repository);
    let mut renderer = Renderer {
        root: args.root.clone(),
        fetcher: outside.fetcher()?,
        means: kept.means(),
    };
    let [before, after] = if args.live {
        live::sides(args, &mut renderer, printer)?
    } else {
        let [before, after] = opened(args)?;
        let before = renderer.side(&before, printer);
        let before = before.context("failed to render what was before")?;
        let after = renderer.side(&after, printer);
        [
            before,
            after.context("failed to render what is afterwards")?,
        ]
    };
    let bytes = [(); 4].map(|()| chance().to_le_bytes());
    let key = SecretKey::new(bytes.concat().try_into().unwrap_or_default());
    let difference = diff(&before, &after, &key);
    printer.data(&match args.output {
        Form::Table => text(&difference, printer),
        Form::Markdown => markdown(&difference),
        Form::Json => json(&difference).to_json_indented("  ") + "\n",
        Form::Html => html(&difference),
    });
    kept.keep();
    Ok(if args.exit_code && !difference.is_empty() {
        ExitStatus::Negative
    } else {
        ExitStatus::Done
    })
}

/// What both sides are rendered with.
struct Renderer {
    root: Option<String>,
    fetcher: Fetcher,
    means: Means,
}

impl Renderer {
    fn side(&self, opened: &Opened, printer: &mut Printer) -> anyhow::Result<Side> {
        Ok(side(self.everything(opened, printer)?))
    }

    /// All that a tree leads to. A folder that is empty, as it is before it was made, leads to nothing.
    fn everything(&self, opened: &Opened, printer: &mut Printer) -> anyhow::Result<Everything> {
        let mut last = None;
        telling(printer, |news| {
            gather(&self.fetcher, news, |remotes| {
                let repository = Repository {
                    remotes: remotes.clone(),
                    ..repository(opened)
                };
                let everything = render_everything(repository, self.root.as_deref(), &self.means)?;
                let wanted = everything.value.wanted.clone();
                last = Some(everything);
                Ok::<_, ReadError>(wanted)
            })
        })?;
        let everything = last.context("nothing was rendered")?;
        if everything.has_errors() && opened.files.paths().next().is_some() {
            return Err(Trouble::input(everything.diagnostics).into());
        }
        Ok(everything.value)
    }
}

fn opened(args: &DiffArgs) -> anyhow::Result<[Opened; 2]> {
    let folder = args.repository.as_path();
    let at = |revision: &str| open_revision(folder, or_head(revision));
    let on_disk = || open_tree(folder, TreeMode::OnDisk);
    let revisions = args.revisions.as_deref().unwrap_or_default();
    let pair = if let Some((one, other)) = revisions.split_once("...") {
        open_merge_base(folder, or_head(one), or_head(other))
            .and_then(|before| Ok([before, at(other)?]))
    } else if let Some((before, after)) = revisions.split_once("..") {
        at(before).and_then(|before| Ok([before, at(after)?]))
    } else if revisions.is_empty() {
        open_branch_point(folder).and_then(|before| Ok([before, on_disk()?]))
    } else {
        at(revisions).and_then(|before| Ok([before, on_disk()?]))
    };
    pair.map_err(|error| unopened(&error, folder).into())
}

/// As in Git, what is left out of a range is HEAD.
fn or_head(revision: &str) -> &str {
    if revision.is_empty() {
        "HEAD"
    } else {
        revision
    }
}

fn unopened(error: &OpenError, folder: &Path) -> Trouble {
    let trouble = super::up::unopened(error);
    match error {
        OpenError::NoRepository(_) => {
            trouble.help("run it in a clone, or name one with `--repository DIR`")
        }
        OpenError::Git(toft_host::GitError::NoRevision { .. }) => {
            let folder = folder.display();
            trouble.help(format!(
                "`git -C {folder} log --oneline` lists what there is; a shallow clone lacks the older commits"
            ))
        }
        OpenError::TooLarge { .. }
        | OpenError::NotFound(_)
        | OpenError::NotDirectory(_)
        | OpenError::Git(_) => trouble,
    }
}

fn side(everything: Everything) -> Side {
    let mut side = Side::default();
    for (name, rendition) in everything.applications {
        side.apps.insert(name, app_side(rendition));
    }
    for (name, failure) in everything.failed_sets {
        side.apps.insert(set_name(&name), failed(failure));
    }
    side
}

fn set_name(name: &str) -> SmolStr {
    format!("ApplicationSet {name}").into()
}

fn failed(failure: String) -> AppSide {
    AppSide {
        objects: Err(failure),
        charts: Vec::new(),
    }
}

fn app_side(rendition: Rendition) -> AppSide {
    let objects = rendition.rendering.map(|whole| {
        let rendered = whole.rendering.objects.iter();
        rendered.map(|one| one.object.clone()).collect()
    });
    AppSide {
        objects,
        charts: charts(&rendition.application),
    }
}

fn charts(application: &Application) -> Vec<ChartVersion> {
    let sources = application.sources.iter();
    let charts = sources.filter(|source| !source.chart.is_empty());
    let charts = charts.map(|source| ChartVersion {
        repository: source.repo_url.as_str().into(),
        name: source.chart.clone(),
        version: source.target_revision.clone(),
    });
    charts.collect()
}

fn text(difference: &Difference, printer: &Printer) -> String {
    let mut text = headline(difference) + "\n";
    for app in &difference.apps {
        text += &app_text(app, printer);
    }
    text
}

fn app_text(app: &AppDifference, printer: &Printer) -> String {
    let name = printer.paint_data(&inert(&app.name), Tone::Strong);
    let mut text = format!("\n{name}\n");
    for (side, failure) in ["before", "after"].iter().zip(&app.failures) {
        if let Some(failure) = failure {
            let word = printer.paint_data("does not render", Tone::Error);
            let _ = writeln!(text, "  {word} {side}: {}", inert(failure));
        }
    }
    for one in &app.moves {
        let [what, before, after] = [one.what.as_str(), &one.before, &one.after].map(inert);
        let _ = writeln!(text, "  > {what}: {before} -> {after}");
    }
    for object in &app.objects {
        text += &object_text(object, printer);
    }
    text
}

fn object_text(object: &ObjectDifference, printer: &Printer) -> String {
    let title = printer.paint_data(&inert(&object.title()), Tone::Strong);
    let mut text = format!("  {} {title}", object.change.sign());
    if let Some(warning) = object.warning() {
        text += "   ";
        text += &printer.paint_data(&warning, Tone::Warning);
    }
    text.push('\n');
    match &object.hunks {
        None => text += "      too long to be shown\n",
        Some(hunks) => hunks
            .iter()
            .for_each(|hunk| text += &hunk_text(hunk, printer)),
    }
    text
}

fn hunk_text(hunk: &Hunk, printer: &Printer) -> String {
    let mut text = String::new();
    if hunk.before > 1 {
        text += "      …\n";
    }
    for line in &hunk.lines {
        let _ = writeln!(
            text,
            "    {} {}",
            line.mark.sign(),
            line_text(line, printer)
        );
    }
    text
}

/// The words that change are painted; a line that is another one as a whole, as a whole.
fn line_text(line: &Line, printer: &Printer) -> String {
    let tone = match line.mark {
        Mark::Same => return inert(&line.text()),
        Mark::Removed => Tone::Error,
        Mark::Added => Tone::Good,
    };
    let is_whole = line.parts.iter().all(|part| !part.is_changed);
    let parts = line.parts.iter().map(|part| {
        let text = inert(&part.text);
        if is_whole || part.is_changed {
            printer.paint_data(&text, tone)
        } else {
            text
        }
    });
    parts.collect()
}
