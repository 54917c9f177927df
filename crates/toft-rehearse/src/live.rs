//! What a repository would change in a cluster that runs, asked of the cluster itself.
//!
//! Compared is as the engine compares: a server-side apply that is not kept, beside the live object, without what
//! the cluster keeps for itself and without what `ignoreDifferences` names.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_api::{
    ApiError, Document, Options, PatchKind, Reason, Request, ResourcePath, Response, Target,
    Validation, Verb,
};
use toft_argo::{Application, GROUP, TrackingId, instance_name};
use toft_object::{Gvk, Object, ObjectId};
use toft_schema::patch;
use toft_sync::{Desired, Ignores, Kinds, MANAGER, Owner, Role, essence, role};
use toft_value::{Value, value};

use crate::everything::Everything;
use crate::walk::Rendition;

/// Who carries a request to the cluster and its answer back.
pub type Ask<'a> = dyn FnMut(&Request) -> Result<Response, ApiError> + 'a;

/// A cluster that runs.
pub struct LiveCluster<'a> {
    ask: &'a mut Ask<'a>,
    kinds: Kinds,
    api_versions: Vec<SmolStr>,
}

/// How an Application stands in a cluster, and how it would.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The Application, as it is written, or else as it runs.
    pub application: Application,
    /// What the cluster has of it; `None` where it has no such Application.
    pub now: Option<Vec<Object>>,
    /// What it would have, or why that is not known; `None` where the repository has no such Application.
    pub then: Option<Result<Vec<Object>, String>>,
}

