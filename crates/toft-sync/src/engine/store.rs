//! What a cluster holds of one collection, kept up to date by a list and a watch.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_api::{ResourcePath, WatchEvent, WatchEventKind};
use toft_object::Object;
use toft_value::Value;

use crate::event::{ClusterId, WatchId};

/// Which collection of which cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StoreKey {
    pub(super) cluster: ClusterId,
    pub(super) path: ResourcePath,
}

/// Namespace and name.
pub(super) type Place = (SmolStr, SmolStr);

/// What changed: the object before and after.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) before: Option<Object>,
    pub(super) after: Option<Object>,
}

/// Whether the objects of a collection are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// They were never listed.
    Never,
    /// They were.
    Whole,
    /// The last list failed, and why.
    Failed(String),
}

/// The objects of one collection.
#[derive(Debug)]
pub(super) struct Store {
    /// Whether they are known.
    pub(super) sight: Sight,
    /// The watch, while there is one.
    pub(super) watch: Option<WatchId>,
    /// How many lists failed in a row.
    pub(super) failures: u32,
    /// What the pages of a list gave so far; a list that is cut short is thrown away.
    pages: Vec<Value>,
    objects: BTreeMap<Place, Object>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            sight: Sight::Never,
            watch: None,
            failures: 0,
            pages: Vec::new(),
            objects: BTreeMap::new(),
        }
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.objects.get(&(namespace.into(), name.into()))
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// Forgets the pages of a list that was cut short.
    pub(super) fn drop_pages(&mut self) {
        self.pages.clear();
    }

    /// Keeps one page of a list.
    pub(super) fn add_page(&mut self, page: Value) {
        self.pages.push(page);
    }

    /// Takes the pages for the whole truth, and tells what changed since it was known before.
    pub(super) fn replace(&mut self) -> Vec<Change> {
        let mut fresh = BTreeMap::new();
        for page in std::mem::take(&mut self.pages) {
            let kind = page
                .str_at(&["kind"])
                .and_then(|kind| kind.strip_suffix("List"));
            let api_version = page.str_at(&["apiVersion"]).unwrap_or_default();
            for item in page.items_at(&["items"]) {
                let item = with_kind(item, api_version, kind.unwrap_or_default());
                if let Ok(object) = Object::new(item) {
                    fresh.insert(place(&object), object);
                }
            }
        }
        self.sight = Sight::Whole;
        self.failures = 0;
        let old = std::mem::replace(&mut self.objects, fresh);
        let mut changes = Vec::new();
        for (place, before) in &old {
            let after = self.objects.get(place);
            if after.is_none_or(|after| version(after) != version(before)) {
                changes.push(Change {
                    before: Some(before.clone()),
                    after: after.cloned(),
                });
            }
        }
        let new = self
            .objects
            .iter()
            .filter(|(place, _)| !old.contains_key(*place));
        changes.extend(new.map(|(_, after)| Change {
            before: None,
            after: Some(after.clone()),
        }));
        changes
    }

    /// Takes in one event of the watch; an event that is older than what is known changes nothing.
    pub(super) fn apply(&mut self, event: WatchEvent) -> Option<Change> {
        let object = Object::new(event.object).ok()?;
        match event.kind {
            WatchEventKind::Added | WatchEventKind::Modified => self.put(object),
            WatchEventKind::Deleted => self.remove(&object),
            WatchEventKind::Bookmark | WatchEventKind::Error => None,
        }
    }

    /// Takes in an object that the cluster answered with or told of.
    pub(super) fn put(&mut self, object: Object) -> Option<Change> {
        let place = place(&object);
        let before = self.objects.get(&place);
        if before.is_some_and(|before| version(before) >= version(&object)) {
            return None;
        }
        let before = self.objects.insert(place, object.clone());
        Some(Change {
            before,
            after: Some(object),
        })
    }

    fn remove(&mut self, object: &Object) -> Option<Change> {
        let place = place(object);
        let known = self.objects.get(&place)?;
        if version(known) > version(object) {
            return None;
        }
        self.remove_place(&place)
    }

    /// Forgets an object that the cluster said is gone.
    pub(super) fn remove_place(&mut self, place: &Place) -> Option<Change> {
        let before = self.objects.remove(place)?;
        Some(Change {
            before: Some(before),
            after: None,
        })
    }
}

/// Items of typed lists may come without their kind.
fn with_kind(item: &Value, api_version: &str, kind: &str) -> Value {
    let mut item = item.clone();
    if item.get("kind").is_none() && !kind.is_empty() {
        item.set_at(&["kind"], kind);
        item.set_at(&["apiVersion"], api_version);
    }
    item
}

pub(super) fn place(object: &Object) -> Place {
    (object.namespace().into(), object.name().into())
}

/// Versions of one cluster can be compared as numbers.
///
/// Source: Kubernetes 1.36 API concepts, resource versions; the API server only hands out integers.
pub(super) fn version(object: &Object) -> u64 {
    let text = object.value().str_at(&["metadata", "resourceVersion"]);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
