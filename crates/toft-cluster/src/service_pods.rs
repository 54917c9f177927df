//! Which pods a Service reaches, and at which ports.

use toft_object::LabelSelector;
use toft_value::{Map, Value, value};

use crate::controller::Change;
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::reader::Reader;
use crate::requests;
use crate::resources::SERVICES;

/// The Services whose endpoints a change of a pod concerns.
pub(crate) fn services_of_pod(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let relevant = change.after.is_none()
        || change.before.is_none()
        || change.differs(&["metadata", "labels"])
        || change.differs(&["metadata", "deletionTimestamp"])
        || change.differs(&["status", "podIP"])
        || change.differs(&["status", "phase"])
        || change.differs(&["status", "conditions"]);
    if !relevant {
        return Vec::new();
    }
    let services = reader.list(&SERVICES, Some(&change.key.namespace));
    let selected = services.filter(|service| {
        let labels = selected_labels(service);
        labels.is_some_and(|labels| change.sides().any(|pod| has_labels(pod, labels)))
    });
    selected.map(Key::of).collect()
}

/// The labels that a Service selects; `None` where it selects nothing, or means a name elsewhere.
fn selected_labels(service: &Value) -> Option<&Map> {
    if service.str_at(&["spec", "type"]) == Some("ExternalName") {
        return None;
    }
    let labels = service.at(&["spec", "selector"])?.as_map()?;
    (!labels.is_empty()).then_some(labels)
}

/// Whether a pod has all these labels. Every change of a pod asks this of every Service beside it.
fn has_labels(pod: &Value, labels: &Map) -> bool {
    meta::labels(pod).is_some_and(|own| {
        labels
            .iter()
            .all(|(key, value)| own.get(key) == Some(value))
    })
}

/// The selector of a Service; `None` where it selects nothing, or means a name elsewhere.
pub(crate) fn selector(service: &Value) -> Option<LabelSelector> {
    selected_labels(service).map(|labels| LabelSelector::from_labels(Some(labels)))
}

/// Whether a Service has no address of its own.
pub(crate) fn is_headless(service: &Value) -> bool {
    service.str_at(&["spec", "clusterIP"]) == Some("None")
}

/// The pods that a Service reaches or will, in order of their names, those on their way out included.
pub(crate) fn of(reader: Reader<'_>, service: &Value) -> Vec<Value> {
    let Some(selector) = selector(service) else {
        return Vec::new();
    };
    let pods = reader.list(&crate::resources::PODS, Some(meta::namespace(service)));
    let reached = pods.filter(|pod| {
        let has_address = pod
            .str_at(&["status", "podIP"])
            .is_some_and(|address| !address.is_empty());
        has_address && !pods::is_terminal(pod) && selector.matches(meta::labels(pod))
    });
    reached.cloned().collect()
}

/// The ports of a Service as a pod has them; a port that the pod does not name is left out.
///
/// Source: Kubernetes 1.36.3 `pkg/api/v1/pod/util.go`, `FindPort`.
pub(crate) fn ports(service: &Value, pod: &Value) -> Vec<Value> {
    let ports = service.items_at(&["spec", "ports"]).iter();
    ports.filter_map(|port| {
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        let target = port.get("targetPort").or(port.get("port"))?;
        let number = match target.as_i64() {
            Some(number) => number,
            None => named_port(pod, target.as_str()?, protocol)?,
        };
        let mut found = value!({
            "name": port.str_at(&["name"]).unwrap_or_default(), "port": number, "protocol": protocol,
        });
        if let Some(application) = port.get("appProtocol") {
            found.set_at(&["appProtocol"], application);
        }
        Some(found)
    })
    .collect()
}

fn named_port(pod: &Value, name: &str, protocol: &str) -> Option<i64> {
    let containers = pod.items_at(&["spec", "containers"]).iter();
    let sidecars = pod.items_at(&["spec", "initContainers"]).iter();
    let containers = containers.chain(sidecars.filter(|one| requests::is_sidecar(one)));
    let mut ports = containers.flat_map(|container| container.items_at(&["ports"]));
    let found = ports.find(|port| {
        port.str_at(&["name"]) == Some(name)
            && port.str_at(&["protocol"]).unwrap_or("TCP") == protocol
    });
    found?.i64_at(&["containerPort"])
}

/// When what the endpoints say came about: the latest of the Service's birth and its pods' readiness.
pub(crate) fn trigger_time(service: &Value, pods: &[Value]) -> String {
    let ready = pods.iter().filter_map(|pod| {
        let condition = crate::conditions::find(pod, "Ready")?;
        meta::time_at(condition, &["lastTransitionTime"])
    });
    let latest = ready
        .chain([meta::created(service)])
        .max()
        .unwrap_or_default();
    latest.to_string()
}

/// The labels that endpoints take from their Service, with those that say what they are.
pub(crate) fn labels(service: &Value, own: &[(&str, &str)]) -> Map {
    let mut labels = meta::labels(service).cloned().unwrap_or_default();
    for key in [
        "kubernetes.io/service-name",
        "endpointslice.kubernetes.io/managed-by",
        "service.kubernetes.io/headless",
    ] {
        labels.remove(key);
    }
    for (key, text) in own {
        labels.insert(*key, *text);
    }
    if is_headless(service) {
        labels.insert("service.kubernetes.io/headless", "");
    }
    labels
}

/// Whether a pod is reached by its own name through a Service.
pub(crate) fn hostname<'a>(service: &Value, pod: &'a Value) -> Option<&'a str> {
    let is_subdomain = pod.str_at(&["spec", "subdomain"]) == Some(meta::name(service));
    let hostname = pod
        .str_at(&["spec", "hostname"])
        .filter(|name| !name.is_empty());
    hostname.filter(|_| is_subdomain)
}
