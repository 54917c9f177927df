//! The world itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use smol_str::SmolStr;
use toft_api::{ApiError, PatchKind, Reason, Request, ResourcePath, Response, Target, Verb};
use toft_apiserver::{ApiServer, Commit, Record, WatchCursor};
use toft_argo::{Application, GROUP};
use toft_cluster::{Cluster, ClusterSettings};
use toft_object::{GroupResource, Object, Time};
use toft_render::Renderings;
use toft_source::{Diagnostic, ReadError, Remote};
use toft_sync::{
    ClusterId, Destinations, Effect, Engine, EngineSettings, Event, FirstSync, ProjectRules,
    WatchId,
};

use crate::clusters::{clusters, touches_clusters};
use crate::input::{Entry, Input};
use crate::overview::{AppLine, Overview, apps};
use crate::repository::Repository;
use crate::root::{Found, Root, Survey, root_among, survey};
use crate::routes::routes;
use crate::settled::{Rest, Settled};
use crate::sources::{Facts, Sources, api_versions};

/// How often engine and cluster may answer each other at one instant. Bringing a lab up takes some
/// hundreds; more means that they go round in a circle, and the clock must move on.
pub const INSTANT_ROUNDS_MAX: usize = 100_000;

/// How often the clock may be woken without moving.
const INSTANTS_AT_ONE_TIME_MAX: usize = 1_000;

/// How many inputs wait to be taken; where nobody takes them they are dropped, and the sequence of the
/// next one tells of the gap. A busy hour of a person is some hundreds.
const INPUTS_MAX: usize = 10_000;

/// The version of the simulated cluster, as Argo CD asks for it.
pub(crate) const KUBE_VERSION: &str = "1.36";

/// The user and agent of what the world itself writes: the root Application.
const AGENT: &str = "toft-up";

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// The simulated cluster; its seed is the seed of everything.
    pub cluster: ClusterSettings,
    /// Whether what Argo CD would refuse is refused, and not only told.
    pub project_rules: ProjectRules,
    /// The root Application, by name or file, where it is not evident.
    pub root: Option<String>,
    /// What was rendered before.
    pub renderings: Renderings,
    /// What the clock says to charts, always: a certificate that is made anew with every look is never in sync.
    pub now: Time,
}

/// A world as it was kept.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The revision of the last commit.
    pub revision: u64,
    /// The virtual time.
    pub clock: Time,
    /// The objects.
    pub records: Vec<Record>,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The repository cannot be read.
    #[error("failed to read the repository")]
    Read(#[from] ReadError),
    /// There is no root Application, or more than one.
    #[error("no root Application")]
    Root(Vec<Diagnostic>),
    /// The cluster refuses what everything begins with.
    #[error("the cluster refuses the {object}")]
    Refused {
        /// Kind and name.
        object: String,
        /// What it says.
        #[source]
        error: ApiError,
    },
}

/// An engine and a simulated cluster in one queue on one clock.
pub struct World {
    settings: WorldSettings,
    cluster: Cluster,
    engine: Engine,
    home: ClusterId,
    sources: Sources,
    root: Root,
    survey: Survey,
    watches: BTreeMap<WatchId, WatchCursor>,
    /// The revision at which the watches were polled last.
    polled: Option<u64>,
    effects: VecDeque<Effect>,
    wake: Option<Time>,
    clock: Time,
    rest: Rest,
    commits: Vec<Commit>,
    inputs: Vec<Entry>,
    sequence: u64,
}

impl World {
    /// A fresh cluster with the root Application of the repository in it.
    ///
    /// # Errors
    /// The repository cannot be read, or has no root Application.
    pub fn new(
        settings: WorldSettings,
        repository: Repository,
        now: Time,
    ) -> Result<Self, WorldError> {
        let (root, survey) = beginning(&settings, &repository)?;
        let mut of_cluster = settings.cluster.clone();
        of_cluster.argo_namespace = root.namespace().into();
        let cluster = Cluster::new(of_cluster, now);
        let input = came_in(&repository);
        let mut world = Self::around((settings, cluster), (repository, root, survey), now);
        world.note_input(now, input);
        world.plant(now)?;
        world.start(now);
        Ok(world)
    }

