//! What the engine can tell of its Applications at a glance.

use std::time::Duration;

use smol_str::SmolStr;
use toft_object::Time;

use crate::compare::SyncStatus;
use crate::health::HealthStatus;
use crate::result::OperationPhase;

/// One Application at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppOverview {
    /// Its name.
    pub name: SmolStr,
    /// Its project.
    pub project: SmolStr,
    /// The namespace that it goes to.
    pub namespace: SmolStr,
    /// Whether the cluster has what Git wants.
    pub sync: SyncStatus,
    /// How well it does.
    pub health: HealthStatus,
    /// How far its last operation is; `None` where there was none.
    pub phase: Option<OperationPhase>,
    /// What the operation says, or what is wrong.
    pub message: String,
    /// How many objects it has.
    pub objects: usize,
    /// The revisions that it was compared with.
    pub revisions: Vec<SmolStr>,
    /// When the last operation began.
    pub started_at: Option<Time>,
    /// How long the last operation took, once it ended.
    pub duration: Option<Duration>,
    /// What is to be told: conditions, as `Type: message`.
    pub notices: Vec<String>,
    /// Whether nothing is under way for it.
    pub settled: bool,
}

/// What is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Applications that are being refreshed, or are to be.
    pub refreshes: usize,
    /// Applications with an operation that did not end.
    pub operations: usize,
    /// Sets that are not expanded, or whose Applications are not written.
    pub sets: usize,
    /// Collections and discovery documents that were not read yet.
    pub reads: usize,
}

impl Pending {
    /// Whether nothing is under way.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}
