//! The nodes with what runs on them, as the scheduler sees them.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_value::Value;

use crate::ctx::Ctx;
use crate::meta;
use crate::pods;
use crate::requests::{self, Amounts};
use crate::resources::{
    NODES, PERSISTENT_VOLUME_CLAIMS, PODS, REPLICA_SETS, SERVICES, STATEFUL_SETS,
};

/// A node with what runs on it.
#[derive(Clone, Debug)]
pub(super) struct NodeState {
    pub(super) name: SmolStr,
    pub(super) node: Value,
    pub(super) allocatable: Amounts,
    /// What its pods ask for.
    pub(super) requested: Amounts,
    /// What its pods are taken to use.
    pub(super) scored: Amounts,
    pub(super) pods: Vec<Value>,
}

/// Everything the scheduler looks at.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// In order of names.
    pub(super) nodes: Vec<NodeState>,
    /// Namespaces by name, for affinity that selects them.
    pub(super) namespaces: BTreeMap<SmolStr, Value>,
    /// Objects whose selectors tell which pods are alike: Services, ReplicaSets, StatefulSets.
    pub(super) groups: Vec<Value>,
}

impl Snapshot {
    /// The cluster as it is. A waiting pod whose volume is being made for a node, or for which
    /// others go there, counts already.
    pub(super) fn new(ctx: &Ctx<'_>) -> Self {
        let reader = ctx.reader();
        let nodes = reader.list(&NODES, None).map(NodeState::new).collect();
        let namespaces = reader.list(&crate::resources::NAMESPACES, None);
        let groups = [&SERVICES, &REPLICA_SETS, &STATEFUL_SETS];
        let mut snapshot = Self {
            nodes,
            namespaces: namespaces
                .map(|namespace| (meta::name(namespace).into(), namespace.clone()))
                .collect(),
            groups: groups
                .iter()
                .flat_map(|resource| reader.list(resource, None))
                .cloned()
                .collect(),
        };
        for pod in reader.list(&PODS, None) {
            if pods::is_terminal(pod) {
                continue;
            }
            let node = match pods::node(pod) {
                "" => match pod.str_at(&["status", "nominatedNodeName"]) {
                    Some(node) if !node.is_empty() => node.to_owned(),
                    _ => awaited_node(ctx, pod),
                },
                node => node.to_owned(),
            };
            if let Some(at) = snapshot.nodes.iter().position(|state| state.name == node) {
                snapshot.take(at, pod);
            }
        }
        snapshot
    }

    /// Puts a pod on a node.
    pub(super) fn take(&mut self, at: usize, pod: &Value) {
        let Some(state) = self.nodes.get_mut(at) else {
            return;
        };
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        state.requested.add(&requests::of_pod(spec));
        state.scored.add(&requests::scored(spec));
        state.pods.push(pod.clone());
    }

    /// Takes a pod away that counted on a node while it waited.
    pub(super) fn forget(&mut self, pod: &Value) {
        let uid = meta::uid(pod);
        for state in &mut self.nodes {
            if let Some(at) = state.pods.iter().position(|one| meta::uid(one) == uid) {
                state.pods.remove(at);
                state.count();
            }
        }
    }
}

impl NodeState {
    fn new(node: &Value) -> Self {
        Self {
            name: meta::name(node).into(),
            node: node.clone(),
            allocatable: Amounts::of(node.at(&["status", "allocatable"])),
            requested: Amounts::default(),
            scored: Amounts::default(),
            pods: Vec::new(),
        }
    }

    fn count(&mut self) {
        (self.requested, self.scored) = (Amounts::default(), Amounts::default());
        for pod in &self.pods {
            let spec = pod.get("spec").unwrap_or(&Value::Null);
            self.requested.add(&requests::of_pod(spec));
            self.scored.add(&requests::scored(spec));
        }
    }

    /// A label of the node.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        meta::label(&self.node, key)
    }
}

/// The node for which one of the pod's volumes is being made; empty for none.
fn awaited_node(ctx: &Ctx<'_>, pod: &Value) -> String {
    let claims = super::volumes::claim_names(pod);
    let namespace = meta::namespace(pod);
    let nodes = claims.iter().filter_map(|name| {
        let claim = ctx
            .reader()
            .get(&PERSISTENT_VOLUME_CLAIMS, namespace, name)?;
        meta::annotation(claim, super::volumes::SELECTED_NODE).map(str::to_owned)
    });
    nodes.into_iter().next().unwrap_or_default()
}
