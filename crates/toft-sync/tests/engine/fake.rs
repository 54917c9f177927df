//! A small Kubernetes API for the engine: what it needs, and nothing else.
//!
//! It is no model of a real one: lists are replaced as a whole, nothing is validated or defaulted. What
//! it keeps faithfully is what the engine relies on: versions that grow, watches that tell everything
//! in order, finalizers, preconditions, dry runs, and the fields that an apply takes and gives back.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_api::{
    ApiError, Body, Document, PatchKind, Reason, Request, ResourcePath, Response, Target, Verb,
    WatchEvent, WatchEventKind,
};
use toft_object::Time;
use toft_value::{Map, Value, value};

/// Resource, namespace, name.
pub(crate) type Key = (SmolStr, SmolStr, SmolStr);

#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) name: &'static str,
    pub(crate) scope: &'static str,
}

const fn kind(names: [&'static str; 4], scope: &'static str) -> Kind {
    let [group, version, plural, name] = names;
    Kind {
        group,
        version,
        plural,
        name,
        scope,
    }
}

const NAMESPACED: &str = "Namespaced";
const CLUSTER: &str = "Cluster";

pub(crate) const KINDS: &[Kind] = &[
    kind(["", "v1", "namespaces", "Namespace"], CLUSTER),
    kind(["", "v1", "configmaps", "ConfigMap"], NAMESPACED),
    kind(["", "v1", "services", "Service"], NAMESPACED),
    kind(["apps", "v1", "deployments", "Deployment"], NAMESPACED),
    kind(
        [
            "apiextensions.k8s.io",
            "v1",
            "customresourcedefinitions",
            "CustomResourceDefinition",
        ],
        CLUSTER,
    ),
    kind(
        ["argoproj.io", "v1alpha1", "applications", "Application"],
        NAMESPACED,
    ),
    kind(
        [
            "argoproj.io",
            "v1alpha1",
            "applicationsets",
            "ApplicationSet",
        ],
        NAMESPACED,
    ),
    kind(
        ["argoproj.io", "v1alpha1", "appprojects", "AppProject"],
        NAMESPACED,
    ),
    kind(["example.org", "v1", "things", "Thing"], NAMESPACED),
];

#[derive(Clone, Debug, Default)]
pub(crate) struct Fake {
    pub(crate) objects: BTreeMap<Key, Value>,
    applied: BTreeMap<Key, Value>,
    pub(crate) log: Vec<(u64, SmolStr, WatchEvent)>,
    pub(crate) revision: u64,
    uids: u64,
    /// A field that is never kept, as one that a definition does not know.
    pub(crate) drops: Option<[&'static str; 2]>,
    /// Writes that were kept, in order: verb, kind, name.
    pub(crate) writes: Vec<String>,
}

impl Fake {
    pub(crate) fn handle(&mut self, now: Time, request: &Request) -> Response {
        match &request.target {
            Target::Document(document) => self.discovery(document),
            Target::Resource(path) => match self.resource(now, path, request) {
                Ok(response) => response,
                Err(error) => error.into(),
            },
        }
    }

    /// Whether a kind is served: `Thing` is once its definition is there.
    fn serves(&self, kind: &Kind) -> bool {
        let crd = (
            "customresourcedefinitions".into(),
            SmolStr::default(),
            "things.example.org".into(),
        );
        kind.name != "Thing" || self.objects.contains_key(&crd)
    }

    fn kind_of(path: &ResourcePath) -> Result<&'static Kind, ApiError> {
        let found = KINDS
            .iter()
            .find(|kind| kind.group == path.group && kind.plural == path.resource);
        let missing = "the server could not find the requested resource";
        found.ok_or_else(|| ApiError::new(Reason::NotFound, missing))
    }

    fn resource(
        &mut self,
        now: Time,
        path: &ResourcePath,
        request: &Request,
    ) -> Result<Response, ApiError> {
        let kind = Self::kind_of(path)?;
        if !self.serves(kind) {
            let missing = "the server could not find the requested resource";
            return Err(ApiError::new(Reason::NotFound, missing));
        }
        let key = (
            path.resource.clone(),
            path.namespace.clone(),
            path.name.clone(),
        );
        let missing = || ApiError::not_found(&path.group_resource(), &path.name);
        match request.verb {
            Verb::List => Ok(Response::ok(self.list(path, kind))),
            Verb::Get => self
                .objects
                .get(&key)
                .cloned()
                .map(Response::ok)
                .ok_or_else(missing),
            Verb::Create => self.create(path, kind, request),
            Verb::Update => self.update(&key, request).ok_or_else(missing),
            Verb::Patch => self.patch(&key, kind, request),
            Verb::Delete => self.delete(now, &key, request),
            Verb::Watch | Verb::DeleteCollection => Err(ApiError::bad_request("not here")),
        }
    }

    fn list(&self, path: &ResourcePath, kind: &Kind) -> Value {
        let items: Vec<Value> = self
            .objects
            .iter()
            .filter(|((resource, _, _), _)| *resource == path.resource)
            .map(|(_, object)| object.clone())
            .collect();
        let version = if kind.group.is_empty() {
            kind.version.to_owned()
        } else {
            format!("{}/{}", kind.group, kind.version)
        };
        value!({
            "apiVersion": version, "kind": format!("{}List", kind.name),
            "metadata": {"resourceVersion": self.revision.to_string()}, "items": items,
        })
    }

    fn namespace_is_there(&self, kind: &Kind, namespace: &str) -> Result<(), ApiError> {
        let key = ("namespaces".into(), SmolStr::default(), namespace.into());
        if kind.scope == NAMESPACED && !self.objects.contains_key(&key) {
            let text = format!("namespaces \"{namespace}\" not found");
            return Err(ApiError::new(Reason::NotFound, text));
        }
        Ok(())
    }

    fn create(
        &mut self,
        path: &ResourcePath,
        kind: &Kind,
        request: &Request,
    ) -> Result<Response, ApiError> {
        let Body::Object(object) = &request.body else {
            return Err(ApiError::bad_request("no body"));
        };
        self.namespace_is_there(kind, &path.namespace)?;
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        let key = (path.resource.clone(), path.namespace.clone(), name.into());
        if self.objects.contains_key(&key) {
            return Err(ApiError::already_exists(&path.group_resource(), name));
        }
        Ok(Response::created(self.put(key, object.clone(), request)))
    }

    fn update(&mut self, key: &Key, request: &Request) -> Option<Response> {
        let Body::Object(object) = &request.body else {
            return None;
        };
        self.objects.get(key)?;
        Some(Response::ok(self.put(key.clone(), object.clone(), request)))
    }

    fn patch(&mut self, key: &Key, kind: &Kind, request: &Request) -> Result<Response, ApiError> {
        let Body::Patch { kind: how, content } = &request.body else {
            return Err(ApiError::bad_request("no patch"));
        };
        let live = self.objects.get(key).cloned();
        if *how == PatchKind::Apply {
            self.namespace_is_there(kind, &key.1)?;
            return Ok(self.apply(key, live.as_ref(), (content, request)));
        }
        let missing = "not found".to_owned();
        let live = live.ok_or_else(|| ApiError::new(Reason::NotFound, missing))?;
        let wanted = content.str_at(&["metadata", "resourceVersion"]);
        if wanted
            .is_some_and(|wanted| Some(wanted) != live.str_at(&["metadata", "resourceVersion"]))
        {
            return Err(ApiError::new(
                Reason::Conflict,
                "the object has been modified",
            ));
        }
        let mut patched = merge(&live, content);
        if finalizers(&patched).is_empty() && deleted(&patched) {
            self.remove(key);
            return Ok(Response::ok(patched));
        }
        if patched != live {
            patched = self.put(key.clone(), patched, request);
        }
        Ok(Response::ok(patched))
    }

    fn apply(&mut self, key: &Key, live: Option<&Value>, what: (&Value, &Request)) -> Response {
        let (config, request) = what;
        let frozen = live.filter(|live| live.bool_at(&["immutable"]) == Some(true));
        if frozen.is_some_and(|live| live.get("data") != config.get("data")) {
            let text = "data: Forbidden: field is immutable when `immutable` is set";
            return ApiError::new(Reason::Invalid, text).into();
        }
        let is_new = live.is_none();
        let mut object = live.cloned().unwrap_or_else(|| value!({}));
        if let Some(before) = self.applied.get(key) {
            give_back(&mut object, before, config);
        }
        object = merge(&object, config);
        if live == Some(&object) {
            if !request.options.dry_run {
                self.applied.insert(key.clone(), config.clone());
            }
            return Response::ok(object);
        }
        if !request.options.dry_run {
            self.applied.insert(key.clone(), config.clone());
        }
        let object = self.put(key.clone(), object, request);
        if is_new {
            Response::created(object)
        } else {
            Response::ok(object)
        }
    }

    fn delete(&mut self, now: Time, key: &Key, request: &Request) -> Result<Response, ApiError> {
        let live = self.objects.get(key).cloned();
        let missing = ApiError::new(Reason::NotFound, "not found");
        let mut live = live.ok_or(missing)?;
        if let Body::Object(options) = &request.body {
            let wanted = options.str_at(&["preconditions", "uid"]);
            if wanted.is_some_and(|wanted| Some(wanted) != live.str_at(&["metadata", "uid"])) {
                return Err(ApiError::new(Reason::Conflict, "the uid is another one"));
            }
        }
        if finalizers(&live).is_empty() {
            self.remove(key);
        } else if !deleted(&live) {
            live.set_at(&["metadata", "deletionTimestamp"], now.to_string());
            live = self.put(key.clone(), live, request);
        }
        Ok(Response::ok(live))
    }

    /// Keeps an object, unless the request is a dry run.
    fn put(&mut self, key: Key, mut object: Value, request: &Request) -> Value {
        let known = self.objects.get(&key);
        if let Some(path) = &self.drops {
            object.remove_at(path);
        }
        let uid = known.and_then(|known| known.str_at(&["metadata", "uid"]));
        let uid = uid.map_or_else(|| format!("uid-{}", self.uids + 1), str::to_owned);
        object.set_at(&["metadata", "uid"], uid);
        let spec_changed = known.is_none_or(|known| known.get("spec") != object.get("spec"));
        let generation = known.and_then(|known| known.i64_at(&["metadata", "generation"]));
        let generation = generation.unwrap_or(0) + i64::from(spec_changed);
        object.set_at(&["metadata", "generation"], generation);
        if request.options.dry_run {
            return object;
        }
        let verb = if known.is_none() { "create" } else { "change" };
        self.uids += u64::from(known.is_none());
        if !request.agent.is_empty() {
            self.writes.push(format!("{verb} {}/{}", key.0, key.2));
        }
        self.revision += 1;
        object.set_at(&["metadata", "resourceVersion"], self.revision.to_string());
        let kind = if known.is_none() {
            WatchEventKind::Added
        } else {
            WatchEventKind::Modified
        };
        let event = WatchEvent {
            kind,
            object: object.clone(),
        };
        self.log.push((self.revision, key.0.clone(), event));
        self.objects.insert(key, object.clone());
        object
    }

    fn remove(&mut self, key: &Key) {
        let Some(mut object) = self.objects.remove(key) else {
            return;
        };
        self.applied.remove(key);
        self.revision += 1;
        object.set_at(&["metadata", "resourceVersion"], self.revision.to_string());
        self.writes.push(format!("delete {}/{}", key.0, key.2));
        let event = WatchEvent {
            kind: WatchEventKind::Deleted,
            object: object.clone(),
        };
        self.log.push((self.revision, key.0.clone(), event));
        let uid = object
            .str_at(&["metadata", "uid"])
            .unwrap_or_default()
            .to_owned();
        self.collect_garbage(&uid);
    }

    fn collect_garbage(&mut self, uid: &str) {
        let owned = |object: &Value| {
            let owners = object.items_at(&["metadata", "ownerReferences"]);
            owners
                .iter()
                .any(|owner| owner.str_at(&["uid"]) == Some(uid))
        };
        let keys: Vec<Key> = self
            .objects
            .iter()
            .filter(|(_, object)| owned(object))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            let request = Request::delete("", ResourcePath::default());
            self.delete(Time::from_seconds(0), &key, &request).unwrap();
        }
    }

    /// What somebody else does: puts an object as it is.
    pub(crate) fn set(&mut self, object: Value) {
        let kind = object.str_at(&["kind"]).unwrap();
        let kind = KINDS.iter().find(|one| one.name == kind).unwrap();
        let text = |path: &[&str]| SmolStr::from(object.str_at(path).unwrap_or_default());
        let (namespace, name) = (
            text(&["metadata", "namespace"]),
            text(&["metadata", "name"]),
        );
        let request = Request::get("", ResourcePath::default());
        self.put((kind.plural.into(), namespace, name), object, &request);
    }

    /// What somebody else does: changes an object.
    pub(crate) fn change(&mut self, key: (&str, &str, &str), change: impl FnOnce(&mut Value)) {
        let key: Key = (key.0.into(), key.1.into(), key.2.into());
        let mut object = self
            .objects
            .get(&key)
            .unwrap_or_else(|| panic!("no {key:?}"))
            .clone();
        change(&mut object);
        self.put(key, object, &Request::get("", ResourcePath::default()));
    }

    /// What somebody else does: deletes an object.
    pub(crate) fn erase(&mut self, now: Time, key: (&str, &str, &str)) {
        let key: Key = (key.0.into(), key.1.into(), key.2.into());
        let request = Request::delete("", ResourcePath::default());
        self.delete(now, &key, &request).unwrap();
    }

    pub(crate) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects
            .get(&(resource.into(), namespace.into(), name.into()))
    }
}

