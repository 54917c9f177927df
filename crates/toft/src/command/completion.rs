//! `toft completion`: scripts that complete commands and flags.

use clap::{Args, CommandFactory as _, ValueEnum};

use super::Cli;
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Print a script that completes commands and flags in a shell
///
/// bash         source <(toft completion bash)
/// zsh          source <(toft completion zsh)
/// fish         toft completion fish | source
/// elvish       eval (toft completion elvish | slurp)
/// powershell   toft completion powershell | Out-String | Invoke-Expression
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    #[value(name = "powershell")]
    Power,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionArgs, printer: &mut Printer) -> ExitStatus {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Elvish => clap_complete::Shell::Elvish,
        Shell::Power => clap_complete::Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut <Cli>::command(), "toft", &mut script);
    printer.data(&String::from_utf8_lossy(&script));
    ExitStatus::Done
}
