//! The columns of the built-in kinds.

use toft_object::{Gvk, Time};
use toft_value::Value;

use super::{administration, cells, networks, pods, volumes, workloads};

/// One column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    /// 1 for columns that only wide output shows.
    pub(crate) priority: u8,
    pub(crate) is_name: bool,
    pub(crate) cell: Cell,
}

/// How a cell comes from an object.
#[derive(Clone, Copy)]
pub(crate) enum Cell {
    /// The text at a path; empty where there is none.
    Text(&'static [&'static str]),
    /// The text at a path, or another one where there is none.
    TextOr(&'static [&'static str], &'static str),
    /// The number at a path; 0 where there is none.
    Number(&'static [&'static str]),
    /// The boolean at a path; false where there is none.
    Truth(&'static [&'static str]),
    /// How many items the list at a path has.
    Count(&'static [&'static str]),
    /// How long ago the object was made.
    Age,
    /// Anything else.
    Made(fn(&Value, Time) -> Value),
}

impl Cell {
    pub(crate) fn of(self, object: &Value, now: Time) -> Value {
        match self {
            Self::Text(path) => object.str_at(path).unwrap_or_default().into(),
            Self::TextOr(path, missing) => object.str_at(path).unwrap_or(missing).into(),
            Self::Number(path) => cells::number(object, path).into(),
            Self::Truth(path) => object.bool_at(path).unwrap_or(false).into(),
            Self::Count(path) => object.items_at(path).len().into(),
            Self::Age => cells::age(object, now),
            Self::Made(make) => make(object, now),
        }
    }
}

pub(super) const fn column(name: &'static str, kind: &'static str, cell: Cell) -> Column {
    Column {
        name,
        kind,
        priority: 0,
        is_name: false,
        cell,
    }
}

pub(super) const fn text(name: &'static str, cell: Cell) -> Column {
    column(name, "string", cell)
}

pub(super) const fn integer(name: &'static str, cell: Cell) -> Column {
    column(name, "integer", cell)
}

const fn wide(name: &'static str, cell: Cell) -> Column {
    Column {
        priority: 1,
        ..column(name, "string", cell)
    }
}

pub(super) const NAME: Column = name(Cell::Text(&["metadata", "name"]));
pub(super) const AGE: Column = text("Age", Cell::Age);

const fn name(cell: Cell) -> Column {
    Column {
        is_name: true,
        ..column("Name", "string", cell)
    }
}

use Cell::{Count, Made, Number, Text, TextOr, Truth};

const CONTAINERS: Column = wide("Containers", Made(workloads::containers));
const IMAGES: Column = wide("Images", Made(workloads::images));
const SELECTOR: Column = wide("Selector", Made(workloads::selector));
const BINDING: &[Column] = &[
    NAME,
    text("Role", Made(workloads::role)),
    AGE,
    wide("Users", Made(workloads::users)),
    wide("Groups", Made(workloads::groups)),
    wide("ServiceAccounts", Made(workloads::accounts)),
];

/// Kinds without columns of their own.
const OTHERS: &[Column] = &[
    NAME,
    column(
        "Created At",
        "date",
        Text(&["metadata", "creationTimestamp"]),
    ),
];

/// The columns of a kind.
pub(super) fn of(gvk: &Gvk) -> &'static [Column] {
    let found = KINDS
        .iter()
        .chain(administration::KINDS)
        .find(|(group, kind, _)| *group == gvk.group && *kind == gvk.kind);
    found.map_or(OTHERS, |(_, _, columns)| columns)
}

