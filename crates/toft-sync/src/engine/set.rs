//! One `ApplicationSet`: expand it, and make its Applications what it says.
//!
//! An error is never taken for an empty list: as long as a set cannot be expanded, its Applications
//! stay as they are.
//!
//! Source: Argo CD 3.2.0 `applicationset/controllers/applicationset_controller.go`.

mod child;
mod children;
mod conditions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use toft_api::{PatchKind, Request, ResourcePath, Response};
use toft_argo::{ApplicationSet, GROUP, missing_project};
use toft_object::{Object, Time};
use toft_value::{Map, Value};

use self::conditions::{Outcome, conditions, resources};
use super::calls::{Name, Purpose, wait_after};
use super::store::{Change, StoreKey, version};
use super::{Engine, MANAGER, Visit};
use crate::event::{CallId, Effect, SetError, SetRendering};
use crate::status::merge_patch;

/// How long an expansion is good for; upstream's default of the git generator.
///
/// Source: Argo CD 3.2.0 `applicationset/generators/git.go`, `DefaultRequeueAfter`.
const EXPAND_INTERVAL: Duration = Duration::from_mins(3);

const ANNOTATION_REFRESH: &str = "argocd.argoproj.io/application-set-refresh";
const FINALIZER: &str = toft_argo::RESOURCES_FINALIZER;

/// One set.
#[derive(Debug)]
pub(super) struct SetState {
    pub(super) set: ApplicationSet,
    uid: SmolStr,
    version: u64,
    /// What its status should be.
    status: Value,
    /// Whether it is to be expanded anew.
    wanted: bool,
    is_expanding: bool,
    expanded_at: Option<Time>,
    /// What the last expansion gave.
    expansion: Option<Result<Arc<SetRendering>, SetError>>,
    /// What is left to do for its Applications.
    work: Work,
    /// Applications that are being written.
    open: BTreeSet<Name>,
    /// Those of them that are being deleted.
    deleting: BTreeSet<Name>,
    /// Why Applications could not be written, and how often that happened.
    failures: BTreeMap<Name, (String, u32)>,
    not_before: Option<Time>,
    is_writing: bool,
    write_failures: u32,
}

/// What is left to do for the Applications of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Something may be.
    Left,
    /// Nothing: they are what the last expansion says.
    Done,
}

impl SetState {
    fn new(object: &Object) -> Self {
        let set = ApplicationSet::parse(object.value()).value;
        Self {
            status: set.value().get("status").cloned().unwrap_or_default(),
            set,
            uid: object.uid().into(),
            version: version(object),
            wanted: true,
            is_expanding: false,
            expanded_at: None,
            expansion: None,
            work: Work::Left,
            open: BTreeSet::new(),
            deleting: BTreeSet::new(),
            failures: BTreeMap::new(),
            not_before: None,
            is_writing: false,
            write_failures: 0,
        }
    }

    fn spec(&self) -> Option<&Value> {
        self.set.value().get("spec")
    }

    fn is_deleting(&self) -> bool {
        let time = self.set.value().at(&["metadata", "deletionTimestamp"]);
        time.is_some_and(|time| !time.is_null())
    }

    fn asks_for_refresh(&self) -> bool {
        let path = ["metadata", "annotations", ANNOTATION_REFRESH];
        self.set.value().str_at(&path) == Some("true")
    }

    /// Whether everything that it says was done.
    pub(super) fn is_settled(&self) -> bool {
        !self.wanted && !self.is_expanding && self.open.is_empty() && self.expansion.is_some()
    }

    /// Why it could not be expanded.
    pub(super) fn error(&self) -> Option<&str> {
        match self.expansion.as_ref()? {
            Ok(_) => None,
            Err(error) => Some(error.message()),
        }
    }

    fn allows_update(&self) -> bool {
        let policy = self.set.sync_policy.as_ref();
        policy.is_none_or(|policy| policy.applications_sync.allows_update())
    }

    fn allows_delete(&self) -> bool {
        let policy = self.set.sync_policy.as_ref();
        policy.is_none_or(|policy| policy.applications_sync.allows_delete())
    }
}

impl Engine {
    fn sets_key(&self) -> StoreKey {
        StoreKey {
            cluster: self.settings.home.clone(),
            path: ResourcePath::new(GROUP, "v1alpha1", "applicationsets"),
        }
    }

