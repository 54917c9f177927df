//! The command line of Toft: arguments → settings → command → exit code.
//!
//! Every command is one file below `command/`: its arguments, the settings they resolve to, and the
//! function that does it. The [`printer::Printer`] is the only thing that prints.
#![expect(
    clippy::disallowed_methods,
    reason = "the command line resolves the environment and reads what it is pointed at"
)]

mod charts;
mod command;
mod diagnostics;
mod exit;
mod outside;
mod overview;
mod printer;
mod table;
mod trouble;

use std::process::ExitCode;

use command::Cli;
use exit::ExitStatus;
use printer::{Colour, Printer, Volume};

fn main() -> ExitCode {
    let environment = printer::Environment::read();
    let status = match Cli::read() {
        Ok(cli) => {
            let mut printer = Printer::new(&environment, cli.color, cli.volume());
            let status = command::run(cli, &mut printer);
            status.unwrap_or_else(|error| trouble::tell(&error, &mut printer))
        }
        Err(refusal) => {
            let mut printer = Printer::new(&environment, Colour::Auto, Volume::Normal);
            refuse(&refusal, &mut printer)
        }
    };
    ExitCode::from(status.code())
}

/// Help and version are data and a success; everything else that clap says is a usage error.
fn refuse(refusal: &clap::Error, printer: &mut Printer) -> ExitStatus {
    let text = refusal.render();
    if refusal.use_stderr() {
        printer.talk(&printer.styled_for_talk(&text));
        ExitStatus::Usage
    } else {
        printer.data(&printer.styled_for_data(&text));
        ExitStatus::Done
    }
}
