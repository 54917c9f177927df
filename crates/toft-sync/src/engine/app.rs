//! One Application: what is known of it, and what is done when it is visited.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use toft_api::ResourcePath;
use toft_argo::{Application, GROUP, Refresh, instance_name};
use toft_object::{Object, ObjectId, Time};
use toft_value::Value;

use super::calls::{For, Name, Purpose};
use super::live::Prediction;
use super::refresh::{Level, Refreshing};
use super::run::Run;
use super::store::{Change, StoreKey, version};
use super::watches::GATHER;
use super::writer::{Wish, Writing};
use super::{Engine, Visit};
use crate::compare::Comparison;
use crate::condition::Condition;
use crate::desired::{Desired, Owner};
use crate::event::{AppRendering, ClusterId, Destinations};
use crate::operation::OperationState;
use crate::result::OperationPhase;

/// How long a comparison is good for. Source: Argo CD 3.2.0, `timeout.reconciliation`.
const REFRESH_INTERVAL: Duration = Duration::from_mins(2);
/// By how much the interval is spread. Source: Argo CD 3.2.0, `timeout.reconciliation.jitter`.
const REFRESH_JITTER_SECONDS: u64 = 60;

/// What the sources of an Application gave.
#[derive(Clone, Debug)]
pub(super) struct Rendered {
    /// The sources, as written.
    pub(super) sources: Vec<Value>,
    /// The revision of each.
    pub(super) revisions: Vec<SmolStr>,
    /// What they gave.
    pub(super) rendering: Arc<AppRendering>,
}

/// One Application.
#[derive(Debug)]
pub(super) struct AppState {
    /// As the cluster has it.
    pub(super) app: Application,
    pub(super) uid: SmolStr,
    /// The version of that.
    pub(super) version: u64,
    /// What its status should be.
    pub(super) status: Value,
    /// The last operation, while it is not ended, and afterwards.
    pub(super) operation: Option<OperationState>,
    /// What of the operation is under way.
    pub(super) run: Option<Run>,
    /// How thorough a refresh is wanted.
    pub(super) wanted: Option<Level>,
    /// Whether the refresh that an annotation asks for is under way or done.
    pub(super) is_request_taken: bool,
    /// The refresh that is under way.
    pub(super) refreshing: Option<Refreshing>,
    /// When it was last refreshed to the end, and the part of its spec that counted.
    pub(super) refreshed: Option<(Time, Value)>,
    /// Whether nothing is known to have changed since it was compared.
    pub(super) is_fresh: bool,
    /// Since when its sources cannot be read.
    pub(super) unreadable_since: Option<Time>,
    /// What its sources gave last.
    pub(super) rendered: Option<Rendered>,
    /// What was found last.
    pub(super) comparison: Comparison,
    /// What is wrong with it and done nevertheless.
    pub(super) told: Vec<Condition>,
    /// The objects that it wanted last.
    pub(super) wanting: BTreeSet<ObjectId>,
    /// What applying its objects would give.
    pub(super) predictions: BTreeMap<(For, ObjectId), Prediction>,
    /// What is to be written.
    pub(super) writing: Writing,
    /// How the deletion of what it manages goes.
    pub(super) cascade: super::deletion::Cascade,
    /// When what changed in the cluster may be healed.
    pub(super) heal_at: Option<Time>,
}

impl AppState {
    fn new(object: &Object) -> Self {
        let app = Application::parse(object.value()).value;
        let operation = OperationState::read(&app);
        Self {
            uid: object.uid().into(),
            version: version(object),
            status: app.status().clone(),
            app,
            operation,
            run: None,
            wanted: None,
            is_request_taken: false,
            refreshing: None,
            refreshed: None,
            is_fresh: false,
            unreadable_since: None,
            rendered: None,
            comparison: Comparison::default(),
            told: Vec::new(),
            wanting: BTreeSet::new(),
            predictions: BTreeMap::new(),
            writing: Writing::default(),
            cascade: super::deletion::Cascade::default(),
            heal_at: None,
        }
    }

    /// The Application as an object.
    pub(super) fn id(&self) -> ObjectId {
        ObjectId {
            group: GROUP.into(),
            kind: "Application".into(),
            namespace: self.app.namespace.clone(),
            name: self.app.name.clone(),
        }
    }

    pub(super) fn is_deleting(&self) -> bool {
        let time = self.app.value().at(&["metadata", "deletionTimestamp"]);
        time.is_some_and(|time| !time.is_null())
    }

