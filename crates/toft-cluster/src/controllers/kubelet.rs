//! The kubelets of all nodes: what happens to a pod on its node.
//!
//! No container runs. Pulls, starts and runs take drawn times; programs are taken to work, so that their
//! probes succeed once they have started, unless something in the objects makes that impossible or their
//! command says otherwise. Where a pod
//! stands is read from its status and the times in it, so that a restart of the simulation loses nothing.
//!
//! Source: Kubernetes 1.36.3 `pkg/kubelet`.

use toft_value::Value;

use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{CONFIG_MAPS, NODES, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS};

mod addresses;
mod containers;
mod environment;
mod images;
mod life;
mod probes;
mod program;
mod restart;
mod status;
mod stop;
mod volumes;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "kubelet",
    identity: Identity::Kubelet,
    watches: &[
        Watch::new(&PODS, Wakes::Itself),
        Watch::new(&CONFIG_MAPS, Wakes::Related(waiting_pods)),
        Watch::new(&SECRETS, Wakes::Related(waiting_pods)),
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Related(waiting_pods)),
        Watch::new(&NODES, Wakes::Related(pods_of_new_node)),
    ],
    reconcile,
};

/// The pods of the namespace that have a node and cannot start yet.
fn waiting_pods(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let pods = reader.list(&PODS, Some(&change.key.namespace));
    let waiting = pods.filter(|pod| pods::phase(pod) == "Pending" && !pods::node(pod).is_empty());
    waiting.map(Key::of).collect()
}

fn pods_of_new_node(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if change.before.is_some() {
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
    let Some(node) = ctx.get(&NODES, "", pods::node(&pod)) else {
        return Next::Nothing;
    };
    ctx.on_node(meta::name(&node));
    let result = if meta::is_deleting(&pod) {
        stop::proceed(ctx, &pod)
    } else if pods::is_terminal(&pod) {
        return Next::Nothing;
    } else {
        life::proceed(ctx, &pod, &node)
    };
    result.unwrap_or(Next::Retry)
}

/// What a draw about a pod is keyed by: not its uid, which depends on how many objects there were before.
pub(crate) fn identity(pod: &Value) -> String {
    format!("{}/{}", meta::namespace(pod), meta::name(pod))
}
