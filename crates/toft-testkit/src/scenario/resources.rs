//! The kinds that scenarios speak of.

/// A kind and where its objects are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource {
    pub(super) kind: &'static str,
    /// `v1`, `apps/v1`.
    version: &'static str,
    plural: &'static str,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Cluster,
    Namespace,
}

const fn new(version: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource {
        kind,
        version,
        plural,
        scope: Scope::Namespace,
    }
}

const fn global(version: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource {
        kind,
        version,
        plural,
        scope: Scope::Cluster,
    }
}

const RESOURCES: &[Resource] = &[
    new("v1", "configmaps", "ConfigMap"),
    new("apps/v1", "controllerrevisions", "ControllerRevision"),
    new("batch/v1", "cronjobs", "CronJob"),
    new("apps/v1", "daemonsets", "DaemonSet"),
    new("apps/v1", "deployments", "Deployment"),
    new("v1", "endpoints", "Endpoints"),
    new("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
    new("v1", "events", "Event"),
    new(
        "autoscaling/v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
    ),
    new("batch/v1", "jobs", "Job"),
    new("v1", "limitranges", "LimitRange"),
    global("v1", "namespaces", "Namespace"),
    global("v1", "nodes", "Node"),
    global("v1", "persistentvolumes", "PersistentVolume"),
    new("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    new("v1", "pods", "Pod"),
    new("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    global("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass"),
    new("apps/v1", "replicasets", "ReplicaSet"),
    new("v1", "replicationcontrollers", "ReplicationController"),
    new("v1", "resourcequotas", "ResourceQuota"),
    new("v1", "secrets", "Secret"),
    new("v1", "services", "Service"),
    new("v1", "serviceaccounts", "ServiceAccount"),
    new("apps/v1", "statefulsets", "StatefulSet"),
    global("storage.k8s.io/v1", "storageclasses", "StorageClass"),
];

/// The resource of a kind.
pub(super) fn of(kind: &str) -> Result<&'static Resource, String> {
    let found = RESOURCES.iter().find(|resource| resource.kind == kind);
    found.ok_or_else(|| format!("scenarios know no kind `{kind}`"))
}

impl Resource {
    /// What `apiVersion` says.
    pub(super) fn api_version(&self) -> &'static str {
        self.version
    }

    /// Whether its objects are outside namespaces.
    pub(super) fn is_global(&self) -> bool {
        self.scope == Scope::Cluster
    }

    /// The path of the collection, in a namespace where it has one.
    pub(super) fn collection(&self, namespace: &str) -> String {
        let root = if self.version.contains('/') {
            "apis"
        } else {
            "api"
        };
        let (version, plural) = (self.version, self.plural);
        match self.scope {
            Scope::Cluster => format!("/{root}/{version}/{plural}"),
            Scope::Namespace => format!("/{root}/{version}/namespaces/{namespace}/{plural}"),
        }
    }
}