impl<'a> LiveCluster<'a> {
    /// Finds out what the cluster serves.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub fn discover(ask: &'a mut Ask<'a>) -> Result<Self, ApiError> {
        let mut document = |document| {
            let request = Request {
                target: Target::Document(document),
                options: Options::default(),
                ..Request::new(MANAGER, Verb::Get, ResourcePath::default())
            };
            ask(&request)?.into_value()
        };
        let core = document(Document::CoreVersions { aggregated: true })?;
        let groups = document(Document::Groups { aggregated: true })?;
        Ok(Self {
            ask,
            kinds: Kinds::read(&[&core, &groups]),
            api_versions: api_versions(&[&core, &groups]),
        })
    }

    /// The API versions that charts may ask for: `apps/v1` and `apps/v1/Deployment`, of all that can be listed.
    pub fn api_versions(&self) -> &[SmolStr] {
        &self.api_versions
    }

    /// What applying a repository would change: each Application by its name, with the objects of both sides.
    ///
    /// An object that stays as it is is the same on both sides.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub fn compare(
        &mut self,
        everything: Everything,
    ) -> Result<BTreeMap<SmolStr, Standing>, ApiError> {
        let control = everything.control_namespace;
        let path = ResourcePath::new(GROUP, "v1alpha1", "applications");
        let list = (self.ask)(&Request::list(MANAGER, path))?.into_value()?;
        let mut live: BTreeMap<(SmolStr, SmolStr), Application> = BTreeMap::new();
        for one in list.items_at(&["items"]) {
            let application = Application::parse(one).value;
            let key = (application.namespace.clone(), application.name.clone());
            live.insert(key, application);
        }
        let mut standings = BTreeMap::new();
        for (name, rendition) in everything.applications {
            let written = &rendition.application;
            let namespace = match written.namespace.as_str() {
                "" => control.clone(),
                _ => written.namespace.clone(),
            };
            let runs = live.remove(&(namespace, written.name.clone()));
            let standing = self.standing(rendition, (runs.as_ref(), &control))?;
            standings.insert(name, standing);
        }
        for ((namespace, name), application) in live {
            let instance = instance_name(&name, &namespace, &control);
            let now = self.recorded((&application, &instance), &BTreeSet::new())?;
            let name = if standings.contains_key(&name) {
                format!("{namespace}/{name}").into()
            } else {
                name
            };
            let standing = Standing {
                application,
                now: Some(now),
                then: None,
            };
            standings.insert(name, standing);
        }
        Ok(standings)
    }

    fn standing(
        &mut self,
        rendition: Rendition,
        (runs, control): (Option<&Application>, &str),
    ) -> Result<Standing, ApiError> {
        let application = rendition.application;
        let whole = match rendition.rendering {
            Ok(whole) => whole,
            Err(failure) => {
                return Ok(Standing {
                    application,
                    now: runs.map(|_| Vec::new()),
                    then: Some(Err(failure)),
                });
            }
        };
        let instance = instance_name(&application.name, &application.namespace, control);
        let owner = Owner {
            instance: instance.to_string(),
            namespace: application.destination.namespace.to_string(),
        };
        let desired = Desired::new(&whole.rendering, &owner, &self.kinds);
        let wanted = desired.objects.into_iter();
        let (mut now, mut then) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for target in wanted.filter(|object| role(object) == Role::Resource) {
            seen.insert(target.id());
            let (live, would) = self.object(&application, target)?;
            now.extend(live);
            then.push(would);
        }
        if let Some(runs) = runs {
            now.extend(self.recorded((runs, &instance), &seen)?);
        }
        let is_there = runs.is_some() || !now.is_empty();
        Ok(Standing {
            application,
            now: is_there.then_some(now),
            then: Some(Ok(then)),
        })
    }

    /// The live object of a wanted one, and what applying would make of it.
    fn object(
        &mut self,
        application: &Application,
        target: Object,
    ) -> Result<(Option<Object>, Object), ApiError> {
        let Some(live) = self.live(&target)? else {
            return Ok((None, target));
        };
        let ignores = Ignores::of(&application.ignore_differences, &target);
        let mut applied = target.value().clone();
        if !ignores.is_empty() {
            ignores.leave_to_managers(&mut applied, live.value());
        }
        let predicted = match self.predict(&target, applied.clone())? {
            Some(predicted) => predicted,
            // The cluster would refuse: what is written decides what is told.
            None => patch::merge(live.value(), &applied),
        };
        let compared = |value: &Value| {
            let mut compared = shown(value);
            ignores.strip(&mut compared);
            Object::unversioned(compared).unwrap_or_else(|_| target.clone())
        };
        Ok((Some(compared(live.value())), compared(&predicted)))
    }

    /// What a server-side apply would give; `None` where the cluster refuses.
    fn predict(&mut self, target: &Object, applied: Value) -> Result<Option<Value>, ApiError> {
        let Some(path) = self.kinds.path(target) else {
            return Ok(None);
        };
        let mut request = Request::patch(MANAGER, path, PatchKind::Apply, applied);
        request.options.field_manager = Some(MANAGER.into());
        request.options.force = true;
        request.options.dry_run = true;
        request.options.field_validation = Some(Validation::Ignore);
        Ok((self.ask)(&request)?.into_value().ok())
    }

    /// The live object with the identity of another one.
    fn live(&mut self, object: &Object) -> Result<Option<Object>, ApiError> {
        let Some(path) = self.kinds.path(object) else {
            return Ok(None);
        };
        match (self.ask)(&Request::get(MANAGER, path))?.into_value() {
            Ok(value) => Ok(Object::new(value).ok()),
            Err(error) if error.reason == Reason::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What an Application has in the cluster beside what is wanted, as its status and the tracking ids tell.
    fn recorded(
        &mut self,
        (runs, instance): (&Application, &str),
        wanted: &BTreeSet<ObjectId>,
    ) -> Result<Vec<Object>, ApiError> {
        let mut recorded = Vec::new();
        for resource in runs.value().items_at(&["status", "resources"]) {
            let text = |key: &str| resource.str_at(&[key]).unwrap_or_default();
            let gvk = Gvk::new(text("group"), text("version"), text("kind"));
            let named = value!({
                "apiVersion": gvk.api_version().as_str(), "kind": gvk.kind.as_str(),
                "metadata": {"name": text("name"), "namespace": text("namespace")},
            });
            let Ok(named) = Object::new(named) else {
                continue;
            };
            if wanted.contains(&named.id()) {
                continue;
            }
            let Some(live) = self.live(&named)? else {
                continue;
            };
            let tracked = TrackingId::read(&live);
            if tracked.is_none_or(|id| id.application == instance) {
                recorded.extend(Object::new(shown(live.value())));
            }
        }
        Ok(recorded)
    }
}

/// What of a live object is anybody's wish.
fn shown(value: &Value) -> Value {
    let mut shown = essence(value);
    shown.remove_at(&["metadata", "uid"]);
    shown
}

/// As [`LiveCluster::api_versions`], from the aggregated discovery documents.
fn api_versions(documents: &[&Value]) -> Vec<SmolStr> {
    let mut versions: BTreeSet<SmolStr> = BTreeSet::new();
    let groups = documents
        .iter()
        .flat_map(|document| document.items_at(&["items"]));
    for group in groups {
        let name = group.str_at(&["metadata", "name"]).unwrap_or_default();
        for version in group.items_at(&["versions"]) {
            let version_name = version.str_at(&["version"]).unwrap_or_default();
            let group_version = match name {
                "" => version_name.to_owned(),
                name => format!("{name}/{version_name}"),
            };
            for resource in version.items_at(&["resources"]) {
                let mut verbs = resource.items_at(&["verbs"]).iter();
                let kind = resource.str_at(&["responseKind", "kind"]);
                if let Some(kind) = kind.filter(|_| verbs.any(|verb| verb.as_str() == Some("list")))
                {
                    versions.insert(format!("{group_version}/{kind}").into());
                    versions.insert(group_version.as_str().into());
                }
            }
        }
    }
    versions.into_iter().collect()
}
