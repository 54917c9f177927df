//! Pods that nobody looks after any more: their node is gone, or they were deleted before they had one.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/podgc/gc_controller.go`.

use std::time::Duration;

use toft_value::{Value, value};

use crate::conditions;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{NODES, PODS};

/// How long a node may be gone before its pods go.
const QUARANTINE: Duration = Duration::from_secs(40);

pub(crate) const CONTROLLER: Controller = Controller {
    name: "pod-garbage-collector",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&NODES, Wakes::Related(pods_of_gone_node)),
        Watch::new(&PODS, Wakes::Related(deleted_without_node)),
    ],
    reconcile,
};

fn pods_of_gone_node(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if change.after.is_some() {
        return Vec::new();
    }
    let pods = reader.list(&PODS, None);
    pods.filter(|pod| pods::node(pod) == change.key.name)
        .map(Key::of)
        .collect()
}

fn deleted_without_node(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let concerns = |pod: &&Value| {
        let node = pods::node(pod);
        (node.is_empty() && meta::is_deleting(pod))
            || (!node.is_empty() && reader.get(&NODES, "", node).is_none())
    };
    let pod = change.after.filter(concerns);
    pod.map(Key::of).into_iter().collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(pod) = ctx.get(&PODS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let node = pods::node(&pod);
    if !node.is_empty() {
        if ctx.get(&NODES, "", node).is_some() {
            return Next::Nothing;
        }
        // The quarantine is counted from the first look that found the node gone, which the pod remembers.
        let noted = conditions::find(&pod, "DisruptionTarget")
            .and_then(|found| meta::time_at(found, &["lastTransitionTime"]));
        let Some(since) = noted else {
            return note_loss(ctx, &pod);
        };
        if since + QUARANTINE > ctx.now {
            return Next::At(since + QUARANTINE);
        }
    } else if !meta::is_deleting(&pod) {
        return Next::Nothing;
    }
    let deletion = Deletion {
        uid: meta::uid(&pod),
        grace_seconds: Some(0),
        propagation: None,
    };
    let path = PODS.path(&key.namespace, &key.name);
    ctx.delete(path, &deletion)
        .map_or(Next::Retry, |()| Next::Nothing)
}

fn note_loss(ctx: &mut Ctx<'_>, pod: &Value) -> Next {
    let mut status = pod.get("status").cloned().unwrap_or_default();
    let condition = value!({
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
        "message": "PodGC: node no longer exists", "lastProbeTime": null,
        "lastTransitionTime": ctx.now.to_string(), "observedGeneration": meta::generation(pod),
    });
    conditions::append(&mut status, condition);
    let mut marked = pod.clone();
    marked.set_at(&["status"], status);
    let written = ctx.update_status(&PODS, marked);
    written.map_or(Next::Retry, |_| Next::At(ctx.now + QUARANTINE))
}
