//! Where the state is, and who runs there.

use std::path::{Path, PathBuf};

use clap::Args;
use toft_host::{Occupant, StateDir, StateError, StoreError};
use toft_server::{ClientError, Identity};

use crate::exit::ExitStatus;
use crate::trouble::Trouble;

/// Which state a command is about.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// The folder with everything a cluster needs between runs
    #[arg(
        long,
        value_name = "DIR",
        env = "TOFT_STATE",
        hide_env_values = true,
        default_value = ".toft"
    )]
    pub(crate) state: PathBuf,
}

impl StateArgs {
    /// The state that is there.
    pub(crate) fn find(&self) -> anyhow::Result<StateDir> {
        let found = StateDir::find(&self.state);
        Ok(found.ok_or_else(|| {
            Trouble::usage(format!("there is no state in `{}`", self.state.display()))
                .help("start a cluster with `toft up DIR`, or name its state with `--state DIR`")
        })?)
    }
}

/// Asks the process that uses a state.
pub(crate) fn ask(state: &StateDir, occupant: &Occupant, line: &str) -> anyhow::Result<Vec<u8>> {
    let silent = || {
        let pid = occupant.pid;
        Trouble::new(
            ExitStatus::Unreachable,
            format!(
                "process {pid} uses the state in `{}` and does not answer",
                state.path().display()
            ),
        )
    };
    let Some(address) = &occupant.address else {
        return Err(silent()
            .help("it is still starting; try again in a moment")
            .into());
    };
    let Some(identity) = Identity::find(state)? else {
        return Err(silent().into());
    };
    let asked = toft_server::ask(&identity, address, line);
    asked.map_err(|error| match error {
        ClientError::Identity(error) => error.into(),
        ClientError::Address(_) | ClientError::Unreachable { .. } | ClientError::Refused { .. } => {
            silent().because(error).into()
        }
    })
}

/// Why a state cannot be used, and what to do.
pub(crate) fn unusable(error: StateError) -> anyhow::Error {
    match &error {
        StateError::InUse { path, .. } => {
            let path = path.display();
            Trouble::usage(error.to_string())
                .help(format!(
                    "see how it stands with `toft status --state {path}`"
                ))
                .help(format!("stop it with `toft down --state {path}`"))
                .help("run another cluster beside it with `--state DIR`")
                .into()
        }
        StateError::Foreign(_) => Trouble::usage(error.to_string())
            .help("name an empty folder, or one that does not exist yet, with `--state DIR`")
            .into(),
        StateError::Disk { .. } => undone(error),
    }
}

/// What the disk refused.
fn undone(error: StateError) -> anyhow::Error {
    let message = error.to_string();
    let trouble =
        Trouble::usage(message).help("name a folder that can be written to with `--state DIR`");
    match error {
        StateError::Disk { source, .. } => trouble.because(source).into(),
        StateError::InUse { .. } | StateError::Foreign(_) => trouble.into(),
    }
}

/// Why a state cannot be read, and what to do.
pub(crate) fn unreadable(error: StoreError) -> anyhow::Error {
    let afresh = |path: &Path| {
        let folder = path.parent().unwrap_or(path).display();
        format!("begin afresh: `toft down --delete --state {folder}` removes it")
    };
    match &error {
        StoreError::Newer { path, .. } => Trouble::usage(error.to_string())
            .help("use the newer `toft` that wrote it")
            .help(format!("or {}", afresh(path)))
            .into(),
        StoreError::Damaged { path, .. } => {
            Trouble::usage(error.to_string()).help(afresh(path)).into()
        }
        StoreError::Failed { .. } => failed(error),
    }
}

/// What the disk did not take.
fn failed(error: StoreError) -> anyhow::Error {
    let trouble = Trouble::usage(error.to_string())
        .help("what was answered is kept; once the disk takes it again, run the same command");
    match error {
        StoreError::Failed { source, .. } => trouble.because(*source).into(),
        StoreError::Newer { .. } | StoreError::Damaged { .. } => trouble.into(),
    }
}
