//! Endpoints: what EndpointSlices say, in the form that came before them.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/endpoint/endpoints_controller.go`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::resources::{ENDPOINTS, PODS, SERVICES};
use crate::service_pods;

const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

pub(crate) const CONTROLLER: Controller = Controller {
    name: "endpoint-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&SERVICES, Wakes::Itself),
        Watch::new(&PODS, Wakes::Related(service_pods::services_of_pod)),
        Watch::new(&ENDPOINTS, Wakes::Itself),
    ],
    reconcile,
};

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let result = match ctx.get(&SERVICES, &key.namespace, &key.name) {
        None => remove(ctx, key),
        Some(service) if service_pods::selector(&service).is_some() => sync(ctx, &service),
        Some(_) => Ok(()),
    };
    result.map_or(Next::Retry, |()| Next::Nothing)
}

/// Takes away the endpoints of a Service that is gone, if they are ours.
fn remove(ctx: &mut Ctx<'_>, key: &Key) -> Result<(), ApiError> {
    let Some(endpoints) = ctx.get(&ENDPOINTS, &key.namespace, &key.name) else {
        return Ok(());
    };
    if meta::label(&endpoints, MANAGED_BY).is_none() || meta::is_deleting(&endpoints) {
        return Ok(());
    }
    ctx.delete(
        ENDPOINTS.path(&key.namespace, &key.name),
        &Deletion::default(),
    )
}

fn sync(ctx: &mut Ctx<'_>, service: &Value) -> Result<(), ApiError> {
    let publishes = publishes(service);
    let mut pods = service_pods::of(ctx.reader(), service);
    pods.retain(|pod| publishes || !meta::is_deleting(pod));
    let subsets = subsets(service, &pods);
    let labels = service_pods::labels(service, &[(MANAGED_BY, "endpoint-controller")]);
    let trigger = service_pods::trigger_time(service, &pods);
    let Some(existing) = ctx.get(&ENDPOINTS, meta::namespace(service), meta::name(service)) else {
        let mut endpoints = value!({
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": {
                "name": meta::name(service), "namespace": meta::namespace(service),
                "labels": labels, "annotations": {(TRIGGER): trigger},
            },
        });
        if !subsets.is_empty() {
            endpoints.set_at(&["subsets"], subsets);
        }
        return ctx.create(&ENDPOINTS, endpoints).map(drop);
    };
    let mut endpoints = existing.clone();
    endpoints.set_at(&["metadata", "labels"], labels);
    if existing.items_at(&["subsets"]) != subsets {
        endpoints.set_at(&["metadata", "annotations", TRIGGER], trigger);
        if subsets.is_empty() {
            endpoints.remove_at(&["subsets"]);
        } else {
            endpoints.set_at(&["subsets"], subsets);
        }
    }
    if endpoints == existing {
        return Ok(());
    }
    ctx.update(&ENDPOINTS, endpoints).map(drop)
}

/// Whether pods that are not ready are told as if they were.
fn publishes(service: &Value) -> bool {
    service.bool_at(&["spec", "publishNotReadyAddresses"]) == Some(true)
}

/// The addresses by the ports that they share, ready and not ready ones apart, in order of addresses.
fn subsets(service: &Value, pods: &[Value]) -> Vec<Value> {
    let publishes = publishes(service);
    let mut subsets: Vec<Value> = Vec::new();
    for pod in pods {
        let mut ports = service_pods::ports(service, pod);
        for port in &mut ports {
            if port.str_at(&["name"]) == Some("") {
                port.remove_at(&["name"]);
            }
        }
        if ports.is_empty() && !service_pods::is_headless(service) {
            continue;
        }
        let field = if publishes || pods::is_ready(pod) {
            "addresses"
        } else {
            "notReadyAddresses"
        };
        let address = address(service, pod);
        if let Some(subset) = subsets
            .iter_mut()
            .find(|subset| subset.items_at(&["ports"]) == ports)
        {
            let mut addresses = subset.items_at(&[field]).to_vec();
            addresses.push(address);
            addresses.sort_by_cached_key(|one| one.str_at(&["ip"]).unwrap_or_default().to_owned());
            subset.set_at(&[field], addresses);
        } else {
            let mut subset = value!({(field): [address]});
            if !ports.is_empty() {
                subset.set_at(&["ports"], ports);
            }
            subsets.push(subset);
        }
    }
    subsets
}

fn address(service: &Value, pod: &Value) -> Value {
    let mut address = value!({
        "ip": pod.str_at(&["status", "podIP"]).unwrap_or_default(),
        "targetRef": {
            "kind": "Pod", "namespace": meta::namespace(pod), "name": meta::name(pod), "uid": meta::uid(pod),
        },
    });
    if !pods::node(pod).is_empty() {
        address.set_at(&["nodeName"], pods::node(pod));
    }
    if let Some(hostname) = service_pods::hostname(service, pod) {
        address.set_at(&["hostname"], hostname);
    }
    address
}
