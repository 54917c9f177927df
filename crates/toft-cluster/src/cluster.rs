//! The cluster: an API server, the controllers, and one queue on a virtual clock.

use std::collections::BTreeMap;
use std::time::Duration;

use toft_api::{ApiError, LogOptions, Request, Response};
use toft_apiserver::{ApiServer, Commit, Record};
use toft_object::{GroupResource, Time};
use toft_schema::Schemas;

use crate::bootstrap;
use crate::controller::{Change, Next};
use crate::controllers::CONTROLLERS;
use crate::ctx::{Ctx, Parts};
use crate::dispatch::Dispatch;
use crate::key::Key;
use crate::logs;
use crate::owner_index::OwnerIndex;
use crate::queue::{Queue, Task};
use crate::reader::Reader;
use crate::settings::ClusterSettings;

/// How often one key may be reconciled at one instant. A rollout of a hundred pods needs some dozens;
/// a controller that needs more fights with another one or with itself.
pub const RECONCILES_AT_AN_INSTANT_MAX: u32 = 1_000;

/// How long a key that flaps is left alone.
const FLAPPING_PAUSE: Duration = Duration::from_mins(1);

/// The first delay after a failure, and the longest, as upstream's rate limiter for controllers has it.
const RETRY_DELAYS_MS: (u64, u64) = (1_000, 1_000_000);

/// A simulated cluster: API server, controllers, scheduler, nodes.
///
/// Nothing happens by itself: [`Cluster::handle`] takes a request, [`Cluster::settle`] lets the controllers
/// work until nothing is left to do at an instant, [`Cluster::advance`] moves the clock from timer to timer.
/// The same settings, the same requests and the same times give the same commits.
pub struct Cluster {
    settings: ClusterSettings,
    api: ApiServer,
    dispatch: Dispatch,
    queue: Queue,
    owners: OwnerIndex,
    failures: BTreeMap<Task, u32>,
    flapping: Vec<Flapping>,
    commits: Vec<Commit>,
    /// The last instant at which something happened.
    now: Time,
}

/// A controller did not come to rest over one of its objects; it goes on a minute later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{controller} did not settle: `{object}` was reconciled {RECONCILES_AT_AN_INSTANT_MAX} times at {at}"
)]
pub struct Flapping {
    /// The name of the controller.
    pub controller: &'static str,
    /// The object that it went round and round about.
    pub object: String,
    /// When.
    pub at: Time,
}

impl Cluster {
    /// A fresh cluster with what every cluster has: namespaces, nodes, classes, CRDs. Its controllers have
    /// not run yet.
    pub fn new(settings: ClusterSettings, now: Time) -> Self {
        let api = ApiServer::new(Schemas::builtin(), settings.seed);
        let mut cluster = Self::around(settings, api);
        for request in bootstrap::requests(&cluster.settings, now) {
            // A refusal here would be a fault of the bootstrap, which its test finds.
            drop(cluster.handle(now, &request));
        }
        cluster
    }

    /// A cluster as it was kept: the records of its objects at a revision.
    ///
    /// Controllers read everything from the objects, so what was under way goes on.
    pub fn restore(
        settings: ClusterSettings,
        revision: u64,
        records: impl Iterator<Item = Record>,
        now: Time,
    ) -> Self {
        let api = ApiServer::restore(Schemas::builtin(), settings.seed, revision, records);
        let mut cluster = Self::around(settings, api);
        cluster.now = now;
        cluster.wake_all();
        cluster
    }

    fn around(settings: ClusterSettings, api: ApiServer) -> Self {
        Self {
            dispatch: Dispatch::new(CONTROLLERS, settings.parts),
            settings,
            api,
            queue: Queue::default(),
            owners: OwnerIndex::default(),
            failures: BTreeMap::new(),
            flapping: Vec::new(),
            commits: Vec::new(),
            now: Time::default(),
        }
    }

    /// Answers a request. What it changes wakes controllers, which work at the next [`Cluster::settle`].
    pub fn handle(&mut self, now: Time, request: &Request) -> Response {
        self.now = now;
        if let Some(response) = logs::answer(self, request) {
            return response;
        }
        let response = self.api.handle(now, request);
        self.take_in_commits();
        response
    }

