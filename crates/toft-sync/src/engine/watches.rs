//! Lists and watches, and who has to hear of a change.

use std::time::Duration;

use smol_str::SmolStr;
use toft_api::{ApiError, Request, ResourcePath, Response, WatchEvent, WatchEventKind, WatchStart};
use toft_argo::{ANNOTATION_TRACKING_ID, TrackingId};
use toft_object::{Object, Time};
use toft_value::Value;

use super::calls::{Purpose, wait_after};
use super::store::{Change, Place, Sight, Store, StoreKey, place};
use super::{Engine, MANAGER, Visit};
use crate::compare::essence;
use crate::event::{ClusterId, Effect, WatchId};
use crate::health::assess;
use crate::run::is_terminating;

/// How many objects a page of a list has. Source: gitops-engine `pkg/cache/cluster.go`, 500.
const LIST_PAGE: usize = 500;

/// How long changes of objects are gathered before the Application is looked at.
///
/// Source: gitops-engine `pkg/cache/cluster.go`, the interval of event processing: 100 ms.
pub(super) const GATHER: Duration = Duration::from_millis(100);

/// The collections that are watched from the first moment on.
const STANDING: &[(&str, &str, &str)] = &[
    ("", "v1", "namespaces"),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
];
/// Those of the home cluster, too.
const STANDING_AT_HOME: &[(&str, &str, &str)] = &[
    ("argoproj.io", "v1alpha1", APPLICATIONS),
    ("argoproj.io", "v1alpha1", APPLICATION_SETS),
    ("argoproj.io", "v1alpha1", PROJECTS),
];

const APPLICATIONS: &str = "applications";
const APPLICATION_SETS: &str = "applicationsets";
const PROJECTS: &str = "appprojects";
const CRDS: &str = "customresourcedefinitions";

impl Engine {
    fn standing(&self, cluster: &ClusterId) -> Vec<StoreKey> {
        let home = *cluster == self.settings.home;
        let at_home = if home { STANDING_AT_HOME } else { &[] };
        let collections = STANDING.iter().chain(at_home);
        let keys = collections.map(|(group, version, plural)| StoreKey {
            cluster: cluster.clone(),
            path: ResourcePath::new(group, version, plural),
        });
        keys.collect()
    }

    pub(super) fn open_standing_stores(&mut self, now: Time, cluster: &ClusterId) {
        for key in self.standing(cluster) {
            self.open_store(now, &key);
        }
    }

    /// Whether what every decision needs is known.
    pub(super) fn is_ready(&self, cluster: &ClusterId) -> bool {
        let known = |key: &StoreKey| {
            let store = self.stores.get(key);
            store.is_some_and(|store| store.sight == Sight::Whole)
        };
        let view = self.clusters.get(cluster);
        let keys = self.standing(cluster);
        view.is_some_and(|view| !view.kinds.is_empty()) && keys.iter().all(known)
    }

    /// Begins to follow a collection, unless it is followed already.
    pub(super) fn open_store(&mut self, now: Time, key: &StoreKey) {
        if !self.stores.contains_key(key) {
            self.stores.insert(key.clone(), Store::new());
            self.list(now, key, None);
        }
    }

    /// Lists a collection, from its beginning or from where the last page ended.
    pub(super) fn list(&mut self, now: Time, key: &StoreKey, token: Option<String>) {
        let Some(store) = self.stores.get_mut(key) else {
            return;
        };
        if token.is_none() {
            store.drop_pages();
        }
        let mut request = Request::list(MANAGER, key.path.clone());
        request.options.limit = LIST_PAGE;
        request.options.continue_token = token;
        self.call(now, Purpose::List(key.clone()), (&key.cluster, request));
    }

    pub(super) fn listed(&mut self, now: Time, key: &StoreKey, response: Response) {
        let Some(store) = self.stores.get_mut(key) else {
            return;
        };
        let page = match response.into_value() {
            Ok(page) => page,
            Err(error) => {
                store.failures += 1;
                store.sight = Sight::Failed(error.message.clone());
                let wait = wait_after(store.failures, &error);
                self.visit_at(Visit::List(key.clone()), now + wait);
                return self.visit_every_app(now);
            }
        };
        let text = |field: &str| page.str_at(&["metadata", field]).map(str::to_owned);
        let token = text("continue").filter(|token| !token.is_empty());
        let version = text("resourceVersion").unwrap_or_default();
        store.add_page(page);
        if token.is_some() {
            return self.list(now, key, token);
        }
        let changes = store.replace();
        self.watches_last += 1;
        let watch = WatchId(self.watches_last);
        store.watch = Some(watch);
        self.watches.insert(watch, key.clone());
        let mut start = WatchStart::after(key.path.clone(), version);
        start.options.allow_watch_bookmarks = true;
        self.effects.push(Effect::Watch {
            watch,
            cluster: key.cluster.clone(),
            start: Box::new(start),
        });
        for change in changes {
            self.note(now, key, &change);
        }
        // Somebody may have waited for the first list.
        self.visit_every_app(now);
        self.visit_every_set(now);
    }

