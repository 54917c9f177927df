//! An operation: from what was asked for to its end, pass by pass.
//!
//! Source: Argo CD 3.2.0 `controller/appcontroller.go`, `processRequestedAppOperation`;
//! `controller/sync.go`, `SyncAppState`.

mod pinned;

use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
use toft_argo::{Initiator, Permission, SyncOperation, SyncOption};
use toft_object::Time;
use toft_value::value;

use self::pinned::{
    at_revisions, note_history, note_revisions, pinned, pinned_app, revisions_asked,
};
use super::app::{AppState, Rendered};
use super::calls::{For, Name, Purpose};
use super::live::Pairs;
use super::refresh::Level;
use super::tasks::TaskRun;
use super::writer::Wish;
use super::{Engine, Visit};
use crate::automation::written_sources;
use crate::compare::Comparison;
use crate::condition::{ConditionKind, joined};
use crate::desired::Desired;
use crate::event::{AppRendering, ClusterId, ProjectRules};
use crate::operation::{OperationState, SyncResult};
use crate::plan::{Pair, PlanInput, SyncPlan, plan};
use crate::result::OperationPhase;
use crate::run::{
    Confirmed, DRY_RUN_FAILED, Next, OutOfSyncOnly, Outcome, Scope, after_dry_run, after_run,
    dry_run, next, without_namespace,
};

/// How long a wave is left alone before the next one, so that controllers can react.
///
/// Source: Argo CD 3.2.0 `controller/sync.go`, `delayBetweenSyncWaves`.
const WAVE_DELAY: Duration = Duration::from_secs(2);

/// Passes of one visit: each ends in calls, in waiting or at the end, so that two are enough.
const PASSES_MAX: usize = 8;

/// What of an operation is under way.
#[derive(Debug)]
pub(super) struct Run {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The revisions are to be found.
    Begin,
    /// The revision of each source, once it is known.
    Resolving(Vec<Option<SmolStr>>),
    /// The sources are rendered at these revisions.
    Rendering(Vec<SmolStr>),
    /// The next pass can look.
    Look(Arc<Desired>, Tried),
    /// Tasks are done.
    Tasks(Arc<Desired>, Box<TaskRun>),
    /// The next pass waits.
    Delay(Arc<Desired>, Time),
}

/// Whether the dry run was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    No,
    /// Not yet, but the namespace of the destination is there.
    Prepared,
    Yes,
}

/// What a pass looks at.
struct Sight {
    cluster: ClusterId,
    plan: SyncPlan,
}

impl Engine {
    /// Does what can be done of an operation.
    pub(super) fn drive_operation(&mut self, now: Time, state: &mut AppState) {
        if !state.is_operating() {
            let asked = state.app.operation.clone();
            let Some(asked) = asked.filter(|_| !state.writing.wishes(Wish::ClearOperation)) else {
                return;
            };
            state.operation = Some(OperationState::begin(asked, now));
            state.run = None;
        }
        if state.writing.wishes(Wish::BeginOperation) || self.waits_for_retry(now, state) {
            return;
        }
        let phase = state.operation.as_ref().map(|operation| operation.phase);
        if phase == Some(OperationPhase::Terminating) {
            let tasks = |purpose: &Purpose| matches!(purpose, Purpose::Task(name, _) if *name == state.app.name);
            self.calls.forget(tasks);
            let message = "Operation terminated".to_owned();
            return self.end_operation(now, state, (OperationPhase::Failed, message));
        }
        if self.waits_for_window(now, state) {
            return;
        }
        for _ in 0..PASSES_MAX {
            if !self.advance(now, state) {
                return;
            }
        }
        self.visit_at(Visit::App(state.app.name.clone()), now + WAVE_DELAY);
    }