    /// Whether an operation is under way.
    pub(super) fn is_operating(&self) -> bool {
        let operation = self.operation.as_ref();
        operation.is_some_and(|operation| !operation.phase.is_completed())
    }

    /// Asks for a refresh, at least as thorough as this; only the clock asks for the latest, without a
    /// sign that anything changed.
    pub(super) fn want(&mut self, level: Level) {
        self.is_fresh &= level == Level::Latest;
        self.wanted = self.wanted.max(Some(level));
    }

    /// Takes in a newer version of the Application; its status is ours, but for one word: somebody may
    /// ask for the operation to be terminated there.
    pub(super) fn take_in(&mut self, object: &Object) {
        self.version = version(object);
        self.app = Application::parse(object.value()).value;
        let phase = self.app.status().str_at(&["operationState", "phase"]);
        if phase == Some(OperationPhase::Terminating.as_str())
            && let Some(operation) = &mut self.operation
            && operation.phase == OperationPhase::Running
        {
            operation.phase = OperationPhase::Terminating;
        }
    }
}

/// What of an Application decides what is compared.
fn compared_spec(app: &Application) -> Value {
    let mut spec = crate::status::compared_to(app);
    let metadata = app.value().at(&["spec", "syncPolicy"]).cloned();
    spec.set_at(&["syncPolicy"], metadata.unwrap_or_default());
    spec.set_at(&["project"], app.project.clone());
    spec
}

impl Engine {
    pub(super) fn apps_key(&self) -> StoreKey {
        StoreKey {
            cluster: self.settings.home.clone(),
            path: ResourcePath::new(GROUP, "v1alpha1", "applications"),
        }
    }

    /// An Application is new, different or gone.
    pub(super) fn note_app(&mut self, now: Time, name: &Name, change: &Change) {
        self.note_child(now, change);
        let Some(object) = &change.after else {
            self.visit_every_project(now);
            return self.forget_app(name);
        };
        match self.apps.get_mut(name) {
            Some(state) if state.uid == object.uid() => {
                if state.version < version(object) {
                    state.take_in(object);
                }
            }
            _ => {
                self.forget_app(name);
                self.apps.insert(name.clone(), AppState::new(object));
            }
        }
        self.visit_at(Visit::App(name.clone()), now);
    }

    fn forget_app(&mut self, name: &Name) {
        self.apps.remove(name);
        self.due.remove(&Visit::App(name.clone()));
        self.calls.forget(|purpose| match purpose {
            Purpose::Resolve(one, ..)
            | Purpose::Render(one, _)
            | Purpose::Predict(one, ..)
            | Purpose::WriteApp(one)
            | Purpose::Task(one, _)
            | Purpose::Cascade(one) => one == name,
            Purpose::Discover(..)
            | Purpose::List(_)
            | Purpose::Expand(_)
            | Purpose::Child(..)
            | Purpose::WriteProject(_)
            | Purpose::WriteSet(_) => false,
        });
        self.wanted.retain(|_, names| {
            names.remove(name);
            !names.is_empty()
        });
    }

    pub(super) fn visit_every_app(&mut self, now: Time) {
        let names: Vec<Name> = self.apps.keys().cloned().collect();
        for name in names {
            self.visit_at(Visit::App(name), now);
        }
    }

    pub(super) fn refresh_every_app(&mut self, now: Time) {
        for state in self.apps.values_mut() {
            state.want(Level::Forced);
        }
        self.visit_every_app(now);
    }

    /// What is known of kinds changed: what is wanted is looked at anew.
    pub(super) fn compare_every_app(&mut self, now: Time) {
        for state in self.apps.values_mut() {
            state.want(Level::Recent);
        }
        self.visit_every_app(now);
    }

    /// Objects that an Application has or wants changed.
    pub(super) fn objects_changed(&mut self, now: Time, name: &Name) {
        if let Some(state) = self.apps.get_mut(name) {
            state.want(Level::Recent);
            self.visit_at(Visit::App(name.clone()), now + GATHER);
        }
    }

    pub(super) fn source_changed(&mut self, now: Time) {
        for state in self.apps.values_mut() {
            state.want(Level::Forced);
        }
        self.visit_every_app(now);
        self.expand_every_set(now);
    }