fn finalizers(object: &Value) -> &[Value] {
    object.items_at(&["metadata", "finalizers"])
}

fn deleted(object: &Value) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some()
}

/// RFC 7386.
pub(crate) fn merge(target: &Value, patch: &Value) -> Value {
    let Some(patch) = patch.as_map() else {
        return patch.clone();
    };
    let mut merged = target.as_map().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            merged.remove(key);
        } else {
            let old = merged.get(key).cloned().unwrap_or_default();
            merged.insert(key.clone(), merge(&old, value));
        }
    }
    Value::Map(merged)
}

/// Removes what was applied before and is not any more.
fn give_back(object: &mut Value, before: &Value, now: &Value) {
    let empty = Map::new();
    let (Some(before), Some(object)) = (before.as_map(), object.as_map_mut()) else {
        return;
    };
    let now = now.as_map().unwrap_or(&empty);
    for (key, value) in before {
        match now.get(key) {
            None => {
                object.remove(key);
            }
            Some(kept) => {
                if let Some(field) = object.get_mut(key) {
                    give_back(field, value, kept);
                }
            }
        }
    }
}

impl Fake {
    fn discovery(&self, document: &Document) -> Response {
        let wanted: Vec<&Kind> = match document {
            Document::CoreVersions { .. } => KINDS
                .iter()
                .filter(|kind| kind.group.is_empty() && self.serves(kind))
                .collect(),
            _ => KINDS
                .iter()
                .filter(|kind| !kind.group.is_empty() && self.serves(kind))
                .collect(),
        };
        let items: Vec<Value> = wanted
        .into_iter()
        .map(|kind| {
            value!({"metadata": {"name": kind.group}, "versions": [{"version": kind.version, "resources": [{
                "resource": kind.plural,
                "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.name},
                "scope": kind.scope, "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            }]}]})
        })
        .collect();
        Response::ok(value!({"kind": "APIGroupDiscoveryList", "items": items}))
    }
}
