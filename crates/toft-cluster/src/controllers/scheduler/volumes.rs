//! The claims of a pod: what they demand of a node, and how they get their volumes.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler/framework/plugins/volumebinding`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::claims::{self, Mode};
use crate::ctx::Ctx;
use crate::meta;
use crate::nodes;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES};

/// The annotation that tells a provisioner for which node to make a volume.
pub(super) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// A pod with its claims.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub(super) pod: &'a Value,
    pub(super) volumes: &'a Volumes,
}

/// The claims of a pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Volumes {
    /// The volumes of bound claims; `None` where the volume is missing.
    bound: Vec<Option<Value>>,
    /// Claims that wait for this pod, each with volumes that would do and its class.
    waiting: Vec<Waiting>,
}

#[derive(Clone, Debug)]
struct Waiting {
    claim: Value,
    candidates: Vec<Value>,
    class: Value,
}

/// The names of the claims that a pod uses.
pub(super) fn claim_names(pod: &Value) -> Vec<String> {
    let volumes = pod.items_at(&["spec", "volumes"]).iter();
    volumes
        .filter_map(|volume| claims::name_of(pod, volume))
        .collect()
}

impl Volumes {
    /// Reads the claims of a pod.
    ///
    /// # Errors
    /// Why no node will do, in upstream's words.
    pub(super) fn of(ctx: &Ctx<'_>, pod: &Value) -> Result<Self, String> {
        let mut volumes = Self::default();
        let mut is_immediate = false;
        for name in claim_names(pod) {
            let claim = ctx.get(&PERSISTENT_VOLUME_CLAIMS, meta::namespace(pod), &name);
            let claim = claim.ok_or_else(|| format!("persistentvolumeclaim {name:?} not found"))?;
            if claim.str_at(&["status", "phase"]) == Some("Lost") {
                let volume = claim.str_at(&["spec", "volumeName"]).unwrap_or_default();
                return Err(format!(
                    "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
                ));
            }
            if meta::is_deleting(&claim) {
                return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
            }
            if claims::is_bound(&claim) {
                let volume = claim.str_at(&["spec", "volumeName"]).unwrap_or_default();
                volumes.bound.push(ctx.get(&PERSISTENT_VOLUMES, "", volume));
            } else if claims::mode(ctx.reader(), &claim) == Mode::FirstConsumer
                && claim
                    .str_at(&["spec", "volumeName"])
                    .is_none_or(str::is_empty)
            {
                volumes.waiting.push(Waiting::new(ctx, claim));
            } else {
                is_immediate = true;
            }
        }
        if is_immediate {
            return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
        }
        Ok(volumes)
    }

    /// Why the pod cannot have its volumes on a node; `None` where it can.
    pub(super) fn conflict(&self, node: &Value) -> Option<&'static str> {
        for volume in &self.bound {
            let Some(volume) = volume else {
                return Some(
                    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
                );
            };
            if !is_reachable(volume, node) {
                return Some("node(s) didn't match PersistentVolume's node affinity");
            }
        }
        let impossible = self.waiting.iter().any(|waiting| !waiting.can_be_on(node));
        impossible.then_some("node(s) didn't find available persistent volumes to bind")
    }

    /// Asks for the volumes that are still missing; whether none is.
    pub(super) fn prepare(&self, ctx: &mut Ctx<'_>, node: &str) -> Result<bool, ApiError> {
        for waiting in &self.waiting {
            waiting.ask(ctx, node)?;
        }
        Ok(self.waiting.is_empty())
    }
}

/// Whether a volume can be had on a node.
fn is_reachable(volume: &Value, node: &Value) -> bool {
    let required = volume.at(&["spec", "nodeAffinity", "required"]);
    required.is_none_or(|terms| nodes::matches_terms(terms, node))
}

impl Waiting {
    fn new(ctx: &Ctx<'_>, claim: Value) -> Self {
        let class = claim
            .str_at(&["spec", "storageClassName"])
            .unwrap_or_default();
        let class = ctx.get(&STORAGE_CLASSES, "", class).unwrap_or_default();
        let candidates = claims::candidates(ctx.reader(), &claim);
        Self {
            claim,
            candidates,
            class,
        }
    }

    fn can_be_on(&self, node: &Value) -> bool {
        if let Some(selected) = meta::annotation(&self.claim, SELECTED_NODE) {
            return selected == meta::name(node);
        }
        let provisioner = self.class.str_at(&["provisioner"]).unwrap_or_default();
        let is_made = !provisioner.is_empty() && provisioner != claims::NO_PROVISIONER;
        self.candidates
            .iter()
            .any(|volume| is_reachable(volume, node))
            || (is_made && claims::allows(&self.class, node))
    }

    fn ask(&self, ctx: &mut Ctx<'_>, node: &str) -> Result<(), ApiError> {
        let node_object = ctx
            .get(&crate::resources::NODES, "", node)
            .unwrap_or_default();
        let mut fitting = self.candidates.iter();
        if let Some(volume) = fitting.find(|volume| is_reachable(volume, &node_object)) {
            return claims::reserve(ctx, volume, &self.claim).map(drop);
        }
        if meta::annotation(&self.claim, SELECTED_NODE).is_some() {
            return Ok(());
        }
        let path =
            PERSISTENT_VOLUME_CLAIMS.path(meta::namespace(&self.claim), meta::name(&self.claim));
        let patch = value!({"metadata": {"annotations": {(SELECTED_NODE): node}}});
        ctx.patch(path, patch).map(drop)
    }
}