    /// A world as it was kept; what was under way goes on.
    ///
    /// # Errors
    /// The repository cannot be read, or has no root Application.
    pub fn restore(
        settings: WorldSettings,
        repository: Repository,
        saved: Saved,
    ) -> Result<Self, WorldError> {
        let now = saved.clock;
        Self::restore_at((settings, repository), saved, now)
    }

    /// A world as it was kept, at a later time: what was due in between is due now.
    ///
    /// Where everything had come to rest, it still has, unless something turns out to have changed.
    ///
    /// # Errors
    /// The repository cannot be read, or has no root Application.
    pub fn restore_at(
        (settings, repository): (WorldSettings, Repository),
        saved: Saved,
        now: Time,
    ) -> Result<Self, WorldError> {
        let kept = saved.clock;
        let now = now.max(kept);
        let (root, survey) = beginning(&settings, &repository)?;
        let records = saved.records.into_iter();
        let cluster = Cluster::restore(settings.cluster.clone(), saved.revision, records, now);
        let mut world = Self::around((settings, cluster), (repository, root, survey), now);
        world.rest = Rest::resumed(world.cluster.api(), kept, now);
        world.plant(now)?;
        world.start(now);
        Ok(world)
    }

    fn around(
        (settings, cluster): (WorldSettings, Cluster),
        (repository, root, survey): (Repository, Root, Survey),
        now: Time,
    ) -> Self {
        let engine = EngineSettings {
            destinations: Destinations::Home,
            project_rules: settings.project_rules,
            first_sync: FirstSync::Once,
            control_namespace: root.namespace().into(),
            ..EngineSettings::in_cluster(settings.cluster.seed)
        };
        let renderings = settings.renderings.clone();
        Self {
            settings,
            cluster,
            home: engine.home.clone(),
            engine: Engine::new(engine),
            sources: Sources::new(repository, root.repository(), renderings),
            root,
            survey,
            watches: BTreeMap::new(),
            polled: None,
            effects: VecDeque::new(),
            wake: None,
            clock: now,
            rest: Rest::new(now),
            commits: Vec::new(),
            inputs: Vec::new(),
            sequence: 0,
        }
    }

    /// Puts the root into the cluster as the repository has it.
    fn plant(&mut self, now: Time) -> Result<(), WorldError> {
        for object in self.root.objects.clone() {
            let named = format!("{} `{}`", object.kind(), object.name());
            let planted = self.plant_object(object, now);
            planted.map_err(|error| WorldError::Refused {
                object: named,
                error,
            })?;
        }
        Ok(())
    }

    fn plant_object(&mut self, mut object: Object, now: Time) -> Result<(), ApiError> {
        let gvk = object.gvk();
        let resource = self.cluster.api().schemas().kind(&gvk);
        let resource = resource.ok_or_else(|| {
            let (kind, version) = (&gvk.kind, object.api_version());
            let message = format!("no matches for kind \"{kind}\" in version \"{version}\"");
            ApiError::new(Reason::NotFound, message)
        })?;
        let mut path = ResourcePath::new(&gvk.group, &gvk.version, &resource.plural);
        if resource.namespaced {
            if object.namespace().is_empty() {
                object.set(&["metadata", "namespace"], self.root.namespace());
            }
            path = path.namespace(object.namespace());
        }
        let path = path.name(object.name());
        let mut request = Request::patch(AGENT, path, PatchKind::Apply, object.into_value());
        request.options.field_manager = Some(AGENT.into());
        request.options.force = true;
        self.cluster.handle(now, &request).into_value().map(drop)
    }

    fn start(&mut self, now: Time) {
        self.rest.look(self.cluster.api(), now);
        self.hear(now, Event::Started);
        self.pump(now);
    }

    /// Answers somebody's request. What follows from it happens at the same instant, after the answer.
    ///
    /// What only reads moves nothing, not even the clock.
    pub fn handle(&mut self, now: Time, request: &Request) -> Response {
        let now = self.clock.max(now);
        let reads = matches!(request.target, Target::Document(_))
            || matches!(request.verb, Verb::Get | Verb::List | Verb::Watch);
        if reads {
            return self.cluster.handle(now, request);
        }
        self.clock = now;
        self.note_input(now, Input::Request(Box::new(request.clone())));
        let response = self.cluster.handle(now, request);
        self.pump(now);
        response
    }

    /// The next time at which something happens by itself; `None` where nothing will.
    pub fn next_wake(&self) -> Option<Time> {
        self.cluster.next_wake().into_iter().chain(self.wake).min()
    }

