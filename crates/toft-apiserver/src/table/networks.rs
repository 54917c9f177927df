//! Cells of Services, Ingresses, endpoints and addresses.

use std::collections::BTreeSet;

use toft_object::Time;
use toft_value::Value;

use super::cells::{self, NONE};

pub(super) fn selector(object: &Value, _now: Time) -> Value {
    cells::labels(object.at(&["spec", "selector"])).into()
}

pub(super) fn cluster_ip(object: &Value, _now: Time) -> Value {
    let addresses = object.items_at(&["spec", "clusterIPs"]);
    let first = addresses
        .first()
        .and_then(Value::as_str)
        .or_else(|| object.str_at(&["spec", "clusterIP"]));
    cells::or_none(first).into()
}

pub(super) fn external_ip(object: &Value, _now: Time) -> Value {
    let given = cells::joined(object.items_at(&["spec", "externalIPs"]));
    match object.str_at(&["spec", "type"]).unwrap_or_default() {
        "ClusterIP" | "NodePort" => cells::or_none(Some(&given)).into(),
        "LoadBalancer" => {
            let parts = [balancer(object), given];
            let parts: Vec<&str> = parts
                .iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            if parts.is_empty() {
                "<pending>".into()
            } else {
                parts.join(",").into()
            }
        }
        "ExternalName" => object
            .str_at(&["spec", "externalName"])
            .unwrap_or_default()
            .into(),
        _ => "<unknown>".into(),
    }
}

/// The addresses of a load balancer, each once, sorted.
fn balancer(object: &Value) -> String {
    let address = |one: &Value| {
        let text = |key: &str| {
            one.str_at(&[key])
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        text("ip").or_else(|| text("hostname"))
    };
    let all: BTreeSet<String> = object
        .items_at(&["status", "loadBalancer", "ingress"])
        .iter()
        .filter_map(address)
        .collect();
    all.into_iter().collect::<Vec<_>>().join(",")
}

pub(super) fn service_ports(object: &Value, _now: Time) -> Value {
    let ports = object.items_at(&["spec", "ports"]).iter().map(|port| {
        let (number, protocol) = (
            cells::number(port, &["port"]),
            port.str_at(&["protocol"]).unwrap_or("TCP"),
        );
        match cells::number(port, &["nodePort"]) {
            0 => format!("{number}/{protocol}"),
            node => format!("{number}:{node}/{protocol}"),
        }
    });
    cells::or_none(Some(&ports.collect::<Vec<_>>().join(","))).into()
}

pub(super) fn hosts(object: &Value, _now: Time) -> Value {
    const SHOWN: usize = 3;
    let rules = object.items_at(&["spec", "rules"]);
    let hosts: Vec<&str> = rules
        .iter()
        .filter_map(|rule| rule.str_at(&["host"]))
        .filter(|host| !host.is_empty())
        .collect();
    let shown: Vec<&str> = hosts.iter().take(SHOWN).copied().collect();
    if shown.is_empty() {
        "*".into()
    } else if shown.len() == SHOWN && rules.len() > SHOWN {
        format!("{} + {} more...", shown.join(","), rules.len() - SHOWN).into()
    } else {
        shown.join(",").into()
    }
}

pub(super) fn ingress_address(object: &Value, _now: Time) -> Value {
    balancer(object).into()
}

pub(super) fn ingress_ports(object: &Value, _now: Time) -> Value {
    if object.items_at(&["spec", "tls"]).is_empty() {
        "80".into()
    } else {
        "80, 443".into()
    }
}

pub(super) fn class_name(object: &Value, _now: Time) -> Value {
    cells::name_or_default(object, &["ingressclass.kubernetes.io/is-default-class"])
}

pub(super) fn class_parameters(object: &Value, _now: Time) -> Value {
    let Some(parameters) = object.at(&["spec", "parameters"]) else {
        return NONE.into();
    };
    let text = |key: &str| parameters.str_at(&[key]).unwrap_or_default();
    let group = parameters
        .str_at(&["apiGroup"])
        .map(|group| format!(".{group}"))
        .unwrap_or_default();
    format!("{}{group}/{}", text("kind"), text("name")).into()
}

pub(super) fn endpoints(object: &Value, _now: Time) -> Value {
    const SHOWN: usize = 3;
    let mut all = Vec::new();
    for subset in object.items_at(&["subsets"]) {
        let addresses = subset
            .items_at(&["addresses"])
            .iter()
            .filter_map(|one| one.str_at(&["ip"]));
        let ports = subset.items_at(&["ports"]);
        if ports.is_empty() {
            all.extend(addresses.map(str::to_owned));
            continue;
        }
        for port in ports {
            let number = cells::number(port, &["port"]);
            all.extend(
                addresses
                    .clone()
                    .map(|address| format!("{address}:{number}")),
            );
        }
    }
    if all.is_empty() {
        NONE.into()
    } else {
        cells::at_most(&all, SHOWN).into()
    }
}

pub(super) fn slice_ports(object: &Value, _now: Time) -> Value {
    let port = |port: &Value| match port.i64_at(&["port"]) {
        Some(number) => number.to_string(),
        None => port.str_at(&["name"]).unwrap_or("*").to_owned(),
    };
    let ports: Vec<String> = object.items_at(&["ports"]).iter().map(port).collect();
    cells::at_most(&ports, 3).into()
}

pub(super) fn slice_endpoints(object: &Value, _now: Time) -> Value {
    let endpoints = object.items_at(&["endpoints"]).iter();
    let addresses = endpoints.flat_map(|endpoint| endpoint.items_at(&["addresses"]));
    let addresses: Vec<String> = addresses
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    cells::at_most(&addresses, 3).into()
}

pub(super) fn policy_selector(object: &Value, _now: Time) -> Value {
    cells::selector(object.at(&["spec", "podSelector"])).into()
}

fn node_address(object: &Value, kind: &str) -> Value {
    let mut addresses = object.items_at(&["status", "addresses"]).iter();
    let found = addresses.find(|one| one.str_at(&["type"]) == Some(kind));
    cells::or_none(found.and_then(|one| one.str_at(&["address"]))).into()
}

pub(super) fn internal_address(object: &Value, _now: Time) -> Value {
    node_address(object, "InternalIP")
}

pub(super) fn external_address(object: &Value, _now: Time) -> Value {
    node_address(object, "ExternalIP")
}
