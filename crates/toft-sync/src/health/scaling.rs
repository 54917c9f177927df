//! Horizontal pod autoscalers.
//!
//! Source: Argo CD 3.6.0 `gitops-engine/pkg/health/health_hpa.go`, which knows more reasons than 3.2 and
//! looks for them first.

use toft_value::Value;

use super::{Health, HealthStatus, text};

/// Where version 1, which has no conditions, keeps them.
const CONDITIONS_ANNOTATION: &str = "autoscaling.alpha.kubernetes.io/conditions";

/// Type and reason of the conditions that say that it cannot scale.
const DEGRADED: &[(&str, &str)] = &[
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "FailedGetObjectMetric"),
    ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetExternalMetric"),
    ("ScalingActive", "FailedComputeMetricsReplicas"),
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

/// A condition that says that it cannot scale counts before any that says that it can.
fn judge(conditions: &[Value]) -> Health {
    let is_degraded = |condition: &&Value| {
        let told = (text(condition, &["type"]), text(condition, &["reason"]));
        DEGRADED.contains(&told)
    };
    if let Some(condition) = conditions.iter().find(is_degraded) {
        return Health::degraded(text(condition, &["message"]));
    }
    let scales = |condition: &&Value| {
        let kind = text(condition, &["type"]);
        matches!(kind, "AbleToScale" | "ScalingLimited") && text(condition, &["status"]) == "True"
    };
    match conditions.iter().find(scales) {
        Some(condition) => Health::healthy(text(condition, &["message"])),
        None => Health::progressing("Waiting to Autoscale"),
    }
}
