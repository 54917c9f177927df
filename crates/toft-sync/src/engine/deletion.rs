//! An Application that is deleted: first what it manages, the highest wave first, then itself.
//!
//! Source: Argo CD 3.2.0 `controller/appcontroller.go`, `finalizeApplicationDeletion`;
//! `controller/sort_delete.go`.

use toft_api::{Propagation, Reason, Response};
use toft_argo::{Confirmable, RESOURCES_FINALIZER, SyncOptions, sync_wave};
use toft_object::{Object, Time};
use toft_value::Value;

use super::app::AppState;
use super::calls::{For, Name, Purpose, wait_after};
use super::live::Pairs;
use super::{Engine, Visit};
use crate::condition::{Condition, ConditionKind, replaced};
use crate::desired::Desired;
use crate::plan::order::is_crd;
use crate::run::is_terminating;

/// How the deletion of what an Application manages goes.
#[derive(Debug, Default)]
pub(super) struct Cascade {
    /// Deletions that are not answered yet.
    open: usize,
    failures: u32,
    not_before: Option<Time>,
}

const ANNOTATION_APPROVED: &str = "argocd.argoproj.io/deletion-approved";
/// How the finalizers begin that wait for hooks of the deletion.
const AFTERWARDS: &str = "post-delete-finalizer.argocd.argoproj.io";
const ANNOTATION_KEEP: &str = "helm.sh/resource-policy";

impl Engine {
    /// Does what can be done of a deletion; without its finalizer an Application leaves everything.
    pub(super) fn drive_deletion(&mut self, now: Time, state: &mut AppState) {
        if state.cascade.open > 0 {
            return;
        }
        if !state.app.cascades() {
            // Hooks that run after a deletion are not run yet; waiting for them would never end.
            if finalizers(state).iter().any(is_ours) {
                state.writing.finalizers = Some(finalizers_left(state));
            }
            return;
        }
        if let Some(at) = state.cascade.not_before.filter(|at| *at > now) {
            return self.visit_at(Visit::App(state.app.name.clone()), at);
        }
        state.run = None;
        let Ok(cluster) = self.cluster_of(&state.app) else {
            // Nothing of it can be reached any more: holding on to it would help nobody.
            state.writing.finalizers = Some(finalizers_left(state));
            return;
        };
        let objects = match self.pairs(now, state, (For::Refresh, &Desired::default())) {
            Pairs::Known(pairs) => pairs.into_iter().filter_map(|pair| pair.live),
            Pairs::Waiting => return,
            Pairs::Failed(message) => return complain(now, state, &message),
        };
        let objects: Vec<Object> = objects.collect();
        // One wave after the other: what is still going has to be gone first.
        if objects.iter().any(is_terminating) {
            return;
        }
        let going: Vec<&Object> = objects.iter().filter(|one| goes(state, one)).collect();
        if going.iter().any(|one| asks(state, one)) && !is_approved(state) {
            return;
        }
        let Some(last) = going.iter().map(|one| sync_wave(one)).max() else {
            state.writing.finalizers = Some(finalizers_left(state));
            return;
        };
        let propagation = propagation(state);
        for object in going.into_iter().filter(|one| sync_wave(one) == last) {
            if let Some(request) = self.delete_request(&cluster, object, propagation) {
                state.cascade.open += 1;
                let purpose = Purpose::Cascade(state.app.name.clone());
                self.call(now, purpose, (&cluster, request));
            }
        }
    }

    pub(super) fn cascade_answered(&mut self, now: Time, name: &Name, response: &Response) {
        let Some(state) = self.apps.get_mut(name) else {
            return;
        };
        state.cascade.open = state.cascade.open.saturating_sub(1);
        match response
            .error()
            .filter(|error| error.reason != Reason::NotFound)
        {
            Some(error) => {
                state.cascade.failures += 1;
                let wait = wait_after(state.cascade.failures, error);
                state.cascade.not_before = Some(now + wait);
                complain(now, state, &error.message);
            }
            None => state.cascade.failures = 0,
        }
        // The watch tells when the objects are gone; asking too early would delete them twice.
        let at = state
            .cascade
            .not_before
            .unwrap_or(now + super::watches::GATHER);
        self.visit_at(Visit::App(name.clone()), at);
    }
}

fn complain(now: Time, state: &mut AppState, message: &str) {
    let kind = ConditionKind::DeletionError;
    let condition = Condition::new(kind, message);
    let old = state.status.items_at(&["conditions"]);
    let conditions = replaced(old, &[condition], &[kind], now);
    state.status.set_at(&["conditions"], conditions);
}

/// Whether an object goes with its Application.
fn goes(state: &AppState, object: &Object) -> bool {
    let keeps = object.annotation(ANNOTATION_KEEP) == Some("keep");
    let stays = delete_option(state, object) == Some(Confirmable::No);
    !is_crd(object) && object.id() != state.id() && !keeps && !stays
}

fn asks(state: &AppState, object: &Object) -> bool {
    delete_option(state, object) == Some(Confirmable::Confirm)
}

/// What an object says of its deletion, else what its Application says of all of them.
///
/// Source: Argo CD 3.6.0 `controller/appcontroller.go`, `shouldBeDeleted`.
fn delete_option(state: &AppState, object: &Object) -> Option<Confirmable> {
    let own = SyncOptions::of(object).delete();
    own.or_else(|| state.app.sync_policy.options.delete())
}

fn is_approved(state: &AppState) -> bool {
    let since = state.app.value().str_at(&["metadata", "deletionTimestamp"]);
    let since = since.and_then(|text| Time::parse(text).ok());
    let approved = state.app.annotation(ANNOTATION_APPROVED);
    let approved = approved.and_then(|text| Time::parse(text).ok());
    approved.is_some_and(|approved| since.is_none_or(|since| approved >= since))
}

fn finalizers(state: &AppState) -> &[Value] {
    state.app.value().items_at(&["metadata", "finalizers"])
}

fn is_ours(finalizer: &Value) -> bool {
    let text = finalizer.as_str().unwrap_or_default();
    let cascade = text.strip_prefix(RESOURCES_FINALIZER);
    matches!(cascade, Some("" | "/background" | "/foreground")) || text.starts_with(AFTERWARDS)
}

fn finalizers_left(state: &AppState) -> Vec<Value> {
    let left = finalizers(state).iter().filter(|one| !is_ours(one));
    left.cloned().collect()
}

fn propagation(state: &AppState) -> Propagation {
    let background = format!("{RESOURCES_FINALIZER}/background");
    let wants = |one: &Value| one.as_str() == Some(&background);
    if finalizers(state).iter().any(wants) {
        Propagation::Background
    } else {
        Propagation::Foreground
    }
}
