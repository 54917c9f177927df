//! Cells of pods.
//!
//! Source: Kubernetes 1.36.3 `pkg/printers/internalversion/printers.go`, `printPod`.

use std::collections::BTreeSet;

use toft_object::Time;
use toft_value::{Value, value};

use super::{age, cells};

/// What the statuses of the containers of a pod add up to.
#[derive(Default)]
struct Summary {
    reason: String,
    ready: usize,
    total: usize,
    restarts: i64,
    last_restart: Option<String>,
}

pub(super) fn ready(pod: &Value, _now: Time) -> Value {
    let summary = summary(pod);
    format!("{}/{}", summary.ready, summary.total).into()
}

pub(super) fn status(pod: &Value, _now: Time) -> Value {
    summary(pod).reason.into()
}

pub(super) fn restarts(pod: &Value, now: Time) -> Value {
    let summary = summary(pod);
    match &summary.last_restart {
        Some(time) if summary.restarts != 0 => format!(
            "{} ({} ago)",
            summary.restarts,
            age::since(Some(time), now, "<unknown>")
        )
        .into(),
        _ => summary.restarts.to_string().into(),
    }
}

pub(super) fn address(pod: &Value, _now: Time) -> Value {
    let first = pod
        .items_at(&["status", "podIPs"])
        .first()
        .and_then(|one| one.str_at(&["ip"]));
    cells::or_none(first).into()
}

pub(super) fn node(pod: &Value, _now: Time) -> Value {
    cells::or_none(pod.str_at(&["spec", "nodeName"])).into()
}

pub(super) fn nominated_node(pod: &Value, _now: Time) -> Value {
    cells::or_none(pod.str_at(&["status", "nominatedNodeName"])).into()
}

pub(super) fn readiness_gates(pod: &Value, _now: Time) -> Value {
    let gates = pod.items_at(&["spec", "readinessGates"]);
    if gates.is_empty() {
        return cells::NONE.into();
    }
    let open = |gate: &&Value| {
        gate.str_at(&["conditionType"])
            .and_then(|kind| cells::condition(pod, kind))
            == Some("True")
    };
    format!("{}/{}", gates.iter().filter(open).count(), gates.len()).into()
}

/// Rows of pods that are over say so.
pub(super) fn row_conditions(pod: &Value) -> Option<Value> {
    let (reason, message) = match pod.str_at(&["status", "phase"]) {
        Some("Succeeded") => ("Succeeded", "The pod has completed successfully."),
        Some("Failed") => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(value!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}

impl Summary {
    fn count_restarts(&mut self, status: &Value) {
        self.restarts += cells::number(status, &["restartCount"]);
        let finished = status
            .str_at(&["lastState", "terminated", "finishedAt"])
            .map(str::to_owned);
        // Times of one form compare as texts.
        self.last_restart = self.last_restart.take().max(finished);
    }
}

fn summary(pod: &Value) -> Summary {
    let phase = pod.str_at(&["status", "phase"]).unwrap_or_default();
    let own = pod
        .str_at(&["status", "reason"])
        .filter(|reason| !reason.is_empty());
    let sidecars = sidecars(pod);
    let mut summary = Summary {
        reason: own.unwrap_or(phase).to_owned(),
        total: pod.items_at(&["spec", "containers"]).len() + sidecars.len(),
        ..Summary::default()
    };
    let gated = |one: &Value| {
        one.str_at(&["type"]) == Some("PodScheduled")
            && one.str_at(&["reason"]) == Some("SchedulingGated")
    };
    if pod.items_at(&["status", "conditions"]).iter().any(gated) {
        "SchedulingGated".clone_into(&mut summary.reason);
    }
    let initializing = init_containers(pod, &sidecars, &mut summary);
    if !initializing || cells::condition(pod, "Initialized") == Some("True") {
        forget_init_restarts(pod, &sidecars, &mut summary);
        containers(pod, &mut summary);
    }
    if pod.at(&["metadata", "deletionTimestamp"]).is_some() {
        if own == Some("NodeLost") {
            "Unknown".clone_into(&mut summary.reason);
        } else if !matches!(phase, "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut summary.reason);
        }
    }
    summary
}

/// The init containers that go on running.
fn sidecars(pod: &Value) -> BTreeSet<&str> {
    let inits = pod.items_at(&["spec", "initContainers"]).iter();
    let always = inits.filter(|one| one.str_at(&["restartPolicy"]) == Some("Always"));
    always.filter_map(|one| one.str_at(&["name"])).collect()
}

/// Whether the pod still initializes; notes what it is at.
fn init_containers(pod: &Value, sidecars: &BTreeSet<&str>, summary: &mut Summary) -> bool {
    let count = pod.items_at(&["spec", "initContainers"]).len();
    for (at, status) in pod
        .items_at(&["status", "initContainerStatuses"])
        .iter()
        .enumerate()
    {
        summary.count_restarts(status);
        let is_sidecar = status
            .str_at(&["name"])
            .is_some_and(|name| sidecars.contains(name));
        let terminated = status.at(&["state", "terminated"]);
        if terminated.is_some_and(|end| cells::number(end, &["exitCode"]) == 0) {
            continue;
        }
        if is_sidecar && status.bool_at(&["started"]) == Some(true) {
            summary.ready += usize::from(status.bool_at(&["ready"]) == Some(true));
            continue;
        }
        let waiting = status
            .str_at(&["state", "waiting", "reason"])
            .filter(|reason| !reason.is_empty() && *reason != "PodInitializing");
        summary.reason = match (terminated, waiting) {
            (Some(end), _) => format!("Init:{}", end_of(end)),
            (None, Some(reason)) => format!("Init:{reason}"),
            (None, None) => format!("Init:{at}/{count}"),
        };
        return true;
    }
    false
}

/// Once a pod runs, only the restarts of what runs count.
fn forget_init_restarts(pod: &Value, sidecars: &BTreeSet<&str>, summary: &mut Summary) {
    (summary.restarts, summary.last_restart) = (0, None);
    for status in pod.items_at(&["status", "initContainerStatuses"]) {
        if status
            .str_at(&["name"])
            .is_some_and(|name| sidecars.contains(name))
        {
            summary.count_restarts(status);
        }
    }
}

fn end_of(end: &Value) -> String {
    match (
        end.str_at(&["reason"]).unwrap_or_default(),
        cells::number(end, &["signal"]),
    ) {
        ("", 0) => format!("ExitCode:{}", cells::number(end, &["exitCode"])),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn containers(pod: &Value, summary: &mut Summary) {
    let (mut running, mut failure) = (false, String::new());
    for status in pod.items_at(&["status", "containerStatuses"]).iter().rev() {
        summary.count_restarts(status);
        let waiting = status
            .str_at(&["state", "waiting", "reason"])
            .filter(|reason| !reason.is_empty());
        if let Some(reason) = waiting {
            reason.clone_into(&mut summary.reason);
        } else if let Some(end) = status.at(&["state", "terminated"]) {
            summary.reason = end_of(end);
            if cells::number(end, &["exitCode"]) != 0 {
                failure.clone_from(&summary.reason);
            }
        } else if status.bool_at(&["ready"]) == Some(true)
            && status.at(&["state", "running"]).is_some()
        {
            running = true;
            summary.ready += 1;
        }
    }
    if summary.reason != "Completed" {
        return;
    }
    if running && cells::condition(pod, "Ready") == Some("True") {
        "Running".clone_into(&mut summary.reason);
    } else if !failure.is_empty() {
        summary.reason = failure;
    } else if running {
        "NotReady".clone_into(&mut summary.reason);
    }
}
