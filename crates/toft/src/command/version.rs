//! `toft version`: what this program is and what it is equal to.

use clap::Args;
use toft_value::{Value, value};

use super::output::Output;
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Kubernetes, as the simulated API server says it.
const KUBERNETES: &str = "v1.36.3";
/// kustomize, whose output `toft build` equals.
const KUSTOMIZE: &str = "v5.8.2";

/// Print the version
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// The form of the answer
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Output,
}

/// Prints the version.
pub(crate) fn run(args: &VersionArgs, printer: &mut Printer) -> ExitStatus {
    let version = env!("CARGO_PKG_VERSION");
    let text = match args.output {
        Output::Table => {
            format!("toft {version} (Kubernetes {KUBERNETES}, kustomize {KUSTOMIZE})\n")
        }
        Output::Json | Output::Yaml => args.output.write(&report(version)),
    };
    printer.data(&text);
    ExitStatus::Done
}

fn report(version: &str) -> Value {
    value!({
        "apiVersion": "toft.dev/v1", "kind": "Version",
        "version": version, "kubernetes": KUBERNETES, "kustomize": KUSTOMIZE,
    })
}
