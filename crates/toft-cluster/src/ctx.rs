//! What a controller works with: the time, reads of the store, and requests.

use std::time::Duration;

use smol_str::SmolStr;
use toft_api::{ApiError, PatchKind, Propagation, Request, ResourcePath};
use toft_apiserver::ApiServer;
use toft_object::Time;
use toft_value::Value;

use crate::controller::{Controller, Identity};
use crate::draw;
use crate::hash;
use crate::key::Key;
use crate::meta;
use crate::owner_index::OwnerIndex;
use crate::reader::Reader;
use crate::resources::Resource;
use crate::settings::ClusterSettings;

/// How many drawn names are tried; of 27^5 names a homelab takes a handful.
const NAMES_TRIED_MAX: u32 = 1_000;

/// What a controller works with while it reconciles one key.
pub(crate) struct Ctx<'a> {
    /// The instant.
    pub(crate) now: Time,
    /// What the cluster is made of.
    pub(crate) settings: &'a ClusterSettings,
    api: &'a mut ApiServer,
    owners: &'a OwnerIndex,
    name: &'static str,
    identity: Identity,
    host: SmolStr,
}

/// What [`Ctx::new`] takes, beside the time.
pub(crate) struct Parts<'a> {
    /// What the cluster is made of.
    pub(crate) settings: &'a ClusterSettings,
    /// The server.
    pub(crate) api: &'a mut ApiServer,
    /// Who owns what.
    pub(crate) owners: &'a OwnerIndex,
}

impl<'a> Ctx<'a> {
    /// The surroundings of one controller at an instant.
    pub(crate) fn new(now: Time, controller: &Controller, parts: Parts<'a>) -> Self {
        let Parts {
            settings,
            api,
            owners,
        } = parts;
        Self {
            now,
            settings,
            api,
            owners,
            name: controller.name,
            identity: controller.identity,
            host: SmolStr::default(),
        }
    }

    /// From now on the kubelet of this node asks.
    pub(crate) fn on_node(&mut self, node: &str) {
        self.host = node.into();
    }

