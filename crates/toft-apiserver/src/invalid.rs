//! Field errors as a refusal.

use std::fmt;

use toft_api::{ApiError, Cause, Reason};
use toft_object::GroupKind;
use toft_value::Value;

/// What is wrong with one field of a request.
///
/// Source: apimachinery 0.36.3 `pkg/util/validation/field/errors.go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    field: String,
    reason: &'static str,
    body: String,
}

impl FieldError {
    /// `field: Required value: why`
    pub(crate) fn required(field: &str, why: &str) -> Self {
        Self::new(field, "FieldValueRequired", with("Required value", why))
    }

    /// `field: Invalid value: "x": why`
    pub(crate) fn invalid(field: &str, value: &Value, why: &str) -> Self {
        let body = with(&format!("Invalid value: {}", value.to_json()), why);
        Self::new(field, "FieldValueInvalid", body)
    }

    /// `field: Unsupported value: "x": supported values: "a", "b"`
    pub(crate) fn not_supported(field: &str, value: &Value, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|one| format!("{one:?}")).collect();
        let body = format!(
            "Unsupported value: {}: supported values: {}",
            value.to_json(),
            supported.join(", ")
        );
        Self::new(field, "FieldValueNotSupported", body)
    }

    /// `field: Forbidden: why`
    pub(crate) fn forbidden(field: &str, why: &str) -> Self {
        Self::new(field, "FieldValueForbidden", with("Forbidden", why))
    }

    /// `field: Duplicate value: "x"`
    pub(crate) fn duplicate(field: &str, value: &Value) -> Self {
        let body = format!("Duplicate value: {}", value.to_json());
        Self::new(field, "FieldValueDuplicate", body)
    }

    /// What the schemas found.
    pub(crate) fn of(error: &toft_schema::FieldError) -> Self {
        Self::new(&error.field, error.reason(), error.message())
    }

    fn new(field: &str, reason: &'static str, body: String) -> Self {
        Self {
            field: field.to_owned(),
            reason,
            body,
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.field, self.body)
    }
}

fn with(what: &str, why: &str) -> String {
    if why.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {why}")
    }
}

/// `Pod "a" is invalid: spec.containers: Required value`
///
/// Source: apimachinery 0.36.3 `pkg/api/errors/errors.go`, `NewInvalid`; `pkg/util/errors`, aggregate.
pub(crate) fn invalid(kind: &GroupKind, name: &str, errors: &[FieldError]) -> ApiError {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let all = match texts.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let message = format!("{kind} {name:?} is invalid: {all}");
    let mut refusal = ApiError::new(Reason::Invalid, message);
    refusal.details.name = name.into();
    refusal.details.group = kind.group.clone();
    refusal.details.kind = kind.kind.clone();
    let cause = |error: &FieldError| Cause {
        reason: error.reason.into(),
        message: error.body.clone(),
        field: error.field.clone(),
    };
    refusal.details.causes = errors.iter().map(cause).collect();
    refusal
}
