//! Horizontal pod autoscalers.
//!
//! Source: gitops-engine b89b0871b414 `pkg/health/health_hpa.go`.

use toft_value::Value;

use super::{Health, HealthStatus, text};

/// Where version 1, which has no conditions, keeps them.
const CONDITIONS_ANNOTATION: &str = "autoscaling.alpha.kubernetes.io/conditions";

/// Type and reason of the conditions that say that it cannot scale.
const DEGRADED: &[(&str, &str)] = &[
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "InvalidSelector"),
];

pub(super) fn horizontal_pod_autoscaler(scaler: &Value) -> Health {
    if text(scaler, &["apiVersion"]) != "autoscaling/v1" {
        return judge(scaler.items_at(&["status", "conditions"]));
    }
    let annotation = scaler.str_at(&["metadata", "annotations", CONDITIONS_ANNOTATION]);
    match annotation.map(|json| Value::from_json(json.as_bytes())) {
        None => judge(&[]),
        Some(Ok(conditions)) => judge(conditions.items()),
        Some(Err(error)) => {
            let message = format!("failed to convert conditions annotation to typed: {error}");
            Health::new(HealthStatus::Unknown, message)
        }
    }
}

fn judge(conditions: &[Value]) -> Health {
    for condition in conditions {
        let (kind, reason) = (text(condition, &["type"]), text(condition, &["reason"]));
        let message = text(condition, &["message"]);
        if DEGRADED.contains(&(kind, reason)) {
            return Health::degraded(message);
        }
        let scales = matches!(kind, "AbleToScale" | "ScalingLimited");
        if scales && text(condition, &["status"]) == "True" {
            return Health::healthy(message);
        }
    }
    Health::progressing("Waiting to Autoscale")
}