const KINDS: &[(&str, &str, &[Column])] = &[
    (
        "",
        "Pod",
        &[
            NAME,
            text("Ready", Made(pods::ready)),
            text("Status", Made(pods::status)),
            text("Restarts", Made(pods::restarts)),
            AGE,
            wide("IP", Made(pods::address)),
            wide("Node", Made(pods::node)),
            wide("Nominated Node", Made(pods::nominated_node)),
            wide("Readiness Gates", Made(pods::readiness_gates)),
        ],
    ),
    (
        "",
        "PodTemplate",
        &[
            NAME,
            text("Containers", Made(workloads::template_containers)),
            text("Images", Made(workloads::template_images)),
            text("Pod Labels", Made(workloads::template_labels)),
        ],
    ),
    (
        "policy",
        "PodDisruptionBudget",
        &[
            NAME,
            text("Min Available", Made(workloads::min_available)),
            text("Max Unavailable", Made(workloads::max_unavailable)),
            integer(
                "Allowed Disruptions",
                Number(&["status", "disruptionsAllowed"]),
            ),
            AGE,
        ],
    ),
    (
        "",
        "ReplicationController",
        &[
            NAME,
            integer("Desired", Number(&["spec", "replicas"])),
            integer("Current", Number(&["status", "replicas"])),
            integer("Ready", Number(&["status", "readyReplicas"])),
            AGE,
            CONTAINERS,
            IMAGES,
            wide("Selector", Made(networks::selector)),
        ],
    ),
    (
        "apps",
        "ReplicaSet",
        &[
            NAME,
            integer("Desired", Number(&["spec", "replicas"])),
            integer("Current", Number(&["status", "replicas"])),
            integer("Ready", Number(&["status", "readyReplicas"])),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "apps",
        "DaemonSet",
        &[
            NAME,
            integer("Desired", Number(&["status", "desiredNumberScheduled"])),
            integer("Current", Number(&["status", "currentNumberScheduled"])),
            integer("Ready", Number(&["status", "numberReady"])),
            integer("Up-to-date", Number(&["status", "updatedNumberScheduled"])),
            integer("Available", Number(&["status", "numberAvailable"])),
            text("Node Selector", Made(workloads::node_selector)),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "batch",
        "Job",
        &[
            NAME,
            text("Status", Made(workloads::job_status)),
            text("Completions", Made(workloads::completions)),
            text("Duration", Made(workloads::job_duration)),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "batch",
        "CronJob",
        &[
            NAME,
            text("Schedule", Text(&["spec", "schedule"])),
            text("Timezone", TextOr(&["spec", "timeZone"], cells::NONE)),
            column("Suspend", "boolean", Made(workloads::suspended)),
            integer("Active", Count(&["status", "active"])),
            text("Last Schedule", Made(workloads::last_schedule)),
            AGE,
            wide("Containers", Made(workloads::cron_containers)),
            wide("Images", Made(workloads::cron_images)),
            wide("Selector", Made(workloads::cron_selector)),
        ],
    ),
    (
        "",
        "Service",
        &[
            NAME,
            text("Type", Text(&["spec", "type"])),
            text("Cluster-IP", Made(networks::cluster_ip)),
            text("External-IP", Made(networks::external_ip)),
            text("Port(s)", Made(networks::service_ports)),
            AGE,
            wide("Selector", Made(networks::selector)),
        ],
    ),
    (
        "networking.k8s.io",
        "Ingress",
        &[
            NAME,
            text("Class", TextOr(&["spec", "ingressClassName"], cells::NONE)),
            text("Hosts", Made(networks::hosts)),
            text("Address", Made(networks::ingress_address)),
            text("Ports", Made(networks::ingress_ports)),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "IngressClass",
        &[
            name(Made(networks::class_name)),
            text("Controller", Text(&["spec", "controller"])),
            text("Parameters", Made(networks::class_parameters)),
            AGE,
        ],
    ),
    (
        "apps",
        "StatefulSet",
        &[
            NAME,
            text("Ready", Made(workloads::ready)),
            AGE,
            CONTAINERS,
            IMAGES,
        ],
    ),
    (
        "",
        "Endpoints",
        &[NAME, text("Endpoints", Made(networks::endpoints)), AGE],
    ),
    (
        "",
        "Node",
        &[
            NAME,
            text("Status", Made(workloads::node_status)),
            text("Roles", Made(workloads::node_roles)),
            AGE,
            text("Version", Text(&["status", "nodeInfo", "kubeletVersion"])),
            wide("Internal-IP", Made(networks::internal_address)),
            wide("External-IP", Made(networks::external_address)),
            wide("OS-Image", Made(workloads::os_image)),
            wide("Kernel-Version", Made(workloads::kernel)),
            wide("Container-Runtime", Made(workloads::runtime)),
        ],
    ),
    ("", "Event", EVENT),
    ("events.k8s.io", "Event", EVENT),
    (
        "",
        "Namespace",
        &[NAME, text("Status", Text(&["status", "phase"])), AGE],
    ),
    (
        "",
        "Secret",
        &[
            NAME,
            text("Type", Text(&["type"])),
            text("Data", Made(volumes::data_size)),
            AGE,
        ],
    ),
    (
        "",
        "ConfigMap",
        &[NAME, text("Data", Made(volumes::data_size)), AGE],
    ),
    ("", "ServiceAccount", &[NAME, AGE]),
    (
        "",
        "PersistentVolume",
        &[
            NAME,
            text("Capacity", Made(volumes::volume_capacity)),
            text("Access Modes", Made(volumes::volume_modes)),
            text(
                "Reclaim Policy",
                Text(&["spec", "persistentVolumeReclaimPolicy"]),
            ),
            text("Status", Made(volumes::phase)),
            text("Claim", Made(volumes::claim)),
            text("StorageClass", Text(&["spec", "storageClassName"])),
            text(
                "VolumeAttributesClass",
                TextOr(&["spec", "volumeAttributesClassName"], "<unset>"),
            ),
            text("Reason", Text(&["status", "reason"])),
            AGE,
            wide("VolumeMode", TextOr(&["spec", "volumeMode"], "<unset>")),
        ],
    ),
    (
        "",
        "PersistentVolumeClaim",
        &[
            NAME,
            text("Status", Made(volumes::phase)),
            text("Volume", Text(&["spec", "volumeName"])),
            text("Capacity", Made(volumes::claim_capacity)),
            text("Access Modes", Made(volumes::claim_modes)),
            text("StorageClass", Text(&["spec", "storageClassName"])),
            text(
                "VolumeAttributesClass",
                TextOr(&["spec", "volumeAttributesClassName"], "<unset>"),
            ),
            AGE,
            wide("VolumeMode", TextOr(&["spec", "volumeMode"], "<unset>")),
        ],
    ),
    (
        "apps",
        "Deployment",
        &[
            NAME,
            text("Ready", Made(workloads::ready)),
            text("Up-to-date", Number(&["status", "updatedReplicas"])),
            text("Available", Number(&["status", "availableReplicas"])),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        &[
            NAME,
            text("Reference", Made(workloads::scale_target)),
            text("Targets", Made(workloads::metrics)),
            text("MinPods", Made(workloads::min_pods)),
            text("MaxPods", Number(&["spec", "maxReplicas"])),
            text("Replicas", Number(&["status", "currentReplicas"])),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "NetworkPolicy",
        &[
            NAME,
            text("Pod-Selector", Made(networks::policy_selector)),
            AGE,
        ],
    ),
    ("rbac.authorization.k8s.io", "RoleBinding", BINDING),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", BINDING),
    (
        "coordination.k8s.io",
        "Lease",
        &[NAME, text("Holder", Text(&["spec", "holderIdentity"])), AGE],
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        &[
            name(Made(volumes::class_name)),
            text("Provisioner", Text(&["provisioner"])),
            text("ReclaimPolicy", TextOr(&["reclaimPolicy"], "Delete")),
            text(
                "VolumeBindingMode",
                TextOr(&["volumeBindingMode"], "Immediate"),
            ),
            text("AllowVolumeExpansion", Truth(&["allowVolumeExpansion"])),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        &[NAME, text("DriverName", Text(&["driverName"])), AGE],
    ),
    (
        "apps",
        "ControllerRevision",
        &[
            NAME,
            text("Controller", Made(workloads::controller)),
            text("Revision", Number(&["revision"])),
            AGE,
        ],
    ),
    (
        "",
        "ResourceQuota",
        &[
            NAME,
            text("Request", Made(volumes::quota_requests)),
            text("Limit", Made(volumes::quota_limits)),
            AGE,
        ],
    ),
    (
        "scheduling.k8s.io",
        "PriorityClass",
        &[
            NAME,
            integer("Value", Number(&["value"])),
            column("Global-Default", "boolean", Truth(&["globalDefault"])),
            AGE,
            text("PreemptionPolicy", Text(&["preemptionPolicy"])),
        ],
    ),
    (
        "node.k8s.io",
        "RuntimeClass",
        &[NAME, text("Handler", Text(&["handler"])), AGE],
    ),
    (
        "storage.k8s.io",
        "VolumeAttachment",
        &[
            NAME,
            Column {
                is_name: true,
                ..text("Attacher", Text(&["spec", "attacher"]))
            },
            text("PV", Text(&["spec", "source", "persistentVolumeName"])),
            text("Node", Text(&["spec", "nodeName"])),
            column("Attached", "boolean", Truth(&["status", "attached"])),
            AGE,
        ],
    ),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        &[
            NAME,
            text("AddressType", Text(&["addressType"])),
            text("Ports", Made(networks::slice_ports)),
            text("Endpoints", Made(networks::slice_endpoints)),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "CSINode",
        &[NAME, integer("Drivers", Count(&["spec", "drivers"])), AGE],
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        &[NAME, integer("Webhooks", Count(&["webhooks"])), AGE],
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        &[NAME, integer("Webhooks", Count(&["webhooks"])), AGE],
    ),
];

const EVENT: &[Column] = &[
    text("Last Seen", Made(workloads::last_seen)),
    text("Type", Text(&["type"])),
    text("Reason", Text(&["reason"])),
    text("Object", Made(workloads::event_object)),
    wide("Subobject", Made(workloads::event_part)),
    wide("Source", Made(workloads::event_source)),
    text("Message", Made(workloads::event_message)),
    wide("First Seen", Made(workloads::first_seen)),
    wide("Count", Made(workloads::event_count)),
    Column {
        is_name: true,
        ..wide("Name", Text(&["metadata", "name"]))
    },
];
