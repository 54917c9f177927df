//! Claims: each gets a volume that is there, or one that is made for it.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/volume/persistentvolume/pv_controller.go`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::claims::{self, BIND_COMPLETED, BOUND_BY_CONTROLLER, Mode};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, STORAGE_CLASSES};

const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const PROVISIONERS: [&str; 2] = [
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
];

pub(crate) const CONTROLLER: Controller = Controller {
    name: "persistentvolume-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Itself),
        Watch::new(&PERSISTENT_VOLUMES, Wakes::Related(claims_of_volume)),
        Watch::new(
            &STORAGE_CLASSES,
            Wakes::Related(|reader, _| unbound(reader)),
        ),
    ],
    reconcile,
};

fn unbound(reader: Reader<'_>) -> Vec<Key> {
    let claims = reader.list(&PERSISTENT_VOLUME_CLAIMS, None);
    claims
        .filter(|claim| !claims::is_bound(claim))
        .map(Key::of)
        .collect()
}

/// The claim that a volume names, and where it names none, every claim without a volume.
fn claims_of_volume(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let named = change.sides().filter_map(|volume| {
        let text = |key| volume.str_at(&["spec", "claimRef", key]);
        Some(Key::new(text("namespace")?, text("name")?))
    });
    let mut keys: Vec<Key> = named.collect();
    let is_free = |volume: &Value| volume.at(&["spec", "claimRef"]).is_none_or(Value::is_null);
    if change.after.is_some_and(is_free) {
        keys.extend(unbound(reader));
    }
    keys
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(claim) = ctx.get(&PERSISTENT_VOLUME_CLAIMS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let result = if meta::annotation(&claim, BIND_COMPLETED).is_some() {
        check(ctx, &claim)
    } else {
        find(ctx, &claim)
    };
    result.map_or(Next::Retry, |()| Next::Nothing)
}

/// Looks whether a bound claim still has its volume.
fn check(ctx: &mut Ctx<'_>, claim: &Value) -> Result<(), ApiError> {
    let name = claim.str_at(&["spec", "volumeName"]).unwrap_or_default();
    if name.is_empty() {
        let text =
            "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
        return lose(ctx, claim, &Note::warning("ClaimLost", text));
    }
    let Some(volume) = ctx.get(&PERSISTENT_VOLUMES, "", name) else {
        let text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        return lose(ctx, claim, &Note::warning("ClaimLost", text));
    };
    match volume
        .at(&["spec", "claimRef"])
        .filter(|reference| !reference.is_null())
    {
        Some(reference) if reference.str_at(&["uid"]).unwrap_or_default() != meta::uid(claim) => {
            let text = "Two claims are bound to the same volume, this one is bound incorrectly";
            lose(ctx, claim, &Note::warning("ClaimMisbound", text))
        }
        _ => bind(ctx, &volume, claim),
    }
}

fn lose(ctx: &mut Ctx<'_>, claim: &Value, note: &Note) -> Result<(), ApiError> {
    if claim.str_at(&["status", "phase"]) == Some("Lost") {
        return Ok(());
    }
    let mut lost = claim.clone();
    lost.set_at(&["status"], value!({"phase": "Lost"}));
    ctx.update_status(&PERSISTENT_VOLUME_CLAIMS, lost)?;
    ctx.note(claim, note);
    Ok(())
}

/// Finds a volume for a claim, or has one made.
fn find(ctx: &mut Ctx<'_>, claim: &Value) -> Result<(), ApiError> {
    let wanted = claim.str_at(&["spec", "volumeName"]).unwrap_or_default();
    if !wanted.is_empty() {
        return take(ctx, claim, wanted);
    }
    let delayed = claims::mode(ctx.reader(), claim) == Mode::FirstConsumer;
    let selected = meta::annotation(claim, SELECTED_NODE).is_some();
    let candidates = claims::candidates(ctx.reader(), claim);
    // What waits for its consumer takes only a volume that the scheduler gave it.
    let reserved = |volume: &&Value| {
        let reference = volume
            .at(&["spec", "claimRef"])
            .filter(|reference| !reference.is_null());
        reference.is_some_and(|reference| claims::refers_to(reference, claim))
    };
    let found = candidates
        .iter()
        .find(|volume| !delayed || reserved(volume));
    if let Some(volume) = found {
        return bind(ctx, volume, claim);
    }
    if take_default_class(ctx, claim)? {
        return Ok(());
    }
    if delayed && !selected {
        wait_for_consumer(ctx, claim);
    } else if !claims::class(claim).is_empty() {
        provision(ctx, claim)?;
    } else {
        let text = "no persistent volumes available for this claim and no storage class is set";
        ctx.note_once(claim, &Note::normal("FailedBinding", text));
    }
    Ok(())
}

/// Takes the volume that the claim asks for by name.
fn take(ctx: &mut Ctx<'_>, claim: &Value, name: &str) -> Result<(), ApiError> {
    let Some(volume) = ctx.get(&PERSISTENT_VOLUMES, "", name) else {
        return Ok(());
    };
    let reference = volume
        .at(&["spec", "claimRef"])
        .filter(|reference| !reference.is_null());
    if reference.is_some_and(|reference| !claims::refers_to(reference, claim)) {
        let text = format!("volume {name:?} already bound to a different claim.");
        ctx.note_once(claim, &Note::warning("FailedBinding", text));
        return Ok(());
    }
    if reference.is_none()
        && let Some(why) = claims::mismatch(&volume, claim)
    {
        let text = format!("Cannot bind to requested volume {name:?}: {why}");
        ctx.note_once(claim, &Note::warning("VolumeMismatch", text));
        return Ok(());
    }
    bind(ctx, &volume, claim)
}

/// Gives a claim without class the default one; whether there was one to give.
fn take_default_class(ctx: &mut Ctx<'_>, claim: &Value) -> Result<bool, ApiError> {
    let has_class = claim
        .at(&["spec", "storageClassName"])
        .is_some_and(|class| !class.is_null())
        || meta::annotation(claim, "volume.beta.kubernetes.io/storage-class").is_some();
    if has_class {
        return Ok(false);
    }
    let classes = ctx.reader().list(&STORAGE_CLASSES, None);
    let mut defaults: Vec<(toft_object::Time, String)> = classes
        .filter(|class| {
            meta::annotation(class, "storageclass.kubernetes.io/is-default-class") == Some("true")
        })
        .map(|class| (meta::created(class), meta::name(class).to_owned()))
        .collect();
    // The newest default wins, of equal age the first by name.
    defaults.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    let Some((_, class)) = defaults.first() else {
        return Ok(false);
    };
    let mut changed = claim.clone();
    changed.set_at(&["spec", "storageClassName"], class.as_str());
    ctx.update(&PERSISTENT_VOLUME_CLAIMS, changed)?;
    Ok(true)
}

fn wait_for_consumer(ctx: &mut Ctx<'_>, claim: &Value) {
    let pods = ctx.reader().list(&PODS, Some(meta::namespace(claim)));
    let waiting = pods.filter(|pod| {
        let volumes = pod.items_at(&["spec", "volumes"]).iter();
        let mut names = volumes.filter_map(|volume| claims::name_of(pod, volume));
        pods::node(pod).is_empty()
            && !pods::is_terminal(pod)
            && names.any(|name| name == meta::name(claim))
    });
    let names: Vec<&str> = waiting.map(meta::name).collect();
    let note = match names.as_slice() {
        [] => Note::normal(
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding",
        ),
        [one] => Note::normal(
            "WaitForPodScheduled",
            format!("waiting for pod {one} to be scheduled"),
        ),
        many => Note::normal(
            "WaitForPodScheduled",
            format!("waiting for pods {} to be scheduled", many.join(",")),
        ),
    };
    ctx.note_once(claim, &note);
}

/// Asks the provisioner of the class for a volume.
fn provision(ctx: &mut Ctx<'_>, claim: &Value) -> Result<(), ApiError> {
    let name = claims::class(claim);
    let Some(class) = ctx.get(&STORAGE_CLASSES, "", name) else {
        let text = format!("storageclass.storage.k8s.io {name:?} not found");
        ctx.note_once(claim, &Note::warning("ProvisioningFailed", text));
        return Ok(());
    };
    let provisioner = class.str_at(&["provisioner"]).unwrap_or_default();
    // No plugin of upstream's own has been left that makes volumes.
    if provisioner.starts_with("kubernetes.io/") {
        let text = format!("no volume plugin matched name: {provisioner}");
        ctx.note_once(claim, &Note::warning("ProvisioningFailed", text));
        return Ok(());
    }
    let text = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the \
         system administrator. If volume creation is delayed, please verify that the provisioner is running and \
         correctly registered."
    );
    let mut asked = claim.clone();
    for key in PROVISIONERS {
        asked.set_at(&["metadata", "annotations", key], provisioner);
    }
    if asked != *claim {
        ctx.update(&PERSISTENT_VOLUME_CLAIMS, asked)?;
    }
    ctx.note_once(claim, &Note::normal("ExternalProvisioning", text));
    Ok(())
}

