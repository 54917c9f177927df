//! `toft down`: stop a cluster, and with `--delete` forget it.

use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use toft_host::{Occupant, StateDir, StateLock};

use super::state::{StateArgs, ask};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::trouble::Trouble;

/// How long a cluster may take to keep what it has and end.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Stop a cluster, and with --delete remove its state
///
/// What is stopped can be resumed with `toft up`. What is deleted is gone: the cluster, its certificate and
/// the kubeconfig; other files in the folder are left alone.
#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    state: StateArgs,
    /// Remove the state too: the cluster and everything in it is gone
    #[arg(long)]
    delete: bool,
}

/// Stops the process that uses the state; removes the state where that is asked for.
pub(crate) fn run(args: &DownArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let state = args.state.find()?;
    let path = state.path().display().to_string();
    match state.occupant() {
        Some(occupant) => {
            ask(&state, &occupant, "POST /toft/v1/stop")?;
            wait(&state, &occupant)?;
            printer.note(&format!("Stopped the cluster of `{path}`.\n"));
        }
        None => printer.note(&format!("The cluster of `{path}` is not running.\n")),
    }
    if args.delete {
        let lock: StateLock = state.lock()?;
        state.delete(lock)?;
        printer.note(&format!("Removed the state in `{path}`.\n"));
    }
    Ok(ExitStatus::Done)
}

fn wait(state: &StateDir, occupant: &Occupant) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while state.occupant().is_some() {
        if Instant::now() > deadline {
            let message = format!(
                "process {} was told to stop and has not ended yet",
                occupant.pid
            );
            return Err(Trouble::new(ExitStatus::TimedOut, message).into());
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}
