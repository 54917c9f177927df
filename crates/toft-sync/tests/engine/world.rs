//! Drives an engine against the small API: performs effects, brings back events, moves the clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use toft_api::{ApiError, Reason, Request, WatchStart};
use toft_argo::{Application, SourceType};
use toft_object::{Object, Origin, Rendered, Rendering, Time};
use toft_sync::{
    AppRendering, CallId, ClusterId, Effect, Engine, EngineSettings, Event, InvalidApplication,
    SetError, SetRendering, WatchId,
};
use toft_value::{Value, value};

use crate::fake::Fake;

/// What Git has: objects by path, Applications by set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) revision: SmolStr,
    pub(crate) paths: BTreeMap<String, Vec<Value>>,
    pub(crate) sets: BTreeMap<String, Result<Vec<Value>, String>>,
}

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// The engine is replaced by a new one after so many effects.
    pub(crate) crash_after: Option<usize>,
    /// This call (from 1) fails with the error, before the API sees it.
    pub(crate) fail: BTreeMap<usize, Reason>,
    /// The answer to this call is lost, after the API did it.
    pub(crate) lose: BTreeSet<usize>,
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) settings: EngineSettings,
    pub(crate) api: Fake,
    pub(crate) now: Time,
    pub(crate) source: Source,
    pub(crate) faults: Faults,
    /// How long a Deployment needs to be ready.
    pub(crate) ready_after: Option<Duration>,
    /// Requests that were made, without reads.
    pub(crate) calls: usize,
    pub(crate) effects: usize,
    pub(crate) renders: usize,
    queue: VecDeque<Event>,
    watches: BTreeMap<WatchId, (SmolStr, usize)>,
    wake: Option<Time>,
    ready_at: BTreeMap<(SmolStr, SmolStr, i64), Time>,
}

