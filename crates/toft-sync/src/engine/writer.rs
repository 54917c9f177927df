//! Writing an Application: one write at a time, only what changed, until it is written.

use std::collections::BTreeSet;

use toft_api::{PatchKind, Reason, Request, Response};
use toft_object::{Object, Time};
use toft_value::{Map, Value};

use super::app::AppState;
use super::calls::{Name, Purpose, wait_after};
use super::refresh::Level;
use super::{Engine, MANAGER, Visit};
use crate::operation::OperationState;
use crate::status::merge_patch;

/// What is to be written besides the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// An operation begins that the cluster does not know of.
    BeginOperation,
    /// The operation that was asked for is done with.
    ClearOperation,
    /// The refresh that was asked for is done with.
    ClearRefresh,
}

/// What is to be written of an Application besides its status, and how the writing goes.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// Whether a write is not answered yet.
    is_open: bool,
    failures: u32,
    not_before: Option<Time>,
    wishes: BTreeSet<Wish>,
    /// The patch that was written last.
    patch: Option<Value>,
    /// The version of the Application that it gave.
    version: Option<u64>,
    /// The finalizers that are to be left; `None` where they stay as they are.
    pub(super) finalizers: Option<Vec<Value>>,
}

const ANNOTATION_REFRESH: &str = "argocd.argoproj.io/refresh";

impl Engine {
    /// Writes what is not written yet.
    pub(super) fn write_app(&mut self, now: Time, state: &mut AppState) {
        if state.writing.is_open {
            return;
        }
        if let Some(at) = state.writing.not_before.filter(|at| *at > now) {
            return self.visit_at(Visit::App(state.app.name.clone()), at);
        }
        let Some(patch) = patch_of(state) else {
            return;
        };
        // What the cluster took and dropped again, such as a field that its definition does not know,
        // would be written for ever.
        let unchanged = state.writing.version == Some(state.version);
        if unchanged && state.writing.patch.as_ref() == Some(&patch) {
            return;
        }
        state.writing.patch = Some(patch.clone());
        state.writing.version = None;
        let path = self.apps_key().path;
        let path = path.namespace(&state.app.namespace).name(&state.app.name);
        let request = Request::patch(MANAGER, path, PatchKind::Merge, patch);
        let home = self.settings.home.clone();
        self.call(
            now,
            Purpose::WriteApp(state.app.name.clone()),
            (&home, request),
        );
        state.writing.is_open = true;
    }

    pub(super) fn app_written(&mut self, now: Time, name: &Name, response: Response) {
        let Some(state) = self.apps.get_mut(name) else {
            return;
        };
        state.writing.is_open = false;
        match response.into_value() {
            Ok(value) => {
                state.writing.failures = 0;
                state.writing.not_before = None;
                state.writing.wishes.remove(&Wish::BeginOperation);
                if let Ok(object) = Object::new(value) {
                    state.take_in(&object);
                    state.writing.version = Some(state.version);
                    state.writing.settle(&object);
                    let key = self.apps_key();
                    self.write_back(now, &key, object);
                }
            }
            Err(error) => {
                if error.reason == Reason::Conflict && state.writing.wishes(Wish::BeginOperation) {
                    // Somebody changed the Application meanwhile, perhaps to begin an operation.
                    state.writing.wishes.remove(&Wish::BeginOperation);
                    state.operation = OperationState::read(&state.app);
                    state.run = None;
                    state.want(Level::Recent);
                }
                if error.reason == Reason::NotFound {
                    // The watch tells that it is gone.
                    return;
                }
                state.writing.failures += 1;
                let wait = wait_after(state.writing.failures, &error);
                state.writing.not_before = Some(now + wait);
            }
        }
        self.visit_at(Visit::App(name.clone()), now);
    }
}

impl Writing {
    /// Asks for something to be written.
    pub(super) fn wish(&mut self, wish: Wish) {
        self.wishes.insert(wish);
    }

    /// Whether something is still to be written.
    pub(super) fn wishes(&self, wish: Wish) -> bool {
        self.wishes.contains(&wish)
    }

    /// Drops the wishes that the Application fulfils.
    fn settle(&mut self, object: &Object) {
        if object.annotation(ANNOTATION_REFRESH).is_none() {
            self.wishes.remove(&Wish::ClearRefresh);
        }
        if object.value().get("operation").is_none() {
            self.wishes.remove(&Wish::ClearOperation);
        }
        let finalizers = object.value().items_at(&["metadata", "finalizers"]);
        if self.finalizers.as_deref() == Some(finalizers) {
            self.finalizers = None;
        }
    }
}

/// The merge patch that makes the Application what it should be; `None` where it is.
fn patch_of(state: &AppState) -> Option<Value> {
    let known = state.app.value();
    let mut patch = Map::new();
    let mut wanted = state.status.clone();
    match &state.operation {
        Some(operation) => wanted.set_at(&["operationState"], operation.to_value()),
        None => {
            wanted.remove_at(&["operationState"]);
        }
    }
    let empty = Value::Map(Map::new());
    let has_status = wanted.as_map().is_some_and(|status| !status.is_empty());
    let status = merge_patch(known.get("status").unwrap_or(&empty), &wanted);
    if let Some(status) = status.filter(|_| has_status) {
        patch.insert("status", status);
    }
    let mut metadata = Map::new();
    if state.writing.wishes(Wish::ClearRefresh)
        && state.app.annotation(ANNOTATION_REFRESH).is_some()
    {
        let annotation = [(ANNOTATION_REFRESH.into(), Value::Null)];
        metadata.insert("annotations", annotation.into_iter().collect::<Map>());
    }
    if let Some(finalizers) = &state.writing.finalizers {
        metadata.insert("finalizers", finalizers.clone());
    }
    if state.writing.wishes(Wish::ClearOperation) && known.get("operation").is_some() {
        patch.insert("operation", Value::Null);
    }
    if state.writing.wishes(Wish::BeginOperation)
        && let Some(operation) = &state.operation
    {
        patch.insert("operation", operation.operation.raw.clone());
        // Whoever else begins an operation meanwhile is not overwritten.
        let version = known.at(&["metadata", "resourceVersion"]);
        metadata.insert("resourceVersion", version.cloned().unwrap_or_default());
    }
    if !metadata.is_empty() {
        patch.insert("metadata", metadata);
    }
    (!patch.is_empty()).then_some(Value::Map(patch))
}