    /// A set is new, different or gone.
    pub(super) fn note_set(&mut self, now: Time, name: &Name, change: &Change) {
        let Some(object) = &change.after else {
            self.sets.remove(name);
            self.calls.forget(|purpose| {
                matches!(purpose, Purpose::Expand(one) | Purpose::Child(one, _) | Purpose::WriteSet(one) if one == name)
            });
            return;
        };
        match self.sets.get_mut(name) {
            Some(state) if state.uid == object.uid() => {
                if state.version < version(object) {
                    let before = state.spec().cloned();
                    state.set = ApplicationSet::parse(object.value()).value;
                    state.version = version(object);
                    if before.as_ref() != state.spec() {
                        state.work = Work::Left;
                        state.wanted = true;
                    }
                }
            }
            _ => {
                self.sets.insert(name.clone(), SetState::new(object));
            }
        }
        self.visit_at(Visit::Set(name.clone()), now);
    }

    /// An Application changed: the set that it belongs to looks at it. One that nobody controls may have
    /// the name of one that a set wants.
    pub(super) fn note_child(&mut self, now: Time, change: &Change) {
        let object = change.after.as_ref().or(change.before.as_ref());
        let owner = object.and_then(|object| child::owner(object.value()));
        let is_news = child::is_news(change);
        let concerned: Vec<Name> = match owner {
            Some(owner) => vec![owner],
            None if is_news => self.sets.keys().cloned().collect(),
            None => Vec::new(),
        };
        for name in concerned {
            if let Some(state) = self.sets.get_mut(&name).filter(|_| is_news) {
                state.work = Work::Left;
            }
            self.visit_at(Visit::Set(name), now + super::watches::GATHER);
        }
    }

    pub(super) fn visit_every_set(&mut self, now: Time) {
        let names: Vec<Name> = self.sets.keys().cloned().collect();
        for name in names {
            self.visit_at(Visit::Set(name), now);
        }
    }

    pub(super) fn expand_every_set(&mut self, now: Time) {
        for state in self.sets.values_mut() {
            state.wanted = true;
        }
        self.visit_every_set(now);
    }

    pub(super) fn visit_set(&mut self, now: Time, name: &Name) {
        if !self.is_ready(&self.settings.home.clone()) {
            return;
        }
        let Some(mut state) = self.sets.remove(name) else {
            return;
        };
        if state.is_deleting() {
            self.drive_set_deletion(now, &mut state);
        } else {
            self.drive_set(now, &mut state);
        }
        self.sets.insert(name.clone(), state);
    }

    fn drive_set(&mut self, now: Time, state: &mut SetState) {
        let due = state.expanded_at.map(|at| at + EXPAND_INTERVAL);
        state.wanted |= due.is_some_and(|due| due <= now) || state.asks_for_refresh();
        if state.wanted && !state.is_expanding {
            state.wanted = false;
            state.is_expanding = true;
            let call = self
                .calls
                .open(Purpose::Expand(state.set.name.clone()), now);
            let set = Box::new(state.set.clone());
            self.effects.push(Effect::Expand { call, set });
        }
        self.drive_children(now, state);
        self.write_set(now, state);
        if let Some(due) = due.filter(|_| !state.is_expanding) {
            self.visit_at(Visit::Set(state.set.name.clone()), due.max(now));
        }
    }

    pub(super) fn expanded(
        &mut self,
        now: Time,
        call: CallId,
        result: Result<SetRendering, SetError>,
    ) {
        if let Some(Purpose::Expand(name)) = self.calls.close(call) {
            self.set_expanded(now, &name, result);
        }
    }

    pub(super) fn set_expanded(
        &mut self,
        now: Time,
        name: &Name,
        result: Result<SetRendering, SetError>,
    ) {
        let Some(state) = self.sets.get_mut(name) else {
            return;
        };
        state.is_expanding = false;
        state.expanded_at = Some(now);
        state.expansion = Some(result.map(Arc::new));
        state.work = Work::Left;
        state.failures.clear();
        state.not_before = None;
        self.visit_at(Visit::Set(name.clone()), now);
    }

