//! What gets something from outside: Services, Ingresses, claims.

use toft_value::Value;

use super::{Health, HealthStatus, text};

fn has_address(object: &Value) -> bool {
    !object
        .items_at(&["status", "loadBalancer", "ingress"])
        .is_empty()
}

/// Source: gitops-engine `pkg/health/health_service.go`.
pub(super) fn service(service: &Value) -> Health {
    if text(service, &["spec", "type"]) == "LoadBalancer" {
        return ingress(service);
    }
    Health::healthy("")
}

/// Source: gitops-engine `pkg/health/health_ingress.go`.
pub(super) fn ingress(ingress: &Value) -> Health {
    if has_address(ingress) {
        Health::healthy("")
    } else {
        Health::progressing("")
    }
}

/// Source: gitops-engine `pkg/health/health_pvc.go`.
pub(super) fn claim(claim: &Value) -> Health {
    let status = match text(claim, &["status", "phase"]) {
        "Lost" => HealthStatus::Degraded,
        "Pending" => HealthStatus::Progressing,
        "Bound" => HealthStatus::Healthy,
        _ => HealthStatus::Unknown,
    };
    Health::new(status, "")
}
