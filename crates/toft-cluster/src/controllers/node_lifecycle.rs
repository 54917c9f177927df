//! What the conditions of a node mean for pods: taints on the node, pods that count as not ready.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/nodelifecycle/node_lifecycle_controller.go`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::conditions;
use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::resources::{NODES, PODS};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "node-controller",
    identity: Identity::ControllerManager,
    watches: &[Watch::new(&NODES, Wakes::Itself)],
    reconcile,
};

/// Condition, its status, the taint that follows.
const NO_SCHEDULE: &[(&str, &str, &str)] = &[
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    (
        "MemoryPressure",
        "True",
        "node.kubernetes.io/memory-pressure",
    ),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    (
        "NetworkUnavailable",
        "True",
        "node.kubernetes.io/network-unavailable",
    ),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(node) = ctx.get(&NODES, "", &key.name) else {
        return Next::Nothing;
    };
    let name = meta::name(&node).to_owned();
    let text = format!("Node {name} event: Registered Node {name} in Controller");
    if ctx.now <= meta::created(&node) {
        ctx.note_once(&node, &Note::normal("RegisteredNode", text));
    }
    let tainted = label(ctx, node).and_then(|node| {
        taint(ctx, &node)?;
        Ok(node)
    });
    let Ok(node) = tainted else {
        return Next::Retry;
    };
    let marked = if is_lost(&node) {
        mark_pods(ctx, &node)
    } else {
        Ok(())
    };
    marked.map_or(Next::Retry, |()| Next::Nothing)
}

fn condition<'a>(node: &'a Value, kind: &str) -> &'a str {
    conditions::find(node, kind)
        .and_then(|found| found.str_at(&["status"]))
        .unwrap_or_default()
}

/// Whether nothing is heard of a node. One that says that it is not ready tells of its pods itself.
fn is_lost(node: &Value) -> bool {
    condition(node, "Ready") == "Unknown"
}

/// Labels that older software reads, each with the one that it repeats.
const REPEATED: &[(&str, &str)] = &[
    ("kubernetes.io/os", "beta.kubernetes.io/os"),
    ("kubernetes.io/arch", "beta.kubernetes.io/arch"),
];

/// How long the kubelet may keep what it has read, in seconds; none in clusters below a hundred nodes.
///
/// Source: `pkg/controller/ttl/ttl_controller.go`.
const TTL: (&str, &str) = ("node.alpha.kubernetes.io/ttl", "0");

/// Repeats labels under their old names.
fn label(ctx: &mut Ctx<'_>, node: Value) -> Result<Value, ApiError> {
    let mut labelled = node.clone();
    for (label, old) in REPEATED {
        if let Some(text) = meta::label(&node, label) {
            labelled.set_at(&["metadata", "labels", old], text);
        }
    }
    if meta::annotation(&node, TTL.0).is_none() {
        labelled.set_at(&["metadata", "annotations", TTL.0], TTL.1);
    }
    if labelled == node {
        return Ok(node);
    }
    ctx.update(&NODES, labelled)
}

/// The taints that the node should have, as key and effect.
fn wanted(node: &Value) -> Vec<(&'static str, &'static str)> {
    let mut taints: Vec<(&str, &str)> = NO_SCHEDULE
        .iter()
        .filter(|(kind, status, _)| condition(node, kind) == *status)
        .map(|(_, _, taint)| (*taint, "NoSchedule"))
        .collect();
    if node.bool_at(&["spec", "unschedulable"]) == Some(true) {
        taints.push((UNSCHEDULABLE, "NoSchedule"));
    }
    match condition(node, "Ready") {
        "False" => taints.push(("node.kubernetes.io/not-ready", "NoExecute")),
        "Unknown" => taints.push(("node.kubernetes.io/unreachable", "NoExecute")),
        _ => {}
    }
    taints
}

fn taint(ctx: &mut Ctx<'_>, node: &Value) -> Result<(), ApiError> {
    let wanted = wanted(node);
    let ours =
        |key: &str| key == UNSCHEDULABLE || NO_SCHEDULE.iter().any(|(_, _, taint)| *taint == key);
    let text = |taint: &Value, key: &str| taint.str_at(&[key]).unwrap_or_default().to_owned();
    let mut taints = node.items_at(&["spec", "taints"]).to_vec();
    taints.retain(|taint| {
        let (key, effect) = (text(taint, "key"), text(taint, "effect"));
        !ours(&key) || wanted.contains(&(key.as_str(), effect.as_str()))
    });
    for (key, effect) in wanted {
        let is_there = taints
            .iter()
            .any(|taint| text(taint, "key") == key && text(taint, "effect") == effect);
        if !is_there {
            taints.push(value!({"key": key, "effect": effect, "timeAdded": ctx.now.to_string()}));
        }
    }
    if taints == node.items_at(&["spec", "taints"]) {
        return Ok(());
    }
    let mut tainted = node.clone();
    if taints.is_empty() {
        tainted.remove_at(&["spec", "taints"]);
    } else {
        tainted.set_at(&["spec", "taints"], taints);
    }
    ctx.update(&NODES, tainted).map(drop)
}

/// Says of the pods of a node that is lost that they are not ready.
fn mark_pods(ctx: &mut Ctx<'_>, node: &Value) -> Result<(), ApiError> {
    let all = ctx.reader().list(&PODS, None);
    let lost: Vec<Value> = all
        .filter(|pod| pods::node(pod) == meta::name(node) && pods::is_ready(pod))
        .cloned()
        .collect();
    for pod in lost {
        let mut status = pod.get("status").cloned().unwrap_or_default();
        let mut list = status.items_at(&["conditions"]).to_vec();
        for one in list
            .iter_mut()
            .filter(|one| one.str_at(&["type"]) == Some("Ready"))
        {
            one.set_at(&["status"], "False");
            one.set_at(&["lastTransitionTime"], ctx.now.to_string());
        }
        status.set_at(&["conditions"], list);
        let mut marked = pod.clone();
        marked.set_at(&["status"], status);
        ctx.update_status(&PODS, marked)?;
        ctx.note(&pod, &Note::warning("NodeNotReady", "Node is not ready"));
    }
    Ok(())
}