    fn write_set(&mut self, now: Time, state: &mut SetState) {
        if state.is_writing || !state.open.is_empty() || state.is_expanding {
            return;
        }
        if let Some(outcome) = self.outcome(state) {
            let mut status = state.status.as_map().cloned().unwrap_or_default();
            let old = state.status.items_at(&["conditions"]);
            status.insert("conditions", conditions(old, &outcome, now));
            if matches!(
                outcome,
                Outcome::UpToDate
                    | Outcome::NotValid(_)
                    | Outcome::NotCreated(_)
                    | Outcome::NotWritten(_)
            ) {
                let children = self.children(&state.set.name);
                status.insert("resources", resources(children.values()));
                status.insert("resourcesCount", children.len());
            }
            state.status = Value::Map(status);
        }
        let path = self.sets_key().path;
        let path = path.namespace(&state.set.namespace).name(&state.set.name);
        let empty = Value::Map(Map::new());
        let known = state.set.value().get("status").unwrap_or(&empty);
        let patch = merge_patch(known, &state.status).filter(|_| !state.status.is_null());
        let (path, body) = if state.asks_for_refresh() && state.expanded_at.is_some() {
            let mut body = Value::Null;
            body.set_at(
                &["metadata", "annotations", ANNOTATION_REFRESH],
                Value::Null,
            );
            (path, body)
        } else if let Some(patch) = patch {
            let mut body = Value::Null;
            body.set_at(&["status"], patch);
            (path.subresource("status"), body)
        } else {
            return;
        };
        state.is_writing = true;
        let request = Request::patch(MANAGER, path, PatchKind::Merge, body);
        let home = self.settings.home.clone();
        self.call(
            now,
            Purpose::WriteSet(state.set.name.clone()),
            (&home, request),
        );
    }

    pub(super) fn set_written(&mut self, now: Time, name: &Name, response: Response) {
        let Some(state) = self.sets.get_mut(name) else {
            return;
        };
        state.is_writing = false;
        match response.into_value() {
            Ok(value) => {
                state.write_failures = 0;
                if let Ok(object) = Object::new(value) {
                    let key = self.sets_key();
                    self.write_back(now, &key, object);
                }
                self.visit_at(Visit::Set(name.clone()), now);
            }
            Err(error) => {
                state.write_failures += 1;
                let wait = wait_after(state.write_failures, &error);
                self.visit_at(Visit::Set(name.clone()), now + wait);
            }
        }
    }

    /// A set that is deleted leaves its Applications to the garbage collector, or to themselves.
    fn drive_set_deletion(&mut self, now: Time, state: &mut SetState) {
        if state.is_writing || !state.open.is_empty() {
            return;
        }
        let path = self
            .apps_key()
            .path
            .namespace(&self.settings.control_namespace);
        let home = self.settings.home.clone();
        if !state.allows_delete() {
            for name in self.children(&state.set.name).into_keys() {
                let mut patch = Value::Null;
                patch.set_at(&["metadata", "ownerReferences"], Value::Null);
                let path = path.clone().name(&name);
                let request = Request::patch(MANAGER, path, PatchKind::Merge, patch);
                let purpose = Purpose::Child(state.set.name.clone(), name.clone());
                state.open.insert(name);
                self.call(now, purpose, (&home, request));
            }
            if !state.open.is_empty() {
                return;
            }
        }
        let finalizers = state.set.value().items_at(&["metadata", "finalizers"]);
        if !finalizers.iter().any(|one| one.as_str() == Some(FINALIZER)) {
            return;
        }
        let left = finalizers
            .iter()
            .filter(|one| one.as_str() != Some(FINALIZER));
        let left: Vec<Value> = left.cloned().collect();
        let mut patch = Value::Null;
        patch.set_at(&["metadata", "finalizers"], left);
        let path = self.sets_key().path;
        let path = path.namespace(&state.set.namespace).name(&state.set.name);
        let request = Request::patch(MANAGER, path, PatchKind::Merge, patch);
        state.is_writing = true;
        self.call(
            now,
            Purpose::WriteSet(state.set.name.clone()),
            (&home, request),
        );
    }

    /// What Argo CD says of the sets, for those that have something to say.
    pub(super) fn words_of_sets(&self) -> Vec<(Name, String)> {
        let mut words = Vec::new();
        for (name, state) in &self.sets {
            words.extend(state.error().map(|text| (name.clone(), text.to_owned())));
            let Some(Ok(given)) = &state.expansion else {
                continue;
            };
            let missing = given
                .applications
                .iter()
                .map(|application| &application.project);
            let missing: BTreeSet<&SmolStr> = missing
                .filter(|project| !self.projects.contains_key(*project))
                .collect();
            words.extend(
                missing
                    .into_iter()
                    .map(|project| (name.clone(), missing_project(project))),
            );
        }
        words
    }
}
