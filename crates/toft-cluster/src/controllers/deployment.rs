//! Deployments: ReplicaSets per revision of the template, rolled over or re-created.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/deployment`.

use toft_api::ApiError;
use toft_value::Value;

use crate::claim::Claim;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{DEPLOYMENTS, PODS, REPLICA_SETS};

mod arithmetic;
mod revision;
mod rollout;
mod scale;
mod status;

use arithmetic::{is_rolling, wanted};
use rollout::Rollout;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "deployment-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&DEPLOYMENTS, Wakes::Itself),
        Watch::new(&REPLICA_SETS, Wakes::Controller(&DEPLOYMENTS)),
        Watch::new(&REPLICA_SETS, Wakes::Related(adopters)),
        Watch::new(&PODS, Wakes::Related(waiting_for_pods)),
    ],
    reconcile,
};

/// The Deployments that might adopt a ReplicaSet without a controller.
fn adopters(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let Some(set) = change
        .after
        .filter(|set| meta::controller(set).is_none() && meta::labels(set).is_some())
    else {
        return Vec::new();
    };
    let deployments = reader.list(&DEPLOYMENTS, Some(&change.key.namespace));
    let matching = deployments.filter(|deployment| {
        meta::selector(deployment).is_some_and(|selector| selector.matches(meta::labels(set)))
    });
    matching.map(Key::of).collect()
}

/// The Deployment that re-creates and waits for a pod to be gone.
fn waiting_for_pods(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let (Some(pod), None) = (change.before, change.after) else {
        return Vec::new();
    };
    let owner = meta::controller(pod).filter(|owner| owner.is(&REPLICA_SETS));
    let set = owner.and_then(|owner| reader.get(&REPLICA_SETS, &change.key.namespace, &owner.name));
    let owner = set
        .and_then(meta::controller)
        .filter(|owner| owner.is(&DEPLOYMENTS));
    owner
        .map(|owner| Key::new(&change.key.namespace, &owner.name))
        .into_iter()
        .collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(deployment) = ctx.get(&DEPLOYMENTS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    sync(ctx, deployment).unwrap_or(Next::Retry)
}

fn sync(ctx: &mut Ctx<'_>, deployment: Value) -> Result<Next, ApiError> {
    let Some(selector) = meta::selector(&deployment) else {
        return Ok(Next::Nothing);
    };
    let sets = ctx.claim(Claim {
        owner_resource: &DEPLOYMENTS,
        owner: &deployment,
        selector: &selector,
        resource: &REPLICA_SETS,
    })?;
    let mut rollout = Rollout::new(ctx, deployment, sets);
    if meta::is_deleting(&rollout.deployment) {
        rollout.adopt_revision()?;
        return rollout.write_plain_status();
    }
    rollout.mark_paused()?;
    if rollout.deployment.bool_at(&["spec", "paused"]) == Some(true) || rollout.is_scaling()? {
        return rollout.scale_only();
    }
    if is_rolling(&rollout.deployment) {
        roll(rollout)
    } else {
        recreate(rollout)
    }
}

impl Rollout<'_, '_> {
    /// Reconciles a Deployment that is paused or whose size was changed.
    fn scale_only(mut self) -> Result<Next, ApiError> {
        self.adopt_revision()?;
        self.scale_proportionally()?;
        if self.deployment.bool_at(&["spec", "paused"]) == Some(true) {
            self.clean_up()?;
        }
        self.write_plain_status()
    }
}

fn roll(mut rollout: Rollout<'_, '_>) -> Result<Next, ApiError> {
    rollout.ensure_new_set()?;
    if rollout.grow_new_set()? || rollout.shrink_old_sets()? {
        return rollout.write_rollout_status();
    }
    if rollout.is_complete() {
        rollout.clean_up()?;
    }
    rollout.write_rollout_status()
}

fn recreate(mut rollout: Rollout<'_, '_>) -> Result<Next, ApiError> {
    rollout.adopt_revision()?;
    if rollout.empty_old_sets()? || rollout.has_old_pods() {
        return rollout.write_rollout_status();
    }
    rollout.ensure_new_set()?;
    let replicas = wanted(&rollout.deployment);
    if let Some(set) = rollout.new.clone() {
        rollout.resize(&set, replicas)?;
    }
    if rollout.is_complete() {
        rollout.clean_up()?;
    }
    rollout.write_rollout_status()
}

impl Rollout<'_, '_> {
    /// Takes all pods of old ReplicaSets away; whether there was something to take.
    fn empty_old_sets(&mut self) -> Result<bool, ApiError> {
        let mut scaled = false;
        for set in self.old.clone() {
            if wanted(&set) > 0 {
                scaled |= self.resize(&set, 0)?;
            }
        }
        Ok(scaled)
    }

    /// Whether a pod of an old revision has not ended yet, being deleted included: with a volume that only
    /// one pod can have, the new one must wait for it.
    fn has_old_pods(&self) -> bool {
        let counted = self
            .old
            .iter()
            .any(|set| arithmetic::status_count(set, "replicas") > 0);
        let pods = |set: &Value| self.ctx.controlled(&PODS, set);
        counted
            || self
                .old
                .iter()
                .flat_map(pods)
                .any(|pod| !pods::is_terminal(&pod))
    }
}