    /// Whether a window of the project keeps the operation from going on. Tasks that began are finished.
    ///
    /// Source: Argo CD 3.2.0 `controller/sync.go`, `syncWindowPreventsSync`.
    fn waits_for_window(&mut self, now: Time, state: &mut AppState) -> bool {
        let operation = state.operation.as_ref();
        let automated = operation.is_some_and(|operation| operation.operation.automated);
        let tasks = state.run.as_ref().map(|run| &run.stage);
        if matches!(tasks, Some(Stage::Tasks(..))) {
            return false;
        }
        let initiator = if automated {
            Initiator::Automation
        } else {
            Initiator::Person
        };
        let blocked = "Sync operation blocked by sync window";
        match self.window(&state.app, initiator, now) {
            Ok(Permission::Granted) => return false,
            Ok(Permission::Denied(change)) => {
                if let Some(at) = change {
                    self.visit_at(Visit::App(state.app.name.clone()), at);
                }
                say(state, blocked.to_owned());
            }
            Err(why) => say(state, format!("{blocked}: {why}")),
        }
        true
    }

    /// Whether the operation failed and is repeated later; when the time has come it begins anew.
    fn waits_for_retry(&mut self, now: Time, state: &mut AppState) -> bool {
        let Some(operation) = &mut state.operation else {
            return false;
        };
        let Some(at) = operation.retry_at() else {
            return false;
        };
        if at > now {
            self.visit_at(Visit::App(state.app.name.clone()), at);
            return true;
        }
        let refreshes = operation.operation.retry.refresh;
        let extra = if refreshes {
            " with latest revisions"
        } else {
            ""
        };
        let attempt = operation.retry_count;
        operation.message = format!("Retrying operation{extra}. Attempt #{attempt}");
        operation.finished_at = None;
        operation.sync_result = None;
        if refreshes && let Some(sync) = &mut operation.operation.sync {
            (sync.revision, sync.revisions) = (SmolStr::default(), Vec::new());
            operation.operation.raw.remove_at(&["sync", "revision"]);
            operation.operation.raw.remove_at(&["sync", "revisions"]);
        }
        state.run = None;
        false
    }

    /// Goes one stage further; false where the operation waits or ended.
    fn advance(&mut self, now: Time, state: &mut AppState) -> bool {
        let run = state.run.take();
        let stage = run.map_or(Stage::Begin, |run| run.stage);
        let (stage, goes_on) = match stage {
            Stage::Begin => match self.fetch(now, state) {
                Ok(stage) => {
                    let goes_on = matches!(stage, Stage::Look(..));
                    (stage, goes_on)
                }
                Err(message) => {
                    self.end_operation(now, state, (OperationPhase::Error, message));
                    return false;
                }
            },
            waiting @ (Stage::Resolving(_) | Stage::Rendering(_)) => (waiting, false),
            Stage::Delay(desired, at) if at > now => {
                self.visit_at(Visit::App(state.app.name.clone()), at);
                (Stage::Delay(desired, at), false)
            }
            Stage::Delay(desired, _) => (Stage::Look(desired, Tried::Yes), true),
            Stage::Look(desired, tried) => match self.look(now, state, (&desired, tried)) {
                Some(stage) => {
                    let goes_on = matches!(stage, Stage::Tasks(..));
                    (stage, goes_on)
                }
                None => return false,
            },
            Stage::Tasks(desired, mut tasks) => {
                if !self.drive_tasks(now, state, &mut tasks) {
                    state.run = Some(Run {
                        stage: Stage::Tasks(desired, tasks),
                    });
                    return false;
                }
                match self.after_tasks(now, state, (desired, &tasks)) {
                    Some(stage) => (stage, true),
                    None => return false,
                }
            }
        };
        state.run = Some(Run { stage });
        goes_on
    }

    /// Finds out what is to be synced: the revisions that the operation named or began with.
    fn fetch(&mut self, now: Time, state: &mut AppState) -> Result<Stage, String> {
        let operation = state.operation.as_ref();
        let sync = operation.and_then(|operation| operation.operation.sync.as_ref());
        let Some(sync) = sync else {
            return Err("Invalid operation request: no operation specified".to_owned());
        };
        let begun = operation.and_then(|operation| operation.sync_result.as_ref());
        let app = pinned(&state.app, sync, begun);
        let revisions = revisions_asked(sync, begun, app.sources.len());
        if let Some(rendered) = state.rendered.as_ref().filter(|rendered| {
            rendered.sources == written_sources(&app) && rendered.revisions == revisions
        }) {
            let desired = Arc::new(self.desire(&app, rendered));
            note_revisions(state, &app, revisions);
            return Ok(Stage::Look(desired, Tried::No));
        }
        if begun.is_some() && revisions.iter().all(|revision| !revision.is_empty()) {
            self.render(now, &app, (For::Operation, revisions.clone()));
            return Ok(Stage::Rendering(revisions));
        }
        // What was asked for may be a branch, or `HEAD`: what it means now is what is synced.
        let app = at_revisions(app, &revisions);
        self.resolve_sources(now, &app, For::Operation);
        Ok(Stage::Resolving(vec![None; app.sources.len()]))
    }

