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

use std::env;

use clap::{ArgMatches, Args as _, FromArgMatches, Parser, Subcommand};

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
pub(crate) struct Cli<C: Subcommand = Command> {
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colour,
    /// Print answers and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: C,
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// What clap says: help that was asked for, or wrong usage.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut words = env::args_os().skip(1);
        let first = words.find(|word| !word.as_encoded_bytes().starts_with(b"-"));
        let is_named = |name: &str| first.as_ref().is_some_and(|first| first == name);
        if !DEFINITIONS.iter().any(|(name, _)| is_named(name)) {
            return Self::try_parse();
        }
        let Cli {
            color,
            quiet,
            command: Named(command),
        } = Cli::<Named>::try_parse()?;
        Ok(Self {
            color,
            quiet,
            command,
        })
    }

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
pub(crate) enum Command {
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

/// A command of a line that names it. The others are not defined: to define them all takes longer than a small
/// build.
#[derive(Debug)]
struct Named(Command);

type Define = fn(clap::Command) -> clap::Command;

const DEFINITIONS: [(&str, Define); 9] = [
    ("build", build::BuildArgs::augment_args),
    ("completion", completion::CompletionArgs::augment_args),
    ("diff", diff::DiffArgs::augment_args),
    ("down", down::DownArgs::augment_args),
    ("fetch", fetch::FetchArgs::augment_args),
    ("status", status::StatusArgs::augment_args),
    ("template", template::TemplateArgs::augment_args),
    ("up", up::UpArgs::augment_args),
    ("version", version::VersionArgs::augment_args),
];

impl FromArgMatches for Named {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Command::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for Named {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        let commands = DEFINITIONS.map(|(name, define)| clap::Command::new(name).defer(define));
        command
            .subcommands(commands)
            .subcommand_required(true)
            .arg_required_else_help(true)
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Command::has_subcommand(name)
    }
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn a_command_that_is_named_reads_as_among_all_of_them() {
        let mut all = Cli::<Command>::command();
        all.build();
        let mut named = Cli::<Named>::command();
        named.build();
        let help = |root: &mut clap::Command, name: &str| {
            let command = root.find_subcommand_mut(name).unwrap();
            command.render_long_help().to_string()
        };
        let names: Vec<String> = all
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .filter(|name| name != "help")
            .collect();
        assert_eq!(names, DEFINITIONS.map(|(name, _)| name.to_owned()));
        for name in names {
            assert_eq!(help(&mut all, &name), help(&mut named, &name));
        }
    }
}
