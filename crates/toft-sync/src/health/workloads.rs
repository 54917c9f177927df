//! What keeps pods running.

use toft_value::Value;

use super::{Health, condition, is_stale, number, text};

/// Source: gitops-engine `pkg/health/health_deployment.go`.
pub(super) fn deployment(deployment: &Value) -> Health {
    if deployment.bool_at(&["spec", "paused"]) == Some(true) {
        return Health::suspended("Deployment is paused");
    }
    if is_stale(deployment) {
        return Health::progressing(
            "Waiting for rollout to finish: observed deployment generation less than desired generation",
        );
    }
    let progress = condition(deployment, "Progressing");
    if progress.is_some_and(|progress| text(progress, &["reason"]) == "ProgressDeadlineExceeded") {
        let name = text(deployment, &["metadata", "name"]);
        return Health::degraded(format!(
            "Deployment {name:?} exceeded its progress deadline"
        ));
    }
    match rollout(deployment) {
        Some(waiting) => Health::progressing(format!("Waiting for rollout to finish: {waiting}")),
        None => Health::healthy(""),
    }
}

/// What the rollout of a Deployment waits for.
fn rollout(deployment: &Value) -> Option<String> {
    let status = |field| number(deployment, &["status", field]);
    let (total, updated) = (status("replicas"), status("updatedReplicas"));
    let available = status("availableReplicas");
    let wanted = deployment.i64_at(&["spec", "replicas"]);
    if let Some(wanted) = wanted.filter(|wanted| updated < *wanted) {
        return Some(format!(
            "{updated} out of {wanted} new replicas have been updated..."
        ));
    }
    if total > updated {
        let old = total - updated;
        return Some(format!("{old} old replicas are pending termination..."));
    }
    (available < updated)
        .then(|| format!("{available} of {updated} updated replicas are available..."))
}

/// Source: gitops-engine `pkg/health/health_replicaset.go`.
pub(super) fn replica_set(set: &Value) -> Health {
    if is_stale(set) {
        return Health::progressing(
            "Waiting for rollout to finish: observed replica set generation less than desired generation",
        );
    }
    let failure = condition(set, "ReplicaFailure");
    if let Some(failure) = failure.filter(|failure| text(failure, &["status"]) == "True") {
        return Health::degraded(text(failure, &["message"]));
    }
    let available = number(set, &["status", "availableReplicas"]);
    match set.i64_at(&["spec", "replicas"]) {
        Some(wanted) if available < wanted => Health::progressing(format!(
            "Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
        )),
        _ => Health::healthy(""),
    }
}

/// Source: gitops-engine `pkg/health/health_statefulset.go`.
pub(super) fn stateful_set(set: &Value) -> Health {
    if number(set, &["status", "observedGeneration"]) == 0 || is_stale(set) {
        return Health::progressing("Waiting for statefulset spec update to be observed...");
    }
    let wanted = set.i64_at(&["spec", "replicas"]);
    let ready = number(set, &["status", "readyReplicas"]);
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        let missing = wanted - ready;
        return Health::progressing(format!("Waiting for {missing} pods to be ready..."));
    }
    let updated = number(set, &["status", "updatedReplicas"]);
    let strategy = text(set, &["spec", "updateStrategy", "type"]);
    let rolling = set.at(&["spec", "updateStrategy", "rollingUpdate"]);
    if let Some(rolling) = rolling.filter(|_| strategy == "RollingUpdate") {
        return partitioned(wanted, rolling.i64_at(&["partition"]), updated);
    }
    if strategy == "OnDelete" {
        return Health::healthy(format!("statefulset has {ready} ready pods"));
    }
    let newest = text(set, &["status", "updateRevision"]);
    let current = text(set, &["status", "currentRevision"]);
    if newest != current {
        return Health::progressing(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {newest}..."
        ));
    }
    let pods = number(set, &["status", "currentReplicas"]);
    Health::healthy(format!(
        "statefulset rolling update complete {pods} pods at revision {current}..."
    ))
}

fn partitioned(wanted: Option<i64>, partition: Option<i64>, updated: i64) -> Health {
    if let (Some(wanted), Some(partition)) = (wanted, partition) {
        let new = wanted - partition;
        if updated < new {
            return Health::progressing(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {new} new pods have been updated..."
            ));
        }
    }
    Health::healthy(format!(
        "partitioned roll out complete: {updated} new pods have been updated..."
    ))
}

/// Source: gitops-engine `pkg/health/health_daemonset.go`.
pub(super) fn daemon_set(set: &Value) -> Health {
    if is_stale(set) {
        return Health::progressing(
            "Waiting for rollout to finish: observed daemon set generation less than desired generation",
        );
    }
    let status = |field| number(set, &["status", field]);
    let (wanted, updated) = (
        status("desiredNumberScheduled"),
        status("updatedNumberScheduled"),
    );
    if text(set, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return Health::healthy(format!(
            "daemon set {updated} out of {wanted} new pods have been updated"
        ));
    }
    let name = text(set, &["metadata", "name"]);
    if updated < wanted {
        return Health::progressing(format!(
            "Waiting for daemon set {name:?} rollout to finish: {updated} out of {wanted} new pods have been updated..."
        ));
    }
    let available = status("numberAvailable");
    if available < wanted {
        return Health::progressing(format!(
            "Waiting for daemon set {name:?} rollout to finish: {available} of {wanted} updated pods are available..."
        ));
    }
    Health::healthy("")
}
