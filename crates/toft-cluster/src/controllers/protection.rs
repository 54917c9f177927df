//! Claims that a pod uses and volumes that a claim has are not deleted before they are free.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/volume/{pvcprotection,pvprotection}`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::claims;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, Resource};

const CLAIM: &str = "kubernetes.io/pvc-protection";
const VOLUME: &str = "kubernetes.io/pv-protection";

pub(crate) const CLAIM_CONTROLLER: Controller = Controller {
    name: "pvc-protection-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Related(claims_of_pod)),
    ],
    reconcile: reconcile_claim,
};

pub(crate) const VOLUME_CONTROLLER: Controller = Controller {
    name: "pv-protection-controller",
    identity: Identity::ControllerManager,
    watches: &[Watch::new(&PERSISTENT_VOLUMES, Wakes::Itself)],
    reconcile: reconcile_volume,
};

/// The claims of a pod that ended.
fn claims_of_pod(_: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if change.after.is_some_and(|pod| !pods::is_terminal(pod)) {
        return Vec::new();
    }
    let pod = change.latest();
    let names = pod.into_iter().flat_map(|pod| {
        let volumes = pod.items_at(&["spec", "volumes"]).iter();
        volumes.filter_map(move |volume| claims::name_of(pod, volume))
    });
    names
        .map(|name| Key::new(&change.key.namespace, &name))
        .collect()
}

fn reconcile_claim(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(claim) = ctx.get(&PERSISTENT_VOLUME_CLAIMS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let pods = ctx.reader().list(&PODS, Some(&key.namespace));
    let uses = |pod: &Value| {
        let volumes = pod.items_at(&["spec", "volumes"]).iter();
        let mut names = volumes.filter_map(|volume| claims::name_of(pod, volume));
        names.any(|name| name == key.name)
    };
    let in_use = pods
        .filter(|pod| !pods::node(pod).is_empty() && !pods::is_terminal(pod))
        .any(uses);
    guard(
        ctx,
        &claim,
        &Guard {
            resource: &PERSISTENT_VOLUME_CLAIMS,
            finalizer: CLAIM,
            in_use,
        },
    )
}

fn reconcile_volume(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(volume) = ctx.get(&PERSISTENT_VOLUMES, "", &key.name) else {
        return Next::Nothing;
    };
    let in_use = volume.str_at(&["status", "phase"]) == Some("Bound");
    guard(
        ctx,
        &volume,
        &Guard {
            resource: &PERSISTENT_VOLUMES,
            finalizer: VOLUME,
            in_use,
        },
    )
}

/// What is guarded and how.
struct Guard {
    resource: &'static Resource,
    finalizer: &'static str,
    in_use: bool,
}

fn guard(ctx: &mut Ctx<'_>, object: &Value, guard: &Guard) -> Next {
    let has = meta::has_finalizer(object, guard.finalizer);
    let wanted = if meta::is_deleting(object) {
        has && guard.in_use
    } else {
        true
    };
    if has == wanted {
        return Next::Nothing;
    }
    set(ctx, object, (guard, wanted)).map_or(Next::Retry, |()| Next::Nothing)
}

fn set(ctx: &mut Ctx<'_>, object: &Value, (guard, wanted): (&Guard, bool)) -> Result<(), ApiError> {
    let mut finalizers: Vec<Value> = meta::finalizers(object)
        .filter(|one| *one != guard.finalizer)
        .map(Value::from)
        .collect();
    if wanted {
        finalizers.push(guard.finalizer.into());
    }
    let finalizers = if finalizers.is_empty() {
        Value::Null
    } else {
        finalizers.into()
    };
    let path = guard
        .resource
        .path(meta::namespace(object), meta::name(object));
    ctx.patch(path, value!({"metadata": {"finalizers": finalizers}}))
        .map(drop)
}
