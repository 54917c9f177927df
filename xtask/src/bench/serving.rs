//! What a whole lab costs: bringing it up, and keeping it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::measure::{alternate, cost};
use super::megabytes;
use crate::shell;

/// Runs of a whole bring-up.
const ONCE_RUNS: usize = 3;

/// How long a bring-up may take before something is wrong.
const SETTLED_SECONDS_MAX: u64 = 120;

fn command(ours: &Path, state: &Path) -> Command {
    let mut command = Command::new(ours);
    command
        .arg("up")
        .arg(shell::root().join("examples/k8s-nas/repository"))
        .arg("--state")
        .arg(state);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn state() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("toft-bench-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(folder)
}

/// `toft up --once` on the example, from nothing.
pub(super) fn once(ours: &Path) -> Result<()> {
    let run = || {
        let mut command = command(ours, &state()?);
        command.arg("--once");
        cost(command)
    };
    let [first, second] = alternate(ONCE_RUNS, [&run, &run])?;
    let better = if first.wall < second.wall {
        first
    } else {
        second
    };
    println!("up --once of examples/k8s-nas:");
    println!(
        "  {:.2} s of CPU (goal: at most 3), {:.2} s in all, {:.1} MB at the most",
        better.cpu.as_secs_f64(),
        better.wall.as_secs_f64(),
        better.memory_mb(),
    );
    Ok(())
}

/// Whether an idle minute is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// It is, and takes a minute.
    Measured,
    /// It is not.
    Skipped,
}

/// Memory while serving, and what an idle minute costs.
pub(super) fn serving(ours: &Path, idle: Idle) -> Result<()> {
    let state = state()?;
    let child = command(ours, &state)
        .spawn()
        .context("failed to start toft")?;
    let serving = Serving { child, state };
    serving.wait(ours)?;
    println!("serving examples/k8s-nas:");
    println!(
        "  {:.1} MB resident (goal: at most 100)",
        megabytes(serving.resident()?)
    );
    if idle == Idle::Measured {
        let before = serving.cpu()?;
        std::thread::sleep(Duration::from_mins(1));
        let used = serving.cpu()?.saturating_sub(before);
        println!(
            "  {:.2} s of CPU in an idle minute (goal: at most 0.3)",
            used.as_secs_f64()
        );
    }
    Ok(())
}

/// A running `toft up`; it ends when this is dropped.
struct Serving {
    child: Child,
    state: PathBuf,
}

impl Serving {
    fn wait(&self, ours: &Path) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(SETTLED_SECONDS_MAX) {
            let mut status = Command::new(ours);
            status.arg("status").arg("--state").arg(&self.state);
            // Answered with 0 once everything is synced and healthy.
            if shell::output(&mut status)?.status.success() {
                std::thread::sleep(Duration::from_secs(1));
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        bail!("the example did not come up in {SETTLED_SECONDS_MAX} s")
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))
    }

    fn resident(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| {
            line.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()
        });
        Ok(kilobytes.context("the kernel does not tell VmRSS")? * 1024)
    }

    /// Processor time so far; the kernel counts in hundredths of a second.
    fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        let fields = stat
            .rsplit_once(") ")
            .map(|(_, rest)| rest)
            .unwrap_or_default();
        let mut ticks = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map_while(|field| field.parse::<u64>().ok());
        let (user, system) = (
            ticks.next().unwrap_or_default(),
            ticks.next().unwrap_or_default(),
        );
        Ok(Duration::from_millis((user + system) * 10))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("   failed to end process {}: {error}", self.child.id());
        }
        drop(std::fs::remove_dir_all(&self.state));
    }
}
