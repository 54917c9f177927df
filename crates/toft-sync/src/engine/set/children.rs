//! The Applications of a set: which there are, and what is done to them.
//!
//! Source: Argo CD 3.2.0 `applicationset_controller.go`, `createOrUpdateInCluster`, `createInCluster`,
//! `deleteInCluster`, `validateGeneratedApplications`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toft_api::{PatchKind, Propagation, Reason, Request, Response};
use toft_argo::{Application, RESOURCES_FINALIZER};
use toft_object::{Object, Time};
use toft_value::Value;

use super::super::calls::{Name, Purpose, wait_after};
use super::super::store::Store;
use super::super::{Engine, MANAGER, Visit};
use super::conditions::Outcome;
use super::{SetState, Work, child};
use crate::event::ProjectRules;
use crate::run::is_terminating;
use crate::status::merge_patch;

impl Engine {
    /// Makes the Applications what the last expansion says.
    ///
    /// One that is given and may not be written stays as it is. Nothing is deleted before everything is
    /// written: what could not be made anew must not be gone already.
    pub(super) fn drive_children(&mut self, now: Time, state: &mut SetState) {
        let Some(Ok(given)) = &state.expansion else {
            return;
        };
        let given = Arc::clone(given);
        if let Some(at) = state.not_before.filter(|at| *at > now) {
            return self.visit_at(Visit::Set(state.set.name.clone()), at);
        }
        if state.work == Work::Done {
            return;
        }
        let mut named: BTreeSet<&Name> = given.invalid.iter().map(|one| &one.name).collect();
        for application in &given.applications {
            let fresh = named.insert(&application.name);
            if fresh && self.objection(application).is_none() {
                self.write_child(now, state, application);
            }
        }
        if !state.open.is_empty() || !state.failures.is_empty() {
            return;
        }
        if state.allows_delete() {
            for (name, live) in self.children(&state.set.name) {
                if !named.contains(&name) {
                    self.delete_child(now, state, (&name, &live));
                }
            }
        }
        // What the project rules object to may be fine once a project is there.
        let refused = given.applications.iter();
        let refused = refused.filter(|application| self.objection(application).is_some());
        if state.open.is_empty() && refused.count() == 0 {
            state.work = Work::Done;
        }
    }

    /// The Applications that a set controls.
    pub(super) fn children(&self, set: &Name) -> BTreeMap<Name, Object> {
        let store = self.stores.get(&self.apps_key());
        let objects = store.into_iter().flat_map(Store::objects);
        let own = objects.filter(|object| {
            object.namespace() == self.settings.control_namespace
                && child::owner(object.value()).as_ref() == Some(set)
        });
        own.map(|object| (object.name().into(), object.clone()))
            .collect()
    }

    /// The Application of a name, whoever made it.
    fn application_there(&self, name: &Name) -> Option<&Object> {
        let store = self.stores.get(&self.apps_key())?;
        store.get(&self.settings.control_namespace, name)
    }

    /// What speaks against an Application that a set gives.
    fn objection(&self, application: &Application) -> Option<String> {
        if self.settings.project_rules == ProjectRules::Told {
            return None;
        }
        let project = &application.project;
        if !self.projects.contains_key(project) {
            return Some(format!(
                "application references project {project} which does not exist"
            ));
        }
        let cluster = self.cluster_of(application).err()?;
        Some(format!(
            "application destination spec is invalid: {cluster}"
        ))
    }

    fn write_child(&mut self, now: Time, state: &mut SetState, application: &Application) {
        let name = &application.name;
        if state.open.contains(name) {
            return;
        }
        let live = self.application_there(name);
        let controller = live.and_then(|live| child::controller(live.value()));
        let is_own = controller.is_some_and(|one| child::is_set(one, &state.set.name));
        if is_own && !state.allows_update() {
            return;
        }
        if let Some(other) = controller.filter(|_| !is_own) {
            let failed = (child::owned_by_another(&state.set, name, other), 1);
            state.failures.insert(name.clone(), failed);
            return;
        }
        let path = self.apps_key().path;
        let path = path.namespace(&self.settings.control_namespace);
        let wanted = child::wanted(&state.set, application, live.map(Object::value));
        let request = match live {
            None => Request::create(MANAGER, path, wanted),
            Some(live) => {
                let Some(patch) = merge_patch(live.value(), &wanted) else {
                    state.failures.remove(name);
                    return;
                };
                Request::patch(MANAGER, path.name(name), PatchKind::Merge, patch)
            }
        };
        self.call_for_child(now, state, (name, request));
    }

