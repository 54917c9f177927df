//! Which objects name an object as their owner.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_value::Value;

use crate::key::Key;
use crate::meta;

/// The keys of the objects whose owner references carry a uid; built from the store alone.
#[derive(Debug, Default)]
pub(crate) struct OwnerIndex(BTreeMap<SmolStr, BTreeSet<Key>>);

impl OwnerIndex {
    /// Takes a change of an object in.
    pub(crate) fn apply(&mut self, key: &Key, before: Option<&Value>, after: Option<&Value>) {
        let owners = |object: Option<&Value>| object.map(meta::owners).unwrap_or_default().to_vec();
        let (old, new) = (owners(before), owners(after));
        if old == new {
            return;
        }
        for uid in old.iter().filter_map(|owner| owner.str_at(&["uid"])) {
            if let Some(keys) = self.0.get_mut(uid) {
                keys.remove(key);
                if keys.is_empty() {
                    self.0.remove(uid);
                }
            }
        }
        for uid in new.iter().filter_map(|owner| owner.str_at(&["uid"])) {
            self.0.entry(uid.into()).or_default().insert(key.clone());
        }
    }

    /// The objects that name the uid as an owner, in order of their keys.
    pub(crate) fn dependents(&self, uid: &str) -> impl Iterator<Item = &Key> + use<'_> {
        self.0.get(uid).into_iter().flatten()
    }
}
