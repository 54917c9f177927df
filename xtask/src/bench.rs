//! `cargo x bench`: how fast and how small, beside upstream's programs in the same run.
//!
//! Nothing here passes or fails: a loaded machine would make it a lottery. Goals stand beside the numbers.

mod measure;
mod serving;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use self::measure::{Cost, alternate, cost};
use self::serving::Idle;
use crate::{oracle, parity, shell, up};

/// Runs of each program on a small input; the median is told.
const SMALL_RUNS: usize = 41;

/// Runs over the whole corpus.
const CORPUS_RUNS: usize = 5;

/// `cargo x bench [--corpus DIR] [--idle]`: with `--idle`, an idle minute is measured too.
pub(crate) fn run(args: &[String]) -> Result<()> {
    shell::say("building toft");
    up::build_release()?;
    let ours = up::release_binary();
    let upstream = oracle::KUSTOMIZE.ensure()?;
    let size = std::fs::metadata(&ours)?.len();
    println!(
        "release binary: {:.1} MB (goal: at most 30)",
        megabytes(size)
    );
    small(&ours, &upstream)?;
    if let Some(corpus) = shell::flag(args, "--corpus") {
        let corpus = PathBuf::from(corpus)
            .canonicalize()
            .with_context(|| format!("no corpus at `{corpus}`"))?;
        one_by_one(&ours, &upstream, &corpus)?;
    }
    serving::once(&ours)?;
    let idle = args.iter().any(|arg| arg == "--idle");
    serving::serving(&ours, if idle { Idle::Measured } else { Idle::Skipped })
}

fn build(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("build").arg(folder);
    command
}

fn small(ours: &Path, upstream: &Path) -> Result<()> {
    let folder = shell::root().join("benches/small");
    let [mine, theirs] = alternate(
        SMALL_RUNS,
        [&|| cost(build(ours, &folder)), &|| {
            cost(build(upstream, &folder))
        }],
    )?;
    compare(
        "build of a Deployment, a Service, a namespace and a patch",
        &mine,
        &theirs,
    );
    println!(
        "  memory: toft {:.1} MB (goal: at most 12), kustomize {:.1} MB",
        mine.memory_mb(),
        theirs.memory_mb()
    );
    Ok(())
}

fn one_by_one(ours: &Path, upstream: &Path, corpus: &Path) -> Result<()> {
    let folders = parity::kustomizations(corpus)?;
    let all = |program: &Path| -> Result<Cost> {
        let costs = folders.iter().map(|folder| cost(build(program, folder)));
        costs.sum()
    };
    let [mine, theirs] = alternate(CORPUS_RUNS, [&|| all(ours), &|| all(upstream)])?;
    compare(
        &format!("build of {} kustomizations, one by one", folders.len()),
        &mine,
        &theirs,
    );
    Ok(())
}

fn compare(what: &str, mine: &Cost, theirs: &Cost) {
    let times = theirs.wall.as_secs_f64() / mine.wall.as_secs_f64().max(1e-9);
    println!("{what}:");
    println!(
        "  toft {:.2} ms, kustomize {:.2} ms: {times:.0} times faster (goal: at least 20)",
        mine.wall.as_secs_f64() * 1e3,
        theirs.wall.as_secs_f64() * 1e3,
    );
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size is printed with one digit"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
