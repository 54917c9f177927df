//! The commands, one file each.

mod build;
mod completion;
mod diff;
mod down;
mod fetch;
mod output;
mod state;
mod status;
mod template;
mod up;
mod version;

use clap::{Parser, Subcommand};

use crate::exit::ExitStatus;
use crate::printer::{Colour, Printer, Volume};

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
    /// Print answers and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

impl Cli {
    /// How much is to be told.
    pub(crate) fn volume(&self) -> Volume {
        if self.quiet {
            Volume::Quiet
        } else {
            Volume::Normal
        }
    }
}

const EXIT_CODES: &str = "Exit codes:
  0    done
  1    the answer is negative: something is not healthy
  2    wrong usage or input, or it could not run
  3    what it should talk to does not answer
  4    timed out
  130  ended by Ctrl-C, 143 by TERM, with a consistent state";

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::BuildArgs),
    Completion(completion::CompletionArgs),
    Diff(diff::DiffArgs),
    Down(down::DownArgs),
    Fetch(fetch::FetchArgs),
    Status(status::StatusArgs),
    Template(Box<template::TemplateArgs>),
    Up(up::UpArgs),
    Version(version::VersionArgs),
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match cli.command {
        Command::Build(args) => build::run(&args.settings(), printer),
        Command::Completion(args) => Ok(completion::run(&args, printer)),
        Command::Diff(args) => diff::run(&args, printer),
        Command::Down(args) => down::run(&args, printer),
        Command::Fetch(args) => fetch::run(&args.settings(), printer),
        Command::Status(args) => status::run(&args, printer),
        Command::Template(args) => template::run(&args.settings(), printer),
        Command::Up(args) => up::run(&args.settings(), printer),
        Command::Version(args) => Ok(version::run(&args, printer)),
    }
}
