//! Pods that are to be spread over places.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler/framework/plugins/podtopologyspread`.

use std::collections::BTreeMap;

use toft_object::LabelSelector;
use toft_value::Value;

use super::filters::{Verdict, living};
use super::snapshot::{NodeState, Snapshot};
use super::volumes::Wish;
use crate::meta;
use crate::nodes;

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// One constraint.
struct Constraint {
    key: String,
    max_skew: i64,
    min_domains: usize,
    selector: LabelSelector,
    honour_taints: bool,
    honour_affinity: bool,
}

/// The constraints of a pod that are kept whatever happens, or only where possible.
fn constraints(pod: &Value, action: &str) -> Vec<Constraint> {
    let all = pod.items_at(&["spec", "topologySpreadConstraints"]).iter();
    let kept = all.filter(|one| one.str_at(&["whenUnsatisfiable"]) == Some(action));
    kept.map(|one| read(one, pod)).collect()
}

fn read(constraint: &Value, pod: &Value) -> Constraint {
    let mut selector = constraint
        .get("labelSelector")
        .and_then(|selector| LabelSelector::from_value(selector).ok())
        .unwrap_or_default();
    for key in constraint.items_at(&["matchLabelKeys"]) {
        let key = key.as_str().unwrap_or_default();
        if let Some(value) = meta::label(pod, key) {
            let requirement = toft_object::Requirement::In(key.into(), vec![value.into()]);
            selector.requirements.push(requirement);
        }
    }
    let domains = constraint.i64_at(&["minDomains"]).unwrap_or(1);
    Constraint {
        key: constraint
            .str_at(&["topologyKey"])
            .unwrap_or_default()
            .to_owned(),
        max_skew: constraint.i64_at(&["maxSkew"]).unwrap_or(1),
        min_domains: usize::try_from(domains).unwrap_or(1),
        selector,
        honour_taints: constraint.str_at(&["nodeTaintsPolicy"]) == Some("Honor"),
        honour_affinity: constraint.str_at(&["nodeAffinityPolicy"]) != Some("Ignore"),
    }
}

fn count(node: &NodeState, constraint: &Constraint, namespace: &str) -> i64 {
    let matching = living(node).filter(|pod| {
        meta::namespace(pod) == namespace && constraint.selector.matches(meta::labels(pod))
    });
    i64::try_from(matching.count()).unwrap_or(i64::MAX)
}

/// How many of the constraint's pods are in each place that counts.
fn census<'a>(
    snapshot: &'a Snapshot,
    pod: &Value,
    constraint: &Constraint,
) -> BTreeMap<&'a str, i64> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let mut counts = BTreeMap::new();
    for node in &snapshot.nodes {
        let Some(place) = node.label(&constraint.key) else {
            continue;
        };
        let wanted = !constraint.honour_affinity || nodes::matches_required(spec, &node.node);
        let effects = ["NoSchedule", "NoExecute"];
        let borne =
            !constraint.honour_taints || nodes::untolerated(spec, &node.node, &effects).is_none();
        if wanted && borne {
            *counts.entry(place).or_insert(0) += count(node, constraint, meta::namespace(pod));
        }
    }
    counts
}

/// Whether the node keeps the skew of what must be spread.
pub(super) fn filter(snapshot: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    const REASON: &str = "node(s) didn't match pod topology spread constraints";
    for constraint in constraints(wish.pod, "DoNotSchedule") {
        let Some(place) = node.label(&constraint.key) else {
            return Verdict::Never(vec![format!("{REASON} (missing required label)")]);
        };
        let counts = census(snapshot, wish.pod, &constraint);
        let least = if counts.len() < constraint.min_domains {
            0
        } else {
            counts.values().min().copied().unwrap_or(0)
        };
        let own = i64::from(constraint.selector.matches(meta::labels(wish.pod)));
        let here = counts.get(place).copied().unwrap_or(0);
        if here + own - least > constraint.max_skew {
            return Verdict::Later(vec![REASON.to_owned()]);
        }
    }
    Verdict::Fits
}