pub(crate) fn settings() -> EngineSettings {
    EngineSettings::in_cluster(7)
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: EngineSettings) -> Self {
        let mut api = Fake::default();
        for namespace in ["argocd", "default", "media"] {
            api.set(
                value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            );
        }
        api.set(value!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
            "metadata": {"name": "default", "namespace": "argocd"},
            "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}],
                     "clusterResourceWhitelist": [{"group": "*", "kind": "*"}]},
        }));
        let source = Source {
            revision: "r1".into(),
            ..Source::default()
        };
        let mut world = Self {
            engine: Engine::new(settings.clone()),
            settings,
            api,
            now: Time::parse("2026-01-01T00:00:00Z").unwrap(),
            source,
            faults: Faults::default(),
            ready_after: Some(Duration::from_secs(5)),
            calls: 0,
            effects: 0,
            renders: 0,
            queue: VecDeque::new(),
            watches: BTreeMap::new(),
            wake: None,
            ready_at: BTreeMap::new(),
        };
        world.queue.push_back(Event::Started);
        world
    }

    /// A new engine in the place of the old one; what was under way is lost.
    pub(crate) fn restart(&mut self) {
        self.engine = Engine::new(self.settings.clone());
        self.queue.clear();
        self.watches.clear();
        self.wake = None;
        self.queue.push_back(Event::Started);
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.queue.push_back(event);
    }

    /// Runs until nothing happens for a while, or the time is over.
    pub(crate) fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut steps = 0;
        loop {
            steps += 1;
            assert!(steps < 200_000, "the engine never comes to rest");
            if let Some(event) = self.next_event() {
                self.step(event);
                continue;
            }
            let ready = self.ready_at.values().min().copied();
            let next = [self.wake, ready].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            self.become_ready();
            if self.wake.is_some_and(|wake| wake <= self.now) {
                self.wake = None;
                self.queue.push_back(Event::Woke);
            }
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        if let Some(event) = self.queue.pop_front() {
            return Some(event);
        }
        for (watch, (resource, cursor)) in &mut self.watches {
            while let Some((_, of, event)) = self.api.log.get(*cursor) {
                *cursor += 1;
                if of == resource {
                    return Some(Event::Changed {
                        watch: *watch,
                        event: event.clone(),
                    });
                }
            }
        }
        None
    }

    fn step(&mut self, event: Event) {
        for effect in self.engine.step(self.now, event) {
            self.effects += 1;
            if self.faults.crash_after == Some(self.effects) {
                return self.restart();
            }
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Call {
                call,
                request,
                cluster,
            } => self.perform_call(call, &cluster, &request),
            Effect::Watch { watch, start, .. } => self.begin_watch(watch, &start),
            Effect::Resolve { call, source } => {
                let known = source.repo_url.as_str() != "https://unreachable.example.org";
                let result = if known {
                    Ok(self.source.revision.clone())
                } else {
                    Err("repository not reachable".to_owned())
                };
                self.queue.push_back(Event::Resolved { call, result });
            }
            Effect::Render {
                call,
                app,
                revisions,
            } => {
                self.renders += 1;
                let result = self.render(&app, &revisions);
                self.queue.push_back(Event::Rendered { call, result });
            }
            Effect::Expand { call, set } => {
                let result = self.source.sets.get(set.name.as_str()).cloned();
                let result = result.unwrap_or_else(|| Ok(Vec::new()));
                let result = result.map(|apps| Self::expand(&apps));
                let result = result.map_err(SetError::Template);
                self.queue.push_back(Event::Expanded { call, result });
            }
            Effect::Wake { at } => self.wake = Some(at),
        }
    }

    /// The Applications of a set; of several with one name none may be written.
    fn expand(apps: &[Value]) -> SetRendering {
        let mut given = SetRendering::default();
        for app in apps.iter().map(|app| Application::parse(app).value) {
            let name = app.name.clone();
            let twice = given.invalid.iter().any(|one| one.name == name);
            let known = given.applications.iter().position(|one| one.name == name);
            match known {
                _ if twice => {}
                None => given.applications.push(app),
                Some(at) => {
                    given.applications.remove(at);
                    let reason = format!("{name} comes twice");
                    given.invalid.push(InvalidApplication { name, reason });
                }
            }
        }
        given
    }

    fn perform_call(&mut self, call: CallId, cluster: &ClusterId, request: &Request) {
        assert_eq!(*cluster, self.settings.home);
        self.calls += 1;
        if let Some(reason) = self.faults.fail.remove(&self.calls) {
            let response = ApiError::new(reason, format!("fault {}", reason.as_str())).into();
            return self.queue.push_back(Event::Answered { call, response });
        }
        let response = self.api.handle(self.now, request);
        self.note_deployments();
        if !self.faults.lose.remove(&self.calls) {
            self.queue.push_back(Event::Answered { call, response });
        }
    }

    fn begin_watch(&mut self, watch: WatchId, start: &WatchStart) {
        let after: u64 = start
            .options
            .resource_version
            .as_ref()
            .unwrap()
            .parse()
            .unwrap();
        let cursor = self
            .api
            .log
            .partition_point(|(revision, _, _)| *revision <= after);
        self.watches
            .insert(watch, (start.path.resource.clone(), cursor));
    }

    fn render(
        &self,
        app: &Application,
        revisions: &[SmolStr],
    ) -> Result<Arc<AppRendering>, String> {
        if revisions
            .iter()
            .any(|revision| *revision != self.source.revision)
        {
            return Err(format!("revision {revisions:?} is not there any more"));
        }
        let mut objects = Vec::new();
        for source in &app.sources {
            let path = source.path.as_str();
            let found = self.source.paths.get(path);
            let found = found.ok_or_else(|| format!("{path}: app path does not exist"))?;
            objects.extend(found.iter().map(|value| Rendered {
                object: Object::new(value.clone()).unwrap(),
                origin: Origin::default(),
            }));
        }
        Ok(Arc::new(AppRendering {
            rendering: Rendering { objects },
            source_types: vec![SourceType::Kustomize; app.sources.len()],
        }))
    }

    /// Deployments that were changed become ready after a while.
    fn note_deployments(&mut self) {
        let Some(wait) = self.ready_after else { return };
        for ((resource, namespace, name), object) in &self.api.objects {
            let generation = object.i64_at(&["metadata", "generation"]).unwrap_or(0);
            let observed = object
                .i64_at(&["status", "observedGeneration"])
                .unwrap_or(0);
            if resource == "deployments" && observed < generation {
                let key = (namespace.clone(), name.clone(), generation);
                self.ready_at.entry(key).or_insert(self.now + wait);
            }
        }
    }

    fn become_ready(&mut self) {
        let due = self.ready_at.iter().filter(|(_, at)| **at <= self.now);
        let due: Vec<_> = due.map(|(key, _)| key.clone()).collect();
        for key in due {
            self.ready_at.remove(&key);
            let (namespace, name, generation) = key;
            if self.api.get("deployments", &namespace, &name).is_some() {
                self.api.change(("deployments", &namespace, &name), |object| {
                    let status = value!({"observedGeneration": generation, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1});
                    object.set_at(&["status"], status);
                });
            }
        }
    }

    /// The Application's status.
    pub(crate) fn status(&self, name: &str) -> Value {
        let app = self.api.get("applications", "argocd", name);
        app.and_then(|app| app.get("status"))
            .cloned()
            .unwrap_or_default()
    }

    /// Sync, health and phase of an Application.
    pub(crate) fn verdict(&self, name: &str) -> [String; 3] {
        let status = self.status(name);
        [
            ["sync", "status"],
            ["health", "status"],
            ["operationState", "phase"],
        ]
        .map(|path| status.str_at(&path).unwrap_or("-").to_owned())
    }
}

/// An Application that is synced by itself.
pub(crate) fn app(name: &str, path: &str) -> Value {
    value!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "media"},
            "source": {"repoURL": "https://git.example.org/lab", "path": path, "targetRevision": "HEAD"},
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}},
        },
    })
}

pub(crate) fn config_map(name: &str, text: &str) -> Value {
    value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": text}})
}

pub(crate) fn deployment(name: &str, image: &str) -> Value {
    value!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "main", "image": image}]}}},
    })
}

pub(crate) fn in_wave(mut object: Value, wave: i64) -> Value {
    let path = ["metadata", "annotations", "argocd.argoproj.io/sync-wave"];
    object.set_at(&path, wave.to_string());
    object
}
