//! The resources that the controllers know by name.

use smol_str::SmolStr;
use toft_api::ResourcePath;
use toft_object::GroupResource;

/// One resource at the version in which the controllers read and write it.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Group and plural.
    pub(crate) name: GroupResource,
    /// The version, such as `v1`.
    pub(crate) version: &'static str,
    /// The kind, such as `Pod`.
    pub(crate) kind: &'static str,
}

impl Resource {
    const fn new(
        group: &'static str,
        version: &'static str,
        plural: &'static str,
        kind: &'static str,
    ) -> Self {
        Self {
            name: GroupResource {
                group: SmolStr::new_static(group),
                resource: SmolStr::new_static(plural),
            },
            version,
            kind,
        }
    }

    /// The text of `apiVersion`.
    pub(crate) fn api_version(&self) -> SmolStr {
        if self.name.group.is_empty() {
            self.version.into()
        } else {
            format!("{}/{}", self.name.group, self.version).into()
        }
    }

    /// The path of one object.
    pub(crate) fn path(&self, namespace: &str, name: &str) -> ResourcePath {
        ResourcePath {
            group: self.name.group.clone(),
            version: self.version.into(),
            resource: self.name.resource.clone(),
            namespace: namespace.into(),
            name: name.into(),
            subresource: SmolStr::default(),
        }
    }
}

macro_rules! resources {
    ($($name:ident = $group:literal $version:literal $plural:literal $kind:literal;)*) => {
        $(pub(crate) static $name: Resource = Resource::new($group, $version, $plural, $kind);)*
    };
}

resources! {
    CONFIG_MAPS = "" "v1" "configmaps" "ConfigMap";
    CONTROLLER_REVISIONS = "apps" "v1" "controllerrevisions" "ControllerRevision";
    CRDS = "apiextensions.k8s.io" "v1" "customresourcedefinitions" "CustomResourceDefinition";
    CRON_JOBS = "batch" "v1" "cronjobs" "CronJob";
    DAEMON_SETS = "apps" "v1" "daemonsets" "DaemonSet";
    DEPLOYMENTS = "apps" "v1" "deployments" "Deployment";
    ENDPOINT_SLICES = "discovery.k8s.io" "v1" "endpointslices" "EndpointSlice";
    ENDPOINTS = "" "v1" "endpoints" "Endpoints";
    EVENTS = "" "v1" "events" "Event";
    HORIZONTAL_POD_AUTOSCALERS = "autoscaling" "v2" "horizontalpodautoscalers" "HorizontalPodAutoscaler";
    INGRESS_CLASSES = "networking.k8s.io" "v1" "ingressclasses" "IngressClass";
    INGRESSES = "networking.k8s.io" "v1" "ingresses" "Ingress";
    JOBS = "batch" "v1" "jobs" "Job";
    LEASES = "coordination.k8s.io" "v1" "leases" "Lease";
    NAMESPACES = "" "v1" "namespaces" "Namespace";
    NODES = "" "v1" "nodes" "Node";
    PERSISTENT_VOLUME_CLAIMS = "" "v1" "persistentvolumeclaims" "PersistentVolumeClaim";
    PERSISTENT_VOLUMES = "" "v1" "persistentvolumes" "PersistentVolume";
    POD_DISRUPTION_BUDGETS = "policy" "v1" "poddisruptionbudgets" "PodDisruptionBudget";
    PODS = "" "v1" "pods" "Pod";
    PRIORITY_CLASSES = "scheduling.k8s.io" "v1" "priorityclasses" "PriorityClass";
    PROJECTS = "argoproj.io" "v1alpha1" "appprojects" "AppProject";
    REPLICA_SETS = "apps" "v1" "replicasets" "ReplicaSet";
    REPLICATION_CONTROLLERS = "" "v1" "replicationcontrollers" "ReplicationController";
    RESOURCE_QUOTAS = "" "v1" "resourcequotas" "ResourceQuota";
    SECRETS = "" "v1" "secrets" "Secret";
    SERVICE_ACCOUNTS = "" "v1" "serviceaccounts" "ServiceAccount";
    SERVICES = "" "v1" "services" "Service";
    STATEFUL_SETS = "apps" "v1" "statefulsets" "StatefulSet";
    STORAGE_CLASSES = "storage.k8s.io" "v1" "storageclasses" "StorageClass";
}
