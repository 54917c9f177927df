//! The rules of built-in kinds.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/*/validation/validation.go`.

mod autoscaler;
mod block;
mod cluster;
mod config;
mod container;
mod cron;
mod debugger;
mod ingress;
mod job;
mod job_policy;
mod limits;
mod pod;
mod policy;
mod probe;
mod quota;
mod rbac;
mod resources;
mod rows;
mod scheduling;
mod service;
mod storage;
mod update;
mod volume;
mod workload;

pub(super) use update::{looks_at_metadata, validate_update};

use toft_object::Gvk;
use toft_value::Value;

use super::at::{At, Errors};

type Rule = fn(&At<'_>, &mut Errors);

/// By group and kind, sorted.
const RULES: &[(&str, &str, Rule)] = &[
    ("", "ConfigMap", config::config_map),
    ("", "Endpoints", cluster::endpoints),
    ("", "LimitRange", limits::limit_range),
    ("", "Namespace", cluster::namespace),
    ("", "Node", cluster::node),
    ("", "PersistentVolume", storage::volume),
    ("", "PersistentVolumeClaim", storage::claim),
    ("", "Pod", pod::pod),
    ("", "PodTemplate", workload::pod_template),
    (
        "",
        "ReplicationController",
        workload::replication_controller,
    ),
    ("", "ResourceQuota", quota::quota),
    ("", "Secret", config::secret),
    ("", "Service", service::service),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        cluster::webhooks,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        cluster::webhooks,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        cluster::definition,
    ),
    ("apiregistration.k8s.io", "APIService", cluster::api_service),
    ("apps", "DaemonSet", workload::daemon_set),
    ("apps", "Deployment", workload::deployment),
    ("apps", "ReplicaSet", workload::replica_set),
    ("apps", "StatefulSet", workload::stateful_set),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        autoscaler::autoscaler,
    ),
    ("batch", "CronJob", cron::cron_job),
    ("batch", "Job", job::job),
    ("coordination.k8s.io", "Lease", policy::lease),
    ("discovery.k8s.io", "EndpointSlice", cluster::endpoint_slice),
    ("networking.k8s.io", "Ingress", ingress::ingress),
    ("networking.k8s.io", "NetworkPolicy", policy::network_policy),
    ("networking.k8s.io", "ServiceCIDR", cluster::service_cidr),
    ("node.k8s.io", "RuntimeClass", cluster::runtime_class),
    ("policy", "PodDisruptionBudget", policy::budget),
    (
        "rbac.authorization.k8s.io",
        "ClusterRole",
        rbac::cluster_role,
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        rbac::cluster_role_binding,
    ),
    ("rbac.authorization.k8s.io", "Role", rbac::role),
    (
        "rbac.authorization.k8s.io",
        "RoleBinding",
        rbac::role_binding,
    ),
    ("scheduling.k8s.io", "PriorityClass", policy::priority_class),
    ("storage.k8s.io", "CSIDriver", cluster::driver),
    ("storage.k8s.io", "StorageClass", storage::class),
];

pub(super) fn validate(gvk: &Gvk, object: &Value, errors: &mut Errors) {
    let rule = RULES
        .iter()
        .find(|(group, kind, _)| gvk.group == *group && gvk.kind == *kind);
    let root = At::root(object);
    if let Some((.., rule)) = rule {
        rule(&root, errors);
    }
    rows::of_kind((&gvk.group, &gvk.kind), &root, errors);
}