    /// Reads of the store.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader::new(self.api, self.owners)
    }

    /// One object.
    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Value> {
        self.reader().get(resource, namespace, name).cloned()
    }

    /// The objects of a resource in a namespace, in order of their names.
    pub(crate) fn list(&self, resource: &Resource, namespace: &str) -> Vec<Value> {
        self.reader()
            .list(resource, Some(namespace))
            .cloned()
            .collect()
    }

    /// The objects of a resource that `owner` controls, in order of their names.
    pub(crate) fn controlled(&self, resource: &Resource, owner: &Value) -> Vec<Value> {
        let keys = self.owners.dependents(meta::uid(owner));
        let keys = keys.filter(|key| key.resource == resource.name);
        let objects = keys.filter_map(|key| self.get(resource, &key.namespace, &key.name));
        objects
            .filter(|object| meta::is_controlled_by(object, owner))
            .collect()
    }

    /// A duration between two bounds in milliseconds, for one purpose.
    pub(crate) fn draw(&self, parts: &[&str], bounds_ms: (u64, u64)) -> Duration {
        draw::duration(self.settings.seed, parts, bounds_ms)
    }

    /// Makes an object. One without a name gets one from its `generateName` that depends on nothing but the
    /// object's own past, so that one more app changes no other app's names and timings.
    pub(crate) fn create(&mut self, resource: &Resource, object: Value) -> Result<Value, ApiError> {
        let mut object = object;
        let base = match object.at(&["metadata", "name"]) {
            Some(_) => None,
            None => object
                .str_at(&["metadata", "generateName"])
                .map(str::to_owned),
        };
        if let Some(base) = &base {
            let name = self.free_name(resource, meta::namespace(&object), base);
            object.set_at(&["metadata", "name"], name);
        }
        let path = resource.path(meta::namespace(&object), "");
        let agent = self.agent();
        let name = meta::name(&object).to_owned();
        let made = self.send(Request::create(agent, path, object));
        made.map_err(|error| base.map_or(error.clone(), |base| unnamed(error, &name, &base)))
    }

    fn free_name(&self, resource: &Resource, namespace: &str, base: &str) -> String {
        let instant = self.now.micros().to_string();
        let name = |attempt: u32| {
            let attempt = attempt.to_string();
            let number = draw::number(self.settings.seed, &[namespace, base, &instant, &attempt]);
            hash::suffixed(base, number)
        };
        let is_free = |name: &String| self.reader().get(resource, namespace, name).is_none();
        let mut names = (0..NAMES_TRIED_MAX).map(name);
        names.find(is_free).unwrap_or_else(|| name(NAMES_TRIED_MAX))
    }

    /// Replaces an object.
    pub(crate) fn update(&mut self, resource: &Resource, object: Value) -> Result<Value, ApiError> {
        let path = resource.path(meta::namespace(&object), meta::name(&object));
        let agent = self.agent();
        self.send(Request::update(agent, path, object))
    }

    /// Replaces the status of an object.
    pub(crate) fn update_status(
        &mut self,
        resource: &Resource,
        object: Value,
    ) -> Result<Value, ApiError> {
        let path = resource.path(meta::namespace(&object), meta::name(&object));
        let agent = self.agent();
        self.send(Request::update(agent, path.subresource("status"), object))
    }

    /// Changes an object, or a subresource of it, by a merge patch.
    pub(crate) fn patch(&mut self, path: ResourcePath, content: Value) -> Result<Value, ApiError> {
        let agent = self.agent();
        self.send(Request::patch(agent, path, PatchKind::Merge, content))
    }

    /// Deletes an object; gone already is as good.
    pub(crate) fn delete(
        &mut self,
        path: ResourcePath,
        deletion: &Deletion<'_>,
    ) -> Result<(), ApiError> {
        let mut request = Request::delete(self.agent(), path);
        request.options.grace_period_seconds = deletion.grace_seconds;
        request.options.propagation = deletion.propagation;
        if !deletion.uid.is_empty() {
            request.body = toft_api::Body::Object(toft_value::value!({
                "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": deletion.uid},
            }));
        }
        match self.send(request) {
            Err(error) if error.reason != toft_api::Reason::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Sends a request of its own.
    pub(crate) fn send(&mut self, mut request: Request) -> Result<Value, ApiError> {
        request.user = self.user();
        self.api.handle(self.now, &request).into_value()
    }

    /// The path of an object of a resource that is known by name only.
    pub(crate) fn path_of(&self, key: &Key) -> Option<ResourcePath> {
        let object = self.reader().object(key)?;
        let version = object.str_at(&["apiVersion"])?;
        let version = version
            .split_once('/')
            .map_or(version, |(_, version)| version);
        Some(ResourcePath {
            group: key.resource.group.clone(),
            version: version.into(),
            resource: key.resource.resource.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            subresource: SmolStr::default(),
        })
    }

    /// The component that events name.
    pub(crate) fn source(&self) -> &'static str {
        self.name
    }

    /// The node that events name.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The user agent, which is the field manager.
    pub(crate) fn agent(&self) -> &'static str {
        match self.identity {
            Identity::ControllerManager => "kube-controller-manager",
            Identity::Scheduler => "kube-scheduler",
            Identity::Kubelet => "kubelet",
            Identity::Addon => "toft-addon",
        }
    }

    fn user(&self) -> SmolStr {
        match self.identity {
            Identity::ControllerManager | Identity::Addon => {
                format!("system:serviceaccount:kube-system:{}", self.name).into()
            }
            Identity::Scheduler => "system:kube-scheduler".into(),
            Identity::Kubelet => format!("system:node:{}", self.host).into(),
        }
    }
}

/// A refusal of an object whose name upstream would not have drawn yet.
fn unnamed(mut error: ApiError, name: &str, base: &str) -> ApiError {
    error.message = error
        .message
        .replace(&format!("{name:?}"), &format!("{base:?}"));
    error
}

/// How an object is deleted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deletion<'a> {
    /// Only the object with this uid; empty for any.
    pub(crate) uid: &'a str,
    /// How long a pod may take.
    pub(crate) grace_seconds: Option<u64>,
    /// What happens to dependents.
    pub(crate) propagation: Option<Propagation>,
}
