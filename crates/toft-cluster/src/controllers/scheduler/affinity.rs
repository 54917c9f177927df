//! Pods that want to be near others, or far from them.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler/framework/plugins/interpodaffinity`.

use toft_object::LabelSelector;
use toft_value::Value;

use super::filters::{Verdict, living};
use super::snapshot::{NodeState, Snapshot};
use super::volumes::Wish;
use crate::meta;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

fn required<'a>(pod: &'a Value, kind: &str) -> &'a [Value] {
    pod.items_at(&["spec", "affinity", kind, REQUIRED])
}

/// Whether a term of `owner` means a pod.
fn selects(snapshot: &Snapshot, term: &Value, owner: &Value, pod: &Value) -> bool {
    let selector = term
        .get("labelSelector")
        .and_then(|selector| LabelSelector::from_value(selector).ok());
    let by_label = selector.is_some_and(|selector| selector.matches(meta::labels(pod)));
    by_label && same_keys(term, owner, pod) && in_namespaces(snapshot, term, owner, pod)
}

/// `matchLabelKeys` and `mismatchLabelKeys`: labels whose value must be, or must not be, the owner's.
fn same_keys(term: &Value, owner: &Value, pod: &Value) -> bool {
    let keys = |field: &str| {
        let keys = term.items_at(&[field]).iter();
        keys.filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let same =
        |key: &&str| meta::label(owner, key).is_none_or(|own| meta::label(pod, key) == Some(own));
    let differ =
        |key: &&str| meta::label(owner, key).is_none_or(|own| meta::label(pod, key) != Some(own));
    keys("matchLabelKeys").iter().all(same) && keys("mismatchLabelKeys").iter().all(differ)
}

fn in_namespaces(snapshot: &Snapshot, term: &Value, owner: &Value, pod: &Value) -> bool {
    let namespace = meta::namespace(pod);
    let listed = term.items_at(&["namespaces"]);
    let selector = term
        .get("namespaceSelector")
        .and_then(|selector| LabelSelector::from_value(selector).ok());
    if listed.is_empty() && selector.is_none() {
        return namespace == meta::namespace(owner);
    }
    let selected = selector.is_some_and(|selector| {
        let found = snapshot.namespaces.get(namespace);
        found.is_some_and(|namespace| selector.matches(meta::labels(namespace)))
    });
    selected || listed.iter().any(|one| one.as_str() == Some(namespace))
}

/// The topology of a term.
fn topology(term: &Value) -> &str {
    term.str_at(&["topologyKey"]).unwrap_or_default()
}

/// The pods in the same place as a node, by the topology of a term.
fn neighbours<'a>(
    snapshot: &'a Snapshot,
    term: &Value,
    node: &'a NodeState,
) -> impl Iterator<Item = &'a Value> {
    let key = topology(term).to_owned();
    let place = node.label(&key).map(str::to_owned);
    let nodes = snapshot.nodes.iter();
    nodes
        .filter(move |other| place.is_some() && other.label(&key) == place.as_deref())
        .flat_map(living)
}

/// Whether the node satisfies what is required by the pod and by those that are there.
pub(super) fn filter(snapshot: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    let pod = wish.pod;
    if !affinity_holds(snapshot, pod, node) {
        return Verdict::Never(vec!["node(s) didn't match pod affinity rules".to_owned()]);
    }
    for term in required(pod, "podAntiAffinity") {
        let mut near = neighbours(snapshot, term, node);
        if near.any(|other| selects(snapshot, term, pod, other)) {
            return Verdict::Later(vec![
                "node(s) didn't match pod anti-affinity rules".to_owned(),
            ]);
        }
    }
    if repelled(snapshot, pod, node) {
        return Verdict::Later(vec![
            "node(s) didn't satisfy existing pods anti-affinity rules".to_owned(),
        ]);
    }
    Verdict::Fits
}

fn affinity_holds(snapshot: &Snapshot, pod: &Value, node: &NodeState) -> bool {
    let terms = required(pod, "podAffinity");
    if terms.is_empty() {
        return true;
    }
    if terms
        .iter()
        .any(|term| node.label(topology(term)).is_none())
    {
        return false;
    }
    let near = terms.iter().all(|term| {
        neighbours(snapshot, term, node)
            .any(|other| terms.iter().all(|term| selects(snapshot, term, pod, other)))
    });
    // The first of a group that wants to be together may go anywhere.
    near || (terms.iter().all(|term| selects(snapshot, term, pod, pod))
        && !snapshot
            .nodes
            .iter()
            .flat_map(living)
            .any(|other| terms.iter().all(|term| selects(snapshot, term, pod, other))))
}

/// Whether a pod that is there does not want this one near.
fn repelled(snapshot: &Snapshot, pod: &Value, node: &NodeState) -> bool {
    snapshot.nodes.iter().any(|other_node| {
        living(other_node).any(|other| {
            required(other, "podAntiAffinity").iter().any(|term| {
                let place = node.label(topology(term));
                place.is_some()
                    && place == other_node.label(topology(term))
                    && selects(snapshot, term, other, pod)
            })
        })
    })
}

/// How much the pod and those that are there would like it on the node, in their own weights.
pub(super) fn score(snapshot: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> i64 {
    /// What the required affinity of a pod that is there weighs, upstream's `HardPodAffinityWeight`.
    const REQUIRED_WEIGHT: i64 = 1;
    let pod = wish.pod;
    let mut sum = 0;
    for (kind, sign) in [("podAffinity", 1), ("podAntiAffinity", -1)] {
        for preference in pod.items_at(&["spec", "affinity", kind, PREFERRED]) {
            let term = preference.get("podAffinityTerm").unwrap_or(&Value::Null);
            let near = neighbours(snapshot, term, node);
            let count = near
                .filter(|other| selects(snapshot, term, pod, other))
                .count();
            let weight = preference.i64_at(&["weight"]).unwrap_or(0);
            sum += sign * weight * i64::try_from(count).unwrap_or(0);
        }
    }
    for other_node in &snapshot.nodes {
        for other in living(other_node) {
            let wants = |term: &Value| {
                let place = node.label(topology(term));
                place.is_some()
                    && place == other_node.label(topology(term))
                    && selects(snapshot, term, other, pod)
            };
            let hard = required(other, "podAffinity")
                .iter()
                .filter(|term| wants(term))
                .count();
            sum += REQUIRED_WEIGHT * i64::try_from(hard).unwrap_or(0);
            sum += liking(other, &wants);
        }
    }
    sum
}

/// How much a pod that is there likes the terms that `wants` finds to hold.
fn liking(pod: &Value, wants: &dyn Fn(&Value) -> bool) -> i64 {
    let mut sum = 0;
    for (kind, sign) in [("podAffinity", 1), ("podAntiAffinity", -1)] {
        let preferences = pod.items_at(&["spec", "affinity", kind, PREFERRED]).iter();
        let held = preferences.filter(|one| one.get("podAffinityTerm").is_some_and(wants));
        let weights = held.filter_map(|one| one.i64_at(&["weight"]));
        sum += sign * weights.sum::<i64>();
    }
    sum
}
