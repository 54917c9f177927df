//! What extends or guards the cluster: API services, CRDs, disruption budgets.

use toft_value::Value;

use super::{Health, condition, text};

/// Source: gitops-engine `pkg/health/health_apiservice.go`.
pub(super) fn api_service(service: &Value) -> Health {
    let Some(available) = condition(service, "Available") else {
        return Health::progressing("Waiting to be processed");
    };
    let message = format!(
        "{}: {}",
        text(available, &["reason"]),
        text(available, &["message"])
    );
    if text(available, &["status"]) == "True" {
        Health::healthy(message)
    } else {
        Health::progressing(message)
    }
}

/// Source: Argo CD 3.2.0 `resource_customizations/apiextensions.k8s.io/CustomResourceDefinition/health.lua`.
pub(super) fn custom_resource_definition(crd: &Value) -> Health {
    let conditions = crd.items_at(&["status", "conditions"]);
    if conditions.is_empty() {
        return Health::progressing("Status conditions not found");
    }
    let mut established = false;
    for condition in conditions {
        let message = text(condition, &["message"]);
        match (text(condition, &["type"]), text(condition, &["status"])) {
            ("Terminating", "True") => {
                return Health::progressing(format!("CRD is terminating: {message}"));
            }
            ("NamesAccepted", "False") => {
                return Health::degraded(format!("CRD names have not been accepted: {message}"));
            }
            ("NonStructuralSchema", "True") => {
                return Health::degraded(format!("Schema violations found: {message}"));
            }
            ("Established", "True") => established = true,
            // Source: Argo CD 3.6.0, the same script.
            ("Established", _) if text(condition, &["reason"]) == "Installing" => {
                return Health::progressing("CRD is being installed");
            }
            _ => {}
        }
    }
    if established {
        Health::healthy("CRD is healthy")
    } else {
        Health::degraded("CRD is not established")
    }
}

/// Source: Argo CD 3.2.0 `resource_customizations/policy/PodDisruptionBudget/health.lua`.
pub(super) fn disruption_budget(budget: &Value) -> Health {
    let mut health = Health::progressing("Waiting for status");
    for condition in budget.items_at(&["status", "conditions"]) {
        let reason = text(condition, &["reason"]);
        let message = format!("PodDisruptionBudget has {reason}");
        if text(condition, &["status"]) == "False" && reason != "InsufficientPods" {
            return Health::degraded(message);
        }
        health = Health::healthy(message);
    }
    health
}
