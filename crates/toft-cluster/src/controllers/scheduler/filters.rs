//! Which nodes a pod may go to, and why not to the others; in upstream's order of plugins.
//!
//! Source: Kubernetes 1.36.3 `pkg/scheduler/framework/plugins/*`, `framework/types.go` (`FitError`).

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_value::{Value, value};

use super::affinity;
use super::snapshot::{NodeState, Snapshot};
use super::spread;
use super::volumes::Wish;
use crate::nodes;
use crate::pods;
use crate::requests;

/// Whether a pod may go to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may.
    Fits,
    /// It may not; if other pods went, it might.
    Later(Vec<String>),
    /// It may not, whoever goes.
    Never(Vec<String>),
}

/// One filter: what it sees is the pod, the node, and all nodes.
type Filter = fn(&Snapshot, &Wish<'_>, &NodeState) -> Verdict;

const FILTERS: &[Filter] = &[
    unschedulable,
    taints,
    node_affinity,
    host_ports,
    fit,
    volume_binding,
    spread::filter,
    affinity::filter,
];

/// The verdict for each node, in order of the snapshot.
pub(super) fn run(snapshot: &Snapshot, wish: &Wish<'_>) -> Vec<Verdict> {
    let named = named_nodes(wish.pod);
    let judge = |node: &NodeState| {
        if named
            .as_ref()
            .is_some_and(|named| !named.contains(&node.name))
        {
            return never("node(s) didn't satisfy plugin(s) [NodeAffinity]");
        }
        judge_node(snapshot, wish, node)
    };
    snapshot.nodes.iter().map(judge).collect()
}

/// The verdict for the node at a place of the snapshot.
pub(super) fn judge(snapshot: &Snapshot, wish: &Wish<'_>, at: usize) -> Verdict {
    let node = snapshot.nodes.get(at);
    node.map_or(Verdict::Fits, |node| judge_node(snapshot, wish, node))
}

fn judge_node(snapshot: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    let mut verdicts = FILTERS.iter().map(|filter| filter(snapshot, wish, node));
    verdicts
        .find(|verdict| *verdict != Verdict::Fits)
        .unwrap_or(Verdict::Fits)
}

/// Why no node fits, word for word, but for what came of the search for pods to send away.
pub(super) fn explain(verdicts: &[Verdict]) -> String {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in verdicts {
        match verdict {
            Verdict::Fits => {}
            Verdict::Later(told) | Verdict::Never(told) => {
                for reason in told {
                    *reasons.entry(reason.clone()).or_default() += 1;
                }
            }
        }
    }
    let count = verdicts.len();
    format!("0/{count} nodes are available: {}", histogram(&reasons))
}

/// `1 this, 2 that.`
pub(super) fn histogram(reasons: &BTreeMap<String, usize>) -> String {
    let mut texts: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    texts.sort();
    format!("{}.", texts.join(", "))
}

/// The nodes that every term of the required affinity names; `None` where it names none.
///
/// Source: `plugins/nodeaffinity/node_affinity.go`, `PreFilter`. Pods of DaemonSets are bound so.
fn named_nodes(pod: &Value) -> Option<BTreeSet<SmolStr>> {
    let terms = pod.items_at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    let mut names = BTreeSet::new();
    for term in terms {
        let fields = term.items_at(&["matchFields"]).iter();
        let by_name = fields.filter(|field| {
            field.str_at(&["key"]) == Some("metadata.name")
                && field.str_at(&["operator"]) == Some("In")
        });
        let values: Vec<&Value> = by_name
            .flat_map(|field| field.items_at(&["values"]))
            .collect();
        if values.is_empty() {
            return None;
        }
        names.extend(
            values
                .into_iter()
                .filter_map(Value::as_str)
                .map(SmolStr::from),
        );
    }
    (!terms.is_empty()).then_some(names)
}

fn spec<'a>(wish: &Wish<'a>) -> &'a Value {
    wish.pod.get("spec").unwrap_or(&Value::Null)
}

fn never(reason: &str) -> Verdict {
    Verdict::Never(vec![reason.to_owned()])
}