    pub(super) fn changed(&mut self, now: Time, watch: WatchId, event: WatchEvent) {
        let Some(key) = self.watches.get(&watch).cloned() else {
            return;
        };
        if event.kind == WatchEventKind::Error {
            let text = event.object.str_at(&["message"]).unwrap_or_default();
            let error = ApiError::internal(text);
            return self.watch_ended(now, watch, &error);
        }
        let store = self.stores.get_mut(&key);
        if let Some(change) = store.and_then(|store| store.apply(event)) {
            self.note(now, &key, &change);
        }
    }

    /// A watch that ends is nothing bad: the collection is listed again, and what was missed is found.
    pub(super) fn watch_ended(&mut self, now: Time, watch: WatchId, error: &ApiError) {
        let Some(key) = self.watches.remove(&watch) else {
            return;
        };
        if let Some(store) = self.stores.get_mut(&key) {
            store.watch = None;
            store.failures += 1;
            let wait = wait_after(store.failures, error);
            self.visit_at(Visit::List(key), now + wait);
        }
    }

    /// Takes in an object that a write was answered with, before the watch tells of it.
    pub(super) fn write_back(&mut self, now: Time, key: &StoreKey, object: Object) {
        let store = self.stores.get_mut(key);
        if let Some(change) = store.and_then(|store| store.put(object)) {
            self.note(now, key, &change);
        }
    }

    /// Takes in what a deletion was answered with: the object on its way, or that it is gone.
    pub(super) fn write_back_deletion(
        &mut self,
        now: Time,
        what: (&StoreKey, Place),
        answer: Value,
    ) {
        let (key, place) = what;
        let going = Object::new(answer).ok().filter(is_terminating);
        if let Some(object) = going {
            return self.write_back(now, key, object);
        }
        let store = self.stores.get_mut(key);
        if let Some(change) = store.and_then(|store| store.remove_place(&place)) {
            self.note(now, key, &change);
        }
    }

    /// Tells of a change everybody whom it concerns.
    pub(super) fn note(&mut self, now: Time, key: &StoreKey, change: &Change) {
        self.track(key, change);
        if key.path.group == toft_argo::GROUP && key.cluster == self.settings.home {
            self.note_argo(now, key.path.resource.as_str(), change);
        }
        if key.path.resource == CRDS && is_news(change) {
            self.visit_at(Visit::Discover(key.cluster.clone()), now + GATHER);
        }
        if is_news(change) {
            self.note_managed(now, &key.cluster, change);
        }
    }

    fn track(&mut self, key: &StoreKey, change: &Change) {
        let instance = |object: &Option<Object>| {
            let object = object.as_ref()?;
            let id = TrackingId::parse(object.annotation(ANNOTATION_TRACKING_ID)?)?;
            Some((id.application, place(object)))
        };
        let (before, after) = (instance(&change.before), instance(&change.after));
        if before == after {
            return;
        }
        if let Some((name, place)) = before
            && let Some(objects) = self.tracked.get_mut(&name)
        {
            objects.remove(&(key.clone(), place));
        }
        if let Some((name, place)) = after {
            let objects = self.tracked.entry(name).or_default();
            objects.insert((key.clone(), place));
        }
    }

    fn note_argo(&mut self, now: Time, resource: &str, change: &Change) {
        let object = change.after.as_ref().or(change.before.as_ref());
        let Some(object) = object else { return };
        if object.namespace() != self.settings.control_namespace {
            return;
        }
        let name = SmolStr::from(object.name());
        match resource {
            APPLICATIONS => self.note_app(now, &name, change),
            APPLICATION_SETS => self.note_set(now, &name, change),
            PROJECTS => {
                self.note_project(now, &name, change);
                if is_news(change) {
                    self.refresh_every_app(now);
                }
            }
            _ => {}
        }
    }

    /// Every Application that has or wants the object looks at it.
    fn note_managed(&mut self, now: Time, cluster: &ClusterId, change: &Change) {
        let mut names = Vec::new();
        for object in [&change.before, &change.after].into_iter().flatten() {
            let id = object
                .annotation(ANNOTATION_TRACKING_ID)
                .and_then(TrackingId::parse);
            names.extend(id.map(|id| id.application));
            let wanted = self.wanted.get(&(cluster.clone(), object.id()));
            names.extend(wanted.into_iter().flatten().cloned());
        }
        for name in names {
            self.objects_changed(now, &name);
        }
    }
}

/// Whether more changed than what nobody compares: a status that leaves the health as it was does not
/// count.
fn is_news(change: &Change) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            assess(before.value()) != assess(after.value())
                || essence(before.value()) != essence(after.value())
        }
        _ => true,
    }
}
