//! Services of type `LoadBalancer` get an address of a load balancer that is taken to be there.

use std::collections::BTreeSet;

use toft_value::{Value, value};

use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::draw;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::resources::SERVICES;

/// The last numbers of the addresses that are given out; those below are for Ingresses and for people.
const FIRST: u64 = 10;
const COUNT: u64 = 240;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "load-balancer",
    identity: Identity::Addon,
    watches: &[Watch::new(&SERVICES, Wakes::Itself)],
    reconcile,
};

fn address(service: &Value) -> Option<&str> {
    let given = service.items_at(&["status", "loadBalancer", "ingress"]);
    given.first()?.str_at(&["ip"])
}

/// The address that the Service asks for itself.
fn wish(service: &Value) -> Option<&str> {
    let keys = [
        "metallb.io/loadBalancerIPs",
        "metallb.universe.tf/loadBalancerIPs",
        "lbipam.cilium.io/ips",
    ];
    let annotated = keys.iter().find_map(|key| meta::annotation(service, key));
    annotated
        .and_then(|list| list.split(',').next())
        .or_else(|| service.str_at(&["spec", "loadBalancerIP"]))
        .map(str::trim)
        .filter(|address| !address.is_empty())
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(service) = ctx.get(&SERVICES, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    if meta::is_deleting(&service) {
        return Next::Nothing;
    }
    let balanced = service.str_at(&["spec", "type"]) == Some("LoadBalancer");
    let mut told = service.clone();
    match (balanced, address(&service)) {
        (true, Some(_)) | (false, None) => return Next::Nothing,
        (false, Some(_)) => told.set_at(&["status", "loadBalancer"], value!({})),
        (true, None) => {
            let Some(address) = free_address(ctx, &service) else {
                let text = "Failed to allocate IP: no available IPs";
                ctx.note_once(&service, &Note::warning("AllocationFailed", text));
                return Next::Nothing;
            };
            let text = format!("Assigned IP [{address:?}]");
            ctx.note(&service, &Note::normal("IPAllocated", text));
            told.set_at(
                &["status", "loadBalancer", "ingress"],
                value!([{"ip": address, "ipMode": "VIP"}]),
            );
        }
    }
    ctx.update_status(&SERVICES, told)
        .map_or(Next::Retry, |_| Next::Nothing)
}

fn free_address(ctx: &Ctx<'_>, service: &Value) -> Option<String> {
    let taken: BTreeSet<&str> = ctx
        .reader()
        .list(&SERVICES, None)
        .filter_map(address)
        .collect();
    if let Some(wish) = wish(service) {
        return Some(wish.to_owned());
    }
    let identity = [meta::namespace(service), meta::name(service), "address"];
    let first = draw::number(ctx.settings.seed, &identity) % COUNT;
    let prefix = &ctx.settings.load_balancer_prefix;
    let mut candidates =
        (0..COUNT).map(|step| format!("{prefix}.{}", FIRST + (first + step) % COUNT));
    candidates.find(|address| !taken.contains(address.as_str()))
}