    fn call_for_child(&mut self, now: Time, state: &mut SetState, what: (&Name, Request)) {
        let (name, request) = what;
        state.open.insert(name.clone());
        let purpose = Purpose::Child(state.set.name.clone(), name.clone());
        let home = self.settings.home.clone();
        self.call(now, purpose, (&home, request));
    }

    /// Deletes an Application; where its cluster is unknown nothing of it could be deleted, so that its
    /// finalizer goes first.
    ///
    /// Source: Argo CD 3.2.0 `applicationset_controller.go`, `removeFinalizerOnInvalidDestination`.
    fn delete_child(&mut self, now: Time, state: &mut SetState, what: (&Name, &Object)) {
        let (name, live) = what;
        if is_terminating(live) {
            return;
        }
        let finalizers = live.value().items_at(&["metadata", "finalizers"]);
        let is_ours = |one: &&Value| one.as_str() == Some(RESOURCES_FINALIZER);
        let application = Application::parse(live.value()).value;
        if self.cluster_of(&application).is_err() && finalizers.iter().any(|one| is_ours(&one)) {
            let left = finalizers.iter().filter(|one| !is_ours(one));
            let left: Vec<Value> = left.cloned().collect();
            let mut patch = Value::Null;
            patch.set_at(&["metadata", "finalizers"], left);
            let path = self.apps_key().path.namespace(live.namespace()).name(name);
            let request = Request::patch(MANAGER, path, PatchKind::Merge, patch);
            return self.call_for_child(now, state, (name, request));
        }
        let home = self.settings.home.clone();
        if let Some(request) = self.delete_request(&home, live, Propagation::Background) {
            state.deleting.insert(name.clone());
            self.call_for_child(now, state, (name, request));
        }
    }

    pub(in crate::engine) fn child_written(
        &mut self,
        now: Time,
        what: (&Name, &Name),
        response: Response,
    ) {
        let (set, name) = what;
        let Some(state) = self.sets.get_mut(set) else {
            return;
        };
        state.open.remove(name);
        state.work = Work::Left;
        let answer = response.into_value();
        let is_deletion = state.deleting.remove(name);
        match &answer {
            Ok(_) => {
                state.failures.remove(name);
            }
            Err(error) if error.reason == Reason::NotFound => {}
            Err(error) => {
                let (_, failures) = state.failures.get(name).cloned().unwrap_or_default();
                let failed = (error.message.clone(), failures + 1);
                state.failures.insert(name.clone(), failed);
                state.not_before = Some(now + wait_after(failures + 1, error));
            }
        }
        let key = self.apps_key();
        match answer {
            Ok(value) if is_deletion => {
                let place = (self.settings.control_namespace.clone(), name.clone());
                self.write_back_deletion(now, (&key, place), value);
            }
            Ok(value) => {
                if let Ok(object) = Object::new(value) {
                    self.write_back(now, &key, object);
                }
            }
            Err(_) => {}
        }
        self.visit_at(Visit::Set(set.clone()), now);
    }

    /// What came of the last expansion, for the conditions.
    pub(super) fn outcome(&self, state: &SetState) -> Option<Outcome> {
        let given = match state.expansion.as_ref()? {
            Err(error) => return Some(Outcome::NotExpanded(error.clone())),
            Ok(given) => given,
        };
        if let Some(message) = state.first_failure() {
            return Some(if state.allows_update() {
                Outcome::NotWritten(message)
            } else {
                Outcome::NotCreated(message)
            });
        }
        let invalid = given.invalid.iter();
        let invalid = invalid.map(|one| (&one.name, one.reason.clone()));
        let refused = given.applications.iter().filter_map(|application| {
            let message = self.objection(application)?;
            Some((&application.name, message))
        });
        let objections: BTreeMap<&Name, String> = invalid.chain(refused).collect();
        let Some((_, message)) = objections.last_key_value() else {
            return Some(Outcome::UpToDate);
        };
        Some(Outcome::NotValid(match objections.len() - 1 {
            0 => message.clone(),
            more => format!("{message} (and {more} more)"),
        }))
    }
}

impl SetState {
    /// Why the first of the Applications that could not be written was not.
    fn first_failure(&self) -> Option<String> {
        let given = self.expansion.as_ref()?.as_ref().ok()?;
        let given = given.applications.iter().map(|one| &one.name);
        let mut names = given.chain(self.failures.keys());
        let (message, _) = names.find_map(|name| self.failures.get(name))?;
        Some(message.clone())
    }
}
