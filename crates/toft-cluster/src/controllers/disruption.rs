//! Pod disruption budgets: how many pods may be evicted now.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/disruption/disruption.go`.

use std::collections::BTreeMap;

use toft_object::LabelSelector;
use toft_value::{Value, value};

use crate::amount::{Round, scaled};
use crate::conditions::{self, Condition};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{DEPLOYMENTS, POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS, STATEFUL_SETS};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "controllermanager",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&POD_DISRUPTION_BUDGETS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Related(budgets)),
        Watch::new(&DEPLOYMENTS, Wakes::Related(budgets_of_namespace)),
        Watch::new(&STATEFUL_SETS, Wakes::Related(budgets_of_namespace)),
    ],
    reconcile,
};

fn selector(budget: &Value) -> Option<LabelSelector> {
    LabelSelector::from_value(budget.at(&["spec", "selector"])?).ok()
}

fn budgets(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let all = reader.list(&POD_DISRUPTION_BUDGETS, Some(&change.key.namespace));
    let matching = all.filter(|budget| {
        selector(budget).is_some_and(|selector| {
            change
                .sides()
                .any(|pod| selector.matches(meta::labels(pod)))
        })
    });
    matching.map(Key::of).collect()
}

fn budgets_of_namespace(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if !change.differs(&["spec", "replicas"]) {
        return Vec::new();
    }
    let all = reader.list(&POD_DISRUPTION_BUDGETS, Some(&change.key.namespace));
    all.map(Key::of).collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(budget) = ctx.get(&POD_DISRUPTION_BUDGETS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let selector = selector(&budget);
    let mut pods = ctx.list(&PODS, &key.namespace);
    pods.retain(|pod| {
        selector
            .as_ref()
            .is_some_and(|selector| selector.matches(meta::labels(pod)))
    });
    if pods.is_empty() {
        ctx.note_once(&budget, &Note::normal("NoPods", "No matching pods found"));
    }
    let (expected, desired) = expected(ctx, &budget, &pods);
    let healthy = pods
        .iter()
        .filter(|pod| !meta::is_deleting(pod) && pods::is_ready(pod))
        .count();
    let healthy = i64::try_from(healthy).unwrap_or(0);
    let allowed = if expected == 0 {
        0
    } else {
        (healthy - desired).max(0)
    };
    let mut told = budget.clone();
    let mut status = budget.get("status").cloned().unwrap_or_else(|| value!({}));
    for (field, count) in [
        ("currentHealthy", healthy),
        ("desiredHealthy", desired),
        ("expectedPods", expected),
        ("disruptionsAllowed", allowed),
        ("observedGeneration", meta::generation(&budget)),
    ] {
        status.set_at(&[field], count);
    }
    let condition = if allowed > 0 {
        Condition::new("DisruptionAllowed", "True", "SufficientPods", "")
    } else {
        Condition::new("DisruptionAllowed", "False", "InsufficientPods", "")
    };
    conditions::put_in_place(&mut status, &condition, ctx.now);
    if let Some(generation) = status.i64_at(&["observedGeneration"]) {
        let mut list = status.items_at(&["conditions"]).to_vec();
        for one in &mut list {
            one.set_at(&["observedGeneration"], generation);
            one.set_at(&["message"], "");
        }
        status.set_at(&["conditions"], list);
    }
    told.set_at(&["status"], status);
    if told == budget {
        return Next::Nothing;
    }
    let written = ctx.update_status(&POD_DISRUPTION_BUDGETS, told);
    written.map_or(Next::Retry, |_| Next::Nothing)
}

/// How many pods there should be, and how many of them must be well.
fn expected(ctx: &Ctx<'_>, budget: &Value, pods: &[Value]) -> (i64, i64) {
    if let Some(most) = budget
        .at(&["spec", "maxUnavailable"])
        .filter(|value| !value.is_null())
    {
        let expected = scale(ctx, pods);
        let most = scaled(most, expected, Round::Up).unwrap_or(0);
        return (expected, (expected - most).max(0));
    }
    let least = budget
        .at(&["spec", "minAvailable"])
        .cloned()
        .unwrap_or(Value::Int(1));
    if let Some(count) = least.as_i64() {
        return (i64::try_from(pods.len()).unwrap_or(0), count);
    }
    let expected = scale(ctx, pods);
    (expected, scaled(&least, expected, Round::Up).unwrap_or(0))
}

/// What the controllers of the pods want together.
fn scale(ctx: &Ctx<'_>, pods: &[Value]) -> i64 {
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods {
        let namespace = meta::namespace(pod);
        let Some(owner) = meta::controller(pod) else {
            continue;
        };
        let resource = if owner.is(&REPLICA_SETS) {
            &REPLICA_SETS
        } else {
            &STATEFUL_SETS
        };
        let Some(mut set) = ctx.get(resource, namespace, &owner.name) else {
            continue;
        };
        let above = meta::controller(&set).filter(|owner| owner.is(&DEPLOYMENTS));
        if let Some(deployment) =
            above.and_then(|owner| ctx.get(&DEPLOYMENTS, namespace, &owner.name))
        {
            set = deployment;
        }
        wanted.insert(
            meta::uid(&set).to_owned(),
            set.i64_at(&["spec", "replicas"]).unwrap_or(1),
        );
    }
    wanted.values().sum()
}
