//! How long a Job waits after failures.
//!
//! Upstream remembers failures in its process; here they are read from the pods that are still there.
//!
//! Source: `backoff_utils.go`.

use std::time::Duration;

use toft_object::Time;
use toft_value::Value;

use super::indexes;
use super::run::Run;
use crate::conditions;
use crate::meta;
use crate::pods;
use crate::requests;

/// The delay after the first failure; it doubles.
const FIRST: Duration = Duration::from_secs(10);
/// The longest delay after a failure.
const MOST: Duration = Duration::from_mins(10);

/// When the next pod may be made; `None` for now.
pub(super) fn of_job(run: &Run) -> Option<Time> {
    let ended = |test: &dyn Fn(&Value) -> bool| {
        let pods = run.pods.iter().filter(|pod| test(pod));
        pods.map(finished).collect::<Vec<Time>>()
    };
    let last_success = ended(&|pod| pods::phase(pod) == "Succeeded")
        .into_iter()
        .max();
    let mut failures = ended(&|pod| run.has_failed(pod));
    failures.retain(|at| last_success.is_none_or(|success| *at > success));
    let last = failures.iter().max()?;
    Some(*last + delay(failures.len()))
}

/// When the pod of a number may be made after one failed; `None` for now.
pub(super) fn of_index(failed: Option<&Value>) -> Option<Time> {
    let failed = failed?;
    let count = indexes::failures(failed).0 + indexes::failures(failed).1 + 1;
    Some(finished(failed) + delay(count))
}

fn delay(failures: usize) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST.saturating_mul(1 << doublings.min(10)).min(MOST)
}

/// When a pod ended: as its containers say, as its condition says, as its deletion says.
fn finished(pod: &Value) -> Time {
    of_containers(pod)
        .or_else(|| of_condition(pod))
        .or_else(|| of_deletion(pod))
        .unwrap_or_else(|| meta::created(pod))
}

fn of_containers(pod: &Value) -> Option<Time> {
    let is_sidecar = |name: Option<&str>| {
        let mut init = pod.items_at(&["spec", "initContainers"]).iter();
        init.any(|one| one.str_at(&["name"]) == name && requests::is_sidecar(one))
    };
    let main = pod.items_at(&["status", "containerStatuses"]).iter();
    let sidecars = pod.items_at(&["status", "initContainerStatuses"]).iter();
    let sidecars = sidecars.filter(|status| is_sidecar(status.str_at(&["name"])));
    let ends = main
        .chain(sidecars)
        .map(|status| meta::time_at(status, &["state", "terminated", "finishedAt"]));
    ends.collect::<Option<Vec<Time>>>()?.into_iter().max()
}

fn of_condition(pod: &Value) -> Option<Time> {
    let ready = conditions::find(pod, "Ready")?;
    (ready.str_at(&["status"]) == Some("False"))
        .then(|| meta::time_at(ready, &["lastTransitionTime"]))
        .flatten()
}

fn of_deletion(pod: &Value) -> Option<Time> {
    let deleted = meta::time_at(pod, &["metadata", "deletionTimestamp"])?;
    let grace = pod.i64_at(&["metadata", "deletionGracePeriodSeconds"]);
    let grace = u64::try_from(grace.unwrap_or(0)).unwrap_or(0);
    Some(deleted - Duration::from_secs(grace))
}
