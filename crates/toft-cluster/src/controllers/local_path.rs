//! The provisioner of the class `local-path`: a folder on the node that the first pod was given.
//!
//! Source: rancher/local-path-provisioner 0.0.31 `provisioner.go`. The folder is taken to exist.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::assumed;
use crate::claims;
use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES};

/// The name of the provisioner.
pub(crate) const PROVISIONER: &str = "rancher.io/local-path";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// The folder of the volumes on each node, the provisioner's default.
const FOLDER: &str = "/opt/local-path-provisioner";

pub(crate) const CONTROLLER: Controller = Controller {
    name: "rancher.io/local-path_toft",
    identity: Identity::Addon,
    watches: &[
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Itself),
        Watch::new(&PERSISTENT_VOLUMES, Wakes::Itself),
    ],
    reconcile,
};

/// A key with a namespace is a claim, one without is a volume.
fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let result = if key.namespace.is_empty() {
        reclaim(ctx, key)
    } else {
        provision(ctx, key)
    };
    result.map_or(Next::Retry, |()| Next::Nothing)
}

fn provision(ctx: &mut Ctx<'_>, key: &Key) -> Result<(), ApiError> {
    let Some(claim) = ctx.get(&PERSISTENT_VOLUME_CLAIMS, &key.namespace, &key.name) else {
        return Ok(());
    };
    let ours =
        meta::annotation(&claim, "volume.kubernetes.io/storage-provisioner") == Some(PROVISIONER);
    let bound = claim
        .str_at(&["spec", "volumeName"])
        .is_some_and(|name| !name.is_empty());
    if !ours || bound || meta::is_deleting(&claim) {
        return Ok(());
    }
    let name = format!("pvc-{}", meta::uid(&claim));
    let class = claims::class(&claim).to_owned();
    let (Some(class), None) = (
        ctx.get(&STORAGE_CLASSES, "", &class),
        ctx.get(&PERSISTENT_VOLUMES, "", &name),
    ) else {
        return Ok(());
    };
    let text = format!("External provisioner is provisioning volume for claim \"{key}\"");
    ctx.note_once(&claim, &Note::normal("Provisioning", text));
    let failed = |why: &str| {
        let text = format!(
            "failed to provision volume with StorageClass {:?}: {why}",
            meta::name(&class)
        );
        Note::warning("ProvisioningFailed", text)
    };
    let mut modes = claim
        .items_at(&["spec", "accessModes"])
        .iter()
        .filter_map(Value::as_str);
    if modes.any(|mode| mode != "ReadWriteOnce" && mode != "ReadWriteOncePod") {
        let why = "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes";
        ctx.note_once(&claim, &failed(why));
        return Ok(());
    }
    let Some(node) = meta::annotation(&claim, SELECTED_NODE) else {
        ctx.note_once(
            &claim,
            &failed("configuration error, no node was specified"),
        );
        return Ok(());
    };
    let volume = volume(&claim, &class, (&name, node));
    ctx.create(&PERSISTENT_VOLUMES, volume)?;
    let text = format!("Successfully provisioned volume {name}");
    ctx.note(&claim, &Note::normal("ProvisioningSucceeded", text));
    Ok(())
}

fn volume(claim: &Value, class: &Value, (name, node): (&str, &str)) -> Value {
    let path = format!(
        "{FOLDER}/{name}_{}_{}",
        meta::namespace(claim),
        meta::name(claim)
    );
    value!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {
                (PROVISIONED_BY): PROVISIONER, "local.path.provisioner/selected-node": node,
                (assumed::KEY): "the folder exists on its node and has room",
            },
        },
        "spec": {
            "accessModes": claim.at(&["spec", "accessModes"]).cloned(),
            "capacity": {"storage": claim.at(&["spec", "resources", "requests", "storage"]).cloned()},
            "claimRef": claims::reference(claim),
            "hostPath": {"path": path, "type": "DirectoryOrCreate"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]},
            ]}]}},
            "persistentVolumeReclaimPolicy": class.str_at(&["reclaimPolicy"]).unwrap_or("Delete"),
            "storageClassName": meta::name(class),
            "volumeMode": claim.str_at(&["spec", "volumeMode"]).unwrap_or("Filesystem"),
        },
    })
}

/// Deletes a volume that was made here and whose claim is gone.
fn reclaim(ctx: &mut Ctx<'_>, key: &Key) -> Result<(), ApiError> {
    let Some(volume) = ctx.get(&PERSISTENT_VOLUMES, "", &key.name) else {
        return Ok(());
    };
    let ours = meta::annotation(&volume, PROVISIONED_BY) == Some(PROVISIONER);
    let is_released = volume.str_at(&["status", "phase"]) == Some("Released");
    let is_deleted = volume.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == Some("Delete");
    if ours && is_released && is_deleted && !meta::is_deleting(&volume) {
        ctx.delete(PERSISTENT_VOLUMES.path("", &key.name), &Deletion::default())?;
    }
    Ok(())
}
