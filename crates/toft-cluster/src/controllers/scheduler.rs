//! The scheduler: gives each pod a node, or says why it cannot.
//!
//! It looks at all waiting pods at once, the most important first, then the oldest.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler`.

use std::cmp::Reverse;

use toft_api::{ApiError, Request};
use toft_value::{Value, value};

use crate::claims;
use crate::conditions;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::draw;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::resources::{
    NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, STORAGE_CLASSES,
};

mod affinity;
mod filters;
mod preemption;
mod scores;
mod snapshot;
mod spread;
mod volumes;

use filters::Verdict;
use preemption::Outcome;
use snapshot::Snapshot;
use volumes::{Volumes, Wish};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "default-scheduler",
    identity: Identity::Scheduler,
    watches: &[
        Watch::new(&PODS, Wakes::Singleton(pod_concerns)),
        Watch::new(&NODES, Wakes::Singleton(node_concerns)),
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Singleton(claim_concerns)),
        Watch::new(&PERSISTENT_VOLUMES, Wakes::Singleton(volume_concerns)),
        Watch::new(&STORAGE_CLASSES, Wakes::Singleton(always)),
    ],
    reconcile,
};

fn always(_: &Change<'_>) -> bool {
    true
}

/// A pod that comes, goes, ends, is moved or asks for something else; not one that says how it is.
fn pod_concerns(change: &Change<'_>) -> bool {
    let ended = |side: Option<&Value>| side.is_none_or(pods::is_terminal);
    ended(change.before) != ended(change.after)
        || change.differs(&["spec"])
        || change.differs(&["metadata", "labels"])
}

/// A claim that comes, goes, gets or loses its volume, or is given back by its provisioner.
fn claim_concerns(change: &Change<'_>) -> bool {
    let annotated = |side: Option<&Value>, key: &str| {
        side.is_some_and(|claim| meta::annotation(claim, key).is_some())
    };
    change.before.is_none()
        || change.after.is_none()
        || change.differs(&["metadata", "annotations", claims::BIND_COMPLETED])
        || change.differs(&["status", "phase"])
        || (annotated(change.before, volumes::SELECTED_NODE)
            && !annotated(change.after, volumes::SELECTED_NODE))
}

/// A volume that nobody has yet or any more, or that goes.
fn volume_concerns(change: &Change<'_>) -> bool {
    let is_free = |volume: &Value| {
        let claim = volume.at(&["spec", "claimRef"]);
        claim.is_none_or(Value::is_null)
    };
    let is_new = change.before.is_none() && change.after.is_some_and(is_free);
    is_new
        || change.after.is_none()
        || change.differs(&["status", "phase"])
        || change.differs(&["spec", "nodeAffinity"])
}

fn node_concerns(change: &Change<'_>) -> bool {
    [
        &["spec"][..],
        &["metadata", "labels"],
        &["status", "allocatable"],
        &["status", "conditions"],
    ]
    .iter()
    .any(|path| change.differs(path))
}

/// Whether a pod waits for this scheduler.
fn is_waiting(pod: &Value) -> bool {
    let scheduler = pod.str_at(&["spec", "schedulerName"]);
    pods::node(pod).is_empty()
        && pods::is_active(pod)
        && scheduler.unwrap_or("default-scheduler") == "default-scheduler"
}

/// Whether somebody else has to say first that the pod may go.
fn is_gated(pod: &Value) -> bool {
    !pod.items_at(&["spec", "schedulingGates"]).is_empty()
}

/// Dates the condition with which the API server makes a pod that is gated.
fn note_gates(ctx: &mut Ctx<'_>, pod: &Value) -> Result<(), ApiError> {
    let Some(known) = conditions::find(pod, "PodScheduled")
        .filter(|known| meta::time_at(known, &["lastTransitionTime"]).is_none())
    else {
        return Ok(());
    };
    let mut condition = known.clone();
    condition.set_at(&["lastTransitionTime"], ctx.now.to_string());
    let mut status = pod.get("status").cloned().unwrap_or_default();
    conditions::append(&mut status, condition);
    let mut dated = pod.clone();
    dated.set_at(&["status"], status);
    ctx.update_status(&PODS, dated).map(drop)
}

fn reconcile(ctx: &mut Ctx<'_>, _: &Key) -> Next {
    let waiting: Vec<Value> = ctx
        .reader()
        .list(&PODS, None)
        .filter(|pod| is_waiting(pod))
        .cloned()
        .collect();
    let (gated, mut waiting): (Vec<Value>, Vec<Value>) = waiting.into_iter().partition(is_gated);
    let dated = gated.iter().try_for_each(|pod| note_gates(ctx, pod));
    let mut next = dated.map_or(Next::Retry, |()| Next::Nothing);
    if waiting.is_empty() {
        return next;
    }
    waiting.sort_by_cached_key(|pod| {
        let priority = preemption::priority(pod);
        let name = (meta::namespace(pod).to_owned(), meta::name(pod).to_owned());
        (Reverse(priority), meta::created(pod), name)
    });
    let mut snapshot = Snapshot::new(ctx);
    for pod in &waiting {
        if schedule(ctx, &mut snapshot, pod).is_err() {
            next = Next::Retry;
        }
    }
    next
}

