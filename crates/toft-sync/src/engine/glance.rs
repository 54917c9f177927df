//! What the engine can tell of itself.

use toft_value::Value;

use super::Engine;
use super::app::AppState;
use super::store::Sight;
use super::writer::Wish;
use crate::compare::SyncStatus;
use crate::health::HealthStatus;
use crate::overview::{AppOverview, Pending};
use crate::result::OperationPhase;

impl Engine {
    /// Every Application at a glance, by name.
    pub fn overview(&self) -> Vec<AppOverview> {
        self.apps.values().map(glance).collect()
    }

    /// What is to be told of sets of Applications: name and words.
    pub fn set_notices(&self) -> Vec<(smol_str::SmolStr, String)> {
        self.words_of_sets()
    }

    /// What is under way.
    pub fn pending(&self) -> Pending {
        let apps = || {
            self.apps
                .values()
                .filter(|state| !state.app.skips_reconcile())
        };
        let unread = self
            .stores
            .values()
            .filter(|store| store.sight == Sight::Never);
        let undiscovered = self.clusters.values().filter(|view| view.kinds.is_empty());
        Pending {
            refreshes: apps().filter(|state| !is_refreshed(state)).count(),
            operations: apps().filter(|state| is_busy(state)).count(),
            sets: self
                .sets
                .values()
                .filter(|state| !state.is_settled())
                .count(),
            reads: unread.count() + undiscovered.count(),
        }
    }

    /// Whether nothing is under way, and every Application is healthy or finally failed.
    ///
    /// What never changes by itself again and is not healthy is for the caller to notice: this says
    /// nothing about time.
    pub fn is_settled(&self) -> bool {
        let fine = |app: &AppOverview| {
            app.health == HealthStatus::Healthy
                || matches!(
                    app.phase,
                    Some(OperationPhase::Failed | OperationPhase::Error)
                )
        };
        self.pending().is_nothing() && self.overview().iter().all(fine)
    }
}

fn is_refreshed(state: &AppState) -> bool {
    state.refreshed.is_some() && state.refreshing.is_none() && state.wanted.is_none()
}

fn is_busy(state: &AppState) -> bool {
    let asked = state.app.operation.is_some() && !state.writing.wishes(Wish::ClearOperation);
    asked || state.is_operating() || state.is_deleting()
}

fn glance(state: &AppState) -> AppOverview {
    let text = |path: &[&str]| state.status.str_at(path).unwrap_or_default();
    let operation = state.operation.as_ref();
    let ended = operation.filter(|operation| operation.phase.is_completed());
    let conditions = state.status.items_at(&["conditions"]).iter();
    let notices = conditions.map(|one| {
        let text = |key: &str| one.str_at(&[key]).unwrap_or_default();
        format!("{}: {}", text("type"), text("message"))
    });
    let one = state.status.at(&["sync", "revision"]).into_iter();
    let many = state.status.items_at(&["sync", "revisions"]).iter();
    AppOverview {
        name: state.app.name.clone(),
        project: state.app.project.clone(),
        namespace: state.app.destination.namespace.clone(),
        sync: SyncStatus::parse(text(&["sync", "status"])).unwrap_or_default(),
        health: HealthStatus::parse(text(&["health", "status"])).unwrap_or(HealthStatus::Unknown),
        phase: operation.map(|operation| operation.phase),
        message: operation
            .map(|operation| operation.message.clone())
            .unwrap_or_default(),
        objects: state.status.items_at(&["resources"]).len(),
        revisions: one
            .chain(many)
            .filter_map(Value::as_str)
            .map(Into::into)
            .collect(),
        started_at: operation.map(|operation| operation.started_at),
        duration: ended.and_then(|operation| {
            let finished_at = operation.finished_at?;
            Some(finished_at.since(operation.started_at))
        }),
        notices: notices.collect(),
        settled: is_refreshed(state) && !is_busy(state),
    }
}