/// Connects a volume and a claim, on both sides, as far as they are not.
fn bind(ctx: &mut Ctx<'_>, volume: &Value, claim: &Value) -> Result<(), ApiError> {
    let mut volume = claims::reserve(ctx, volume, claim)?;
    if volume.str_at(&["status", "phase"]) != Some("Bound") {
        volume.set_at(
            &["status"],
            value!({"phase": "Bound", "lastPhaseTransitionTime": ctx.now.to_string()}),
        );
        volume = ctx.update_status(&PERSISTENT_VOLUMES, volume)?;
    }
    let mut bound = claim.clone();
    if claim
        .str_at(&["spec", "volumeName"])
        .unwrap_or_default()
        .is_empty()
    {
        bound.set_at(&["spec", "volumeName"], meta::name(&volume));
        bound.set_at(&["metadata", "annotations", BOUND_BY_CONTROLLER], "yes");
    }
    bound.set_at(&["metadata", "annotations", BIND_COMPLETED], "yes");
    if bound != *claim {
        bound = ctx.update(&PERSISTENT_VOLUME_CLAIMS, bound)?;
    }
    let mut told = bound.clone();
    told.set_at(&["status", "phase"], "Bound");
    told.set_at(
        &["status", "accessModes"],
        volume
            .at(&["spec", "accessModes"])
            .cloned()
            .unwrap_or_default(),
    );
    if told.at(&["status", "capacity"]).is_none() {
        told.set_at(
            &["status", "capacity"],
            volume
                .at(&["spec", "capacity"])
                .cloned()
                .unwrap_or_default(),
        );
    }
    if told == bound {
        return Ok(());
    }
    ctx.update_status(&PERSISTENT_VOLUME_CLAIMS, told).map(drop)
}
