//! Network policies, disruption budgets, priorities and leases.

use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::{name, selector};
use super::{probe, workload};
use crate::field_error::FieldError;

pub(super) fn network_policy(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    selector::validate(&spec.child("podSelector"), errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.child(direction).items() {
            for port in rule.child("ports").items() {
                policy_port(&port, errors);
            }
            for peer in rule.child(peers).items() {
                policy_peer(&peer, errors);
            }
        }
    }
    let kinds = spec.child("policyTypes");
    if kinds.items().len() > 2 {
        errors.invalid(&kinds, "may not specify more than two policyTypes");
        return;
    }
    for kind in kinds.items() {
        errors.one_of(&kind, &["Ingress", "Egress"]);
    }
}

fn policy_port(at: &At<'_>, errors: &mut Errors) {
    // Upstream has an order of its own here.
    errors.one_of_if_set(&at.child("protocol"), &["TCP", "UDP", "SCTP"]);
    let (port, end) = (at.child("port"), at.child("endPort"));
    if port.is_set() {
        probe::port(&port, errors);
        if end.is_set() && port.value().as_str().is_some() {
            errors.invalid(&end, "may not be specified when `port` is non-numeric");
        } else if end.is_set() && end.int() < port.int() {
            // Upstream shows the first port.
            let detail = "must be greater than or equal to `port`";
            errors.push(FieldError::invalid(
                end.path(),
                port.value().clone(),
                detail,
            ));
        }
        if end.is_set() {
            errors.in_range(&end, (1, 65535));
        }
    } else if end.is_set() {
        errors.required(&port, "must be specified when `endPort` is specified");
    }
}

fn policy_peer(at: &At<'_>, errors: &mut Errors) {
    let mut peers = 0;
    for field in ["podSelector", "namespaceSelector"] {
        let field = at.child(field);
        if field.is_set() {
            peers += 1;
            selector::validate(&field, errors);
        }
    }
    let block = at.child("ipBlock");
    if block.is_set() {
        ip_block(&block, errors);
        if peers > 0 {
            errors.forbidden(at, "may not specify both ipBlock and another peer");
        }
    } else if peers == 0 {
        errors.required(at, "must specify a peer");
    }
}

fn ip_block(at: &At<'_>, errors: &mut Errors) {
    let cidr = at.child("cidr");
    if cidr.is_empty() {
        errors.required(&cidr, "");
        return;
    }
    errors.named(&cidr, name::cidr);
    let Some((base, bits)) = name::parse_cidr(cidr.text()) else {
        return;
    };
    for except in at.child("except").items() {
        errors.named(&except, name::cidr);
        let Some((inner, inner_bits)) = name::parse_cidr(except.text()) else {
            continue;
        };
        if inner_bits <= bits || !shares_prefix(base, inner, bits) {
            errors.invalid(&except, "must be a strict subset of `cidr`");
        }
    }
}

fn shares_prefix(left: core::net::IpAddr, right: core::net::IpAddr, bits: u32) -> bool {
    use core::net::IpAddr::{V4, V6};
    match (left, right) {
        (V4(left), V4(right)) => {
            let shift = 32_u32.saturating_sub(bits);
            left.to_bits().checked_shr(shift) == right.to_bits().checked_shr(shift)
        }
        (V6(left), V6(right)) => {
            let shift = 128_u32.saturating_sub(bits);
            left.to_bits().checked_shr(shift) == right.to_bits().checked_shr(shift)
        }
        _ => false,
    }
}

pub(super) fn budget(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let (least, most) = (spec.child("minAvailable"), spec.child("maxUnavailable"));
    if least.is_set() && most.is_set() {
        let shown = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            least.value().to_json(),
            selector::print(&spec.child("selector")),
            most.value().to_json(),
            spec.child("unhealthyPodEvictionPolicy").value().to_json(),
        );
        let detail = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid(spec.path(), "", detail).showing(shown));
    }
    for at in [&least, &most] {
        if at.is_set() {
            workload::number_or_percent(at, errors);
            workload::at_most_all(at, errors);
        }
    }
    selector::validate(&spec.child("selector"), errors);
}

/// The highest priority that users may give.
const PRIORITY_MAX: i64 = 1_000_000_000;

pub(super) fn priority_class(root: &At<'_>, errors: &mut Errors) {
    const SYSTEM: &[&str] = &["system-node-critical", "system-cluster-critical"];
    let name = root.child("metadata").child("name");
    if SYSTEM.contains(&name.text()) {
        return;
    }
    if name.text().starts_with("system-") {
        let detail = format!(
            "priority class names with 'system-' prefix are reserved for system use only. error: {} is not a known system priority class",
            name.text()
        );
        errors.forbidden(&name, detail);
    }
    if root.child("value").int().unwrap_or(0) > PRIORITY_MAX {
        let detail = format!("maximum allowed value of a user defined priority is {PRIORITY_MAX}");
        errors.forbidden(&root.child("value"), detail);
    }
    errors.one_of_if_set(
        &root.child("preemptionPolicy"),
        &["PreemptLowerPriority", "Never"],
    );
}

pub(super) fn lease(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let duration = spec.child("leaseDurationSeconds");
    if duration.int().is_some_and(|seconds| seconds <= 0) {
        errors.invalid(&duration, "must be greater than 0");
    }
    let transitions = spec.child("leaseTransitions");
    if matches!(transitions.value(), Value::Int(count) if *count < 0) {
        errors.invalid(&transitions, "must be greater than or equal to 0");
    }
}
