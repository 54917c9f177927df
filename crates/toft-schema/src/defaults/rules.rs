//! Defaults that depend on other fields.

mod pod;
mod workload;

use toft_value::{Map, Value, value};

use super::is_zero;

/// Changes an object of one type.
type Rule = fn(&mut Map);

/// Sorted by type.
const RULES: &[(&str, Rule)] = &[
    ("apps.v1.DaemonSetSpec", workload::daemon_set),
    ("apps.v1.DeploymentSpec", workload::deployment),
    ("apps.v1.StatefulSetSpec", workload::stateful_set),
    (
        "autoscaling.v2.HorizontalPodAutoscalerSpec",
        workload::autoscaler,
    ),
    ("batch.v1.Job", workload::job),
    ("core.v1.Container", pod::container),
    ("core.v1.EphemeralContainer", pod::container),
    ("core.v1.ImageVolumeSource", pod::image_volume),
    ("core.v1.LimitRangeItem", limit_range_item),
    ("core.v1.Namespace", namespace),
    ("core.v1.NodeStatus", node_status),
    ("core.v1.Pod", pod::pod),
    (
        "core.v1.ReplicationController",
        workload::replication_controller,
    ),
    ("core.v1.Service", service),
    ("core.v1.Volume", pod::volume),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
        crd,
    ),
    ("networking.v1.NetworkPolicySpec", network_policy),
    ("rbac.v1.Subject", subject),
    ("resource.v1.DeviceSubRequest", device_request),
    ("resource.v1.ExactDeviceRequest", device_request),
    ("storage.v1.CSIDriverSpec", csi_driver),
];

pub(super) fn apply(name: &str, map: &mut Map) {
    if let Ok(at) = RULES.binary_search_by(|(type_, _)| (*type_).cmp(name))
        && let Some((_, rule)) = RULES.get(at)
    {
        rule(map);
    }
}

/// Sets a field that has no value.
fn set(map: &mut Map, field: &str, default: impl Into<Value>) {
    if is_zero(map.get(field)) {
        map.insert(field, default);
    }
}

/// Sets a field that may be zero but not missing.
fn set_missing(map: &mut Map, field: &str, default: impl Into<Value>) {
    if map.get(field).is_none_or(Value::is_null) {
        map.insert(field, default);
    }
}

fn text<'a>(map: &'a Map, field: &str) -> &'a str {
    map.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The map at a field; made where there is none.
fn map_at<'a>(map: &'a mut Map, field: &str) -> Option<&'a mut Map> {
    set_missing(map, field, Map::new());
    map.get_mut(field)?.as_map_mut()
}

fn namespace(namespace: &mut Map) {
    let name = namespace
        .get("metadata")
        .and_then(|metadata| metadata.str_at(&["name"]))
        .map(Value::from);
    if let Some(name) = name.filter(|name| !is_zero(Some(name)))
        && let Some(metadata) = map_at(namespace, "metadata")
        && let Some(labels) = map_at(metadata, "labels")
    {
        labels.insert("kubernetes.io/metadata.name", name);
    }
    map_at(namespace, "status");
}

fn node_status(status: &mut Map) {
    if let Some(capacity) = status.get("capacity").cloned() {
        set_missing(status, "allocatable", capacity);
    }
}

fn limit_range_item(item: &mut Map) {
    if text(item, "type") != "Container" {
        return;
    }
    for (from, to) in [
        ("max", "default"),
        ("default", "defaultRequest"),
        ("min", "defaultRequest"),
    ] {
        let amounts = item.get(from).and_then(Value::as_map).cloned();
        if let Some(target) = map_at(item, to) {
            for (resource, amount) in amounts.iter().flatten() {
                set_missing(target, resource, amount);
            }
        }
    }
}

fn service(service: &mut Map) {
    let Some(spec) = map_at(service, "spec") else {
        return;
    };
    set(spec, "sessionAffinity", "None");
    match text(spec, "sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let timeout = ["clientIP", "timeoutSeconds"];
            let config = spec.get("sessionAffinityConfig");
            if config
                .and_then(|config| config.at(&timeout))
                .is_none_or(Value::is_null)
            {
                let config = value!({"clientIP": {"timeoutSeconds": 10800}});
                spec.insert("sessionAffinityConfig", config);
            }
        }
        _ => {}
    }
    set(spec, "type", "ClusterIP");
    let ports = spec.get_mut("ports").and_then(Value::as_list_mut);
    for port in ports
        .into_iter()
        .flat_map(|ports| ports.make_mut().iter_mut())
    {
        if let Some(port) = port.as_map_mut() {
            set(port, "protocol", "TCP");
            let number = port.get("port").cloned().unwrap_or_default();
            set(port, "targetPort", number);
        }
    }
    service_traffic(spec);
    if text(spec, "type") == "LoadBalancer" {
        ingress_ips_are_virtual(service);
    }
}

fn service_traffic(spec: &mut Map) {
    let type_ = text(spec, "type").to_owned();
    let has_external_ips = !is_zero(spec.get("externalIPs"));
    let is_external = type_ == "LoadBalancer"
        || type_ == "NodePort"
        || (type_ == "ClusterIP" && has_external_ips);
    if is_external {
        set(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(type_.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        set_missing(spec, "internalTrafficPolicy", "Cluster");
    }
    if type_ == "LoadBalancer" {
        set_missing(spec, "allocateLoadBalancerNodePorts", true);
    }
}

fn ingress_ips_are_virtual(service: &mut Map) {
    let ingress = service
        .get_mut("status")
        .and_then(|status| status.at_mut(&["loadBalancer", "ingress"]))
        .and_then(Value::as_list_mut);
    for point in ingress
        .into_iter()
        .flat_map(|points| points.make_mut().iter_mut())
    {
        if let Some(point) = point.as_map_mut()
            && !text(point, "ip").is_empty()
        {
            set_missing(point, "ipMode", "VIP");
        }
    }
}

fn network_policy(spec: &mut Map) {
    let types = if is_zero(spec.get("egress")) {
        value!(["Ingress"])
    } else {
        value!(["Ingress", "Egress"])
    };
    set(spec, "policyTypes", types);
}

fn subject(subject: &mut Map) {
    if matches!(text(subject, "kind"), "User" | "Group") {
        set(subject, "apiGroup", "rbac.authorization.k8s.io");
    }
}

fn csi_driver(spec: &mut Map) {
    set(spec, "volumeLifecycleModes", value!(["Persistent"]));
}

fn device_request(request: &mut Map) {
    set(request, "allocationMode", "ExactCount");
    if text(request, "allocationMode") == "ExactCount" {
        set(request, "count", 1);
    }
}

fn crd(crd: &mut Map) {
    let Some(spec) = map_at(crd, "spec") else {
        return;
    };
    if let Some(names) = map_at(spec, "names") {
        let kind = text(names, "kind").to_owned();
        set(names, "singular", kind.to_lowercase());
        if !kind.is_empty() {
            set(names, "listKind", format!("{kind}List"));
        }
    }
    set_missing(spec, "conversion", value!({"strategy": "None"}));
    let versions = spec.get("versions").map_or(&[][..], Value::items);
    let stored = versions
        .iter()
        .find(|version| version.bool_at(&["storage"]) == Some(true))
        .and_then(|version| version.get("name").cloned());
    if let (Some(stored), Some(status)) = (stored, map_at(crd, "status")) {
        set(status, "storedVersions", vec![stored]);
    }
}