    pub(super) fn operation_resolved(
        &mut self,
        now: Time,
        what: (&Name, usize),
        result: Result<SmolStr, String>,
    ) {
        let (name, at) = what;
        let Some(mut state) = self.apps.remove(name) else {
            return;
        };
        match result {
            Ok(revision) => self.take_pinned(now, &mut state, (at, revision)),
            Err(message) => self.fail_to_load(now, &mut state, &message),
        }
        self.apps.insert(name.clone(), state);
        self.visit_at(Visit::App(name.clone()), now);
    }

    fn take_pinned(&mut self, now: Time, state: &mut AppState, what: (usize, SmolStr)) {
        let Some(Run {
            stage: Stage::Resolving(revisions),
        }) = &mut state.run
        else {
            return;
        };
        if let Some(known) = revisions.get_mut(what.0) {
            *known = Some(what.1);
        }
        let known: Option<Vec<SmolStr>> = revisions.iter().cloned().collect();
        let Some(revisions) = known else { return };
        let Some(app) = pinned_app(state) else { return };
        self.render(now, &app, (For::Operation, revisions.clone()));
        state.run = Some(Run {
            stage: Stage::Rendering(revisions),
        });
    }

    fn fail_to_load(&mut self, now: Time, state: &mut AppState, message: &str) {
        let kind = ConditionKind::ComparisonError.as_str();
        let message = format!("{kind}: Failed to load target state: {message}");
        self.end_operation(now, state, (OperationPhase::Error, message));
    }

    pub(super) fn operation_rendered(
        &mut self,
        now: Time,
        name: &Name,
        result: Result<Arc<AppRendering>, String>,
    ) {
        let Some(mut state) = self.apps.remove(name) else {
            return;
        };
        match result {
            Ok(rendering) => self.take_pinned_rendering(&mut state, rendering),
            Err(message) => self.fail_to_load(now, &mut state, &message),
        }
        self.apps.insert(name.clone(), state);
        self.visit_at(Visit::App(name.clone()), now);
    }

    fn take_pinned_rendering(&self, state: &mut AppState, rendering: Arc<AppRendering>) {
        let Some(Run {
            stage: Stage::Rendering(revisions),
        }) = &state.run
        else {
            return;
        };
        let revisions = revisions.clone();
        let Some(app) = pinned_app(state) else { return };
        let rendered = Rendered {
            sources: written_sources(&app),
            revisions: revisions.clone(),
            rendering,
        };
        let desired = Arc::new(self.desire(&app, &rendered));
        note_revisions(state, &app, revisions);
        state.run = Some(Run {
            stage: Stage::Look(desired, Tried::No),
        });
    }

