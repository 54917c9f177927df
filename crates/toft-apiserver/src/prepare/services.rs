//! Addresses and node ports of Services.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/core/service/storage/alloc.go`, `strategy.go`. Upstream draws free
//! addresses at random; here the draw follows from the seed.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use toft_api::ApiError;
use toft_object::GroupResource;
use toft_value::{Value, value};

use crate::call::Call;
use crate::invalid::{FieldError, invalid};
use crate::store::Store;

/// What other Services have.
#[derive(Default)]
struct Taken {
    addresses: BTreeSet<String>,
    ports: BTreeSet<i64>,
}

pub(super) fn created(call: &Call<'_>, store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let taken = taken(store, object);
    allocate(call, store, object, &taken)
}

pub(super) fn updated(
    call: &Call<'_>,
    store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    if call.path.subresource == "status" {
        return Ok(());
    }
    keep_allocated(live, new);
    follow_address(live, new);
    release_unused(live, new);
    // An address that is changed is refused by the checks that follow, not here.
    let address = ["spec", "clusterIP"];
    let had = live.str_at(&address).unwrap_or_default();
    if !had.is_empty() && new.str_at(&address).is_some_and(|has| has != had) {
        return Ok(());
    }
    let taken = taken(store, new);
    allocate(call, store, new, &taken)
}

fn taken(store: &Store, object: &Value) -> Taken {
    let services = GroupResource::new("", "services");
    let own = |service: &Value| {
        ["namespace", "name"]
            .iter()
            .all(|key| service.at(&["metadata", key]) == object.at(&["metadata", key]))
    };
    let mut taken = Taken::default();
    for service in store.list(&services, None).filter(|service| !own(service)) {
        let addresses = service
            .items_at(&["spec", "clusterIPs"])
            .iter()
            .filter_map(Value::as_str);
        taken.addresses.extend(addresses.map(str::to_owned));
        let ports = service.items_at(&["spec", "ports"]).iter();
        taken.ports.extend(
            ports
                .filter_map(|port| port.i64_at(&["nodePort"]))
                .filter(|port| *port > 0),
        );
        taken
            .ports
            .extend(service.i64_at(&["spec", "healthCheckNodePort"]));
    }
    taken
}

fn type_of(service: &Value) -> &str {
    service.str_at(&["spec", "type"]).unwrap_or("ClusterIP")
}

fn needs_address(service: &Value) -> bool {
    type_of(service) != "ExternalName"
}

fn needs_node_ports(service: &Value) -> bool {
    match type_of(service) {
        "NodePort" => true,
        "LoadBalancer" => {
            service.bool_at(&["spec", "allocateLoadBalancerNodePorts"]) != Some(false)
        }
        _ => false,
    }
}

fn allocate(
    call: &Call<'_>,
    store: &Store,
    service: &mut Value,
    taken: &Taken,
) -> Result<(), ApiError> {
    if needs_address(service) {
        families(service);
        address(call, store, service, taken)?;
    }
    if needs_node_ports(service) {
        node_ports(call, store, service, taken)?;
    }
    let local = service.str_at(&["spec", "externalTrafficPolicy"]) == Some("Local");
    if type_of(service) == "LoadBalancer"
        && local
        && service
            .i64_at(&["spec", "healthCheckNodePort"])
            .unwrap_or(0)
            == 0
    {
        let mut used: BTreeSet<i64> = taken.ports.clone();
        used.extend(
            service
                .items_at(&["spec", "ports"])
                .iter()
                .filter_map(|port| port.i64_at(&["nodePort"])),
        );
        let port = free_port(call, store, ("healthCheckNodePort", &used))?;
        service.set_at(&["spec", "healthCheckNodePort"], port);
    }
    Ok(())
}

/// The cluster has IPv4 alone, but a headless Service without a selector takes what its endpoints have.
fn families(service: &mut Value) {
    let headless = service.str_at(&["spec", "clusterIP"]) == Some("None");
    let selects = service
        .at(&["spec", "selector"])
        .and_then(Value::as_map)
        .is_some_and(|map| !map.is_empty());
    let dual = headless && !selects;
    if service.at(&["spec", "ipFamilyPolicy"]).is_none() {
        service.set_at(
            &["spec", "ipFamilyPolicy"],
            if dual {
                "RequireDualStack"
            } else {
                "SingleStack"
            },
        );
    }
    if service.items_at(&["spec", "ipFamilies"]).is_empty() {
        let families = if dual {
            value!(["IPv4", "IPv6"])
        } else {
            value!(["IPv4"])
        };
        service.set_at(&["spec", "ipFamilies"], families);
    }
}

