//! StatefulSets: pods with numbers and volumes of their own, one after the other.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/statefulset`.

use std::collections::BTreeSet;

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::claim::Claim;
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::controllers::replica_set::counts;
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS};
use crate::revisions;

mod identity;
mod retention;
mod round;

use identity::{ordinal, pod_revision};
use round::Round;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "statefulset-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&STATEFUL_SETS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Controller(&STATEFUL_SETS)),
        Watch::new(&PODS, Wakes::Related(adopters)),
        Watch::new(&CONTROLLER_REVISIONS, Wakes::Controller(&STATEFUL_SETS)),
        Watch::new(&PERSISTENT_VOLUME_CLAIMS, Wakes::Related(missing_claims)),
    ],
    reconcile,
};

/// The StatefulSets that might adopt a pod without a controller.
fn adopters(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let Some(pod) = change.after.filter(|pod| meta::controller(pod).is_none()) else {
        return Vec::new();
    };
    let sets = reader.list(&STATEFUL_SETS, Some(&change.key.namespace));
    let matching = sets.filter(|set| {
        identity::is_member(set, pod)
            && meta::selector(set).is_some_and(|selector| selector.matches(meta::labels(pod)))
    });
    matching.map(Key::of).collect()
}

/// The StatefulSets whose claim is gone.
fn missing_claims(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if change.after.is_some() {
        return Vec::new();
    }
    let sets = reader.list(&STATEFUL_SETS, Some(&change.key.namespace));
    let named = sets.filter(|set| {
        let infix = format!("-{}-", meta::name(set));
        change.key.name.contains(&infix)
    });
    named.map(Key::of).collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(set) = ctx.get(&STATEFUL_SETS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    sync(ctx, &set).unwrap_or(Next::Retry)
}

fn sync(ctx: &mut Ctx<'_>, set: &Value) -> Result<Next, ApiError> {
    let Some(selector) = meta::selector(set) else {
        return Ok(Next::Nothing);
    };
    let claimed = ctx.claim(Claim {
        owner_resource: &STATEFUL_SETS,
        owner: set,
        selector: &selector,
        resource: &PODS,
    })?;
    let mut pods: Vec<Value> = claimed
        .into_iter()
        .filter(|pod| identity::is_member(set, pod))
        .collect();
    pods.sort_by_key(ordinal);
    let existing = revisions::of(ctx, set);
    let kind = revisions::Kind {
        resource: &STATEFUL_SETS,
        label: "controller.kubernetes.io/hash",
    };
    let update = revisions::ensure(ctx, kind, (set, &existing))?;
    let current = set.str_at(&["status", "currentRevision"]);
    let current = existing.iter().find(|one| Some(meta::name(one)) == current);
    let current = current.unwrap_or(&update).clone();
    let mut round = Round {
        min_ready: set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0),
        set,
        current: &current,
        update: &update,
    };
    let done = if meta::is_deleting(set) {
        Ok(())
    } else {
        round.run(ctx, &pods)
    };
    let pods: Vec<Value> = pods
        .iter()
        .filter_map(|pod| ctx.get(&PODS, meta::namespace(pod), meta::name(pod)))
        .chain(newcomers(ctx, set, &pods))
        .collect();
    write_status(ctx, &round, &pods)?;
    done?;
    let live = pods.iter().map(|pod| pod_revision(pod).to_owned());
    let live: BTreeSet<String> = live
        .chain([
            meta::name(&current).to_owned(),
            meta::name(&update).to_owned(),
        ])
        .collect();
    revisions::truncate(ctx, set, (&existing, &live))?;
    let times = pods
        .iter()
        .filter_map(|pod| pods::available_at(pod, round.min_ready));
    Ok(Next::at(times.filter(|at| *at > ctx.now).min()))
}

/// The pods that were made in this round.
fn newcomers(ctx: &Ctx<'_>, set: &Value, known: &[Value]) -> Vec<Value> {
    let mut pods = ctx.controlled(&PODS, set);
    pods.retain(|pod| !known.iter().any(|one| meta::uid(one) == meta::uid(pod)));
    pods
}

fn write_status(ctx: &mut Ctx<'_>, round: &Round<'_>, pods: &[Value]) -> Result<(), ApiError> {
    let set = round.set;
    let old = set.get("status").cloned().unwrap_or_else(|| value!({}));
    let count = |test: &dyn Fn(&Value) -> bool| pods.iter().filter(|pod| test(pod)).count();
    let ready = |pod: &Value| pods::phase(pod) == "Running" && pods::is_ready(pod);
    let revised = |revision: &Value| {
        count(&|pod| !meta::is_deleting(pod) && pod_revision(pod) == meta::name(revision))
    };
    let (replicas, ready_replicas) = (count(&|pod| !pods::phase(pod).is_empty()), count(&ready));
    let (mut current, updated) = (revised(round.current), revised(round.update));
    let mut current_name = meta::name(round.current);
    let wanted = round.wanted();
    let is_rolling = set.str_at(&["spec", "updateStrategy", "type"]) != Some("OnDelete");
    if is_rolling
        && [updated, ready_replicas, replicas]
            .iter()
            .all(|count| *count == wanted)
    {
        (current, current_name) = (updated, meta::name(round.update));
    }
    let mut status = old.clone();
    counts(
        &mut status,
        &[
            ("readyReplicas", ready_replicas),
            ("currentReplicas", current),
            ("updatedReplicas", updated),
        ],
    );
    let available = count(&|pod| ready(pod) && pods::is_available(pod, round.min_ready, ctx.now));
    status.set_at(&["replicas"], replicas);
    status.set_at(&["availableReplicas"], available);
    status.set_at(&["currentRevision"], current_name);
    status.set_at(&["updateRevision"], meta::name(round.update));
    status.set_at(
        &["collisionCount"],
        old.i64_at(&["collisionCount"]).unwrap_or(0),
    );
    status.set_at(&["observedGeneration"], meta::generation(set));
    if status == old {
        return Ok(());
    }
    let mut told = set.clone();
    told.set_at(&["status"], status);
    ctx.update_status(&STATEFUL_SETS, told).map(drop)
}
