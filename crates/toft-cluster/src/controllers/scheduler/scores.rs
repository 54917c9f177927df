//! Which of the fitting nodes is best: the sum of upstream's default scores in their weights.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler/apis/config/v1/default_plugins.go` and the plugins it names.
//! Images are not weighed: every node can have every image.

use toft_value::Value;

use super::affinity;
use super::snapshot::{NodeState, Snapshot};
use super::spread;
use super::volumes::Wish;
use crate::nodes;
use crate::requests::{self, Amounts};

const MOST: i64 = 100;
const TAINTS_WEIGHT: i64 = 3;
const NODE_AFFINITY_WEIGHT: i64 = 2;
const SPREAD_WEIGHT: i64 = 2;
const POD_AFFINITY_WEIGHT: i64 = 2;

/// The score of each fitting node.
pub(super) fn run(snapshot: &Snapshot, wish: &Wish<'_>, fitting: &[usize]) -> Vec<i64> {
    let nodes: Vec<&NodeState> = fitting
        .iter()
        .filter_map(|at| snapshot.nodes.get(*at))
        .collect();
    let spec = wish.pod.get("spec").unwrap_or(&Value::Null);
    let each = |score: &dyn Fn(&NodeState) -> i64| -> Vec<i64> {
        nodes.iter().map(|node| score(node)).collect()
    };
    let wanted = requests::scored(spec);
    let asked = requests::of_pod(spec);
    let parts = [
        (1, each(&|node| least_allocated(node, &wanted))),
        (1, each(&|node| balanced(node, &asked))),
        (
            TAINTS_WEIGHT,
            reversed(each(&|node| bad_taints(spec, node))),
        ),
        (
            NODE_AFFINITY_WEIGHT,
            scaled(each(&|node| preferred(spec, node))),
        ),
        (SPREAD_WEIGHT, spread::scores(snapshot, wish, &nodes)),
        (
            POD_AFFINITY_WEIGHT,
            stretched(each(&|node| affinity::score(snapshot, wish, node))),
        ),
    ];
    let sum = |at: usize| {
        let parts = parts.iter();
        parts
            .filter_map(|(weight, scores)| Some(weight * scores.get(at)?))
            .sum()
    };
    (0..nodes.len()).map(sum).collect()
}

/// Source: `plugins/noderesources/least_allocated.go`.
fn least_allocated(node: &NodeState, wanted: &Amounts) -> i64 {
    let free = |name: &str| {
        let most = node.allocatable.get(name);
        let used = node.scored.get(name).saturating_add(wanted.get(name));
        if most == 0 || used > most {
            0
        } else {
            i64::try_from(i128::from(most - used) * i128::from(MOST) / i128::from(most))
                .unwrap_or(0)
        }
    };
    i64::midpoint(free("cpu"), free("memory"))
}

/// Source: `plugins/noderesources/balanced_allocation.go`.
fn balanced(node: &NodeState, asked: &Amounts) -> i64 {
    if asked.get("cpu") == 0 && asked.get("memory") == 0 {
        return 0;
    }
    let score = |extra: Option<&Amounts>| {
        let share = |name: &str| {
            let used = node.requested.get(name) + extra.map_or(0, |extra| extra.get(name));
            permille(used, node.allocatable.get(name))
        };
        // The deviation of two shares is half their distance.
        MOST - (share("cpu") - share("memory")).abs() / 20
    };
    MOST / 2 + (MOST / 2 + score(Some(asked)) - score(None)) / 2
}

/// A share in thousandths, one at most.
fn permille(part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 1_000;
    }
    i64::try_from(i128::from(part) * 1_000 / i128::from(whole))
        .unwrap_or(1_000)
        .min(1_000)
}

fn bad_taints(spec: &Value, node: &NodeState) -> i64 {
    let tolerations = spec.items_at(&["tolerations"]);
    let taints = node.node.items_at(&["spec", "taints"]).iter();
    let bad = taints.filter(|taint| {
        taint.str_at(&["effect"]) == Some("PreferNoSchedule")
            && !nodes::tolerates(tolerations, taint)
    });
    i64::try_from(bad.count()).unwrap_or(0)
}

fn preferred(spec: &Value, node: &NodeState) -> i64 {
    let preferences = spec.items_at(&[
        "affinity",
        "nodeAffinity",
        "preferredDuringSchedulingIgnoredDuringExecution",
    ]);
    let matching = preferences.iter().filter(|preference| {
        let term = preference.get("preference");
        term.is_some_and(|term| nodes::matches_term(term, &node.node))
    });
    matching
        .filter_map(|preference| preference.i64_at(&["weight"]))
        .sum()
}

/// The most becomes 100.
fn scaled(scores: Vec<i64>) -> Vec<i64> {
    let most = scores.iter().max().copied().unwrap_or(0);
    if most == 0 {
        return scores;
    }
    scores
        .into_iter()
        .map(|score| score * MOST / most)
        .collect()
}

/// The most becomes 0, none becomes 100.
fn reversed(scores: Vec<i64>) -> Vec<i64> {
    let most = scores.iter().max().copied().unwrap_or(0);
    if most == 0 {
        return vec![MOST; scores.len()];
    }
    scores
        .into_iter()
        .map(|score| MOST - score * MOST / most)
        .collect()
}

/// The least becomes 0, the most 100.
fn stretched(scores: Vec<i64>) -> Vec<i64> {
    let least = scores.iter().min().copied().unwrap_or(0);
    let most = scores.iter().max().copied().unwrap_or(0);
    if most == least {
        return vec![0; scores.len()];
    }
    scores
        .into_iter()
        .map(|score| (score - least) * MOST / (most - least))
        .collect()
}
