//! Pods that do not bear a `NoExecute` taint of their node are deleted, some after a time.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/tainteviction/taint_eviction.go`.

use std::time::Duration;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use crate::conditions;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::nodes;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{NODES, PODS};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "taint-eviction-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&PODS, Wakes::Related(moved)),
        Watch::new(&NODES, Wakes::Related(pods_of_node)),
    ],
    reconcile,
};

fn moved(_: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let concerns = change.after.is_some() && change.differs(&["spec"]);
    concerns
        .then(|| Key::new(&change.key.namespace, &change.key.name))
        .into_iter()
        .collect()
}

fn pods_of_node(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if !change.differs(&["spec", "taints"]) {
        return Vec::new();
    }
    let pods = reader.list(&PODS, None);
    pods.filter(|pod| pods::node(pod) == change.key.name)
        .map(Key::of)
        .collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(pod) = ctx.get(&PODS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let node = ctx.get(&NODES, "", pods::node(&pod));
    let Some(node) = node.filter(|_| !meta::is_deleting(&pod)) else {
        return Next::Nothing;
    };
    match deadline(&pod, &node, ctx.now) {
        None => Next::Nothing,
        Some(at) if at > ctx.now => Next::At(at),
        Some(_) => evict(ctx, &pod).map_or(Next::Retry, |()| Next::Nothing),
    }
}

/// When the pod has to go; `None` where it may stay.
fn deadline(pod: &Value, node: &Value, now: Time) -> Option<Time> {
    let tolerations = pod.items_at(&["spec", "tolerations"]);
    let taints = node.items_at(&["spec", "taints"]).iter();
    let taints = taints.filter(|taint| taint.str_at(&["effect"]) == Some("NoExecute"));
    taints
        .filter_map(|taint| {
            let since = meta::time_at(taint, &["timeAdded"]).unwrap_or(now);
            let mut bearing = tolerations
                .iter()
                .filter(|one| nodes::tolerates(std::slice::from_ref(one), taint))
                .peekable();
            if bearing.peek().is_none() {
                return Some(now);
            }
            // Of several tolerations the shortest counts.
            let seconds = bearing
                .filter_map(|one| one.i64_at(&["tolerationSeconds"]))
                .min()?;
            Some(since + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        })
        .min()
}

fn evict(ctx: &mut Ctx<'_>, pod: &Value) -> Result<(), ApiError> {
    let (namespace, name) = (meta::namespace(pod), meta::name(pod));
    let text = format!("Marking for deletion Pod {namespace}/{name}");
    ctx.note(pod, &Note::normal("TaintManagerEviction", text));
    let mut status = pod.get("status").cloned().unwrap_or_default();
    let condition = value!({
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint", "lastProbeTime": null,
        "lastTransitionTime": ctx.now.to_string(), "observedGeneration": meta::generation(pod),
    });
    conditions::append(&mut status, condition);
    let mut marked = pod.clone();
    marked.set_at(&["status"], status);
    ctx.update_status(&PODS, marked)?;
    ctx.delete(PODS.path(namespace, name), &Deletion::default())
}
