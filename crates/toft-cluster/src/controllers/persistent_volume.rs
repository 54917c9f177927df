//! Volumes: free, bound, or released when their claim is gone.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/volume/persistentvolume/pv_controller.go`, `syncVolume`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::claims::{self, BOUND_BY_CONTROLLER};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::reader::Reader;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "persistentvolume-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&PERSISTENT_VOLUMES, Wakes::Itself),
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Related(volumes_of_claim)),
    ],
    reconcile,
};

fn volumes_of_claim(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let volumes = reader.list(&PERSISTENT_VOLUMES, None);
    let named = volumes.filter(|volume| {
        volume.str_at(&["spec", "claimRef", "name"]) == Some(&change.key.name)
            && volume.str_at(&["spec", "claimRef", "namespace"]) == Some(&change.key.namespace)
    });
    named.map(Key::of).collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(volume) = ctx.get(&PERSISTENT_VOLUMES, "", &key.name) else {
        return Next::Nothing;
    };
    sync(ctx, &volume).map_or(Next::Retry, |()| Next::Nothing)
}

fn sync(ctx: &mut Ctx<'_>, volume: &Value) -> Result<(), ApiError> {
    let reference = volume
        .at(&["spec", "claimRef"])
        .filter(|reference| !reference.is_null());
    let Some(reference) = reference else {
        return set_phase(ctx, volume, "Available");
    };
    let text = |key| reference.str_at(&[key]).unwrap_or_default();
    if text("uid").is_empty() {
        return set_phase(ctx, volume, "Available");
    }
    let claim = ctx.get(&PERSISTENT_VOLUME_CLAIMS, text("namespace"), text("name"));
    let claim = claim.filter(|claim| claims::refers_to(reference, claim));
    let Some(claim) = claim else {
        return set_phase(ctx, volume, "Released");
    };
    match claim.str_at(&["spec", "volumeName"]).unwrap_or_default() {
        "" => Ok(()),
        name if name == meta::name(volume) => set_phase(ctx, volume, "Bound"),
        _ => release(ctx, volume),
    }
}

/// Sets a volume free whose claim took another one.
fn release(ctx: &mut Ctx<'_>, volume: &Value) -> Result<(), ApiError> {
    let made_for_it = meta::annotation(volume, "pv.kubernetes.io/provisioned-by").is_some();
    let is_deleted = volume.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == Some("Delete");
    if made_for_it && is_deleted {
        return set_phase(ctx, volume, "Released");
    }
    let mut free = volume.clone();
    if meta::annotation(volume, BOUND_BY_CONTROLLER).is_some() {
        free.remove_at(&["spec", "claimRef"]);
        free.remove_at(&["metadata", "annotations", BOUND_BY_CONTROLLER]);
    } else {
        free.remove_at(&["spec", "claimRef", "uid"]);
    }
    ctx.update(&PERSISTENT_VOLUMES, free).map(drop)
}

fn set_phase(ctx: &mut Ctx<'_>, volume: &Value, phase: &str) -> Result<(), ApiError> {
    let current = volume.str_at(&["status", "phase"]).unwrap_or_default();
    if current == phase || (current == "Failed" && phase == "Released") {
        return Ok(());
    }
    let mut changed = volume.clone();
    changed.set_at(
        &["status"],
        value!({"phase": phase, "lastPhaseTransitionTime": ctx.now.to_string()}),
    );
    ctx.update_status(&PERSISTENT_VOLUMES, changed).map(drop)
}
