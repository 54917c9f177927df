//! The addresses of pods.

use std::collections::BTreeSet;

use toft_value::Value;

use crate::ctx::Ctx;
use crate::draw;
use crate::meta;
use crate::pods;
use crate::resources::PODS;

/// The address of a node in its own network.
pub(super) fn of_node(node: &Value) -> &str {
    let addresses = node.items_at(&["status", "addresses"]).iter();
    let mut internal = addresses.filter(|one| one.str_at(&["type"]) == Some("InternalIP"));
    internal
        .next()
        .and_then(|one| one.str_at(&["address"]))
        .unwrap_or_default()
}

/// A free address of the node's pod network, `10.244.N.0/24`.
pub(super) fn for_pod(ctx: &Ctx<'_>, pod: &Value, node: &Value) -> String {
    if pod.bool_at(&["spec", "hostNetwork"]) == Some(true) {
        return of_node(node).to_owned();
    }
    let network = node.str_at(&["spec", "podCIDR"]).unwrap_or("10.244.0.0/24");
    let prefix = network
        .rsplit_once('.')
        .map_or("10.244.0", |(prefix, _)| prefix);
    let on_node = ctx.reader().list(&PODS, None);
    let taken: BTreeSet<&str> = on_node
        .filter(|other| pods::node(other) == meta::name(node))
        .filter_map(|other| other.str_at(&["status", "podIP"]))
        .collect();
    // The first addresses belong to the node; 110 pods never fill the rest.
    let first = draw::number(ctx.settings.seed, &[&super::identity(pod), "address"]) % 250;
    let candidates = (0..250).map(|step| format!("{prefix}.{}", 3 + (first + step) % 250));
    let mut free = candidates.filter(|address| !taken.contains(address.as_str()));
    free.next().unwrap_or_default()
}
