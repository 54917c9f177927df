//! The status of a pod as its kubelet tells it: phase, conditions, container statuses.
//!
//! Source: Kubernetes 1.36.3 `pkg/kubelet/kubelet_pods.go` (`getPhase`, `generateAPIPodStatus`),
//! `pkg/kubelet/status/generate.go`.

use toft_object::Time;
use toft_value::{Value, value};

use super::containers::{Container, Role, State};
use super::restart;
use crate::conditions;
use crate::meta;

/// Whether the sandbox with its network is there.
const SANDBOX: &str = "PodReadyToStartContainers";

/// The conditions that kubelets write, in their order.
const OWN: &[&str] = &[
    SANDBOX,
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// The phase that follows from the states of the containers.
fn phase(pod: &Value, containers: &[Container]) -> &'static str {
    let main = || containers.iter().filter(|one| one.role == Role::Main);
    let is_going = meta::is_deleting(pod);
    let is_final = |one: &Container| match one.state() {
        State::Terminated(_, code) => is_going || !restart::is_due(pod, one, code),
        State::Waiting => is_going && one.has_run_before(),
        State::Running(_) => false,
    };
    let has_failed =
        |one: &Container| !matches!(one.state(), State::Terminated(_, 0) | State::Running(_));
    let mut init = containers.iter().filter(|one| one.role == Role::Init);
    if init.any(|one| has_failed(one) && is_final(one)) {
        return "Failed";
    }
    if main().any(|one| one.state() == State::Waiting && !one.has_run_before()) {
        return "Pending";
    }
    let mut sidecars = containers.iter().filter(|one| one.role == Role::Sidecar);
    let sidecar_runs = sidecars.any(|one| matches!(one.state(), State::Running(_)));
    if sidecar_runs || !main().all(is_final) {
        "Running"
    } else if main().any(has_failed) {
        "Failed"
    } else {
        "Succeeded"
    }
}

fn names<'a>(containers: impl Iterator<Item = &'a Container>) -> Vec<&'a str> {
    containers.map(Container::name).collect()
}

/// Reason and message of a condition that does not hold; `None` where it does.
type Lack = Option<(&'static str, String)>;

fn not_initialized(containers: &[Container]) -> Lack {
    let mut mains = containers.iter().filter(|one| one.role == Role::Main);
    if mains.any(|one| one.state() != State::Waiting || one.has_run_before()) {
        return None;
    }
    let incomplete = names(containers.iter().filter(|one| match one.role {
        Role::Init => !one.is_ready(),
        Role::Sidecar => !one.is_started(),
        Role::Main => false,
    }));
    (!incomplete.is_empty()).then(|| {
        let text = format!(
            "containers with incomplete status: [{}]",
            incomplete.join(" ")
        );
        ("ContainersNotInitialized", text)
    })
}

fn not_ready(containers: &[Container], phase: &str) -> Lack {
    match phase {
        "Succeeded" => return Some(("PodCompleted", String::new())),
        "Failed" => return Some(("PodFailed", String::new())),
        _ => {}
    }
    let unready = containers
        .iter()
        .filter(|one| one.role != Role::Init && !one.is_ready());
    let unready = names(unready);
    (!unready.is_empty()).then(|| {
        let text = format!("containers with unready status: [{}]", unready.join(" "));
        ("ContainersNotReady", text)
    })
}

/// Readiness gates that somebody else has not opened.
fn closed_gates(pod: &Value) -> Lack {
    let gates = pod.items_at(&["spec", "readinessGates"]).iter();
    let texts: Vec<String> = gates
        .filter_map(|gate| gate.str_at(&["conditionType"]))
        .filter_map(|kind| match conditions::find(pod, kind) {
            None => Some(format!(
                "corresponding condition of pod readiness gate {kind:?} does not exist."
            )),
            Some(found) => {
                let status = found.str_at(&["status"]).unwrap_or_default();
                (status != "True").then(|| {
                    format!(
                        "the status of pod readiness gate {kind:?} is not \"True\", but {status}"
                    )
                })
            }
        })
        .collect();
    (!texts.is_empty()).then(|| ("ReadinessGatesNotReady", texts.join(", ")))
}

/// Writes what follows from the containers into the status of a pod; `status` carries what is known else.
pub(super) fn complete(
    pod: &Value,
    mut status: Value,
    containers: &[Container],
    now: Time,
) -> Value {
    let phase = phase(pod, containers);
    status.set_at(&["phase"], phase);
    status.set_at(&["observedGeneration"], meta::generation(pod));
    let list = |is_main: bool| {
        let chosen = containers
            .iter()
            .filter(|one| (one.role == Role::Main) == is_main);
        chosen.map(|one| one.status.clone()).collect::<Vec<_>>()
    };
    status.set_at(&["containerStatuses"], list(true));
    if containers.iter().any(|one| one.role != Role::Main) {
        status.set_at(&["initContainerStatuses"], list(false));
    }
    let has_sandbox = conditions::find_in(&status, SANDBOX)
        .is_some_and(|found| found.str_at(&["status"]) == Some("True"));
    let sandbox =
        (!has_sandbox || matches!(phase, "Succeeded" | "Failed")).then(|| ("", String::new()));
    let containers_ready = not_ready(containers, phase);
    let ready = containers_ready.clone().or_else(|| closed_gates(pod));
    let lacks = [
        sandbox,
        not_initialized(containers),
        ready,
        containers_ready,
        None,
    ];
    let mut all: Vec<Value> = status
        .items_at(&["conditions"])
        .iter()
        .filter(|one| !OWN.contains(&one.str_at(&["type"]).unwrap_or_default()))
        .cloned()
        .collect();
    for (kind, lack) in OWN.iter().zip(lacks) {
        let done = phase == "Succeeded" && *kind == "Initialized";
        all.push(condition(
            &status,
            kind,
            &Verdict {
                lack,
                done,
                generation: meta::generation(pod),
                now,
            },
        ));
    }
    status.set_at(&["conditions"], all);
    status
}

/// What a condition says.
struct Verdict {
    lack: Lack,
    /// Whether it holds because the pod has ended.
    done: bool,
    generation: i64,
    now: Time,
}

fn condition(status: &Value, kind: &str, verdict: &Verdict) -> Value {
    let value = if verdict.lack.is_none() {
        "True"
    } else {
        "False"
    };
    let known = conditions::find_in(status, kind);
    let kept = known
        .filter(|known| known.str_at(&["status"]) == Some(value))
        .and_then(|known| known.str_at(&["lastTransitionTime"]));
    let mut condition = value!({
        "type": kind, "status": value, "lastProbeTime": null,
        "lastTransitionTime": kept.map_or_else(|| verdict.now.to_string(), str::to_owned),
        "observedGeneration": verdict.generation,
    });
    let (reason, message) = match &verdict.lack {
        Some((reason, message)) => (*reason, message.as_str()),
        None if verdict.done => ("PodCompleted", ""),
        None => ("", ""),
    };
    for (key, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition.set_at(&[key], text);
        }
    }
    condition
}