fn unschedulable(_: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    let taint = value!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    let cordoned = node.node.bool_at(&["spec", "unschedulable"]) == Some(true);
    if cordoned && !nodes::tolerates(spec(wish).items_at(&["tolerations"]), &taint) {
        return never("node(s) were unschedulable");
    }
    Verdict::Fits
}

fn taints(_: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    match nodes::untolerated(spec(wish), &node.node, &["NoSchedule", "NoExecute"]) {
        Some(_) => never("node(s) had untolerated taint(s)"),
        None => Verdict::Fits,
    }
}

fn node_affinity(_: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    if nodes::matches_required(spec(wish), &node.node) {
        Verdict::Fits
    } else {
        never("node(s) didn't match Pod's node affinity/selector")
    }
}

/// The ports of the host that a pod takes: protocol, address, port.
fn ports_of(pod: &Value) -> BTreeSet<(String, String, i64)> {
    let containers = pod.items_at(&["spec", "containers"]).iter();
    let sidecars = pod.items_at(&["spec", "initContainers"]).iter();
    let containers = containers.chain(sidecars.filter(|one| requests::is_sidecar(one)));
    let ports = containers.flat_map(|container| container.items_at(&["ports"]));
    let taken = ports.filter_map(|port| {
        let number = port.i64_at(&["hostPort"]).filter(|number| *number > 0)?;
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        let address = port
            .str_at(&["hostIP"])
            .filter(|address| !address.is_empty());
        Some((
            protocol.to_owned(),
            address.unwrap_or("0.0.0.0").to_owned(),
            number,
        ))
    });
    taken.collect()
}

fn host_ports(_: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    let wanted = ports_of(wish.pod);
    if wanted.is_empty() {
        return Verdict::Fits;
    }
    let meets = |one: &(String, String, i64), other: &(String, String, i64)| {
        one.0 == other.0
            && one.2 == other.2
            && (one.1 == other.1 || one.1 == "0.0.0.0" || other.1 == "0.0.0.0")
    };
    let taken: Vec<_> = node.pods.iter().flat_map(ports_of).collect();
    if wanted
        .iter()
        .any(|port| taken.iter().any(|other| meets(port, other)))
    {
        let reason = "node(s) didn't have free ports for the requested pod ports";
        return Verdict::Later(vec![reason.to_owned()]);
    }
    Verdict::Fits
}

/// Source: `plugins/noderesources/fit.go`, `fitsRequest`.
fn fit(_: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    let mut reasons = Vec::new();
    let count = i64::try_from(node.pods.len()).unwrap_or(i64::MAX);
    if count >= node.allocatable.get("pods") {
        reasons.push("Too many pods".to_owned());
    }
    let mut is_hopeless = false;
    for (name, amount) in requests::of_pod(spec(wish)).iter() {
        let most = node.allocatable.get(name);
        if amount > 0 && amount > most - node.requested.get(name) {
            reasons.push(format!("Insufficient {name}"));
            is_hopeless |= amount > most;
        }
    }
    match (reasons.is_empty(), is_hopeless) {
        (true, _) => Verdict::Fits,
        (false, true) => Verdict::Never(reasons),
        (false, false) => Verdict::Later(reasons),
    }
}

fn volume_binding(_: &Snapshot, wish: &Wish<'_>, node: &NodeState) -> Verdict {
    match wish.volumes.conflict(&node.node) {
        Some(reason) => never(reason),
        None => Verdict::Fits,
    }
}

/// The pods of a node that still run or will.
pub(super) fn living(node: &NodeState) -> impl Iterator<Item = &Value> {
    node.pods.iter().filter(|pod| pods::is_active(pod))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_and_told_as_upstream_does() {
        let verdicts = [
            never("node(s) had untolerated taint(s)"),
            Verdict::Later(vec![
                "Insufficient memory".to_owned(),
                "Insufficient cpu".to_owned(),
            ]),
            Verdict::Later(vec!["Insufficient memory".to_owned()]),
        ];
        assert_eq!(
            explain(&verdicts),
            "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), \
             2 Insufficient memory."
        );
    }
}
