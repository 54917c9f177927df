//! Services.

use toft_value::Value;

use super::super::at::{At, Errors};
use super::super::{meta, name};
use super::container::PROTOCOLS;
use super::probe;
use crate::field_error::FieldError;

pub(super) fn service(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let type_ = spec.child("type").text();
    let headless = spec.child("clusterIP").text() == "None";
    if type_ == "LoadBalancer" && headless {
        let detail = "may not be set to 'None' for LoadBalancer services";
        errors.invalid(
            &spec
                .child("clusterIPs")
                .items()
                .first()
                .cloned()
                .unwrap_or_else(|| spec.child("clusterIPs")),
            detail,
        );
    }
    external_name(&spec, errors);
    ports(&spec, errors);
    meta::labels(&spec.child("selector"), errors);
    errors.one_of(&spec.child("sessionAffinity"), &["ClientIP", "None"]);
    for ip in spec.child("externalIPs").items() {
        errors.named(&ip, name::ip);
    }
    errors.one_of(
        &spec.child("type"),
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    );
    node_ports(&spec, errors);
    load_balancer(&spec, errors);
    traffic(&spec, errors);
}

fn external_name(spec: &At<'_>, errors: &mut Errors) {
    if spec.child("type").text() != "ExternalName" {
        cluster_ips(spec, errors);
        families(spec, errors);
        return;
    }
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if spec.child(field).is_set() {
            let detail = "may not be set for ExternalName services";
            errors.forbidden(&spec.child(field), detail);
        }
    }
    let name = spec.child("externalName");
    let host = name.text().strip_suffix('.').unwrap_or(name.text());
    if host.is_empty() {
        errors.required(&name, "");
        return;
    }
    for message in name::dns_subdomain(host) {
        errors.invalid(&name, message);
    }
}

fn cluster_ips(spec: &At<'_>, errors: &mut Errors) {
    let (one, all) = (spec.child("clusterIP"), spec.child("clusterIPs"));
    if all.is_empty() {
        return;
    }
    let first = all.value().items().first().and_then(Value::as_str);
    if one.is_empty() {
        errors.invalid(&all, "must be empty when `clusterIP` is not specified");
    } else if first != Some(one.text()) {
        errors.invalid(&all, "first value must match `clusterIP`");
    }
    for ip in all.items() {
        if ip.text() != "None" {
            errors.named(&ip, name::ip);
        }
    }
}

fn families(spec: &At<'_>, errors: &mut Errors) {
    let families = spec.child("ipFamilies").items();
    for family in &families {
        errors.one_of(family, &["IPv4", "IPv6"]);
    }
    errors.unique(&families);
    errors.one_of_if_set(
        &spec.child("ipFamilyPolicy"),
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
    );
}

fn ports(spec: &At<'_>, errors: &mut Errors) {
    let list = spec.child("ports");
    let headless = spec.child("clusterIP").text() == "None";
    let ports = list.items();
    if ports.is_empty() && !headless && spec.child("type").text() != "ExternalName" {
        errors.required(&list, "");
    }
    let mut names = Vec::new();
    for port in &ports {
        let name = port.child("name");
        if ports.len() > 1 && name.is_empty() {
            errors.required(&name, "");
        } else if !name.is_empty() {
            errors.named(&name, name::dns_label);
            if names.contains(&name.text()) {
                errors.duplicate(&name);
            }
            names.push(name.text());
        }
        errors.in_range(&port.child("port"), (1, 65535));
        errors.one_of(&port.child("protocol"), PROTOCOLS);
        probe::port(&port.child("targetPort"), errors);
        if port.child("appProtocol").is_set() {
            errors.named(&port.child("appProtocol"), name::qualified_name);
        }
    }
    for (index, port) in ports.iter().enumerate() {
        let key = |port: &At<'_>| {
            (
                port.child("protocol").text().to_owned(),
                port.child("port").int(),
            )
        };
        let is_twice = ports.iter().take(index).any(|one| key(one) == key(port));
        if is_twice {
            let (protocol, number) = key(port);
            // Upstream shows its internal type with what makes the key.
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                number.unwrap_or(0)
            );
            errors.push(FieldError::duplicate(port.path(), "").showing(shown));
        }
    }
}

fn node_ports(spec: &At<'_>, errors: &mut Errors) {
    if spec.child("type").text() != "ClusterIP" {
        return;
    }
    for port in spec.child("ports").items() {
        let node_port = port.child("nodePort");
        if node_port.int().unwrap_or(0) != 0 {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errors.forbidden(&node_port, detail);
        }
    }
}

fn load_balancer(spec: &At<'_>, errors: &mut Errors) {
    let is_load_balancer = spec.child("type").text() == "LoadBalancer";
    // Upstream writes the field with a capital letter.
    let ranges = spec.child("loadBalancerSourceRanges");
    let ranges = spec.child("LoadBalancerSourceRanges").with(ranges.value());
    if !ranges.is_empty() && !is_load_balancer {
        errors.forbidden(&ranges, "may only be used when `type` is 'LoadBalancer'");
    }
    for range in ranges.items() {
        errors.named(&range, name::cidr);
    }
    let class = spec.child("loadBalancerClass");
    if class.is_set() && !is_load_balancer {
        errors.forbidden(&class, "may only be used when `type` is 'LoadBalancer'");
    } else if class.is_set() {
        errors.named(&class, name::qualified_name);
    }
    let allocate = spec.child("allocateLoadBalancerNodePorts");
    if allocate.is_set() && !is_load_balancer {
        errors.forbidden(&allocate, "may only be used when `type` is 'LoadBalancer'");
    }
}

fn traffic(spec: &At<'_>, errors: &mut Errors) {
    let type_ = spec.child("type").text();
    let is_external = matches!(type_, "LoadBalancer" | "NodePort")
        || (type_ == "ClusterIP" && !spec.child("externalIPs").is_empty());
    let policy = spec.child("externalTrafficPolicy");
    if !is_external && !policy.is_empty() {
        let detail = "may only be set for externally-accessible services";
        errors.invalid(&policy, detail);
    } else if is_external && policy.is_empty() {
        errors.required(&policy, "");
    } else if is_external {
        errors.one_of(&policy, &["Cluster", "Local"]);
    }
    errors.one_of_if_set(&spec.child("internalTrafficPolicy"), &["Cluster", "Local"]);
    let check = spec.child("healthCheckNodePort");
    let is_local = type_ == "LoadBalancer" && policy.text() == "Local";
    if check.int().unwrap_or(0) != 0 && !is_local {
        let detail =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.invalid(&check, detail);
    }
    let seconds = spec
        .child("sessionAffinityConfig")
        .child("clientIP")
        .child("timeoutSeconds");
    let is_sticky = spec.child("sessionAffinity").text() == "ClientIP";
    if is_sticky
        && seconds
            .int()
            .is_some_and(|one| !(1..=86_400).contains(&one))
    {
        errors.invalid(&seconds, "must be greater than 0 and less than 86400");
    }
}
