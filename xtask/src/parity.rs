//! `cargo x parity`: the live comparison with upstream's programs.

mod helm;
mod kustomize;
mod outcomes;
mod yaml;

pub(crate) use self::kustomize::kustomizations;
pub(crate) use self::yaml::files as yaml_files;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::kubectl::{self, Mode};
use crate::shell;
use crate::suites::{Programs, SUITES, Suite};

/// What a comparison gave.
#[derive(Default)]
pub(crate) struct Score {
    /// How many inputs both programs treat alike.
    pub(crate) equal: usize,
    /// The others, each with what differs.
    pub(crate) different: Vec<String>,
    /// Inputs that say themselves that upstream does not decide them.
    pub(crate) not_compared: usize,
}

/// Folders nest no deeper than this in any repository that people can still read.
const DEPTH_MAX: usize = 32;

/// One comparison: what is compared, and how.
struct Comparison {
    name: &'static str,
    run: fn(&mut Programs, &Path) -> Result<Score>,
}

/// What is compared beside the recorded cases.
const COMPARISONS: &[Comparison] = &[
    Comparison {
        name: "helm template",
        run: |_, _| helm::run(),
    },
    Comparison {
        name: "kubectl on a real control plane",
        run: |_, _| kubectl::with_plane(Mode::Compare, None),
    },
    Comparison {
        name: "kustomize build",
        run: |_, corpus| kustomize::run(corpus),
    },
    Comparison {
        name: "YAML read and written",
        run: yaml::run,
    },
    Comparison {
        name: "toft up on the corpus",
        run: |_, corpus| outcomes::run(corpus),
    },
];

/// Everything that is compared live. The corpus is required: nothing is skipped silently.
///
/// `--only NAME` is for finding out: the parts whose name contains it. `--all` takes the parts that wait on
/// the wall clock too; without it, a line says that they were left out.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some(corpus) = shell::flag(args, "--corpus") else {
        bail!("`cargo x parity` needs `--corpus DIR`, a folder of repositories to compare on");
    };
    let corpus = PathBuf::from(corpus)
        .canonicalize()
        .with_context(|| format!("no corpus at `{corpus}`"))?;
    let only = shell::flag(args, "--only").unwrap_or_default();
    let mut programs = Programs::default();
    let (mut passed, mut failed) = (0, 0);
    let mut lines = Vec::new();
    let suites = SUITES.iter().map(|suite| {
        let name = format!("{} of {}", suite.folder, suite.origin);
        (name, Part::Suite(suite))
    });
    let comparisons = COMPARISONS
        .iter()
        .map(|comparison| (comparison.name.to_owned(), Part::Comparison(comparison)));
    for (name, part) in suites.chain(comparisons) {
        if !name.contains(only) {
            continue;
        }
        if only.is_empty() && part.waits() && !args.iter().any(|arg| arg == "--all") {
            lines.push(format!(
                "{name}: left out, as it waits for ten minutes; `--all` takes it"
            ));
            continue;
        }
        shell::say(&name);
        let begin = Instant::now();
        let score = match part {
            Part::Suite(suite) => suite.compare(&mut programs),
            Part::Comparison(comparison) => (comparison.run)(&mut programs, &corpus),
        };
        let score = score.with_context(|| name.clone())?;
        for difference in &score.different {
            println!("{difference}");
        }
        passed += score.equal;
        failed += score.different.len();
        lines.push(line(&name, &score, begin.elapsed()));
    }
    for line in lines {
        println!("{line}");
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 || passed == 0 {
        bail!("not equal to upstream");
    }
    Ok(())
}

/// One part of the whole.
enum Part {
    Suite(&'static Suite),
    Comparison(&'static Comparison),
}

impl Part {
    /// Whether most of its time is waiting for upstream's own clocks.
    fn waits(&self) -> bool {
        matches!(self, Self::Suite(suite) if suite.tool == "kube-controller-manager")
    }
}

fn line(name: &str, score: &Score, took: Duration) -> String {
    let (equal, different) = (score.equal, score.different.len());
    let own = match score.not_compared {
        0 => String::new(),
        count => format!(", {count} decided here"),
    };
    let seconds = took.as_secs();
    format!("{name}: {equal} equal, {different} different{own} ({seconds} s)")
}