    /// Moves the clock to a time, from instant to instant.
    pub fn advance(&mut self, to: Time) {
        let mut instants = 0;
        while let Some(at) = self.next_wake().filter(|at| *at <= to) {
            let at = at.max(self.clock);
            instants = if at == self.clock { instants + 1 } else { 0 };
            if instants > INSTANTS_AT_ONE_TIME_MAX {
                break;
            }
            self.instant(at);
        }
        self.clock = self.clock.max(to);
        self.note_input(self.clock, Input::Advance);
    }

    /// Moves the clock to a time without playing what lies between; what was due then is due now.
    pub fn skip_to(&mut self, to: Time) {
        self.clock = self.clock.max(to);
        self.note_input(self.clock, Input::Skip);
    }

    /// The virtual time.
    pub fn clock(&self) -> Time {
        self.clock
    }

    /// What was committed since the last call, in order.
    pub fn take_commits(&mut self) -> Vec<Commit> {
        std::mem::take(&mut self.commits)
    }

    /// What came in since the last call, in order: with the settings it is enough to make the same run
    /// again.
    ///
    /// Whoever does not keep it may drop it; a world that is restored begins a log of its own.
    pub fn take_inputs(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.inputs)
    }

    /// What Applications ask for outside, and nobody has brought: [`World::set_repository`] takes it.
    pub fn wanted(&self) -> &BTreeSet<Remote> {
        self.sources.wanted()
    }

    /// Takes a new tree, and what was brought from outside, as what the repository is from now on.
    pub fn set_repository(&mut self, repository: Repository) {
        self.note_input(self.clock, came_in(&repository));
        if let Ok(found) = Found::in_tree(&*repository.tree) {
            self.survey = survey(found, &self.root);
        }
        self.sources.set_repository(repository);
        self.hear(self.clock, Event::SourceChanged);
        self.pump(self.clock);
    }

    /// The API server, to read and to watch.
    pub fn api(&self) -> &ApiServer {
        self.cluster.api()
    }

    /// What the world is made of.
    pub fn settings(&self) -> &WorldSettings {
        &self.settings
    }

    /// Whether everything has come to rest, and how.
    pub fn settled(&self) -> Option<Settled> {
        self.rest.settled(self.clock)
    }

    /// Until when the clock may run in search of rest: the next event, or when silence becomes rest.
    pub fn next_search(&self) -> Time {
        let quiet = self.rest.quiet_at();
        self.next_wake()
            .map_or(quiet, |wake| wake.min(quiet))
            .max(self.clock)
    }

    /// How everything stands.
    pub fn overview(&self) -> Overview {
        let applications: Vec<Application> = apps(self.api())
            .map(|app| Application::parse(app).value)
            .collect();
        Overview {
            apps: apps(self.api())
                .map(|app| AppLine::read(self.api(), app))
                .collect(),
            routes: routes(self.api()),
            notices: self.notices(&applications),
            settled: self.settled(),
        }
    }

    /// What the owner should know once.
    fn notices(&self, applications: &[Application]) -> Vec<String> {
        let mut notices = self.sources.notices(applications);
        notices.extend(self.survey.unused.iter().cloned());
        let projects = GroupResource::new(GROUP, "appprojects");
        let named: BTreeSet<&str> = applications
            .iter()
            .map(|app| app.project.as_str())
            .collect();
        let missing = named.into_iter().filter(|name| {
            let mut known = self.api().list(&projects, None);
            !known.any(|project| project.str_at(&["metadata", "name"]) == Some(name))
        });
        notices.extend(missing.filter_map(|name| {
            let file = self.survey.projects.get(name)?;
            Some(format!(
                "AppProject `{name}` is in `{file}`, which no Application applies"
            ))
        }));
        notices
    }

    /// What renderings depend on besides the repository.
    fn facts(&self) -> Facts {
        let api = self.api();
        let control_namespace = SmolStr::from(self.root.namespace());
        let maps = GroupResource::new("", "configmaps");
        let written = api.get(&maps, &control_namespace, "argocd-cm");
        let written = written.and_then(|map| map.str_at(&["data", "kustomize.buildOptions"]));
        Facts {
            kube_version: KUBE_VERSION.into(),
            api_versions: api_versions(api.schemas()),
            build_options: written.map_or_else(|| self.survey.build_options.clone(), SmolStr::from),
            control_namespace,
            seed: self.settings.cluster.seed,
            now: self.settings.now,
        }
    }

    fn note_input(&mut self, time: Time, input: Input) {
        let last = self.inputs.last_mut();
        if last.is_some_and(|last| last.absorb(time, &input)) {
            return;
        }
        if self.inputs.len() >= INPUTS_MAX {
            self.inputs.clear();
        }
        self.inputs.push(Entry {
            sequence: self.sequence,
            time,
            input,
        });
        self.sequence += 1;
    }

    fn instant(&mut self, at: Time) {
        self.clock = at;
        if self.wake.is_some_and(|wake| wake <= at) {
            self.wake = None;
            self.hear(at, Event::Woke);
        }
        self.pump(at);
    }

    fn hear(&mut self, now: Time, event: Event) {
        self.effects.extend(self.engine.step(now, event));
    }

    /// Lets engine and cluster answer each other until both are silent.
    fn pump(&mut self, now: Time) {
        for _ in 0..INSTANT_ROUNDS_MAX {
            self.cluster.settle(now);
            self.keep_commits(now);
            let heard = self.poll_watches(now);
            let Some(effect) = self.effects.pop_front() else {
                if heard {
                    continue;
                }
                break;
            };
            self.perform(now, effect);
        }
    }

    fn keep_commits(&mut self, now: Time) {
        let commits = self.cluster.take_commits();
        self.rest.take_in(&commits, now);
        if commits.iter().any(touches_clusters) {
            self.hear(now, Event::SourceChanged);
        }
        self.commits.extend(commits);
    }

    /// Lets the engine hear what its watches tell; nothing where nothing was written since.
    fn poll_watches(&mut self, now: Time) -> bool {
        let revision = Some(self.cluster.api().revision());
        if self.polled == revision {
            return false;
        }
        self.polled = revision;
        let mut heard = Vec::new();
        let mut ended = Vec::new();
        for (watch, cursor) in &mut self.watches {
            let batch = self.cluster.api().poll_watch(cursor);
            heard.extend(batch.events.into_iter().map(|event| Event::Changed {
                watch: *watch,
                event,
            }));
            if let Some(error) = batch.ended {
                ended.push((*watch, error));
            }
        }
        for (watch, error) in ended {
            self.watches.remove(&watch);
            heard.push(Event::WatchEnded { watch, error });
        }
        let any = !heard.is_empty();
        for event in heard {
            self.hear(now, event);
        }
        any
    }

    fn perform(&mut self, now: Time, effect: Effect) {
        match effect {
            Effect::Call {
                call,
                cluster,
                request,
            } => {
                let response = if cluster == self.home {
                    self.cluster.handle(now, &request)
                } else {
                    ApiError::internal(format!("there is no cluster `{cluster}`")).into()
                };
                self.hear(now, Event::Answered { call, response });
            }
            Effect::Watch { watch, start, .. } => match self.cluster.api().open_watch(&start) {
                Ok(cursor) => {
                    self.watches.insert(watch, cursor);
                    self.polled = None;
                }
                Err(error) => self.hear(now, Event::WatchEnded { watch, error }),
            },
            Effect::Resolve { call, source } => {
                let result = self.sources.resolve(&source);
                self.hear(now, Event::Resolved { call, result });
            }
            Effect::Render {
                call,
                app,
                revisions,
            } => {
                let facts = self.facts();
                let result = self.sources.render(&app, &revisions, &facts);
                self.hear(now, Event::Rendered { call, result });
            }
            Effect::Expand { call, set } => {
                let clusters = clusters(self.api(), self.root.namespace());
                let result = self.sources.expand(&set, &clusters);
                self.hear(now, Event::Expanded { call, result });
            }
            Effect::Wake { at } => self.wake = Some(at),
        }
    }
}

fn came_in(repository: &Repository) -> Input {
    Input::Repository {
        revision: repository.revision.clone(),
        remotes: repository.remotes_digest(),
    }
}

/// What everything begins with, and what the tree holds beside it.
fn beginning(
    settings: &WorldSettings,
    repository: &Repository,
) -> Result<(Root, Survey), WorldError> {
    let found = Found::in_tree(&*repository.tree)?;
    let root = root_among(&found, &*repository.tree, settings.root.as_deref())?;
    let root = root.value.ok_or(WorldError::Root(root.diagnostics))?;
    let survey = survey(found, &root);
    Ok((root, survey))
}
