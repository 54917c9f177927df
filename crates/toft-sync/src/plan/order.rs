//! The order of tasks.

use std::collections::BTreeMap;

use toft_object::Object;

use super::Task;

/// The order of kinds, whatever their group; a kind that is not here comes last.
///
/// Source: gitops-engine b89b0871b414 `pkg/sync/sync_tasks.go`, `kindOrder`.
const KINDS: &[&str] = &[
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

fn rank(kind: &str) -> usize {
    let at = KINDS.iter().position(|known| *known == kind);
    at.unwrap_or(KINDS.len())
}

/// Sorts by phase, wave, kind and name, then moves what others depend on before them.
///
/// Upstream leaves ties to chance; here group and namespace decide.
pub(super) fn sort(tasks: &mut Vec<Task>) {
    tasks.sort_by_cached_key(|task| {
        let id = task.object().id();
        let place = (task.phase, task.wave, rank(&id.kind));
        (place, id.name, id.kind, id.group, id.namespace)
    });
    lift(tasks, namespace_made, |task| {
        (!task.namespace.is_empty()).then(|| task.namespace.to_string())
    });
    lift(tasks, kind_made, |task| {
        let gvk = task.object().gvk();
        Some(format!("{}/{}", gvk.group, gvk.kind))
    });
}

/// The namespace that an object makes.
fn namespace_made(object: &Object) -> Option<String> {
    let is_namespace = object.kind() == "Namespace" && object.gvk().group.is_empty();
    is_namespace.then(|| object.name().to_owned())
}

/// The group and kind that an object makes.
fn kind_made(object: &Object) -> Option<String> {
    if !is_crd(object) {
        return None;
    }
    let group = object.value().str_at(&["spec", "group"])?;
    let kind = object.value().str_at(&["spec", "names", "kind"])?;
    Some(format!("{group}/{kind}"))
}

/// Whether an object is a definition of a kind.
pub(crate) fn is_crd(object: &Object) -> bool {
    object.kind() == "CustomResourceDefinition" && object.gvk().group == "apiextensions.k8s.io"
}

/// Moves each task that makes something before the first task that needs it, and into its phase and
/// wave; tasks that only delete need nothing.
fn lift(
    tasks: &mut Vec<Task>,
    makes: impl Fn(&Object) -> Option<String>,
    needs: impl Fn(&Task) -> Option<String>,
) {
    let mut first_need: BTreeMap<String, usize> = BTreeMap::new();
    for at in 0..tasks.len() {
        let Some(task) = tasks.get(at) else { break };
        let Some(target) = &task.pair.target else {
            continue;
        };
        let Some(made) = makes(target) else {
            if let Some(needed) = needs(task) {
                first_need.entry(needed).or_insert(at);
            }
            continue;
        };
        let Some(to) = first_need.get(&made).copied() else {
            continue;
        };
        let mut task = tasks.remove(at);
        if let Some(first) = tasks.get(to) {
            (task.phase, task.wave) = (first.phase, first.wave);
        }
        tasks.insert(to, task);
        for index in first_need.values_mut().filter(|index| **index >= to) {
            *index += 1;
        }
    }
}
