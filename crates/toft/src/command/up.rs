//! `toft up`: bring a GitOps repository up on a simulated cluster and keep it running.

mod progress;
mod run;
mod span;
mod start;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use toft_host::Look;
use toft_sync::ProjectRules;

use super::output::Output;
use super::state::StateArgs;
use crate::outside::{Outside, OutsideArgs};
pub(super) use run::run;
pub(super) use start::{MADE_WITH_FILE, unopened};

/// Bring a GitOps repository up on a simulated cluster
///
/// DIR is the root of the repository, as its Applications see it. In a Git work tree HEAD is taken, and
/// every commit that follows is synced; what is not committed is not. The cluster answers to a real
/// kubectl and runs until Ctrl-C; what it holds is kept in the state, and the next run resumes from there.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct UpArgs {
    /// The root of the repository
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// What everything begins with: the name of an Application, or a file or folder to apply
    #[arg(long, value_name = "NAME|FILE|FOLDER")]
    root: Option<String>,
    /// End when everything has settled: 0 if all is Synced and Healthy, else 1
    #[arg(long)]
    once: bool,
    /// Refuse what Argo CD would refuse, instead of telling it
    #[arg(long)]
    strict: bool,
    /// Take the files on disk, and sync when one is saved
    #[arg(long)]
    watch: bool,
    /// Give up if nothing has settled after so long, such as 90s, 5m or 1h30m
    #[arg(long, value_name = "DURATION", value_parser = span::parse)]
    timeout: Option<Duration>,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    outside: OutsideArgs,
    /// The port of the API server on 127.0.0.1; a free one if left out
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// What chance begins with; the same seed and the same requests give the same cluster
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The form of the table at the end
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Output,
}

const EXAMPLES: &str = "Examples:
  toft up                          the repository in the current directory, until Ctrl-C
  toft up --watch lab              the files on disk; what is saved is synced
  toft up --once lab               for scripts: 0 when everything is Synced and Healthy, else 1
  toft up --once --timeout 5m lab  and 4 when that takes too long
  toft up --root apps.yaml lab     where more than one Application could be the root";

/// What `toft up` is to do.
#[derive(Debug)]
pub(crate) struct UpSettings {
    directory: PathBuf,
    root: Option<String>,
    ending: Ending,
    project_rules: ProjectRules,
    tree: toft_host::TreeMode,
    timeout: Option<Duration>,
    state: PathBuf,
    outside: Outside,
    port: Option<u16>,
    seed: Option<u64>,
    output: Output,
}

/// When `toft up` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// When everything has settled.
    Settled,
    /// When it is told to.
    Told,
}

impl UpArgs {
    pub(crate) fn settings(self) -> UpSettings {
        UpSettings {
            directory: self.directory,
            root: self.root,
            ending: if self.once {
                Ending::Settled
            } else {
                Ending::Told
            },
            project_rules: if self.strict {
                ProjectRules::Enforced
            } else {
                ProjectRules::Told
            },
            tree: if self.watch {
                toft_host::TreeMode::OnDisk
            } else {
                toft_host::TreeMode::Committed
            },
            timeout: self.timeout,
            state: self.state.state,
            outside: self.outside.settings(Look::Missing),
            port: self.port,
            seed: self.seed,
            output: self.output,
        }
    }
}
