//! The tasks of the house: `cargo x TASK`. Without a task, they are listed.
#![expect(
    clippy::disallowed_methods,
    reason = "tasks read and write the checkout and run programs"
)]
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tasks talk to the person who runs them"
)]

mod bench;
mod bless;
mod check;
mod differential;
mod fuzz;
mod generate;
mod http;
mod kubectl;
mod oracle;
mod parity;
mod plane;
mod record;
mod shell;
mod suites;
mod test;
mod tidy;
mod up;

use std::process::ExitCode;

use anyhow::Result;

/// One task: its name, what it does, and the function that does it.
struct Task {
    name: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// Alphabetical; one entry each.
const TASKS: &[Task] = &[
    Task {
        name: "bench",
        summary: "Measure beside upstream's programs: bench [--corpus DIR] [--idle] [--long]",
        run: bench::run,
    },
    Task {
        name: "bless",
        summary: "Write what the cases give as their expectations: bless [CRATE]",
        run: bless::run,
    },
    Task {
        name: "check",
        summary: "Look at the house: format, tidy, lints, documentation",
        run: check::run,
    },
    Task {
        name: "fuzz",
        summary: "Give changed inputs to a room, or to it and upstream: fuzz NAME [--seed N]",
        run: fuzz::run,
    },
    Task {
        name: "generate",
        summary: "Write the generated files: generate [--check] [--papers]",
        run: generate::run,
    },
    Task {
        name: "kubectl",
        summary: "Drive the simulated cluster with real clients: kubectl [--record] [SCENARIO]",
        run: kubectl::run,
    },
    Task {
        name: "oracles",
        summary: "Build upstream's programs: oracles [NAME…]",
        run: oracle::run,
    },
    Task {
        name: "parity",
        summary: "Compare with upstream's programs: parity --corpus DIR",
        run: parity::run,
    },
    Task {
        name: "record",
        summary: "Write what upstream makes of the cases: record [--tool TOOL] [ROOM/CASE]",
        run: record::run,
    },
    Task {
        name: "test",
        summary: "Pass the tests: look, build, test",
        run: test::run,
    },
    Task {
        name: "tidy",
        summary: "Hold the rules that no compiler knows",
        run: tidy::run,
    },
    Task {
        name: "up",
        summary: "Bring the example lab up: up [FLAGS of `toft up`]",
        run: up::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        list();
        return ExitCode::SUCCESS;
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("error: there is no task `{name}`\n");
        list();
        return ExitCode::from(2);
    };
    match (task.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("Tasks of the house, run as `cargo x TASK`:\n");
    for task in TASKS {
        println!("  {:<10} {}", task.name, task.summary);
    }
}
