//! Defaults of pods, their containers and volumes.

use toft_object::Quantity;
use toft_value::{Map, Value};

use super::{is_zero, map_at, set, set_missing, text};
use crate::defaults::image;

/// Requests follow limits, in pods but not in their templates.
pub(super) fn pod(pod: &mut Map) {
    let Some(spec) = map_at(pod, "spec") else {
        return;
    };
    let host_network = spec.get("hostNetwork").and_then(Value::as_bool) == Some(true);
    for field in ["containers", "initContainers"] {
        let containers = spec.get_mut(field).and_then(Value::as_list_mut);
        for container in containers
            .into_iter()
            .flat_map(|list| list.make_mut().iter_mut())
        {
            if let Some(container) = container.as_map_mut() {
                requests_follow_limits(container);
                if host_network {
                    host_ports(container);
                }
            }
        }
    }
    pod_requests(spec);
    set_missing(spec, "enableServiceLinks", true);
}

fn requests_follow_limits(container: &mut Map) {
    let limits = container.get("resources").and_then(|all| all.get("limits"));
    let Some(limits) = limits.and_then(Value::as_map).cloned() else {
        return;
    };
    if let Some(resources) = map_at(container, "resources")
        && let Some(requests) = map_at(resources, "requests")
    {
        for (resource, amount) in &limits {
            set_missing(requests, resource, amount);
        }
    }
}

fn host_ports(container: &mut Map) {
    let ports = container.get_mut("ports").and_then(Value::as_list_mut);
    for port in ports
        .into_iter()
        .flat_map(|ports| ports.make_mut().iter_mut())
    {
        if let Some(port) = port.as_map_mut() {
            let number = port.get("containerPort").cloned().unwrap_or_default();
            set(port, "hostPort", number);
        }
    }
}

/// Requests of the pod as a whole, where it has limits: what its containers request, else the limits.
fn pod_requests(spec: &mut Map) {
    let limits = spec.get("resources").and_then(|all| all.get("limits"));
    let Some(limits) = limits
        .and_then(Value::as_map)
        .filter(|all| !all.is_empty())
        .cloned()
    else {
        return;
    };
    let requested = ["cpu", "memory"].map(|resource| (resource, requested(spec, resource)));
    let Some(resources) = map_at(spec, "resources") else {
        return;
    };
    let Some(requests) = map_at(resources, "requests") else {
        return;
    };
    for (resource, amount) in requested {
        if let Some(amount) = amount {
            set_missing(requests, resource, amount.to_string());
        }
    }
    for resource in ["cpu", "memory"] {
        if let Some(limit) = limits.get(resource) {
            set_missing(requests, resource, limit);
        }
    }
}

/// What the containers request together: all that run at once, or the largest that runs before.
fn requested(spec: &Map, resource: &str) -> Option<Quantity> {
    let request = |container: &Value| {
        let request = container.at(&["resources", "requests", resource])?;
        Quantity::from_value(request).ok()
    };
    let containers = |field: &str| spec.get(field).map_or(&[][..], Value::items);
    let add = |sum: Option<Quantity>, amount: Quantity| {
        Some(match sum {
            Some(sum) => sum + &amount,
            None => amount,
        })
    };
    let mut running = containers("containers")
        .iter()
        .filter_map(request)
        .fold(None, add);
    let mut sidecars: Option<Quantity> = None;
    let mut largest: Option<Quantity> = None;
    for container in containers("initContainers") {
        let Some(amount) = request(container) else {
            continue;
        };
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            running = add(running, amount.clone());
            sidecars = add(sidecars, amount);
            largest = largest.max(sidecars.clone());
        } else {
            largest = largest.max(add(sidecars.clone(), amount));
        }
    }
    running.max(largest)
}

fn pull_policy(image: &str) -> &'static str {
    if image::is_latest(image) {
        "Always"
    } else {
        "IfNotPresent"
    }
}

pub(super) fn container(container: &mut Map) {
    let policy = pull_policy(text(container, "image"));
    set(container, "imagePullPolicy", policy);
}

pub(super) fn image_volume(image: &mut Map) {
    let policy = pull_policy(text(image, "reference"));
    set(image, "pullPolicy", policy);
}

/// A volume without a source is an empty directory.
pub(super) fn volume(volume: &mut Map) {
    let has_source = volume.iter().any(|(field, value)| {
        field != "name" && (!is_zero(Some(value)) || value.as_map().is_some())
    });
    if !has_source {
        volume.insert("emptyDir", Map::new());
    }
}
