//! The commands, one file each.

mod build;
mod completion;
mod output;
mod version;

use clap::{Parser, Subcommand};

use crate::exit::ExitStatus;
use crate::printer::{Colour, Printer};

/// Rehearse and run the GitOps repository of a homelab
#[derive(Debug, Parser)]
#[command(
    name = "toft",
    disable_version_flag = true,
    infer_subcommands = false,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colour,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  2  wrong usage or input, or it could not run";

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::BuildArgs),
    Completion(completion::CompletionArgs),
    Version(version::VersionArgs),
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match cli.command {
        Command::Build(args) => build::run(&args.settings(), printer),
        Command::Completion(args) => Ok(completion::run(&args, printer)),
        Command::Version(args) => Ok(version::run(&args, printer)),
    }
}
