//! EndpointSlices: where the pods of a Service are reached, and which of them are ready.
//!
//! Source: `k8s.io/endpointslice` 0.36.3 `reconciler.go`, `utils.go`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::pods;
use crate::resources::{ENDPOINT_SLICES, NODES, PODS, SERVICES};
use crate::service_pods;

/// How many endpoints a slice has at most, upstream's default.
const ENDPOINTS_MAX: usize = 100;
const MANAGER: &str = "endpointslice-controller.k8s.io";
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

pub(crate) const CONTROLLER: Controller = Controller {
    name: "endpointslice-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&SERVICES, Wakes::Itself),
        Watch::new(&PODS, Wakes::Related(service_pods::services_of_pod)),
        Watch::new(&ENDPOINT_SLICES, Wakes::Controller(&SERVICES)),
    ],
    reconcile,
};

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(service) = ctx.get(&SERVICES, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    if service_pods::selector(&service).is_none() || meta::is_deleting(&service) {
        return Next::Nothing;
    }
    sync(ctx, &service).map_or(Next::Retry, |()| Next::Nothing)
}

/// Endpoints with the ports that they share.
struct Group {
    ports: Vec<Value>,
    endpoints: Vec<Value>,
}

fn sync(ctx: &mut Ctx<'_>, service: &Value) -> Result<(), ApiError> {
    let pods = service_pods::of(ctx.reader(), service);
    let mut groups: Vec<Group> = Vec::new();
    for pod in &pods {
        let ports = service_pods::ports(service, pod);
        let endpoint = endpoint(ctx, service, pod);
        match groups.iter_mut().find(|group| group.ports == ports) {
            Some(group) if group.endpoints.len() < ENDPOINTS_MAX => group.endpoints.push(endpoint),
            Some(_) | None => groups.insert(
                0,
                Group {
                    ports,
                    endpoints: vec![endpoint],
                },
            ),
        }
    }
    if groups.is_empty() {
        groups.push(Group {
            ports: Vec::new(),
            endpoints: Vec::new(),
        });
    }
    let mut existing = ctx.controlled(&ENDPOINT_SLICES, service);
    existing.retain(|slice| {
        meta::label(slice, "endpointslice.kubernetes.io/managed-by") == Some(MANAGER)
            && !meta::is_deleting(slice)
    });
    let trigger = service_pods::trigger_time(service, &pods);
    for group in &groups {
        let same = existing
            .iter()
            .position(|slice| slice.items_at(&["ports"]) == group.ports);
        // A slice of other ports that would be deleted is taken over.
        let at = same.or((!existing.is_empty()).then_some(0));
        write(
            ctx,
            service,
            (group, &trigger, at.map(|at| existing.remove(at))),
        )?;
    }
    for slice in existing {
        let path = ENDPOINT_SLICES.path(meta::namespace(&slice), meta::name(&slice));
        ctx.delete(path, &Deletion::default())?;
    }
    Ok(())
}

fn endpoint(ctx: &Ctx<'_>, service: &Value, pod: &Value) -> Value {
    let publishes = service.bool_at(&["spec", "publishNotReadyAddresses"]) == Some(true);
    let (serving, terminating) = (pods::is_ready(pod), meta::is_deleting(pod));
    let mut endpoint = value!({
        "addresses": [pod.str_at(&["status", "podIP"]).unwrap_or_default()],
        "conditions": {
            "ready": publishes || (serving && !terminating), "serving": serving, "terminating": terminating,
        },
        "targetRef": {
            "kind": "Pod", "namespace": meta::namespace(pod), "name": meta::name(pod), "uid": meta::uid(pod),
        },
    });
    let node = pods::node(pod);
    if !node.is_empty() {
        endpoint.set_at(&["nodeName"], node);
    }
    let node = ctx.reader().get(&NODES, "", node);
    if let Some(zone) = node.and_then(|node| meta::label(node, "topology.kubernetes.io/zone")) {
        endpoint.set_at(&["zone"], zone);
    }
    if let Some(hostname) = service_pods::hostname(service, pod) {
        endpoint.set_at(&["hostname"], hostname);
    }
    endpoint
}

fn write(
    ctx: &mut Ctx<'_>,
    service: &Value,
    (group, trigger, existing): (&Group, &str, Option<Value>),
) -> Result<(), ApiError> {
    let listed = |items: &[Value]| {
        if items.is_empty() {
            Value::Null
        } else {
            items.to_vec().into()
        }
    };
    let own = [
        ("kubernetes.io/service-name", meta::name(service)),
        ("endpointslice.kubernetes.io/managed-by", MANAGER),
    ];
    let labels = service_pods::labels(service, &own);
    if let Some(existing) = existing {
        let mut slice = existing.clone();
        slice.set_at(&["metadata", "labels"], labels);
        if existing.items_at(&["endpoints"]) != group.endpoints
            || existing.items_at(&["ports"]) != group.ports
        {
            slice.set_at(&["endpoints"], listed(&group.endpoints));
            slice.set_at(&["ports"], listed(&group.ports));
            slice.set_at(&["metadata", "annotations", TRIGGER], trigger);
        }
        if slice != existing {
            ctx.update(&ENDPOINT_SLICES, slice)?;
        }
        return Ok(());
    }
    let slice = value!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "generateName": format!("{}-", meta::name(service)), "namespace": meta::namespace(service),
            "labels": labels, "annotations": {(TRIGGER): trigger},
            "ownerReferences": [meta::controller_reference(&SERVICES, service)],
        },
        "endpoints": listed(&group.endpoints), "ports": listed(&group.ports),
    });
    ctx.create(&ENDPOINT_SLICES, slice).map(drop)
}
