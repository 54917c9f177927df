//! ReplicaSets and the older `ReplicationController`s: so many pods of one template.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/replicaset`, `pkg/controller/replication`, which is the same for the
//! older kind.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use toft_api::ApiError;
use toft_object::{LabelSelector, Time};
use toft_value::{Value, value};

use crate::claim::Claim;
use crate::conditions::{self, Condition};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, Resource};

/// How many pods are made or deleted at once, upstream's `BurstReplicas`.
const BURST: usize = 500;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "replicaset-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&REPLICA_SETS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Controller(&REPLICA_SETS)),
        Watch::new(&PODS, Wakes::Related(adopters)),
    ],
    reconcile,
};

pub(crate) const OLDER_CONTROLLER: Controller = Controller {
    name: "replication-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&REPLICATION_CONTROLLERS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Controller(&REPLICATION_CONTROLLERS)),
        Watch::new(&PODS, Wakes::Related(older_adopters)),
    ],
    reconcile: reconcile_older,
};

/// An object that wants so many pods, and its kind.
struct Set<'a> {
    resource: &'static Resource,
    object: &'a Value,
}

fn adopters(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    adopters_among(&REPLICA_SETS, reader, change)
}

fn older_adopters(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    adopters_among(&REPLICATION_CONTROLLERS, reader, change)
}

/// The sets that might adopt a pod without a controller.
fn adopters_among(resource: &Resource, reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let Some(pod) = change
        .after
        .filter(|pod| meta::controller(pod).is_none() && meta::labels(pod).is_some())
    else {
        return Vec::new();
    };
    let sets = reader.list(resource, Some(&change.key.namespace));
    let matching = sets.filter(|set| {
        selector(resource, set).is_some_and(|selector| selector.matches(meta::labels(pod)))
    });
    matching.map(Key::of).collect()
}

/// The older kind selects by labels alone.
fn selector(resource: &Resource, set: &Value) -> Option<LabelSelector> {
    if resource.name != REPLICATION_CONTROLLERS.name {
        return meta::selector(set);
    }
    let labels = set.at(&["spec", "selector"]).and_then(Value::as_map)?;
    (!labels.is_empty()).then(|| LabelSelector::from_labels(Some(labels)))
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    reconcile_as(ctx, key, &REPLICA_SETS)
}

fn reconcile_older(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    reconcile_as(ctx, key, &REPLICATION_CONTROLLERS)
}