    /// Lets the controllers work until nothing is left to do at this instant.
    pub fn settle(&mut self, now: Time) {
        self.now = now;
        self.queue.fire(now);
        let mut runs: BTreeMap<Task, u32> = BTreeMap::new();
        while let Some(task) = self.queue.next_due() {
            let count = runs.entry(task.clone()).or_default();
            *count += 1;
            if *count > RECONCILES_AT_AN_INSTANT_MAX {
                self.pause(task, now);
            } else {
                self.reconcile(task, now);
            }
        }
    }

    /// The time of the earliest timer; the last instant where something is due already.
    pub fn next_wake(&self) -> Option<Time> {
        if self.queue.has_due() {
            return Some(self.now);
        }
        self.queue.next_time()
    }

    /// Moves the clock to a time, from timer to timer, and settles at each instant.
    pub fn advance(&mut self, to: Time) {
        while let Some(at) = self.next_wake().filter(|at| *at <= to) {
            self.settle(at);
        }
        self.settle(to);
    }

    /// What was committed since the last call, in order.
    pub fn take_commits(&mut self) -> Vec<Commit> {
        std::mem::take(&mut self.commits)
    }

    /// Which controllers did not come to rest since the last call. It is a finding about the objects, or a
    /// fault of ours.
    pub fn take_flapping(&mut self) -> Vec<Flapping> {
        std::mem::take(&mut self.flapping)
    }

    /// The simulated log of a container of the pod with a namespace and name.
    ///
    /// # Errors
    /// There is no such pod or container, or it has not started; in upstream's words.
    pub fn logs(&self, pod: (&str, &str), options: &LogOptions) -> Result<String, ApiError> {
        logs::of(Reader::new(&self.api, &self.owners), pod, options)
    }

    /// The API server, to read and to watch.
    pub fn api(&self) -> &ApiServer {
        &self.api
    }

    /// What the cluster is made of.
    pub fn settings(&self) -> &ClusterSettings {
        &self.settings
    }

    fn reconcile(&mut self, task: Task, now: Time) {
        let Some(controller) = CONTROLLERS.get(task.0) else {
            return;
        };
        let parts = Parts {
            settings: &self.settings,
            api: &mut self.api,
            owners: &self.owners,
        };
        let next = (controller.reconcile)(&mut Ctx::new(now, controller, parts), &task.1);
        self.take_in_commits();
        match next {
            Next::Nothing => {
                self.failures.remove(&task);
            }
            Next::At(at) if at > now => {
                self.failures.remove(&task);
                self.queue.wake_at(task, at);
            }
            // A time that has passed is no time: a second look now would find the same.
            Next::At(_) | Next::Retry => {
                let failures = self.failures.entry(task.clone()).or_default();
                *failures += 1;
                let (first, most) = RETRY_DELAYS_MS;
                let delay = first.saturating_mul(1 << (*failures - 1).min(20)).min(most);
                self.queue.wake_at(task, now + Duration::from_millis(delay));
            }
        }
    }

    fn pause(&mut self, task: Task, now: Time) {
        let controller = CONTROLLERS.get(task.0).map_or("", |found| found.name);
        self.flapping.push(Flapping {
            controller,
            object: task.1.to_string(),
            at: now,
        });
        self.queue.wake_at(task, now + FLAPPING_PAUSE);
    }

    fn take_in_commits(&mut self) {
        for commit in self.api.take_commits() {
            for change in &commit.changes {
                let key = Key {
                    resource: change.key.resource.clone(),
                    namespace: change.key.namespace.clone(),
                    name: change.key.name.clone(),
                };
                let change = Change {
                    key: &key,
                    before: change.before.as_ref(),
                    after: change.after.as_ref(),
                };
                self.owners.apply(&key, change.before, change.after);
                self.dispatch.wake(
                    Reader::new(&self.api, &self.owners),
                    &change,
                    &mut self.queue,
                );
            }
            self.commits.push(commit);
        }
    }

    fn wake_all(&mut self) {
        let schemas = self.api.schemas();
        let mut resources: Vec<GroupResource> = schemas
            .resources()
            .map(toft_schema::Resource::group_resource)
            .collect();
        resources.sort();
        resources.dedup();
        for resource in &resources {
            for object in self.api.list(resource, None) {
                self.owners
                    .apply(&Key::full(resource, object), None, Some(object));
            }
        }
        let reader = Reader::new(&self.api, &self.owners);
        for resource in &resources {
            for object in self.api.list(resource, None) {
                let change = Change {
                    key: &Key::full(resource, object),
                    before: None,
                    after: Some(object),
                };
                self.dispatch.wake(reader, &change, &mut self.queue);
            }
        }
    }
}
