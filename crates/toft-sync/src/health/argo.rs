//! Applications, sets of them, workflows.

use toft_value::Value;

use super::{Health, HealthStatus, text};

/// The health that the child application reports for itself.
///
/// Source: Argo CD 3.2.0 `docs/operator-manual/health.md`, the check for `argoproj.io/Application` that
/// an app of apps needs; Argo CD itself ships without it.
pub(super) fn application(application: &Value) -> Health {
    let reported = text(application, &["status", "health", "status"]);
    let status = HealthStatus::parse(reported).unwrap_or(HealthStatus::Progressing);
    Health::new(status, text(application, &["status", "health", "message"]))
}

/// What a condition says about the health of a set: type, status, health. The first that holds counts.
///
/// Source: Argo CD 3.2.0 `resource_customizations/argoproj.io/ApplicationSet/health.lua`.
const SET_CONDITIONS: &[(&str, &str, HealthStatus)] = &[
    ("ErrorOccurred", "True", HealthStatus::Degraded),
    ("ResourcesUpToDate", "False", HealthStatus::Degraded),
    ("RolloutProgressing", "True", HealthStatus::Progressing),
    ("ResourcesUpToDate", "True", HealthStatus::Healthy),
];

pub(super) fn application_set(set: &Value) -> Health {
    let conditions = set.items_at(&["status", "conditions"]);
    for (kind, wanted, status) in SET_CONDITIONS {
        let holds = |condition: &&Value| {
            text(condition, &["type"]) == *kind && text(condition, &["status"]) == *wanted
        };
        if let Some(condition) = conditions.iter().find(holds) {
            return Health::new(*status, text(condition, &["message"]));
        }
    }
    Health::progressing("Waiting for the status to be reported")
}

/// Source: gitops-engine `pkg/health/health_argo.go`.
pub(super) fn workflow(workflow: &Value) -> Health {
    let status = match text(workflow, &["status", "phase"]) {
        "" | "Pending" | "Running" => HealthStatus::Progressing,
        "Succeeded" => HealthStatus::Healthy,
        "Failed" | "Error" => HealthStatus::Degraded,
        _ => HealthStatus::Unknown,
    };
    Health::new(status, text(workflow, &["status", "message"]))
}
