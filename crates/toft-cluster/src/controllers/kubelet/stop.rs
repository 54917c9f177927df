//! The end of a pod that is deleted: its containers get their grace, then the pod goes.

use std::time::Duration;

use toft_api::ApiError;
use toft_value::Value;

use super::containers::{self, Container, State};
use super::status;
use crate::controller::Next;
use crate::ctx::{Ctx, Deletion};
use crate::meta;
use crate::note::Note;
use crate::resources::PODS;

/// How long programs take to stop when they are asked to.
const STOP_MS: (u64, u64) = (150, 1_800);
/// How a program ends that was to run to its end and was asked to stop: 128 and SIGTERM.
const TERMINATED: i64 = 143;

/// Brings a pod that is deleted closer to its end.
pub(super) fn proceed(ctx: &mut Ctx<'_>, pod: &Value) -> Result<Next, ApiError> {
    let mut containers = containers::of(pod);
    let running = |one: &Container| matches!(one.state(), State::Running(_));
    if containers.iter().any(running) {
        let grace = pod
            .i64_at(&["metadata", "deletionGracePeriodSeconds"])
            .unwrap_or(0);
        let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
        let end = meta::time_at(pod, &["metadata", "deletionTimestamp"]).unwrap_or(ctx.now);
        let takes = ctx.draw(&[&super::identity(pod), "stop"], STOP_MS) + hook(pod);
        let stops_at = end - grace + takes.min(grace);
        for container in containers.iter().filter(|one| running(one)) {
            let text = format!("Stopping container {}", container.name());
            ctx.note_once(pod, &Note::normal("Killing", text).field(container.field()));
        }
        if stops_at > ctx.now {
            return Ok(Next::At(stops_at));
        }
        let restarts = pod.str_at(&["spec", "restartPolicy"]).unwrap_or("Always") == "Always";
        let code = if restarts { 0 } else { TERMINATED };
        let now = ctx.now;
        containers
            .iter_mut()
            .filter(|one| running(one))
            .for_each(|one| one.end(now, code));
        let mut stopped = pod.clone();
        let status = pod.get("status").cloned().unwrap_or_default();
        stopped.set_at(&["status"], status::complete(pod, status, &containers, now));
        ctx.update_status(&PODS, stopped)?;
    } else if pod.i64_at(&["metadata", "deletionGracePeriodSeconds"]) == Some(0) {
        // Only finalizers keep it.
        return Ok(Next::Nothing);
    }
    let deletion = Deletion {
        uid: meta::uid(pod),
        grace_seconds: Some(0),
        propagation: None,
    };
    let path = PODS.path(meta::namespace(pod), meta::name(pod));
    ctx.delete(path, &deletion)?;
    Ok(Next::Nothing)
}

/// How long the longest `preStop` hook sleeps.
fn hook(pod: &Value) -> Duration {
    let containers = pod.items_at(&["spec", "containers"]).iter();
    let seconds = containers
        .filter_map(|container| container.i64_at(&["lifecycle", "preStop", "sleep", "seconds"]));
    let longest = seconds.max().unwrap_or(0);
    Duration::from_secs(u64::try_from(longest).unwrap_or(0))
}