fn address(
    call: &Call<'_>,
    store: &Store,
    service: &mut Value,
    taken: &Taken,
) -> Result<(), ApiError> {
    let given = service
        .str_at(&["spec", "clusterIP"])
        .unwrap_or_default()
        .to_owned();
    let given = if given.is_empty() {
        service
            .items_at(&["spec", "clusterIPs"])
            .first()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    } else {
        given
    };
    let address = match given.as_str() {
        "None" => given,
        "" => free_address(call, store, taken)?,
        _ => {
            let refused = |why: &str| {
                refuse(
                    call,
                    service,
                    ("spec.clusterIPs", &value!([given.as_str()])),
                    &format!("failed to allocate IP {given}: {why}"),
                )
            };
            let Ok(parsed) = given.parse::<Ipv4Addr>() else {
                return Err(refuse(
                    call,
                    service,
                    ("spec.clusterIPs[0]", &Value::from(given.as_str())),
                    "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                ));
            };
            if !in_network(call, parsed) {
                return Err(refused(
                    "the provided network does not match the current range",
                ));
            }
            if taken.addresses.contains(&given) {
                return Err(refused("provided IP is already allocated"));
            }
            given
        }
    };
    service.set_at(&["spec", "clusterIP"], address.as_str());
    if service.items_at(&["spec", "clusterIPs"]).is_empty() {
        service.set_at(&["spec", "clusterIPs"], value!([address.as_str()]));
    }
    Ok(())
}

fn network(call: &Call<'_>) -> (u32, u32) {
    let (base, prefix) = call.settings.service_network;
    let mask = u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0);
    (u32::from(Ipv4Addr::from(base)) & mask, !mask)
}

fn in_network(call: &Call<'_>, address: Ipv4Addr) -> bool {
    let (base, hosts) = network(call);
    u32::from(address) & !hosts == base
        && u32::from(address) != base
        && u32::from(address) != base | hosts
}

/// A free address. The first ones are left to those who name theirs.
///
/// Source: Kubernetes 1.36.3 `pkg/registry/core/service/ipallocator`, `calculateRangeOffset`.
fn free_address(call: &Call<'_>, store: &Store, taken: &Taken) -> Result<String, ApiError> {
    let (base, hosts) = network(call);
    let reserved = (hosts / 16).clamp(16, 256);
    let room = hosts.saturating_sub(reserved + 1);
    if room == 0 {
        return Err(ApiError::internal(
            "failed to allocate a serviceIP: range is full",
        ));
    }
    let start = call.ids(store).number("address", u64::from(room));
    let candidates = (0..u64::from(room)).map(|step| (start + step) % u64::from(room));
    let addresses = candidates
        .filter_map(|offset| u32::try_from(offset).ok())
        .map(|offset| Ipv4Addr::from(base + reserved + 1 + offset).to_string());
    // Among so many neighbours as there are Services, and one more, one is free.
    let mut near = addresses.take(taken.addresses.len() + 1);
    near.find(|address| !taken.addresses.contains(address))
        .ok_or_else(|| ApiError::internal("failed to allocate a serviceIP: range is full"))
}

fn node_ports(
    call: &Call<'_>,
    store: &Store,
    service: &mut Value,
    taken: &Taken,
) -> Result<(), ApiError> {
    let (first, last) = call.settings.node_ports;
    let mut ports: Vec<Value> = service.items_at(&["spec", "ports"]).to_vec();
    let mut used = taken.ports.clone();
    for (at, port) in ports.iter().enumerate() {
        let Some(wanted) = port.i64_at(&["nodePort"]).filter(|wanted| *wanted > 0) else {
            continue;
        };
        let field = format!("spec.ports[{at}].nodePort");
        if wanted < i64::from(first) || wanted > i64::from(last) {
            let why = format!(
                "provided port is not in the valid range. The range of valid ports is {first}-{last}"
            );
            return Err(refuse(call, service, (&field, &Value::Int(wanted)), &why));
        }
        if taken.ports.contains(&wanted) {
            return Err(refuse(
                call,
                service,
                (&field, &Value::Int(wanted)),
                "provided port is already allocated",
            ));
        }
        used.insert(wanted);
    }
    for (at, port) in ports.iter_mut().enumerate() {
        if port.i64_at(&["nodePort"]).unwrap_or(0) == 0 {
            let free = free_port(call, store, (&format!("nodePort{at}"), &used))?;
            used.insert(free);
            port.set_at(&["nodePort"], free);
        }
    }
    service.set_at(&["spec", "ports"], Value::from(ports));
    Ok(())
}

fn free_port(
    call: &Call<'_>,
    store: &Store,
    (purpose, used): (&str, &BTreeSet<i64>),
) -> Result<i64, ApiError> {
    let (first, last) = (
        i64::from(call.settings.node_ports.0),
        i64::from(call.settings.node_ports.1),
    );
    let room = last - first + 1;
    let start = call
        .ids(store)
        .number(purpose, u64::try_from(room).unwrap_or(1));
    let start = i64::try_from(start).unwrap_or(0);
    let mut candidates = (0..room).map(|step| first + (start + step) % room);
    candidates
        .find(|port| !used.contains(port))
        .ok_or_else(|| ApiError::internal("failed to allocate a nodePort: range is full"))
}

/// What was allocated stays where the writer left it out.
///
/// Source: `pkg/registry/core/service/storage/storage.go`, `patchAllocatedValues`.
fn keep_allocated(live: &Value, new: &mut Value) {
    if needs_address(live) && needs_address(new) {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            let missing = new.at(&["spec", key]).is_none_or(|value| {
                value.as_str() == Some("") || value.as_list().is_some_and(|list| list.is_empty())
            });
            if missing && let Some(value) = live.at(&["spec", key]) {
                new.set_at(&["spec", key], value);
            }
        }
    }
    if needs_node_ports(live) && needs_node_ports(new) {
        keep_node_ports(live, new);
    }
    let balanced = |service: &Value| {
        type_of(service) == "LoadBalancer"
            && service.str_at(&["spec", "externalTrafficPolicy"]) == Some("Local")
    };
    if balanced(live)
        && balanced(new)
        && new.i64_at(&["spec", "healthCheckNodePort"]).unwrap_or(0) == 0
        && let Some(port) = live.at(&["spec", "healthCheckNodePort"])
    {
        new.set_at(&["spec", "healthCheckNodePort"], port);
    }
}

