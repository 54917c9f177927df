//! Why an apply fails, with upstream's words.

use std::collections::BTreeMap;

use toft_object::Gvk;

use super::owner::Manager;
use super::path::PathElement;

/// Why an apply fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Others own fields that would change: 409.
    #[error("{}", message(.0))]
    Conflicts(Vec<Conflict>),
    /// The request is wrong: 400.
    #[error("{0}")]
    Bad(String),
    /// What upstream gives no status: 500.
    #[error("{0}")]
    Internal(String),
}

/// One field that somebody else owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub(super) manager: Manager,
    pub(super) path: Vec<PathElement>,
}

impl Conflict {
    /// The cause's message: `conflict with "kubectl" using apps/v1`.
    pub fn message(&self) -> String {
        format!("conflict with {}", self.manager.print())
    }

    /// The cause's field: `.spec.replicas`.
    pub fn field(&self) -> String {
        self.path.iter().map(ToString::to_string).collect()
    }
}

/// Source: apimachinery 0.36.3 `pkg/util/managedfields/internal/conflict.go`.
fn message(conflicts: &[Conflict]) -> String {
    if let [one] = conflicts {
        let (message, field) = (one.message(), one.field());
        return format!("Apply failed with 1 conflict: {message}: {field}");
    }
    let mut managers: BTreeMap<String, Vec<&Conflict>> = BTreeMap::new();
    for conflict in conflicts {
        let conflicts = managers.entry(conflict.manager.identifier());
        conflicts.or_default().push(conflict);
    }
    let mut lines = Vec::new();
    for conflicts in managers.values() {
        let manager = conflicts.first().map(|one| one.manager.print());
        lines.push(format!("conflicts with {}:", manager.unwrap_or_default()));
        lines.extend(conflicts.iter().map(|one| format!("- {}", one.field())));
    }
    let count = conflicts.len();
    format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
}

/// A kind as Go prints it: `apps/v1, Kind=Deployment`.
pub(super) fn print_gvk(gvk: &Gvk) -> String {
    format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind)
}
