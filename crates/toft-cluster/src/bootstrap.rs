//! What a fresh cluster has, as requests.

use toft_api::{Request, ResourcePath};
use toft_object::{Quantity, Time};
use toft_value::{Value, value};

use crate::assumed;
use crate::controllers::LOCAL_PATH;
use crate::draw;
use crate::resources::{
    CRDS, ENDPOINT_SLICES, ENDPOINTS, INGRESS_CLASSES, LEASES, NAMESPACES, NODES, PRIORITY_CLASSES,
    PROJECTS, Resource, SERVICES, STORAGE_CLASSES,
};
use crate::settings::{ClusterSettings, NodeSettings};

/// The version that nodes tell.
const VERSION: &str = "v1.36.3";
/// What each node keeps of its memory, upstream's default threshold for eviction.
const MEMORY_KEPT_BYTES: i64 = 100 << 20;

/// The namespaces that every cluster has.
const SPACES: &[&str] = &[
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "argocd",
];

/// The requests that make it, in order.
pub(crate) fn requests(settings: &ClusterSettings, now: Time) -> Vec<Request> {
    let argo = Some(settings.argo_namespace.as_str()).filter(|name| !SPACES.contains(name));
    let mut requests: Vec<Request> = SPACES
        .iter()
        .copied()
        .chain(argo)
        .map(|name| {
            create(
                &NAMESPACES,
                value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            )
        })
        .collect();
    requests.extend(
        toft_schema::argo_crds()
            .iter()
            .map(|crd| create(&CRDS, crd.clone())),
    );
    requests.push(create(&PROJECTS, project(&settings.argo_namespace)));
    requests.extend(priority_classes().map(|class| create(&PRIORITY_CLASSES, class)));
    requests.push(create(&STORAGE_CLASSES, storage_class()));
    requests.push(create(&INGRESS_CLASSES, ingress_class()));
    requests.extend(api_service(settings));
    for (index, node) in settings.nodes.iter().enumerate() {
        let node = node_object(settings, node, (index, now));
        requests.push(Request::create("kubelet", NODES.path("", ""), node));
    }
    for node in &settings.nodes {
        requests.push(create(&LEASES, lease(node, now)));
    }
    requests
}

fn create(resource: &Resource, object: Value) -> Request {
    let namespace = object
        .str_at(&["metadata", "namespace"])
        .unwrap_or_default();
    let path: ResourcePath = resource.path(namespace, "");
    Request::create("toft", path, object)
}

/// Source: Argo CD 3.1 `pkg/apis/application/v1alpha1/types.go`, the project that Argo CD makes itself.
fn project(namespace: &str) -> Value {
    value!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {
            "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
            "destinations": [{"namespace": "*", "server": "*"}],
            "sourceRepos": ["*"],
        },
    })
}

/// Source: Kubernetes 1.36.3 `pkg/apis/scheduling/v1/helpers.go`.
fn priority_classes() -> impl Iterator<Item = Value> {
    let classes = [
        (
            "system-node-critical",
            2_000_001_000_i64,
            "Used for system critical pods that must not be moved from their current node.",
        ),
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
    ];
    classes.into_iter().map(|(name, priority, description)| {
        value!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
            "value": priority, "description": description, "preemptionPolicy": "PreemptLowerPriority",
        })
    })
}

fn storage_class() -> Value {
    value!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {
            "name": "local-path",
            "annotations": {
                "storageclass.kubernetes.io/is-default-class": "true",
                (assumed::KEY): "volumes are made without a provisioner pod, once their first pod has a node",
            },
        },
        "provisioner": LOCAL_PATH, "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer",
    })
}

fn ingress_class() -> Value {
    value!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {
            "name": "nginx",
            "annotations": {
                (assumed::KEY): "Ingresses and LoadBalancer Services get addresses without a controller pod",
            },
        },
        "spec": {"controller": "k8s.io/ingress-nginx"},
    })
}

/// The API server as pods see it.
fn api_service(settings: &ClusterSettings) -> Vec<Request> {
    let address = settings
        .nodes
        .first()
        .map(|node| node.address.as_str())
        .unwrap_or_default();
    let port = i64::from(settings.api_port);
    let service = value!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": settings.api_address.as_str(), "type": "ClusterIP", "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}],
        },
    });
    let endpoints = value!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{
            "addresses": [{"ip": address}], "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        }],
    });
    let slice = value!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "endpoints": [{"addresses": [address], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    });
    vec![
        create(&SERVICES, service),
        create(&ENDPOINTS, endpoints),
        create(&ENDPOINT_SLICES, slice),
    ]
}