    /// Does what can be done for an Application, and sees to it that it is visited again.
    pub(super) fn visit_app(&mut self, now: Time, name: &Name) {
        // Taken out while it is worked on, so that it and the engine can change each other.
        let Some(mut state) = self.apps.remove(name) else {
            return;
        };
        self.drive(now, &mut state);
        self.apps.insert(name.clone(), state);
    }

    fn drive(&mut self, now: Time, state: &mut AppState) {
        if !self.is_ready(&self.settings.home.clone()) || state.app.skips_reconcile() {
            return;
        }
        if state.is_deleting() {
            self.drive_deletion(now, state);
            self.write_app(now, state);
            return;
        }
        self.note_what_asks_for_a_refresh(now, state);
        self.drive_refresh(now, state);
        self.drive_operation(now, state);
        self.write_app(now, state);
        let soon =
            Some(now + GATHER).filter(|_| state.wanted.is_some() && state.refreshing.is_none());
        let times = [self.refresh_due(state), state.heal_at, soon];
        if let Some(at) = times.into_iter().flatten().min() {
            self.visit_at(Visit::App(state.app.name.clone()), at.max(now));
        }
    }

    /// Source: Argo CD 3.2.0 `controller/appcontroller.go`, `needRefreshAppStatus`.
    fn note_what_asks_for_a_refresh(&mut self, now: Time, state: &mut AppState) {
        match state.app.refresh_requested() {
            Some(_) if state.is_request_taken => {}
            Some(Refresh::Hard) => state.want(Level::Hard),
            Some(Refresh::Normal) => state.want(Level::Forced),
            None => {}
        }
        state.is_request_taken = state.app.refresh_requested().is_some();
        let spec = state.refreshed.as_ref().map(|(_, spec)| spec);
        if spec != Some(&compared_spec(&state.app)) && state.refreshing.is_none() {
            state.want(Level::Forced);
        }
        if self.refresh_due(state).is_some_and(|at| at <= now) {
            state.want(Level::Latest);
        }
        if state.heal_at.is_some_and(|at| at <= now) {
            state.heal_at = None;
            state.want(Level::Recent);
        }
    }

    /// When the last comparison is too old; `None` while a refresh is under way.
    fn refresh_due(&self, state: &AppState) -> Option<Time> {
        if state.refreshing.is_some() {
            return None;
        }
        let (at, _) = state.refreshed.as_ref()?;
        let jitter = spread(self.settings.seed, &state.app.name) % REFRESH_JITTER_SECONDS;
        Some(*at + REFRESH_INTERVAL + Duration::from_secs(jitter))
    }

    /// Notes that a refresh came to its end.
    pub(super) fn refresh_ended(now: Time, state: &mut AppState) {
        state.refreshing = None;
        state.refreshed = Some((now, compared_spec(&state.app)));
        if state.app.refresh_requested().is_some() {
            state.writing.wish(Wish::ClearRefresh);
        }
    }

    /// The cluster that an Application goes to.
    ///
    /// # Errors
    /// The destination names no cluster that is registered; the text is Argo CD's.
    pub(super) fn cluster_of(&self, app: &Application) -> Result<ClusterId, String> {
        if self.settings.destinations == Destinations::Home {
            return Ok(self.settings.home.clone());
        }
        let known: Vec<_> = self
            .settings
            .clusters
            .iter()
            .map(|(one, _)| one.clone())
            .collect();
        let found = app.destination.cluster(&known)?;
        let mut clusters = self.settings.clusters.iter();
        let entry = clusters.find(|(one, _)| one == found);
        Ok(entry.map_or_else(|| self.settings.home.clone(), |(_, id)| id.clone()))
    }

    pub(super) fn owner(&self, app: &Application) -> Owner {
        let control = &self.settings.control_namespace;
        Owner {
            instance: instance_name(&app.name, &app.namespace, control).to_string(),
            namespace: app.destination.namespace.to_string(),
        }
    }

    /// What an Application wants to be there, as its rendering says.
    pub(super) fn desire(&self, app: &Application, rendered: &Rendered) -> Desired {
        let cluster = self.cluster_of(app).ok();
        let view = cluster.and_then(|cluster| self.clusters.get(&cluster));
        let rendering = &rendered.rendering.rendering;
        match view {
            Some(view) => Desired::new(rendering, &self.owner(app), &view.kinds),
            None => Desired::default(),
        }
    }
}

/// A number that is spread well over names, the same for the same seed.
///
/// FNV-1a, 64 bits.
fn spread(seed: u64, name: &str) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
