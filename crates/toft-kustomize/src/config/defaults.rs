//! Where upstream's transformers write when nobody configures them.
//!
//! Sorted as upstream sorts them: by kind, then by group and version. Source: kustomize 5.8.2,
//! `api/internal/konfig/builtinpluginconsts/`.

use smol_str::SmolStr;
use toft_object::Gvk;

use super::NameReference;
use crate::field_spec::FieldSpec;

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

/// Which fields of which kinds hold the name of an object.
pub(super) static NAME_REFERENCES: &[NameReference] = &[
    NameReference {
        gvk: gvk("storage.k8s.io", "v1", "StorageClass"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(["", "", "PersistentVolume"], "spec/storageClassName"),
            existing(["", "", "PersistentVolumeClaim"], "spec/storageClassName"),
            existing(
                ["", "", "StatefulSet"],
                "spec/volumeClaimTemplates/spec/storageClassName",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "ServiceAccount"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(["rbac.authorization.k8s.io", "", "RoleBinding"], "subjects"),
            existing(
                ["rbac.authorization.k8s.io", "", "ClusterRoleBinding"],
                "subjects",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/serviceAccountName",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/serviceAccountName",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/serviceAccountName",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/serviceAccountName",
            ),
            existing(["", "", "Job"], "spec/template/spec/serviceAccountName"),
            existing(["", "", "Pod"], "spec/serviceAccountName"),
            existing(
                ["", "", "ReplicationController"],
                "spec/template/spec/serviceAccountName",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("rbac.authorization.k8s.io", "", "Role"),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            ["rbac.authorization.k8s.io", "", "RoleBinding"],
            "roleRef/name",
        )]),
    },
    NameReference {
        gvk: gvk("rbac.authorization.k8s.io", "", "ClusterRole"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(
                ["rbac.authorization.k8s.io", "", "RoleBinding"],
                "roleRef/name",
            ),
            existing(
                ["rbac.authorization.k8s.io", "", "ClusterRoleBinding"],
                "roleRef/name",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "ConfigMap"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(["", "", "Role"], "rules/resourceNames"),
            existing(["", "", "ClusterRole"], "rules/resourceNames"),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/volumes/configMap/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/volumes/projected/sources/configMap/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/volumes/configMap/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/volumes/projected/sources/configMap/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/volumes/configMap/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/volumes/projected/sources/configMap/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(["", "v1", "Pod"], "spec/volumes/configMap/name"),
            existing(
                ["", "v1", "Pod"],
                "spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "v1", "Pod"],
                "spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "v1", "Pod"],
                "spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "v1", "Pod"],
                "spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "v1", "Pod"],
                "spec/volumes/projected/sources/configMap/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/volumes/configMap/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/volumes/projected/sources/configMap/name",
            ),
            existing(
                ["", "", "Ingress"],
                "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
            ),
            existing(["", "", "Job"], "spec/template/spec/volumes/configMap/name"),
            existing(
                ["", "", "Job"],
                "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/volumes/projected/sources/configMap/name",
            ),
            existing(["", "", "Node"], "spec/configSource/configMap"),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/volumes/configMap/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/volumes/projected/sources/configMap/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/volumes/configMap/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/containers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/initContainers/envFrom/configMapRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/volumes/projected/sources/configMap/name",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "Secret"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(["", "", "StorageClass"], "parameters/secretName"),
            existing(["", "", "StorageClass"], "parameters/adminSecretName"),
            existing(["", "", "StorageClass"], "parameters/userSecretName"),
            existing(["", "", "StorageClass"], "parameters/secretRef"),
            existing(["", "", "ServiceAccount"], "imagePullSecrets/name"),
            existing(["", "", "Role"], "rules/resourceNames"),
            existing(["", "", "ClusterRole"], "rules/resourceNames"),
            existing(
                ["serving.knative.dev", "v1", "Service"],
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(["", "", "PersistentVolume"], "spec/azureFile/secretName"),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/imagePullSecrets/name",
            ),
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/volumes/projected/sources/secret/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/imagePullSecrets/name",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/volumes/projected/sources/secret/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/volumes/projected/sources/secret/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/imagePullSecrets/name",
            ),
            existing(["", "v1", "Pod"], "spec/volumes/secret/secretName"),
            existing(
                ["", "v1", "Pod"],
                "spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "v1", "Pod"],
                "spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(["", "v1", "Pod"], "spec/containers/envFrom/secretRef/name"),
            existing(
                ["", "v1", "Pod"],
                "spec/initContainers/envFrom/secretRef/name",
            ),
            existing(["", "v1", "Pod"], "spec/imagePullSecrets/name"),
            existing(
                ["", "v1", "Pod"],
                "spec/volumes/projected/sources/secret/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/imagePullSecrets/name",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/volumes/projected/sources/secret/name",
            ),
            existing(["", "", "Ingress"], "spec/tls/secretName"),
            existing(
                ["", "", "Ingress"],
                "metadata/annotations/ingress.kubernetes.io\\/auth-secret",
            ),
            existing(
                ["", "", "Ingress"],
                "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret",
            ),
            existing(
                ["", "", "Ingress"],
                "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
            ),
            existing(["", "", "Ingress"], "spec/tls/secretName"),
            existing(
                ["", "", "Job"],
                "spec/template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(["", "", "Job"], "spec/template/spec/imagePullSecrets/name"),
            existing(
                ["", "", "Job"],
                "spec/template/spec/volumes/projected/sources/secret/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/imagePullSecrets/name",
            ),
            existing(
                ["", "", "PodTemplate"],
                "template/spec/volumes/projected/sources/secret/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/volumes/secret/secretName",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/containers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/initContainers/envFrom/secretRef/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/imagePullSecrets/name",
            ),
            existing(
                ["", "", "ReplicaSet"],
                "spec/template/spec/volumes/projected/sources/secret/name",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "Service"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(["apps", "", "StatefulSet"], "spec/serviceName"),
            existing(
                ["apiregistration.k8s.io", "", "APIService"],
                "spec/service/name",
            ),
            existing(
                ["", "", "Ingress"],
                "spec/rules/http/paths/backend/serviceName",
            ),
            existing(["", "", "Ingress"], "spec/backend/serviceName"),
            existing(
                ["", "", "Ingress"],
                "spec/rules/http/paths/backend/service/name",
            ),
            existing(["", "", "Ingress"], "spec/defaultBackend/service/name"),
            existing(
                [
                    "admissionregistration.k8s.io",
                    "",
                    "MutatingWebhookConfiguration",
                ],
                "webhooks/clientConfig/service",
            ),
            existing(
                [
                    "admissionregistration.k8s.io",
                    "",
                    "ValidatingWebhookConfiguration",
                ],
                "webhooks/clientConfig/service",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("scheduling.k8s.io", "v1", "PriorityClass"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/priorityClassName",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/priorityClassName",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/priorityClassName",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/priorityClassName",
            ),
            existing(["", "", "Job"], "spec/template/spec/priorityClassName"),
            existing(["", "", "Pod"], "spec/priorityClassName"),
            existing(
                ["", "", "ReplicationController"],
                "spec/template/spec/priorityClassName",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "PersistentVolume"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(["", "", "ClusterRole"], "rules/resourceNames"),
            existing(["", "", "PersistentVolumeClaim"], "spec/volumeName"),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "PersistentVolumeClaim"),
        referrers: std::borrow::Cow::Borrowed(&[
            existing(
                ["", "", "Deployment"],
                "spec/template/spec/volumes/persistentVolumeClaim/claimName",
            ),
            existing(
                ["", "", "StatefulSet"],
                "spec/template/spec/volumes/persistentVolumeClaim/claimName",
            ),
            existing(
                ["", "", "CronJob"],
                "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName",
            ),
            existing(
                ["", "", "DaemonSet"],
                "spec/template/spec/volumes/persistentVolumeClaim/claimName",
            ),
            existing(
                ["", "", "Job"],
                "spec/template/spec/volumes/persistentVolumeClaim/claimName",
            ),
            existing(
                ["", "", "Pod"],
                "spec/volumes/persistentVolumeClaim/claimName",
            ),
            existing(
                ["", "", "ReplicationController"],
                "spec/template/spec/volumes/persistentVolumeClaim/claimName",
            ),
        ]),
    },
    NameReference {
        gvk: gvk("", "", "Deployment"),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
    NameReference {
        gvk: gvk("", "", "StatefulSet"),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
    NameReference {
        gvk: gvk(
            "admissionregistration.k8s.io",
            "",
            "ValidatingAdmissionPolicy",
        ),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            [
                "admissionregistration.k8s.io",
                "",
                "ValidatingAdmissionPolicyBinding",
            ],
            "spec/policyName",
        )]),
    },
    NameReference {
        gvk: gvk("networking.k8s.io/v1", "v1", "IngressClass"),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            ["", "", "Ingress"],
            "spec/ingressClassName",
        )]),
    },
    NameReference {
        gvk: gvk("", "", "ReplicaSet"),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
    NameReference {
        gvk: gvk("", "", "ReplicationController"),
        referrers: std::borrow::Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
];
