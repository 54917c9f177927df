//! What a run of a program costs.

use std::iter::Sum;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use wait4::Wait4;

/// What one run cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// From start to end.
    pub(super) wall: Duration,
    /// Processor time, in the program and for it in the kernel.
    pub(super) cpu: Duration,
    /// The most memory that was resident, in bytes.
    pub(super) memory: u64,
}

impl Cost {
    /// The most memory that was resident.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a size is printed with one digit"
    )]
    pub(super) fn memory_mb(&self) -> f64 {
        self.memory as f64 / 1e6
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |all, one| Self {
            wall: all.wall + one.wall,
            cpu: all.cpu + one.cpu,
            memory: all.memory.max(one.memory),
        })
    }
}

/// Runs a program to its end, its output thrown away.
pub(super) fn cost(mut command: Command) -> Result<Cost> {
    let begin = Instant::now();
    let silent = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = silent.spawn().context("failed to start a program")?;
    let used = child.wait4().context("failed to wait for a program")?;
    let wall = begin.elapsed();
    Ok(Cost {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    })
}

/// Runs two measurements in turn, so that both meet the same weather; gives the median of each.
pub(super) fn alternate(runs: usize, pair: [&dyn Fn() -> Result<Cost>; 2]) -> Result<[Cost; 2]> {
    let mut costs: [Vec<Cost>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..runs {
        for (measure, costs) in pair.iter().zip(&mut costs) {
            costs.push(measure()?);
        }
    }
    Ok(costs.map(median))
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.wall);
    let middle = costs.len() / 2;
    let memory = costs
        .iter()
        .map(|cost| cost.memory)
        .max()
        .unwrap_or_default();
    costs
        .get(middle)
        .map(|cost| Cost { memory, ..*cost })
        .unwrap_or_default()
}
