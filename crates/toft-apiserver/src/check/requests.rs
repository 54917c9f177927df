//! Conditions and certificates of certificate requests: who may write which.
//!
//! Source: Kubernetes 1.36.3 `pkg/apis/certificates/validation/validation.go`.

use toft_value::Value;

use crate::call::Call;
use crate::invalid::FieldError;

const APPROVED: &str = "Approved";
const DENIED: &str = "Denied";
const FAILED: &str = "Failed";

const CONDITIONS: &str = "status.conditions";
const CERTIFICATE: &str = "status.certificate";

/// What is wrong with a change of a request.
pub(super) fn change(call: &Call<'_>, live: &Value, new: &Value) -> Vec<FieldError> {
    let mut errors = conditions(conditions_of(new));
    for kind in [APPROVED, DENIED, FAILED] {
        let (before, after) = (of_kind(live, kind), of_kind(new, kind));
        if after.len() < before.len() {
            let why = format!("updates may not remove a condition of type {kind:?}");
            errors.push(FieldError::forbidden(CONDITIONS, &why));
        } else if kind != FAILED && call.path.subresource != "approval" && after != before {
            let what = if after.len() > before.len() {
                "add"
            } else {
                "modify"
            };
            let why = format!("updates may not {what} a condition of type {kind:?}");
            errors.push(FieldError::forbidden(CONDITIONS, &why));
        }
    }
    errors.extend(certificate(call, live, new));
    errors
}

fn conditions_of(object: &Value) -> &[Value] {
    object.items_at(&["status", "conditions"])
}

fn of_kind<'v>(object: &'v Value, kind: &str) -> Vec<&'v Value> {
    let conditions = conditions_of(object).iter();
    conditions
        .filter(|condition| condition.str_at(&["type"]) == Some(kind))
        .collect()
}

fn conditions(list: &[Value]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (at, condition) in list.iter().enumerate() {
        let text = |key: &str| condition.str_at(&[key]).unwrap_or_default();
        let field = |key: &str| format!("{CONDITIONS}[{at}].{key}");
        let (kind, status) = (text("type"), text("status"));
        if kind.is_empty() {
            errors.push(FieldError::required(&field("type"), ""));
        }
        let allowed: &[&str] = match kind {
            APPROVED | DENIED | FAILED => &["True"],
            _ => &["False", "True", "Unknown"],
        };
        if status.is_empty() {
            errors.push(FieldError::required(&field("status"), ""));
        } else if !allowed.contains(&status) {
            let status = Value::from(status);
            errors.push(FieldError::not_supported(
                &field("status"),
                &status,
                allowed,
            ));
        }
        let excluded = match kind {
            APPROVED => seen.contains(&DENIED),
            DENIED => seen.contains(&APPROVED),
            _ => false,
        };
        if excluded {
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(FieldError::invalid(CONDITIONS, &Value::from(kind), why));
        }
        if seen.contains(&kind) {
            errors.push(FieldError::duplicate(&field("type"), &Value::from(kind)));
        }
        seen.push(kind);
    }
    errors
}

/// A certificate comes once, through the status.
fn certificate(call: &Call<'_>, live: &Value, new: &Value) -> Option<FieldError> {
    let of = |object: &Value| {
        let text = object.str_at(&["status", "certificate"]);
        text.unwrap_or_default().to_owned()
    };
    let (before, after) = (of(live), of(new));
    if before == after {
        return None;
    }
    if call.path.subresource != "status" {
        let why = "updates may not set certificate content";
        return Some(FieldError::forbidden(CERTIFICATE, why));
    }
    if !before.is_empty() {
        let why = "updates may not modify existing certificate content";
        return Some(FieldError::forbidden(CERTIFICATE, why));
    }
    None
}
