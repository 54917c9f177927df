//! Every decision that is taken for Applications, as a step from an event to effects.
//!
//! The engine watches Applications, sets of them and projects, and every kind that an Application has
//! objects of. Each step takes in one event, then visits what is due: an Application or a set looks at
//! what is known and does the next thing that can be done. What the engine knows between restarts is in
//! the cluster; everything here can be built anew from it.

mod app;
mod calls;
mod deletion;
mod discovery;
mod due;
mod glance;
mod live;
mod nulls;
mod permission;
mod project;
mod refresh;
mod run;
mod set;
mod store;
mod tasks;
mod watches;
mod writer;

use std::collections::{BTreeMap, BTreeSet};

use toft_api::{Request, Response};
use toft_argo::AppProject;
use toft_object::{ObjectId, Time};

use self::app::AppState;
use self::calls::{Calls, Name, Purpose, timed_out};
use self::discovery::ClusterView;
use self::due::{Due, Visit};
use self::set::SetState;
use self::store::{Place, Store, StoreKey};
use crate::event::{CallId, ClusterId, Effect, EngineSettings, Event, SetError, WatchId};

/// The user and field manager of everything that the engine writes.
pub const MANAGER: &str = "toft";

/// Visits in one step, before the rest waits for the next: far more than a lab has Applications, so
/// that only a fault that visits itself for ever reaches it.
const VISITS_MAX: usize = 10_000;

/// The engine.
#[derive(Debug)]
pub struct Engine {
    settings: EngineSettings,
    clusters: BTreeMap<ClusterId, ClusterView>,
    stores: BTreeMap<StoreKey, Store>,
    watches: BTreeMap<WatchId, StoreKey>,
    watches_last: u64,
    apps: BTreeMap<Name, AppState>,
    sets: BTreeMap<Name, SetState>,
    projects: BTreeMap<Name, AppProject>,
    /// The objects that carry the tracking id of an Application, by the name in the id.
    tracked: BTreeMap<Name, BTreeSet<(StoreKey, Place)>>,
    /// The Applications that want an object.
    wanted: BTreeMap<(ClusterId, ObjectId), BTreeSet<Name>>,
    calls: Calls,
    due: Due,
    announced: Option<Time>,
    effects: Vec<Effect>,
}

impl Engine {
    /// An engine that knows nothing yet; it begins with [`Event::Started`].
    pub fn new(settings: EngineSettings) -> Self {
        Self {
            settings,
            clusters: BTreeMap::new(),
            stores: BTreeMap::new(),
            watches: BTreeMap::new(),
            watches_last: 0,
            apps: BTreeMap::new(),
            sets: BTreeMap::new(),
            projects: BTreeMap::new(),
            tracked: BTreeMap::new(),
            wanted: BTreeMap::new(),
            calls: Calls::default(),
            due: Due::default(),
            announced: None,
            effects: Vec::new(),
        }
    }

    /// Takes in an event, and tells what is to be done.
    pub fn step(&mut self, now: Time, event: Event) -> Vec<Effect> {
        match event {
            Event::Started => self.start(now),
            Event::Answered { call, response } => self.answer(now, call, response),
            Event::Changed { watch, event } => self.changed(now, watch, event),
            Event::WatchEnded { watch, error } => self.watch_ended(now, watch, &error),
            Event::Resolved { call, result } => self.resolved(now, call, result),
            Event::Rendered { call, result } => self.rendered(now, call, result),
            Event::Expanded { call, result } => self.expanded(now, call, result),
            Event::SourceChanged => self.source_changed(now),
            // What is due is looked at after every event.
            Event::Woke => {}
        }
        self.visit_what_is_due(now);
        self.announce_wake();
        std::mem::take(&mut self.effects)
    }

    /// When the engine wants to be woken; `None` where nothing will happen by itself.
    pub fn next_wake(&self) -> Option<Time> {
        self.due
            .next()
            .into_iter()
            .chain(self.calls.deadline())
            .min()
    }

    /// The settings.
    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    fn start(&mut self, now: Time) {
        let clusters = self.settings.clusters.iter().map(|(_, id)| id.clone());
        let mut clusters: BTreeSet<ClusterId> = clusters.collect();
        clusters.insert(self.settings.home.clone());
        for cluster in clusters {
            self.clusters.entry(cluster.clone()).or_default();
            self.visit_at(Visit::Discover(cluster), now);
        }
    }

    /// A visit at a time, or earlier where one is due earlier.
    fn visit_at(&mut self, visit: Visit, at: Time) {
        self.due.put(visit, at);
    }

    fn visit_what_is_due(&mut self, now: Time) {
        for call in self.calls.overdue(now) {
            self.answer(now, call, timed_out().into());
        }
        for _ in 0..VISITS_MAX {
            let Some(visit) = self.due.take(now) else {
                return;
            };
            match visit {
                Visit::Discover(cluster) => self.discover(now, &cluster),
                Visit::List(key) => self.list(now, &key, None),
                Visit::Project(name) => self.visit_project(now, &name),
                Visit::Set(name) => self.visit_set(now, &name),
                Visit::App(name) => self.visit_app(now, &name),
            }
        }
    }

    fn announce_wake(&mut self) {
        let next = self.next_wake();
        if let Some(at) = next.filter(|_| next != self.announced) {
            self.effects.push(Effect::Wake { at });
        }
        self.announced = next;
    }

    fn call(&mut self, now: Time, purpose: Purpose, target: (&ClusterId, Request)) -> CallId {
        let call = self.calls.open(purpose, now);
        let (cluster, request) = target;
        self.effects.push(Effect::Call {
            call,
            cluster: cluster.clone(),
            request: Box::new(request),
        });
        call
    }

    /// Brings an answer to what it is for.
    fn answer(&mut self, now: Time, call: CallId, response: Response) {
        let Some(purpose) = self.calls.close(call) else {
            return;
        };
        match purpose {
            Purpose::Discover(cluster, document) => {
                self.discovered(now, (&cluster, document), response);
            }
            Purpose::List(key) => self.listed(now, &key, response),
            Purpose::Predict(name, need, id) => {
                self.predicted(now, (&name, (need, id)), response);
            }
            Purpose::WriteApp(name) => self.app_written(now, &name, response),
            Purpose::Task(name, at) => self.task_answered(now, (&name, at), response),
            Purpose::Cascade(name) => self.cascade_answered(now, &name, &response),
            Purpose::Child(set, child) => self.child_written(now, (&set, &child), response),
            Purpose::WriteSet(name) => self.set_written(now, &name, response),
            Purpose::WriteProject(name) => self.project_written(now, &name, response),
            // The answer to these is another event; this is one that never came.
            Purpose::Resolve(name, need, at) => {
                let silence = Err("the revision was not resolved in time".to_owned());
                self.source_resolved(now, (&name, need, at), silence);
            }
            Purpose::Render(name, need) => {
                let silence = Err("the manifests were not generated in time".to_owned());
                self.source_rendered(now, (&name, need), silence);
            }
            Purpose::Expand(name) => {
                let silence = "the generators did not answer in time".to_owned();
                self.set_expanded(now, &name, Err(SetError::Generator(silence)));
            }
        }
    }
}
