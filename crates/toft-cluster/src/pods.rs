//! Reading pods, and making them from templates.

use std::time::Duration;

use toft_object::Time;
use toft_value::{Value, value};

use crate::conditions;
use crate::meta;
use crate::resources::Resource;

pub(crate) fn phase(pod: &Value) -> &str {
    pod.str_at(&["status", "phase"]).unwrap_or_default()
}

/// The node it is assigned to; empty for none.
pub(crate) fn node(pod: &Value) -> &str {
    pod.str_at(&["spec", "nodeName"]).unwrap_or_default()
}

/// Whether it has run to its end.
pub(crate) fn is_terminal(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether it runs or will run: neither at its end nor being deleted.
pub(crate) fn is_active(pod: &Value) -> bool {
    !is_terminal(pod) && !meta::is_deleting(pod)
}

pub(crate) fn is_ready(pod: &Value) -> bool {
    conditions::is_true(pod, "Ready")
}

/// When it became ready; `None` where it is not.
pub(crate) fn ready_since(pod: &Value) -> Option<Time> {
    let ready = conditions::find(pod, "Ready")?;
    (ready.str_at(&["status"]) == Some("True"))
        .then(|| meta::time_at(ready, &["lastTransitionTime"]))
        .flatten()
}

/// When it has been ready for long enough to count as available; `None` where it is not ready.
pub(crate) fn available_at(pod: &Value, min_ready_seconds: i64) -> Option<Time> {
    let seconds = u64::try_from(min_ready_seconds).unwrap_or(0);
    Some(ready_since(pod)? + Duration::from_secs(seconds))
}

/// Whether it has been ready for long enough.
pub(crate) fn is_available(pod: &Value, min_ready_seconds: i64, now: Time) -> bool {
    available_at(pod, min_ready_seconds).is_some_and(|at| at <= now)
}

/// How often its containers were started again.
pub(crate) fn restarts(pod: &Value) -> i64 {
    let statuses = pod.items_at(&["status", "containerStatuses"]).iter();
    statuses
        .filter_map(|status| status.i64_at(&["restartCount"]))
        .sum()
}

/// A pod of a template that an owner controls; its name is the server's to choose.
///
/// Source: Kubernetes 1.36.3 `pkg/controller/controller_utils.go`, `GetPodFromTemplate`.
pub(crate) fn from_template(template: &Value, resource: &Resource, owner: &Value) -> Value {
    let mut pod = value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", meta::name(owner)),
            "namespace": meta::namespace(owner),
            "ownerReferences": [meta::controller_reference(resource, owner)],
        },
    });
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(found) = template.at(&["metadata", key]) {
            pod.set_at(&["metadata", key], found);
        }
    }
    pod.set_at(&["spec"], template.get("spec").cloned().unwrap_or_default());
    pod
}