fn schedule(ctx: &mut Ctx<'_>, snapshot: &mut Snapshot, pod: &Value) -> Result<(), ApiError> {
    if snapshot.nodes.is_empty() {
        return refuse(ctx, pod, "no nodes available to schedule pods");
    }
    snapshot.forget(pod);
    let volumes = match Volumes::of(ctx, pod) {
        Ok(volumes) => volumes,
        Err(reason) => {
            let count = snapshot.nodes.len();
            // Upstream's search for pods to evict ends with `not found` here; it says so.
            let text = format!("0/{count} nodes are available: {reason}. not found");
            return refuse(ctx, pod, &text);
        }
    };
    let wish = Wish {
        pod,
        volumes: &volumes,
    };
    let verdicts = filters::run(snapshot, &wish);
    let fitting: Vec<usize> = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Fits))
        .map(|(index, _)| index)
        .collect();
    if fitting.is_empty() {
        return make_room(ctx, snapshot, (&wish, &verdicts));
    }
    let best = choose(ctx, snapshot, &wish, &fitting);
    let Some(node) = snapshot.nodes.get(best).map(|node| node.name.clone()) else {
        return Ok(());
    };
    snapshot.take(best, pod);
    if volumes.prepare(ctx, &node)? {
        bind(ctx, pod, &node)
    } else if pod.str_at(&["status", "nominatedNodeName"]) == Some(&node) {
        Ok(())
    } else {
        nominate(ctx, pod, node.as_str().into())
    }
}

/// Sends less important pods away for one that fits nowhere, or says why it has no node.
fn make_room(
    ctx: &mut Ctx<'_>,
    snapshot: &mut Snapshot,
    (wish, verdicts): (&Wish<'_>, &[Verdict]),
) -> Result<(), ApiError> {
    let text = filters::explain(verdicts);
    match preemption::run(ctx, snapshot, (wish, verdicts))? {
        Outcome::Waits => Ok(()),
        // Upstream says of claims of devices, which pods here have none of, that there is nothing to take.
        Outcome::Refused(why) => {
            let text = format!("{text} no new claims to deallocate, preemption: {why}");
            refuse(ctx, wish.pod, &text)
        }
        Outcome::Nominated(node) => {
            refuse(ctx, wish.pod, &text)?;
            if let Some(at) = snapshot.nodes.iter().position(|state| state.name == node) {
                snapshot.take(at, wish.pod);
            }
            nominate(ctx, wish.pod, node.as_str().into())
        }
    }
}

/// Notes on a pod for which node it waits; nothing for none.
fn nominate(ctx: &mut Ctx<'_>, pod: &Value, node: Value) -> Result<(), ApiError> {
    let path = PODS.path(meta::namespace(pod), meta::name(pod));
    let patch = value!({"status": {"nominatedNodeName": node}});
    ctx.patch(path.subresource("status"), patch).map(drop)
}

/// The best of the fitting nodes; among equals the seed decides.
fn choose(ctx: &Ctx<'_>, snapshot: &Snapshot, wish: &Wish<'_>, fitting: &[usize]) -> usize {
    let scores = scores::run(snapshot, wish, fitting);
    let most = scores.iter().max().copied().unwrap_or(0);
    let best: Vec<usize> = fitting
        .iter()
        .zip(&scores)
        .filter(|(_, score)| **score == most)
        .map(|(index, _)| *index)
        .collect();
    let parts = [meta::namespace(wish.pod), meta::name(wish.pod), "node"];
    let drawn = draw::number(ctx.settings.seed, &parts);
    let at = usize::try_from(drawn % best.len().max(1) as u64).unwrap_or(0);
    best.get(at).copied().unwrap_or_default()
}

fn bind(ctx: &mut Ctx<'_>, pod: &Value, node: &str) -> Result<(), ApiError> {
    let (namespace, name) = (meta::namespace(pod), meta::name(pod));
    let binding = value!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": {"name": name, "namespace": namespace, "uid": meta::uid(pod)},
        "target": {"kind": "Node", "name": node},
    });
    if pod.at(&["status", "nominatedNodeName"]).is_some() {
        nominate(ctx, pod, Value::Null)?;
    }
    let path = PODS.path(namespace, name).subresource("binding");
    let agent = ctx.agent();
    ctx.send(Request::create(agent, path, binding))?;
    let text = format!("Successfully assigned {namespace}/{name} to {node}");
    ctx.note(pod, &Note::normal("Scheduled", text).action("Binding"));
    Ok(())
}

/// Says on the pod why it has no node; says it once.
fn refuse(ctx: &mut Ctx<'_>, pod: &Value, message: &str) -> Result<(), ApiError> {
    let known = conditions::find(pod, "PodScheduled");
    if known.and_then(|condition| condition.str_at(&["message"])) == Some(message) {
        return Ok(());
    }
    ctx.note(
        pod,
        &Note::warning("FailedScheduling", message).action("Scheduling"),
    );
    let condition = value!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        "lastProbeTime": null, "observedGeneration": meta::generation(pod),
        "lastTransitionTime": known
            .filter(|condition| condition.str_at(&["status"]) == Some("False"))
            .and_then(|condition| condition.str_at(&["lastTransitionTime"]))
            .map_or_else(|| ctx.now.to_string(), str::to_owned),
    });
    let mut changed = pod.clone();
    let mut status = changed.get("status").cloned().unwrap_or_default();
    conditions::append(&mut status, condition);
    changed.set_at(&["status"], status);
    ctx.update_status(&PODS, changed).map(drop)
}