    /// One pass: looks at the live objects and decides; `None` where the operation ended.
    fn look(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (&Arc<Desired>, Tried),
    ) -> Option<Stage> {
        let (desired, tried) = what;
        let sight = match self.see(now, state, desired) {
            Ok(Some(sight)) => sight,
            Ok(None) => return Some(Stage::Look(Arc::clone(desired), tried)),
            Err(end) => {
                self.end_operation(now, state, end);
                return None;
            }
        };
        let mut operation = state.operation.take()?;
        let result = operation
            .sync_result
            .get_or_insert_with(SyncResult::default);
        let decided = {
            let differs = differs_in(state);
            let scope = scope(
                state,
                operation.operation.sync.as_ref(),
                &differs,
                operation.started_at,
            );
            match tried {
                Tried::No => next(&sight.plan, &mut result.resources, &scope),
                Tried::Prepared => dry_run(&sight.plan, &result.resources, &scope),
                Tried::Yes => after_dry_run(&sight.plan, &mut result.resources, &scope),
            }
        };
        state.operation = Some(operation);
        match decided {
            Next::End(phase, message) => {
                self.end_operation(now, state, (phase, message));
                None
            }
            Next::Wait(message) => {
                say(state, message);
                Some(Stage::Look(Arc::clone(desired), Tried::Yes))
            }
            Next::Prepare(at) => {
                let run = TaskRun::preparing(sight.cluster, sight.plan, at);
                Some(Stage::Tasks(Arc::clone(desired), Box::new(run)))
            }
            Next::DryRun(tasks) => {
                let run = TaskRun::dry(sight.cluster, sight.plan, tasks);
                Some(Stage::Tasks(Arc::clone(desired), Box::new(run)))
            }
            Next::Run(tasks) => {
                say(state, "one or more tasks are running".to_owned());
                let run = TaskRun::wet(sight.cluster, sight.plan, tasks);
                Some(Stage::Tasks(Arc::clone(desired), Box::new(run)))
            }
        }
    }

    /// What a pass looks at; `Ok(None)` where something is still to be answered.
    fn see(
        &mut self,
        now: Time,
        state: &mut AppState,
        desired: &Arc<Desired>,
    ) -> Result<Option<Sight>, (OperationPhase, String)> {
        let failed = |message: String| (OperationPhase::Error, message);
        let refusals = self.refusals(&state.app);
        if !refusals.is_empty() && self.settings.project_rules == ProjectRules::Enforced {
            return Err(failed(joined(&refusals)));
        }
        let cluster = self.cluster_of(&state.app).map_err(failed)?;
        let pairs = match self.pairs(now, state, (For::Operation, desired)) {
            Pairs::Known(pairs) => pairs,
            Pairs::Waiting => return Ok(None),
            Pairs::Failed(message) => {
                let kind = ConditionKind::ComparisonError.as_str();
                return Err(failed(format!("{kind}: {message}")));
            }
        };
        state.keep_predictions(For::Operation, &pairs);
        let comparison = self.compare_app(state, (For::Operation, desired, pairs), None);
        if let Some(message) = shared_resource(state, &comparison) {
            return Err((OperationPhase::Failed, message));
        }
        let pairs = selected(state, &comparison);
        let plan = self.plan_of(state, &cluster, (desired, &pairs));
        Ok(Some(Sight { cluster, plan }))
    }

    fn plan_of(
        &self,
        state: &AppState,
        cluster: &ClusterId,
        what: (&Desired, &[Pair]),
    ) -> SyncPlan {
        let (desired, pairs) = what;
        let sync = state.operation.as_ref();
        let sync = sync.and_then(|operation| operation.operation.sync.as_ref());
        let options = sync.map(|sync| sync.options.clone()).unwrap_or_default();
        let namespace = state.app.destination.namespace.as_str();
        let create = options.has(SyncOption::CreateNamespace(true));
        let create_namespace = create
            .then(|| self.namespace_pair(state, cluster, desired))
            .flatten();
        plan(&PlanInput {
            pairs,
            namespace,
            create_namespace,
            options: &options,
            judge: &|object| self.judge(&state.app, (cluster, &desired.objects), object),
        })
    }

    /// The namespace of the destination, where it is missing or its metadata is managed.
    ///
    /// Source: Argo CD 3.2.0 `controller/sync_namespace.go`.
    fn namespace_pair(
        &self,
        state: &AppState,
        cluster: &ClusterId,
        desired: &Desired,
    ) -> Option<Pair> {
        let name = state.app.destination.namespace.as_str();
        let is_it = |object: &toft_object::Object| {
            object.kind() == "Namespace" && object.api_version() == "v1" && object.name() == name
        };
        if name.is_empty() || desired.objects.iter().any(is_it) {
            return None;
        }
        let mut target =
            value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let metadata = &state.app.sync_policy.managed_namespace_metadata;
        if let Some(metadata) = metadata {
            target.set_at(&["metadata", "labels"], metadata.labels.clone());
            let mut annotations = metadata.annotations.clone();
            let option = "ServerSideApply=true";
            annotations.insert(toft_argo::ANNOTATION_SYNC_OPTIONS, option);
            target.set_at(&["metadata", "annotations"], annotations);
        }
        let target = toft_object::Object::new(target).ok()?;
        let live = self.live(cluster, &target).cloned();
        let begun = state.operation.as_ref()?.sync_result.as_ref();
        let tried = begun.is_some_and(|begun| {
            let mut results = begun.resources.iter();
            results.any(|result| result.key.kind == "Namespace" && result.key.name == name)
        });
        (live.is_none() || metadata.is_some() || tried).then_some(Pair {
            target: Some(target),
            live,
        })
    }

