//! The conditions of an Application.

use toft_object::Time;
use toft_value::{Value, value};

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionKind {
    /// Desired and live state could not be compared.
    ComparisonError,
    /// The deletion does not go on.
    DeletionError,
    /// A kind is excluded by settings.
    ExcludedResourceWarning,
    /// The Application is wrong in itself, or its project does not permit it.
    InvalidSpecError,
    /// Several manifests give the same object.
    RepeatedResourceWarning,
    /// An object belongs to another Application, too.
    SharedResourceWarning,
    /// A sync that should have begun by itself did not.
    SyncError,
    /// What Toft does not do yet with this Application.
    UnsupportedWarning,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it is about.
    pub kind: ConditionKind,
    /// What it says.
    pub message: String,
}

impl ConditionKind {
    /// As it is written in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ComparisonError => "ComparisonError",
            Self::DeletionError => "DeletionError",
            Self::ExcludedResourceWarning => "ExcludedResourceWarning",
            Self::InvalidSpecError => "InvalidSpecError",
            Self::RepeatedResourceWarning => "RepeatedResourceWarning",
            Self::SharedResourceWarning => "SharedResourceWarning",
            Self::SyncError => "SyncError",
            Self::UnsupportedWarning => "UnsupportedWarning",
        }
    }
}

impl Condition {
    /// A condition.
    pub fn new(kind: ConditionKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

fn text<'a>(condition: &'a Value, key: &str) -> &'a str {
    condition.str_at(&[key]).unwrap_or_default()
}

/// The conditions of a status with those of the evaluated kinds replaced.
///
/// A condition that was there keeps its time. Sorted by kind and message.
///
/// Source: Argo CD 3.2.0 `types.go`, `SetConditions`.
pub(crate) fn replaced(
    old: &[Value],
    new: &[Condition],
    evaluated: &[ConditionKind],
    now: Time,
) -> Vec<Value> {
    let is_evaluated = |kind: &str| evaluated.iter().any(|evaluated| evaluated.as_str() == kind);
    let kept = old.iter().filter(|one| !is_evaluated(text(one, "type")));
    let mut conditions: Vec<Value> = kept.cloned().collect();
    for condition in new {
        let (kind, message) = (condition.kind.as_str(), condition.message.as_str());
        let same = |one: &&Value| text(one, "type") == kind && text(one, "message") == message;
        let fresh =
            || value!({"type": kind, "message": message, "lastTransitionTime": now.to_string()});
        conditions.push(old.iter().find(same).cloned().unwrap_or_else(fresh));
    }
    conditions.sort_by(|left, right| {
        let key = |one: &Value| {
            (
                text(one, "type").to_owned(),
                text(one, "message").to_owned(),
            )
        };
        key(left).cmp(&key(right))
    });
    conditions.dedup();
    conditions
}

/// `InvalidSpecError: …;ComparisonError: …`
///
/// Source: Argo CD 3.2.0 `util/argo/argo.go`, `FormatAppConditions`.
pub(crate) fn joined(conditions: &[Condition]) -> String {
    let parts = conditions.iter();
    let parts = parts.map(|one| format!("{}: {}", one.kind.as_str(), one.message));
    parts.collect::<Vec<_>>().join(";")
}
