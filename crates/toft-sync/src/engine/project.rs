//! Projects: kept at hand, and let go once no Application names them.
//!
//! Source: Argo CD 3.2.0 `controller/appcontroller.go`, `finalizeProjectDeletion`.

use toft_api::{PatchKind, Request, ResourcePath, Response};
use toft_argo::{AppProject, GROUP, RESOURCES_FINALIZER};
use toft_object::{Object, Time};
use toft_value::Value;

use super::calls::{CALL_TIMEOUT, Name, Purpose};
use super::store::{Change, StoreKey};
use super::{Engine, MANAGER, Visit};

impl Engine {
    /// A project is new, different or gone.
    pub(super) fn note_project(&mut self, now: Time, name: &Name, change: &Change) {
        match &change.after {
            Some(after) => {
                let project = AppProject::parse(after.value()).value;
                self.projects.insert(name.clone(), project);
                self.visit_at(Visit::Project(name.clone()), now);
            }
            None => {
                self.projects.remove(name);
            }
        }
    }

    pub(super) fn visit_every_project(&mut self, now: Time) {
        let names: Vec<Name> = self.projects.keys().cloned().collect();
        for name in names {
            self.visit_at(Visit::Project(name), now);
        }
    }

    /// Lets a project go that is deleted and that no Application names any more.
    pub(super) fn visit_project(&mut self, now: Time, name: &Name) {
        let Some(project) = self.projects.get(name) else {
            return;
        };
        let value = project.value();
        let deleted = value.at(&["metadata", "deletionTimestamp"]);
        let finalizers = value.items_at(&["metadata", "finalizers"]);
        let ours = |one: &&Value| one.as_str() == Some(RESOURCES_FINALIZER);
        let is_named = self.apps.values().any(|state| state.app.project == *name);
        if deleted.is_none() || !finalizers.iter().any(|one| ours(&one)) || is_named {
            return;
        }
        let left: Vec<Value> = finalizers
            .iter()
            .filter(|one| !ours(one))
            .cloned()
            .collect();
        let mut patch = Value::Null;
        patch.set_at(&["metadata", "finalizers"], left);
        let path = self.projects_key().path;
        let path = path.namespace(&self.settings.control_namespace).name(name);
        let request = Request::patch(MANAGER, path, PatchKind::Merge, patch);
        let home = self.settings.home.clone();
        self.call(now, Purpose::WriteProject(name.clone()), (&home, request));
    }

    pub(super) fn project_written(&mut self, now: Time, name: &Name, response: Response) {
        match response.into_value().map(Object::new) {
            Ok(Ok(object)) => {
                let key = self.projects_key();
                self.write_back(now, &key, object);
            }
            Ok(Err(_)) | Err(_) => self.visit_at(Visit::Project(name.clone()), now + CALL_TIMEOUT),
        }
    }

    fn projects_key(&self) -> StoreKey {
        StoreKey {
            cluster: self.settings.home.clone(),
            path: ResourcePath::new(GROUP, "v1alpha1", "appprojects"),
        }
    }
}