/// The lease by which a node says that it lives; it is not renewed, a node that is there lives.
fn lease(node: &NodeSettings, now: Time) -> Value {
    value!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {
            "name": node.name.as_str(), "namespace": "kube-node-lease",
            "annotations": {(assumed::KEY): "the node renews its lease; that is not written down"},
        },
        "spec": {
            "holderIdentity": node.name.as_str(), "leaseDurationSeconds": 40, "renewTime": now.to_micro_string(),
        },
    })
}

fn node_object(
    settings: &ClusterSettings,
    node: &NodeSettings,
    (index, now): (usize, Time),
) -> Value {
    let network = format!("10.244.{index}.0/24");
    value!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": node.name.as_str(),
            "labels": {
                "beta.kubernetes.io/arch": node.arch.as_str(), "beta.kubernetes.io/os": node.os.as_str(),
                "kubernetes.io/arch": node.arch.as_str(), "kubernetes.io/os": node.os.as_str(),
                "kubernetes.io/hostname": node.name.as_str(),
            },
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                (assumed::KEY): "every image can be pulled, every host path exists, programs work",
            },
        },
        "spec": {"podCIDR": network.as_str(), "podCIDRs": [network.as_str()]},
        "status": node_status(settings, node, now),
    })
}

fn node_status(settings: &ClusterSettings, node: &NodeSettings, now: Time) -> Value {
    let amounts = |memory: i64| {
        value!({
            "cpu": Quantity::from_milli(node.cpu_milli).to_string(),
            "memory": kibibytes(memory),
            "ephemeral-storage": kibibytes(node.disk_bytes),
            "hugepages-1Gi": "0", "hugepages-2Mi": "0",
            "pods": node.pods.to_string(),
        })
    };
    let drawn = |purpose: &str| {
        let number = |part: &str| draw::number(settings.seed, &[&node.name, purpose, part]);
        format!("{:016x}{:016x}", number("high"), number("low"))
    };
    value!({
        "addresses": [
            {"type": "InternalIP", "address": node.address.as_str()},
            {"type": "Hostname", "address": node.name.as_str()},
        ],
        "capacity": amounts(node.memory_bytes),
        "allocatable": amounts(node.memory_bytes - MEMORY_KEPT_BYTES),
        "conditions": conditions(now),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": node.arch.as_str(), "operatingSystem": node.os.as_str(),
            "kubeletVersion": VERSION, "kubeProxyVersion": "", "osImage": "Toft (simulated)",
            "kernelVersion": "6.12.0-simulated", "containerRuntimeVersion": "containerd://2.1.4",
            "machineID": drawn("machine"), "systemUUID": drawn("system"), "bootID": drawn("boot"),
        },
    })
}

fn kibibytes(bytes: i64) -> String {
    format!("{}Ki", bytes / 1024)
}

/// Source: Kubernetes 1.36.3 `pkg/kubelet/nodestatus/setters.go`.
fn conditions(now: Time) -> Vec<Value> {
    let all = [
        (
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        (
            "DiskPressure",
            "False",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure",
        ),
        (
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        (
            "Ready",
            "True",
            "KubeletReady",
            "kubelet is posting ready status",
        ),
    ];
    let now = now.to_string();
    let condition = |(kind, status, reason, message): (&str, &str, &str, &str)| {
        value!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now.as_str(), "lastTransitionTime": now.as_str(),
        })
    };
    all.into_iter().map(condition).collect()
}

#[cfg(test)]
mod tests {
    use toft_apiserver::ApiServer;
    use toft_schema::Schemas;

    use super::*;

    #[test]
    fn the_server_takes_every_request() {
        let settings = ClusterSettings::new(1);
        let mut api = ApiServer::new(Schemas::builtin(), settings.seed);
        let mut refused = Vec::new();
        for request in requests(&settings, Time::from_seconds(0)) {
            if api
                .handle(Time::from_seconds(0), &request)
                .error()
                .is_some()
            {
                refused.push(request.path().unwrap().resource.to_string());
            }
        }
        assert_eq!(refused, Vec::<String>::new());
        assert!(api.get(&PROJECTS.name, "argocd", "default").is_some());
        let node = api.get(&NODES.name, "", "node-1").unwrap();
        assert_eq!(node.str_at(&["status", "capacity", "cpu"]), Some("8"));
        assert_eq!(node.str_at(&["status", "capacity", "memory"]), Some("32Gi"));
    }
}