/// The constraints that hold where a pod has none: those of a Service or set that selects it.
fn defaults(snapshot: &Snapshot, pod: &Value) -> Vec<Constraint> {
    let labels = meta::labels(pod);
    let owner = meta::controller(pod);
    let mut selector = LabelSelector::default();
    for group in &snapshot.groups {
        if meta::namespace(group) != meta::namespace(pod) {
            continue;
        }
        let is_service = group.str_at(&["kind"]) == Some("Service");
        let found = if is_service {
            let selector = group.at(&["spec", "selector"]).and_then(Value::as_map);
            Some(LabelSelector::from_labels(selector)).filter(|found| !found.is_empty())
        } else {
            let is_owner = owner
                .as_ref()
                .is_some_and(|owner| owner.uid == meta::uid(group));
            meta::selector(group).filter(|_| is_owner)
        };
        if let Some(found) = found.filter(|found| found.matches(labels)) {
            selector.requirements.extend(found.requirements);
        }
    }
    if selector.is_empty() {
        return Vec::new();
    }
    let constraint = |key: &str, max_skew| Constraint {
        key: key.to_owned(),
        max_skew,
        min_domains: 1,
        selector: selector.clone(),
        honour_taints: false,
        honour_affinity: true,
    };
    vec![constraint(HOST, 3), constraint(ZONE, 5)]
}

/// How well each of the fitting nodes spreads the pod, from 0 to 100; nothing where there is nothing to spread.
pub(super) fn scores(snapshot: &Snapshot, wish: &Wish<'_>, fitting: &[&NodeState]) -> Vec<i64> {
    let own = !wish
        .pod
        .items_at(&["spec", "topologySpreadConstraints"])
        .is_empty();
    let constraints = if own {
        constraints(wish.pod, "ScheduleAnyway")
    } else {
        defaults(snapshot, wish.pod)
    };
    if constraints.is_empty() {
        return vec![0; fitting.len()];
    }
    let ignored =
        |node: &&NodeState| own && constraints.iter().any(|one| node.label(&one.key).is_none());
    let raw: Vec<Option<i64>> = fitting
        .iter()
        .map(|node| {
            (!ignored(node)).then(|| raw_score(snapshot, wish, &constraints, (node, fitting)))
        })
        .collect();
    let most = raw.iter().flatten().max().copied().unwrap_or(0);
    let least = raw.iter().flatten().min().copied().unwrap_or(0);
    raw.into_iter()
        .map(|score| match score {
            None => 0,
            Some(_) if most == 0 => 100,
            Some(score) => 100 * (most + least - score) / most,
        })
        .collect()
}

fn raw_score(
    snapshot: &Snapshot,
    wish: &Wish<'_>,
    constraints: &[Constraint],
    (node, fitting): (&NodeState, &[&NodeState]),
) -> i64 {
    let mut sum = 0.0;
    for constraint in constraints {
        let Some(place) = node.label(&constraint.key) else {
            continue;
        };
        let places: std::collections::BTreeSet<&str> = fitting
            .iter()
            .filter_map(|node| node.label(&constraint.key))
            .collect();
        let here = if constraint.key == HOST {
            count(node, constraint, meta::namespace(wish.pod))
        } else {
            let counts = census(snapshot, wish.pod, constraint);
            counts.get(place).copied().unwrap_or(0)
        };
        let size = u32::try_from(places.len() + 2).unwrap_or(u32::MAX);
        let here = i32::try_from(here).unwrap_or(i32::MAX);
        let skew = i32::try_from(constraint.max_skew - 1).unwrap_or(i32::MAX);
        sum += f64::from(here) * f64::from(size).ln() + f64::from(skew);
    }
    rounded(sum)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "counts of pods times a logarithm stay far below 2^53"
)]
fn rounded(sum: f64) -> i64 {
    sum.round() as i64
}
