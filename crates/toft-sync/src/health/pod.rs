//! Pods.
//!
//! Source: gitops-engine b89b0871b414 `pkg/health/health_pod.go`.

use toft_value::Value;

use super::{Health, HealthStatus, condition, number, text};
use crate::hook::is_hook;

/// Containers that cannot start make a pod degraded only where it restarts always: a hook with a
/// finite life may still get its image.
pub(super) fn pod(pod: &Value) -> Health {
    let policy = policy(pod);
    if policy == "Always"
        && let Some(message) = waiting_in_error(pod)
    {
        return Health::degraded(message);
    }
    let message = text(pod, &["status", "message"]);
    match (text(pod, &["status", "phase"]), policy) {
        ("Pending", _) | ("Running", "OnFailure" | "Never") => Health::progressing(message),
        ("Succeeded", _) => Health::healthy(message),
        ("Failed", _) => Health::degraded(failure(pod)),
        ("Running", "Always") => running(pod, message),
        _ => Health::new(HealthStatus::Unknown, message),
    }
}

/// Makes a pod that ends some day count as one that runs for ever; not one that is a hook.
///
/// Source: Argo CD 3.6.0 `gitops-engine/pkg/sync/common/types.go`, `AnnotationIgnoreRestartPolicy`.
const ANNOTATION_IGNORE_RESTART_POLICY: &str = "argocd.argoproj.io/ignore-restart-policy";

/// The restart policy that counts.
fn policy(pod: &Value) -> &str {
    let annotation = |name| pod.str_at(&["metadata", "annotations", name]);
    let ignored = annotation(ANNOTATION_IGNORE_RESTART_POLICY) == Some("true");
    if ignored && !is_hook(annotation) {
        return "Always";
    }
    text(pod, &["spec", "restartPolicy"])
}

fn waiting_in_error(pod: &Value) -> Option<String> {
    let statuses = pod.items_at(&["status", "containerStatuses"]).iter();
    let waiting = statuses.filter_map(|status| status.at(&["state", "waiting"]));
    let in_error = |waiting: &&Value| {
        let reason = text(waiting, &["reason"]);
        reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff")
    };
    let messages: Vec<&str> = waiting
        .filter(in_error)
        .map(|waiting| text(waiting, &["message"]))
        .collect();
    (!messages.is_empty()).then(|| messages.join(", "))
}

fn running(pod: &Value, message: &str) -> Health {
    if condition(pod, "Ready").is_some_and(|ready| text(ready, &["status"]) == "True") {
        return Health::healthy(message);
    }
    let statuses = pod.items_at(&["status", "containerStatuses"]);
    let ended = |status: &Value| status.at(&["lastState", "terminated"]).is_some();
    if statuses.iter().any(ended) {
        return Health::degraded(message);
    }
    Health::progressing(message)
}

fn failure(pod: &Value) -> String {
    let message = text(pod, &["status", "message"]);
    if !message.is_empty() {
        return message.to_owned();
    }
    let mut containers = ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .flat_map(|list| pod.items_at(&["status", list]));
    containers.find_map(container_failure).unwrap_or_default()
}

fn container_failure(status: &Value) -> Option<String> {
    let ended = status.at(&["state", "terminated"])?;
    let message = text(ended, &["message"]);
    if !message.is_empty() {
        return Some(message.to_owned());
    }
    if text(ended, &["reason"]) == "OOMKilled" {
        return Some("OOMKilled".to_owned());
    }
    let code = number(ended, &["exitCode"]);
    let name = text(status, &["name"]);
    (code != 0).then(|| format!("container {name:?} failed with exit code {code}"))
}