/// Who changes the one address and leaves the list as it was means both.
///
/// Source: `pkg/registry/core/service/storage/storage.go`, `normalizeClusterIPs`.
fn follow_address(live: &Value, new: &mut Value) {
    let address = |service: &Value| {
        let address = service.str_at(&["spec", "clusterIP"]);
        address.unwrap_or_default().to_owned()
    };
    let (before, after) = (address(live), address(new));
    let list = &["spec", "clusterIPs"];
    if before == after || live.items_at(list) != new.items_at(list) {
        return;
    }
    if after.is_empty() {
        new.remove_at(list);
    } else {
        new.set_at(list, value!([after.as_str()]));
    }
}

/// Ports keep their node ports by protocol and number.
fn keep_node_ports(live: &Value, new: &mut Value) {
    let identity = |port: &Value| {
        (
            port.str_at(&["protocol"]).unwrap_or("TCP").to_owned(),
            port.i64_at(&["port"]),
        )
    };
    let mut ports: Vec<Value> = new.items_at(&["spec", "ports"]).to_vec();
    let mut used: BTreeSet<i64> = ports
        .iter()
        .filter_map(|port| port.i64_at(&["nodePort"]))
        .collect();
    for port in &mut ports {
        if port.i64_at(&["nodePort"]).unwrap_or(0) != 0 {
            continue;
        }
        let mut old = live.items_at(&["spec", "ports"]).iter();
        let same = old.find(|old| identity(old) == identity(port));
        if let Some(number) = same.and_then(|old| old.i64_at(&["nodePort"]))
            && used.insert(number)
        {
            port.set_at(&["nodePort"], number);
        }
    }
    new.set_at(&["spec", "ports"], Value::from(ports));
}

/// What a Service had only for its old type goes, unless the writer changed it.
///
/// Source: `pkg/registry/core/service/strategy.go`, `dropTypeDependentFields`.
fn release_unused(live: &Value, new: &mut Value) {
    if needs_address(live) && !needs_address(new) {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            if new.at(&["spec", key]) == live.at(&["spec", key]) {
                new.remove_at(&["spec", key]);
            }
        }
    }
    if needs_node_ports(live) && !needs_node_ports(new) {
        let old: Vec<Option<i64>> = live
            .items_at(&["spec", "ports"])
            .iter()
            .map(|port| port.i64_at(&["nodePort"]))
            .collect();
        let ports = new.items_at(&["spec", "ports"]).iter().cloned();
        let drop = |mut port: Value| {
            if old.contains(&port.i64_at(&["nodePort"])) {
                port.remove_at(&["nodePort"]);
            }
            port
        };
        let ports: Vec<Value> = ports.map(drop).collect();
        new.set_at(&["spec", "ports"], Value::from(ports));
    }
    if type_of(live) == "LoadBalancer" && type_of(new) != "LoadBalancer" {
        for key in [
            "healthCheckNodePort",
            "allocateLoadBalancerNodePorts",
            "loadBalancerClass",
        ] {
            new.remove_at(&["spec", key]);
        }
    }
    if matches!(type_of(live), "NodePort" | "LoadBalancer")
        && !matches!(type_of(new), "NodePort" | "LoadBalancer")
    {
        new.remove_at(&["spec", "externalTrafficPolicy"]);
    }
}

fn refuse(call: &Call<'_>, service: &Value, (field, value): (&str, &Value), why: &str) -> ApiError {
    let name = service.str_at(&["metadata", "name"]).unwrap_or_default();
    invalid(
        &call.gvk().group_kind(),
        name,
        &[FieldError::invalid(field, value, why)],
    )
}