    /// What follows the tasks of a wave or of the dry run; `None` where the operation ended.
    fn after_tasks(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (Arc<Desired>, &TaskRun),
    ) -> Option<Stage> {
        let (desired, tasks) = what;
        if tasks.is_dry() {
            if tasks.outcome() == Outcome::Failed {
                let end = (OperationPhase::Failed, DRY_RUN_FAILED.to_owned());
                self.end_operation(now, state, end);
                return None;
            }
            return Some(Stage::Look(desired, Tried::Yes));
        }
        if tasks.is_preparing() && tasks.outcome() == Outcome::Successful {
            return Some(Stage::Look(desired, Tried::Prepared));
        }
        let operation = state.operation.as_ref()?;
        let results = operation.sync_result.clone().unwrap_or_default().resources;
        let decided = if tasks.is_preparing() {
            without_namespace(tasks.plan(), &results)
        } else {
            let differs = differs_in(state);
            let scope = scope(
                state,
                operation.operation.sync.as_ref(),
                &differs,
                operation.started_at,
            );
            after_run(tasks.plan(), &results, &scope, tasks.outcome())
        };
        match decided {
            Next::End(phase, message) => {
                self.end_operation(now, state, (phase, message));
                None
            }
            Next::Wait(message) => {
                say(state, message);
                Some(Stage::Delay(desired, now + WAVE_DELAY))
            }
            Next::Prepare(_) | Next::DryRun(_) | Next::Run(_) => {
                Some(Stage::Look(desired, Tried::Yes))
            }
        }
    }

    /// Ends the attempt: the operation is repeated later, or is over.
    fn end_operation(&mut self, now: Time, state: &mut AppState, end: (OperationPhase, String)) {
        let (phase, message) = end;
        state.run = None;
        let Some(operation) = &mut state.operation else {
            return;
        };
        let terminated = operation.phase == OperationPhase::Terminating;
        (operation.phase, operation.message) = (phase, message);
        operation.finished_at = Some(now.truncated());
        if phase != OperationPhase::Succeeded && !terminated {
            let limit = operation.operation.retry.limit;
            if limit < 0 || i64::from(operation.retry_count) < limit {
                return self.repeat_later(now, state);
            }
        }
        if phase != OperationPhase::Succeeded && operation.retry_count > 0 {
            let count = operation.retry_count;
            operation.message = format!("{} (retried {count} times).", operation.message);
        }
        if phase == OperationPhase::Succeeded {
            note_history(state, now);
        }
        state.writing.wish(Wish::ClearOperation);
        state.want(Level::Forced);
        self.visit_at(Visit::App(state.app.name.clone()), now);
    }

    fn repeat_later(&mut self, now: Time, state: &mut AppState) {
        let Some(operation) = &mut state.operation else {
            return;
        };
        let backoff = operation.operation.retry.backoff;
        let at = backoff.next_at(now.truncated(), operation.retry_count);
        operation.phase = OperationPhase::Running;
        operation.retry_count += 1;
        let (attempt, at) = (operation.retry_count, kitchen(at));
        let message = &operation.message;
        operation.message = format!("{message}. Retrying attempt #{attempt} at {at}.");
        if let Some(at) = operation.retry_at() {
            self.visit_at(Visit::App(state.app.name.clone()), at);
        }
    }
}

