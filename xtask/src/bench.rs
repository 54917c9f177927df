//! `cargo x bench`: how fast and how small, beside upstream's programs in the same run.
//!
//! Nothing here passes or fails: a loaded machine would make it a lottery. Goals stand beside the numbers.

mod charts;
mod difference;
mod large;
mod measure;
mod serving;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use self::large::Time;
use self::measure::{Cost, alternate, cost};
use self::serving::Idle;
use crate::{oracle, parity, shell, up};

/// Runs of each program on a small input; the median is told.
const SMALL_RUNS: usize = 41;

/// Runs over the whole corpus.
const CORPUS_RUNS: usize = 5;

/// `cargo x bench [--corpus DIR] [--idle] [--long]`: with `--idle`, an idle minute is measured too; with `--long`, upstream
/// builds 4,000 objects.
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
    let long = args.iter().any(|arg| arg == "--long");
    let time = if long { Time::Long } else { Time::Short };
    large::run(&ours, &upstream, time)?;
    difference::run(&ours, &upstream)?;
    charts::run(&ours)?;
    if let Some(corpus) = shell::flag(args, "--corpus") {
        let corpus = PathBuf::from(corpus)
            .canonicalize()
            .with_context(|| format!("no corpus at `{corpus}`"))?;
        whole(&ours, &upstream, &corpus)?;
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
    let what = "build of a Deployment, a Service, a namespace and a patch (goal: at most 12 MB)";
    compare(what, [&mine, &theirs], ("kustomize", 20.0));
    Ok(())
}

/// Every kustomization of a homelab: ours one by one, upstream's as well and two at a time.
fn whole(ours: &Path, upstream: &Path, corpus: &Path) -> Result<()> {
    let folders = parity::kustomizations(corpus)?;
    let all = |program: &Path| one_by_one(program, &folders);
    let [mine, theirs] = alternate(CORPUS_RUNS, [&|| all(ours), &|| all(upstream)])?;
    let what = format!("build of {} kustomizations, one by one", folders.len());
    compare(&what, [&mine, &theirs], ("kustomize", 20.0));
    let two = || two_at_a_time(upstream, &folders);
    let [mine, theirs] = alternate(CORPUS_RUNS, [&|| all(ours), &two])?;
    compare(
        "the same, kustomize two at a time",
        [&mine, &theirs],
        ("kustomize", 100.0),
    );
    Ok(())
}

/// What it costs to build some folders, one after the other.
fn one_by_one(program: &Path, folders: &[PathBuf]) -> Result<Cost> {
    folders
        .iter()
        .map(|folder| cost(build(program, folder)))
        .sum()
}

/// What it costs to build some folders as `xargs -P2` does.
fn two_at_a_time(program: &Path, folders: &[PathBuf]) -> Result<Cost> {
    let begin = Instant::now();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut all = Cost::default();
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            all = [all, cost(build(program, folder))?].into_iter().sum();
        }
        Ok::<_, anyhow::Error>(all)
    };
    let costs = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        let costs = threads.map(|thread| thread.join().map_err(|_| anyhow!("a thread died")));
        costs.into_iter().map(|cost| cost?).sum::<Result<Cost>>()
    })?;
    Ok(Cost {
        wall: begin.elapsed(),
        ..costs
    })
}

/// Prints what ours and its peer cost, and how many times ours should be faster.
fn compare(what: &str, [mine, theirs]: [&Cost; 2], (peer, goal): (&str, f64)) {
    let times = theirs.wall.as_secs_f64() / mine.wall.as_secs_f64().max(1e-9);
    println!("{what}:");
    println!(
        "  toft {:.2} ms, {peer} {:.2} ms: {times:.0} times faster (goal: at least {goal:.0})",
        mine.wall.as_secs_f64() * 1e3,
        theirs.wall.as_secs_f64() * 1e3,
    );
    println!(
        "  memory: toft {:.1} MB, {peer} {:.1} MB",
        mine.memory_mb(),
        theirs.memory_mb()
    );
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size is printed with one digit"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