fn reconcile_as(ctx: &mut Ctx<'_>, key: &Key, resource: &'static Resource) -> Next {
    let Some(object) = ctx.get(resource, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let Some(selector) = selector(resource, &object) else {
        return Next::Nothing;
    };
    let set = Set {
        resource,
        object: &object,
    };
    sync(ctx, &set, &selector).unwrap_or(Next::Retry)
}

fn sync(ctx: &mut Ctx<'_>, set: &Set<'_>, selector: &LabelSelector) -> Result<Next, ApiError> {
    let claim = Claim {
        owner_resource: set.resource,
        owner: set.object,
        selector,
        resource: &PODS,
    };
    let claimed = ctx.claim(claim)?;
    let terminating = claimed
        .iter()
        .filter(|pod| meta::is_deleting(pod) && !pods::is_terminal(pod))
        .count();
    let active: Vec<Value> = claimed.into_iter().filter(pods::is_active).collect();
    let managed = if meta::is_deleting(set.object) {
        Ok(())
    } else {
        manage(ctx, set, &active)
    };
    let census = Census {
        active: &active,
        terminating,
        trouble: managed.as_ref().err().map(ToString::to_string),
    };
    write_status(ctx, set, &census)?;
    managed?;
    Ok(next_availability(set.object, &active, ctx.now))
}

fn wanted(set: &Value) -> usize {
    let replicas = set.i64_at(&["spec", "replicas"]).unwrap_or(1);
    usize::try_from(replicas).unwrap_or(0)
}

fn manage(ctx: &mut Ctx<'_>, set: &Set<'_>, active: &[Value]) -> Result<(), ApiError> {
    let wanted = wanted(set.object);
    if active.len() < wanted {
        return create(ctx, set, (wanted - active.len()).min(BURST));
    }
    let surplus = (active.len() - wanted).min(BURST);
    for pod in to_delete(ctx, active, surplus) {
        let path = PODS.path(meta::namespace(&pod), meta::name(&pod));
        let deletion = Deletion {
            uid: meta::uid(&pod),
            ..Deletion::default()
        };
        if let Err(error) = ctx.delete(path, &deletion) {
            let text = format!("Error deleting: {error}");
            ctx.note(set.object, &Note::warning("FailedDelete", text));
            return Err(error);
        }
        let text = format!("Deleted pod: {}", meta::name(&pod));
        ctx.note(set.object, &Note::normal("SuccessfulDelete", text));
    }
    Ok(())
}

/// Pods are made in batches that double, so that a refusal is met once, not a hundred times; without
/// threads that is: the first refusal ends it.
fn create(ctx: &mut Ctx<'_>, set: &Set<'_>, count: usize) -> Result<(), ApiError> {
    let Set { resource, object } = *set;
    let template = object.at(&["spec", "template"]);
    let template = template.cloned().unwrap_or_default();
    for _ in 0..count {
        match ctx.create(&PODS, pods::from_template(&template, resource, object)) {
            Ok(pod) => {
                let text = format!("Created pod: {}", meta::name(&pod));
                ctx.note(object, &Note::normal("SuccessfulCreate", text));
            }
            Err(error) if is_namespace_terminating(&error) => return Ok(()),
            Err(error) => {
                let text = format!("Error creating: {error}");
                ctx.note(object, &Note::warning("FailedCreate", text));
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Whether a creation was refused because its namespace goes.
pub(crate) fn is_namespace_terminating(error: &ApiError) -> bool {
    let causes = &error.details.causes;
    causes
        .iter()
        .any(|cause| cause.reason == "NamespaceTerminating")
}

/// The pods to delete first.
///
/// Source: `controller_utils.go`, `ActivePodsWithRanks.Less`: unassigned, then by phase, then not ready,
/// then lower deletion cost, then more siblings on the node, then ready for a shorter time, then more
/// restarts, then newer.
fn to_delete(ctx: &Ctx<'_>, active: &[Value], count: usize) -> Vec<Value> {
    if count == 0 {
        return Vec::new();
    }
    let mut on_node: BTreeMap<String, usize> = BTreeMap::new();
    for pod in active {
        *on_node.entry(pods::node(pod).to_owned()).or_default() += 1;
    }
    let mut ordered: Vec<&Value> = active.iter().collect();
    ordered.sort_by_cached_key(|pod| {
        let siblings = on_node.get(pods::node(pod)).copied().unwrap_or(0);
        (
            !pods::node(pod).is_empty(),
            match pods::phase(pod) {
                "Pending" => 0,
                "Unknown" => 1,
                _ => 2,
            },
            pods::is_ready(pod),
            deletion_cost(pod),
            Reverse(siblings),
            Reverse(pods::ready_since(pod).unwrap_or(ctx.now).seconds()),
            Reverse(pods::restarts(pod)),
            Reverse(meta::created(pod)),
        )
    });
    ordered.into_iter().take(count).cloned().collect()
}

fn deletion_cost(pod: &Value) -> i64 {
    let cost = meta::annotation(pod, "controller.kubernetes.io/pod-deletion-cost");
    cost.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What there is of a set.
struct Census<'a> {
    active: &'a [Value],
    terminating: usize,
    trouble: Option<String>,
}

fn write_status(ctx: &mut Ctx<'_>, set: &Set<'_>, census: &Census<'_>) -> Result<(), ApiError> {
    let Set {
        resource,
        object: set,
    } = *set;
    let old = set.get("status").cloned().unwrap_or_else(|| value!({}));
    let min_ready = set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    let labels = set.at(&["spec", "template", "metadata", "labels"]);
    let template = LabelSelector::from_labels(labels.and_then(Value::as_map));
    let count =
        |test: &dyn Fn(&Value) -> bool| census.active.iter().filter(|pod| test(pod)).count();
    let mut status = old.clone();
    counts(
        &mut status,
        &[
            (
                "fullyLabeledReplicas",
                count(&|pod| template.matches(meta::labels(pod))),
            ),
            ("readyReplicas", count(&pods::is_ready)),
            (
                "availableReplicas",
                count(&|pod| pods::is_available(pod, min_ready, ctx.now)),
            ),
        ],
    );
    status.set_at(&["replicas"], census.active.len());
    // The older kind does not tell.
    if resource.name == REPLICA_SETS.name {
        status.set_at(&["terminatingReplicas"], census.terminating);
    }
    status.set_at(&["observedGeneration"], meta::generation(set));
    let failed = conditions::find_in(&old, "ReplicaFailure").is_some();
    match &census.trouble {
        Some(trouble) if !failed => {
            let reason = if census.active.len() < wanted(set) {
                "FailedCreate"
            } else {
                "FailedDelete"
            };
            let condition = Condition::new("ReplicaFailure", "True", reason, trouble);
            conditions::put(&mut status, &condition, ctx.now);
        }
        Some(_) => {}
        None => conditions::remove(&mut status, "ReplicaFailure"),
    }
    if status == old {
        return Ok(());
    }
    let mut set = set.clone();
    set.set_at(&["status"], status);
    ctx.update_status(resource, set).map(drop)
}

/// Writes counts that are left out where they are zero.
pub(crate) fn counts(status: &mut Value, fields: &[(&str, usize)]) {
    for (field, count) in fields {
        if *count == 0 {
            status.remove_at(&[field]);
        } else {
            status.set_at(&[field], *count);
        }
    }
}

/// When the next ready pod counts as available.
fn next_availability(set: &Value, active: &[Value], now: Time) -> Next {
    let min_ready = set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    let times = active
        .iter()
        .filter_map(|pod| pods::available_at(pod, min_ready));
    Next::at(times.filter(|at| *at > now).min())
}
