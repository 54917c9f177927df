//! Objects by resource, namespace and name, each at one version; every write takes one revision.

use std::collections::BTreeMap;

use smol_str::{SmolStr, SmolStrBuilder};
use toft_object::GroupResource;
use toft_value::Value;

use crate::history::History;

/// Where an object is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey {
    /// The resource, whatever the version that a request named.
    pub resource: GroupResource,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: SmolStr,
    /// The name.
    pub name: SmolStr,
}

/// An object as it is kept outside the process.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where it is kept.
    pub key: StoreKey,
    /// The object, with its `resourceVersion`.
    pub value: Value,
}

/// What a write did to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which object.
    pub key: StoreKey,
    /// The object before; `None` where it is new.
    pub before: Option<Value>,
    /// The object after; `None` where it is gone.
    pub after: Option<Value>,
}

/// One write: its revision and what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The revision, which is the `resourceVersion` of what it wrote.
    pub revision: u64,
    /// What it did, in order.
    pub changes: Vec<Change>,
}

/// The objects of one namespace, by name.
type Names = BTreeMap<SmolStr, Value>;

/// The objects of one resource: namespaces with a closing slash, then names, so that the order is the
/// order of etcd's keys: `/registry/pods/a-b/x` stands before `/registry/pods/a/x`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collection {
    namespaces: BTreeMap<SmolStr, Names>,
}

/// All objects, what happened to them lately, and what nobody has persisted yet.
#[derive(Debug, Default)]
pub(crate) struct Store {
    revision: u64,
    collections: BTreeMap<GroupResource, Collection>,
    history: History,
    pending: Vec<Commit>,
}

impl StoreKey {
    /// A key from its parts.
    pub fn new(resource: &GroupResource, namespace: &str, name: &str) -> Self {
        Self {
            resource: resource.clone(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

fn slashed(namespace: &str) -> SmolStr {
    let mut text = SmolStrBuilder::new();
    text.push_str(namespace);
    text.push('/');
    text.finish()
}

impl Collection {
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&Value> {
        self.namespaces.get(&slashed(namespace))?.get(name)
    }

    /// The objects of one namespace, or of all, in order.
    pub(crate) fn list(&self, namespace: Option<&str>) -> Box<dyn Iterator<Item = &Value> + '_> {
        match namespace {
            Some(namespace) => Box::new(
                self.namespaces
                    .get(&slashed(namespace))
                    .into_iter()
                    .flat_map(BTreeMap::values),
            ),
            None => Box::new(self.namespaces.values().flat_map(BTreeMap::values)),
        }
    }

    pub(crate) fn insert(&mut self, key: &StoreKey, value: Value) -> Option<Value> {
        let names = self.namespaces.entry(slashed(&key.namespace)).or_default();
        names.insert(key.name.clone(), value)
    }

    pub(crate) fn remove(&mut self, key: &StoreKey) -> Option<Value> {
        let namespace = slashed(&key.namespace);
        let names = self.namespaces.get_mut(&namespace)?;
        let removed = names.remove(&key.name);
        if names.is_empty() {
            self.namespaces.remove(&namespace);
        }
        removed
    }
}

impl Store {
    /// A store with the objects that were kept; nothing before `revision` can be asked for.
    pub(crate) fn restore(revision: u64, records: impl Iterator<Item = Record>) -> Self {
        let mut store = Self {
            revision,
            history: History::starting_after(revision),
            ..Self::default()
        };
        for record in records {
            let collection = store
                .collections
                .entry(record.key.resource.clone())
                .or_default();
            collection.insert(&record.key, record.value);
        }
        store
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn take_pending(&mut self) -> Vec<Commit> {
        std::mem::take(&mut self.pending)
    }

    pub(crate) fn collection(&self, resource: &GroupResource) -> Option<&Collection> {
        self.collections.get(resource)
    }

    pub(crate) fn get(&self, key: &StoreKey) -> Option<&Value> {
        self.find(&key.resource, &key.namespace, &key.name)
    }

    pub(crate) fn find(
        &self,
        resource: &GroupResource,
        namespace: &str,
        name: &str,
    ) -> Option<&Value> {
        self.collection(resource)?.get(namespace, name)
    }

    pub(crate) fn list(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &Value> + use<'_> {
        self.collection(resource)
            .map(|collection| collection.list(namespace))
            .into_iter()
            .flatten()
    }

    /// The resources that have objects in a namespace, with how many.
    pub(crate) fn resources_of(&self, namespace: &str) -> Vec<(GroupResource, usize)> {
        let count = |collection: &Collection| collection.list(Some(namespace)).count();
        let counted = self
            .collections
            .iter()
            .map(|(resource, collection)| (resource.clone(), count(collection)));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    /// Keeps an object, with the next revision as its `resourceVersion`; gives it back as kept.
    pub(crate) fn put(&mut self, key: StoreKey, mut value: Value) -> Value {
        self.revision += 1;
        set_revision(&mut value, self.revision);
        let collection = self.collections.entry(key.resource.clone()).or_default();
        let before = collection.insert(&key, value.clone());
        let after = Some(value.clone());
        self.commit(Change { key, before, after });
        value
    }

    /// Takes an object out; gives it back with the revision of the deletion.
    pub(crate) fn remove(&mut self, key: StoreKey) -> Option<Value> {
        let before = self.collections.get_mut(&key.resource)?.remove(&key)?;
        self.revision += 1;
        let mut gone = before.clone();
        set_revision(&mut gone, self.revision);
        let (before, after) = (Some(before), None);
        self.commit(Change { key, before, after });
        Some(gone)
    }

    fn commit(&mut self, change: Change) {
        self.history.push(self.revision, change.clone());
        self.pending.push(Commit {
            revision: self.revision,
            changes: vec![change],
        });
    }
}

/// Writes a revision into the metadata of an object.
pub(crate) fn set_revision(value: &mut Value, revision: u64) {
    value.set_at(&["metadata", "resourceVersion"], revision.to_string());
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn objects_are_listed_in_the_order_of_etcd_keys() {
        let mut store = Store::default();
        let pods = GroupResource::new("", "pods");
        for (namespace, name) in [("a", "x"), ("a-b", "x"), ("a", "b")] {
            store.put(
                StoreKey::new(&pods, namespace, name),
                value!({"metadata": {"namespace": namespace, "name": name}}),
            );
        }
        let keys: Vec<_> = store
            .list(&pods, None)
            .map(|pod| {
                (
                    pod.str_at(&["metadata", "namespace"]).unwrap(),
                    pod.str_at(&["metadata", "name"]).unwrap(),
                )
            })
            .collect();
        assert_eq!(keys, [("a-b", "x"), ("a", "b"), ("a", "x")]);
    }

    #[test]
    fn a_removed_object_carries_the_revision_of_its_deletion() {
        let mut store = Store::default();
        let key = StoreKey::new(&GroupResource::new("", "pods"), "a", "x");
        let kept = store.put(key.clone(), value!({"metadata": {"name": "x"}}));
        assert_eq!(kept.str_at(&["metadata", "resourceVersion"]), Some("1"));
        let gone = store.remove(key).unwrap();
        assert_eq!(gone.str_at(&["metadata", "resourceVersion"]), Some("2"));
        assert_eq!(store.take_pending().len(), 2);
    }
}
