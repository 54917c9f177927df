//! Reading the store.

use toft_apiserver::ApiServer;
use toft_object::GroupResource;
use toft_schema::Schemas;
use toft_value::Value;

use crate::key::Key;
use crate::meta::{self, Owner};
use crate::owner_index::OwnerIndex;
use crate::resources::Resource;

/// Reads of the store, as cheap as they get.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    api: &'a ApiServer,
    owners: &'a OwnerIndex,
}

impl<'a> Reader<'a> {
    /// Reads of a server.
    pub(crate) fn new(api: &'a ApiServer, owners: &'a OwnerIndex) -> Self {
        Self { api, owners }
    }

    /// The objects that name the uid as an owner, in order of their keys.
    pub(crate) fn dependents(self, uid: &str) -> impl Iterator<Item = &'a Key> + use<'a> {
        self.owners.dependents(uid)
    }

    /// The key of an owner as an object names it; `None` where its kind is unknown.
    pub(crate) fn owner_key(self, object: &Value, owner: &Owner) -> Option<Key> {
        let resource = self.schemas().kind(&owner.gvk)?;
        let namespace = if resource.namespaced {
            meta::namespace(object)
        } else {
            ""
        };
        Some(Key {
            resource: resource.group_resource(),
            ..Key::new(namespace, &owner.name)
        })
    }

    /// The object of a full key.
    pub(crate) fn object(self, key: &Key) -> Option<&'a Value> {
        self.api.get(&key.resource, &key.namespace, &key.name)
    }

    /// One object.
    pub(crate) fn get(self, resource: &Resource, namespace: &str, name: &str) -> Option<&'a Value> {
        self.api.get(&resource.name, namespace, name)
    }

    /// The objects of a resource in a namespace; in all where it is `None`.
    pub(crate) fn list(
        self,
        resource: &Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.api.list(&resource.name, namespace)
    }

    /// The objects of a resource that is known by name only.
    pub(crate) fn list_of(
        self,
        resource: &GroupResource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.api.list(resource, namespace)
    }

    /// What the server knows about kinds.
    pub(crate) fn schemas(self) -> &'a Schemas {
        self.api.schemas()
    }
}
