//! What runs, and what would run if what is on disk were applied.

use std::fs;
use std::path::Path;

use toft_api::{ApiError, Request, Response};
use toft_diff::{AppSide, Side};
use toft_host::{Opened, StateDir, TreeMode, open_tree};
use toft_object::Time;
use toft_rehearse::{LiveCluster, Standing};
use toft_server::{ClientError, Conversation, Identity};
use toft_value::Value;

use super::{DiffArgs, Renderer, charts, failed, set_name, unopened};
use crate::command::up::MADE_WITH_FILE;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::trouble::Trouble;

/// What runs in the cluster of the state, and what would run.
pub(super) fn sides(
    args: &DiffArgs,
    renderer: &mut Renderer,
    printer: &mut Printer,
) -> anyhow::Result<[Side; 2]> {
    let state = args.state.find()?;
    let mut conversation = converse(&state)?;
    make_alike(renderer, &state);
    let opened = on_disk(&args.repository)?;
    let mut broken = None;
    let mut ask = |request: &Request| -> Result<Response, ApiError> {
        conversation.ask(request).map_err(|error| {
            let told = ApiError::internal(error.to_string());
            broken = Some(error);
            told
        })
    };
    let compared = (|| {
        let mut cluster = LiveCluster::discover(&mut ask)?;
        renderer.means.api_versions = Some(cluster.api_versions().to_vec());
        let everything = renderer.everything(&opened, printer)?;
        let failed_sets = everything.failed_sets.clone();
        Ok::<_, anyhow::Error>((cluster.compare(everything)?, failed_sets))
    })();
    let (standings, failed_sets) = match (compared, broken) {
        (_, Some(error)) => return Err(silent(&state, error)),
        (compared, None) => compared?,
    };
    let (mut now, mut then) = (Side::default(), Side::default());
    for (name, standing) in standings {
        let Standing {
            application,
            now: has,
            then: would_have,
        } = standing;
        let side = |objects| AppSide {
            objects,
            charts: charts(&application),
        };
        now.apps
            .extend(has.map(|objects| (name.clone(), side(Ok(objects)))));
        then.apps
            .extend(would_have.map(|objects| (name, side(objects))));
    }
    for (name, failure) in failed_sets {
        then.apps.insert(set_name(&name), failed(failure));
    }
    Ok([now, then])
}

/// The folder as it is on disk; where that is what HEAD has, with the revision that the cluster knows it by.
fn on_disk(folder: &Path) -> anyhow::Result<Opened> {
    let open = |mode| open_tree(folder, mode).map_err(|error| unopened(&error, folder));
    let committed = open(TreeMode::Committed)?;
    if committed.uncommitted.is_empty() {
        return Ok(committed);
    }
    Ok(open(TreeMode::OnDisk)?)
}

/// Charts draw what they drew in the cluster, and see its clock.
fn make_alike(renderer: &mut Renderer, state: &StateDir) {
    let kept = fs::read(state.file(MADE_WITH_FILE)).unwrap_or_default();
    let kept = Value::from_json(&kept).unwrap_or_default();
    let seed = kept.i64_at(&["seed"]);
    if let Some(seed) = seed.and_then(|seed| u64::try_from(seed).ok()) {
        renderer.means.seed = seed;
    }
    if let Some(now) = kept.str_at(&["now"]).and_then(|now| Time::parse(now).ok()) {
        renderer.means.now = now;
    }
    let root = &mut renderer.root;
    *root = root
        .take()
        .or_else(|| kept.str_at(&["root"]).map(str::to_owned));
}

fn converse(state: &StateDir) -> anyhow::Result<Conversation> {
    let path = state.path().display();
    let nobody = || {
        let message = format!("no cluster runs with the state in `{path}`");
        Trouble::new(ExitStatus::Unreachable, message)
            .help(format!("start it: `toft up DIR --state {path}`"))
            .help("or name the state of one that runs with `--state DIR`")
    };
    let occupant = state.occupant().ok_or_else(nobody)?;
    let Some(address) = occupant.address else {
        return Err(nobody()
            .help("one is just starting; try again in a moment")
            .into());
    };
    let identity = Identity::find(state)?.ok_or_else(nobody)?;
    Conversation::open(&identity, &address).map_err(|error| silent(state, error))
}

fn silent(state: &StateDir, error: ClientError) -> anyhow::Error {
    let path = state.path().display();
    let message = format!("the cluster of the state in `{path}` does not answer");
    let trouble = Trouble::new(ExitStatus::Unreachable, message);
    trouble.because(error).into()
}
