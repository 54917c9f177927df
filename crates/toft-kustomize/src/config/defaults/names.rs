//! Which fields hold the name of an object, when nobody configures them.
//!
//! Source: kustomize 5.8.2, `api/internal/konfig/builtinpluginconsts/namereference.go`.

use std::borrow::Cow;

use super::{existing, gvk};
use crate::config::NameReference;

/// Which fields of which kinds hold the name of an object.
pub(in crate::config) static NAME_REFERENCES: &[NameReference] = &[
    NameReference {
        gvk: gvk("storage.k8s.io", "v1", "StorageClass"),
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[existing(
            ["rbac.authorization.k8s.io", "", "RoleBinding"],
            "roleRef/name",
        )]),
    },
    NameReference {
        gvk: gvk("rbac.authorization.k8s.io", "", "ClusterRole"),
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[
            existing(["", "", "ClusterRole"], "rules/resourceNames"),
            existing(["", "", "PersistentVolumeClaim"], "spec/volumeName"),
        ]),
    },
    NameReference {
        gvk: gvk("", "v1", "PersistentVolumeClaim"),
        referrers: Cow::Borrowed(&[
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
        referrers: Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
    NameReference {
        gvk: gvk("", "", "StatefulSet"),
        referrers: Cow::Borrowed(&[existing(
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
        referrers: Cow::Borrowed(&[existing(
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
        referrers: Cow::Borrowed(&[existing(["", "", "Ingress"], "spec/ingressClassName")]),
    },
    NameReference {
        gvk: gvk("", "", "ReplicaSet"),
        referrers: Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
    NameReference {
        gvk: gvk("", "", "ReplicationController"),
        referrers: Cow::Borrowed(&[existing(
            ["", "", "HorizontalPodAutoscaler"],
            "spec/scaleTargetRef/name",
        )]),
    },
];