/// `3:04PM`, in UTC. Source: Go's `time.Kitchen`, as Argo CD prints it in the time zone of its pod.
fn kitchen(at: Time) -> String {
    let seconds = at.seconds().rem_euclid(24 * 3600);
    let (hour, minute) = (seconds / 3600, seconds % 3600 / 60);
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    format!("{hour}:{minute:02}{half}")
}

fn say(state: &mut AppState, message: String) {
    if let Some(operation) = &mut state.operation {
        operation.message = message;
    }
}

fn differs_in(state: &AppState) -> impl Fn(&crate::plan::Task) -> bool {
    |task| match (&task.pair.target, &task.pair.live) {
        (Some(target), Some(live)) => state.differs(For::Operation, target, live),
        _ => true,
    }
}

fn scope<'a>(
    state: &AppState,
    sync: Option<&SyncOperation>,
    differs: &'a dyn Fn(&crate::plan::Task) -> bool,
    started_at: Time,
) -> Scope<'a> {
    let only = SyncOption::ApplyOutOfSyncOnly(true);
    let only = sync.is_some_and(|sync| sync.options.has(only));
    let approved = state.app.annotation("argocd.argoproj.io/deletion-approved");
    let approved = approved.and_then(|text| Time::parse(text).ok());
    Scope {
        prune: sync.and_then(|sync| sync.options.prune()),
        differs,
        only_out_of_sync: if only {
            OutOfSyncOnly::Yes
        } else {
            OutOfSyncOnly::No
        },
        confirmed: if approved.is_some_and(|at| at >= started_at) {
            Confirmed::Yes
        } else {
            Confirmed::No
        },
    }
}

/// The objects that the operation is about: those it names, and none that only carry a copied id.
fn selected(state: &AppState, comparison: &Comparison) -> Vec<Pair> {
    let sync = state.operation.as_ref();
    let sync = sync.and_then(|operation| operation.operation.sync.as_ref());
    let named = sync.map_or(&[][..], |sync| &sync.resources);
    let wanted = |compared: &&crate::compare::Compared| {
        let id = compared.object().id();
        let is = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        named.is_empty()
            || named.iter().any(|one| {
                is(&one.group, &id.group)
                    && is(&one.kind, &id.kind)
                    && is(&one.name, &id.name)
                    && (one.namespace.is_empty() || is(&one.namespace, &id.namespace))
            })
    };
    let own = comparison.objects.iter().filter(|compared| {
        compared.status.is_some() && (compared.pair.target.is_some() || compared.requires_pruning)
    });
    own.filter(wanted)
        .map(|compared| compared.pair.clone())
        .collect()
}

fn shared_resource(state: &AppState, comparison: &Comparison) -> Option<String> {
    let sync = state.operation.as_ref()?.operation.sync.as_ref()?;
    if !sync.options.has(SyncOption::FailOnSharedResource(true)) {
        return None;
    }
    let mut conditions = comparison.conditions.iter();
    let shared = conditions.find(|one| one.kind == ConditionKind::SharedResourceWarning)?;
    Some(format!("Shared resource found: {}", shared.message))
}

impl AppState {
    /// Notes an operation that the engine itself begins.
    pub(super) fn begin(&mut self, operation: OperationState) {
        self.operation = Some(operation);
        self.run = None;
        self.writing.wish(Wish::BeginOperation);
    }

    /// What the operation is to sync.
    pub(super) fn sync_operation(&self) -> Option<&SyncOperation> {
        self.operation.as_ref()?.operation.sync.as_ref()
    }

    /// Takes the tasks out that are being done, to work on them.
    pub(super) fn take_tasks(&mut self) -> Option<(Arc<Desired>, Box<TaskRun>)> {
        match self.run.take() {
            Some(Run {
                stage: Stage::Tasks(desired, tasks),
            }) => Some((desired, tasks)),
            other => {
                self.run = other;
                None
            }
        }
    }

    /// Puts back what [`AppState::take_tasks`] took.
    pub(super) fn put_tasks(&mut self, desired: Arc<Desired>, tasks: Box<TaskRun>) {
        let stage = Stage::Tasks(desired, tasks);
        self.run = Some(Run { stage });
    }
}
