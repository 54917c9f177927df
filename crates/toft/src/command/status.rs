//! `toft status`: how the cluster of a state stands.

use clap::Args;
use toft_host::{OVERVIEW_NOTE, StateDir, Store};
use toft_value::Value;

use super::output::Output;
use super::state::{StateArgs, ask, unreadable, unusable};
use crate::exit::ExitStatus;
use crate::overview;
use crate::printer::Printer;
use crate::trouble::Trouble;

/// Show how the apps of a cluster stand
///
/// Asks the running cluster, or tells how it was left. Exits with 0 when everything is Synced and Healthy,
/// else with 1.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    state: StateArgs,
    /// The form of the answer
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Output,
}

const EXAMPLES: &str = "Examples:
  toft status                          the cluster whose state is in .toft
  toft status --state /var/lib/lab     another one
  toft status -o json                  for programs: every app, every reason, every route";

/// Asks the running process, or else the state it left.
pub(crate) fn run(args: &StatusArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let state = args.state.find()?;
    let overview = if let Some(occupant) = state.occupant() {
        let answer = ask(&state, &occupant, "GET /toft/v1/overview")?;
        let address = occupant.address.unwrap_or_default();
        let pid = occupant.pid;
        printer.note(&format!(
            "The cluster is running at https://{address} (process {pid}).\n"
        ));
        Value::from_json(&answer)?
    } else {
        let overview = stored(&state)?;
        printer.note("The cluster is not running; this is how it was left.\n");
        overview
    };
    let text = match args.output {
        Output::Table => overview::text(&overview, printer),
        Output::Json | Output::Yaml => args.output.write(&overview),
    };
    printer.data(&text);
    Ok(overview::status(&overview))
}

fn stored(state: &StateDir) -> anyhow::Result<Value> {
    let lock = state.lock().map_err(unusable)?;
    let store = Store::open(state).map_err(unreadable)?;
    let overview = store.note(OVERVIEW_NOTE).map_err(unreadable)?;
    drop(lock);
    Ok(overview.ok_or_else(|| {
        Trouble::usage(format!(
            "the state in `{}` is empty",
            state.path().display()
        ))
        .help("start a cluster with `toft up DIR`")
    })?)
}
