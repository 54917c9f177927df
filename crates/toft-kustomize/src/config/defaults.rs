//! Where upstream's transformers write when nobody configures them.
//!
//! Sorted as upstream sorts them: by kind, then by group and version. Source: kustomize 5.8.2,
//! `api/internal/konfig/builtinpluginconsts/`.

mod names;
mod variables;

use smol_str::SmolStr;
use toft_object::Gvk;

use crate::field_spec::FieldSpec;

pub(super) use names::NAME_REFERENCES;
pub(super) use variables::VAR_REFERENCE;

/// A path that is made where it is missing; group, version and kind first.
const fn created([group, version, kind]: [&'static str; 3], path: &'static str) -> FieldSpec {
    FieldSpec {
        gvk: gvk(group, version, kind),
        path: SmolStr::new_static(path),
        create: true,
    }
}

/// A path that is only changed where it is.
const fn existing([group, version, kind]: [&'static str; 3], path: &'static str) -> FieldSpec {
    FieldSpec {
        gvk: gvk(group, version, kind),
        path: SmolStr::new_static(path),
        create: false,
    }
}

const fn gvk(group: &'static str, version: &'static str, kind: &'static str) -> Gvk {
    Gvk {
        group: SmolStr::new_static(group),
        version: SmolStr::new_static(version),
        kind: SmolStr::new_static(kind),
    }
}

pub(super) static NAME_PREFIX: &[FieldSpec] = &[existing(["", "", ""], "metadata/name")];

pub(super) static NAME_SUFFIX: &[FieldSpec] = &[existing(["", "", ""], "metadata/name")];

pub(super) static NAMESPACE: &[FieldSpec] = &[
    created(["", "", "Namespace"], "metadata/name"),
    existing(
        ["apiextensions.k8s.io", "", "CustomResourceDefinition"],
        "spec/conversion/webhook/clientConfig/service/namespace",
    ),
    created(
        ["apiregistration.k8s.io", "", "APIService"],
        "spec/service/namespace",
    ),
];

pub(super) static COMMON_LABELS: &[FieldSpec] = &[
    created(["", "v1", "Service"], "spec/selector"),
    existing(
        ["apps", "", "Deployment"],
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "Deployment"],
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "Deployment"],
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "Deployment"],
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "Deployment"],
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
    ),
    created(["", "", "Deployment"], "spec/selector/matchLabels"),
    created(["", "", "Deployment"], "spec/template/metadata/labels"),
    created(["apps", "", "StatefulSet"], "spec/selector/matchLabels"),
    existing(
        ["apps", "", "StatefulSet"],
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "StatefulSet"],
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "StatefulSet"],
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "StatefulSet"],
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    existing(
        ["apps", "", "StatefulSet"],
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
    ),
    created(["apps", "", "StatefulSet"], "spec/template/metadata/labels"),
    created(
        ["apps", "", "StatefulSet"],
        "spec/volumeClaimTemplates[]/metadata/labels",
    ),
    existing(
        ["batch", "", "CronJob"],
        "spec/jobTemplate/spec/selector/matchLabels",
    ),
    created(["batch", "", "CronJob"], "spec/jobTemplate/metadata/labels"),
    created(
        ["batch", "", "CronJob"],
        "spec/jobTemplate/spec/template/metadata/labels",
    ),
    existing(
        ["policy", "", "PodDisruptionBudget"],
        "spec/selector/matchLabels",
    ),
    existing(["batch", "", "Job"], "spec/selector/matchLabels"),
    created(["batch", "", "Job"], "spec/template/metadata/labels"),
    existing(
        ["networking.k8s.io", "", "NetworkPolicy"],
        "spec/podSelector/matchLabels",
    ),
    existing(
        ["networking.k8s.io", "", "NetworkPolicy"],
        "spec/ingress/from/podSelector/matchLabels",
    ),
    existing(
        ["networking.k8s.io", "", "NetworkPolicy"],
        "spec/egress/to/podSelector/matchLabels",
    ),
    created(["", "v1", "ReplicationController"], "spec/selector"),
    created(
        ["", "v1", "ReplicationController"],
        "spec/template/metadata/labels",
    ),
    created(["", "", "DaemonSet"], "spec/selector/matchLabels"),
    created(["", "", "DaemonSet"], "spec/template/metadata/labels"),
    created(["", "", "ReplicaSet"], "spec/selector/matchLabels"),
    created(["", "", "ReplicaSet"], "spec/template/metadata/labels"),
    created(["", "", ""], "metadata/labels"),
];

pub(super) static TEMPLATE_LABELS: &[FieldSpec] = &[
    created(["", "", "Deployment"], "spec/template/metadata/labels"),
    created(["apps", "", "StatefulSet"], "spec/template/metadata/labels"),
    created(["batch", "", "CronJob"], "spec/jobTemplate/metadata/labels"),
    created(
        ["batch", "", "CronJob"],
        "spec/jobTemplate/spec/template/metadata/labels",
    ),
    created(["batch", "", "Job"], "spec/template/metadata/labels"),
    created(
        ["", "v1", "ReplicationController"],
        "spec/template/metadata/labels",
    ),
    created(["", "", "DaemonSet"], "spec/template/metadata/labels"),
    created(["", "", "ReplicaSet"], "spec/template/metadata/labels"),
    created(["", "", ""], "metadata/labels"),
];

pub(super) static VOLUME_CLAIM_TEMPLATE_LABELS: &[FieldSpec] = &[created(
    ["apps", "", "StatefulSet"],
    "spec/volumeClaimTemplates[]/metadata/labels",
)];

pub(super) static COMMON_ANNOTATIONS: &[FieldSpec] = &[
    created(["", "", "Deployment"], "spec/template/metadata/annotations"),
    created(
        ["", "", "StatefulSet"],
        "spec/template/metadata/annotations",
    ),
    created(
        ["batch", "", "CronJob"],
        "spec/jobTemplate/metadata/annotations",
    ),
    created(
        ["batch", "", "CronJob"],
        "spec/jobTemplate/spec/template/metadata/annotations",
    ),
    created(["batch", "", "Job"], "spec/template/metadata/annotations"),
    created(
        ["", "v1", "ReplicationController"],
        "spec/template/metadata/annotations",
    ),
    created(["", "", "DaemonSet"], "spec/template/metadata/annotations"),
    created(["", "", "ReplicaSet"], "spec/template/metadata/annotations"),
    created(["", "", ""], "metadata/annotations"),
];

pub(super) static IMAGES: &[FieldSpec] = &[
    created(["", "", ""], "spec/containers[]/image"),
    created(["", "", ""], "spec/initContainers[]/image"),
    created(["", "", ""], "spec/volumes[]/image/reference"),
    created(["", "", ""], "spec/template/spec/containers[]/image"),
    created(["", "", ""], "spec/template/spec/initContainers[]/image"),
    created(["", "", ""], "spec/template/spec/volumes[]/image/reference"),
    created(
        ["", "", ""],
        "spec/jobTemplate/spec/template/spec/volumes[]/image/reference",
    ),
];

pub(super) static REPLICAS: &[FieldSpec] = &[
    created(["", "", "Deployment"], "spec/replicas"),
    created(["", "", "StatefulSet"], "spec/replicas"),
    created(["", "", "ReplicaSet"], "spec/replicas"),
    created(["", "", "ReplicationController"], "spec/replicas"),
];
