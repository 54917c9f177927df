//! Doing the tasks of a wave: prunes first, then kind after kind.
//!
//! Source: gitops-engine b89b0871b414 `sync_context.go`, `runTasks`, `applyObject`, `pruneObject`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use toft_api::{ApiError, Body, Propagation, Reason, Request, Response, Validation};
use toft_argo::{Confirmable, PropagationPolicy, SyncOption, SyncOptions};
use toft_object::{Object, Time};
use toft_value::{Value, value};

use super::app::AppState;
use super::calls::{For, Name, Purpose, is_transient, wait_after};
use super::{Engine, MANAGER, Visit};
use crate::event::ClusterId;
use crate::ignore::Ignores;
use crate::plan::order::is_crd;
use crate::plan::{SyncPlan, Task, Verdict};
use crate::result::{ResultCode, TaskState};
use crate::run::{Outcome, is_terminating};

/// How often a task is tried before it counts as failed; the operation is repeated after that.
const TASK_ATTEMPTS_MAX: u32 = 5;

/// Whether what is done is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Dry,
    /// Kept, before the dry run.
    Preparing,
    Wet,
}

/// The tasks of a wave, or of the dry run of all.
#[derive(Debug)]
pub(super) struct TaskRun {
    mode: Mode,
    cluster: ClusterId,
    plan: SyncPlan,
    /// What comes later: each entry is done at once, after the one before it.
    stages: VecDeque<Vec<usize>>,
    /// Tasks that wait for an answer.
    open: BTreeSet<usize>,
    /// Tasks that are tried again, and when.
    again: BTreeMap<usize, Time>,
    failures: BTreeMap<usize, u32>,
    /// Tasks whose object is being replaced by deleting it first.
    recreating: BTreeSet<usize>,
    /// Tasks whose object was deleted for that: it is made anew once it is gone.
    recreated: BTreeSet<usize>,
    outcome: Outcome,
}

/// What a task needs.
enum Need {
    /// Nothing: its result is known.
    Done(ResultCode, String),
    /// Nothing, and there is nothing to tell.
    Skip,
    /// A call.
    Call(Box<Request>),
    /// The object is deleted and made anew.
    Recreate,
    /// The cluster does not serve the kind yet.
    Kind,
}

impl TaskRun {
    pub(super) fn dry(cluster: ClusterId, plan: SyncPlan, tasks: Vec<usize>) -> Self {
        Self::new(Mode::Dry, (cluster, plan), tasks)
    }

    pub(super) fn preparing(cluster: ClusterId, plan: SyncPlan, at: usize) -> Self {
        Self::new(Mode::Preparing, (cluster, plan), vec![at])
    }

    pub(super) fn wet(cluster: ClusterId, plan: SyncPlan, tasks: Vec<usize>) -> Self {
        Self::new(Mode::Wet, (cluster, plan), tasks)
    }

    fn new(mode: Mode, what: (ClusterId, SyncPlan), tasks: Vec<usize>) -> Self {
        let (cluster, plan) = what;
        let task = |at: &usize| plan.tasks().get(*at);
        let is_prune = |at: &usize| task(at).is_some_and(Task::is_prune);
        let (prunes, others): (Vec<usize>, Vec<usize>) = tasks.into_iter().partition(is_prune);
        let kind = |at: &usize| task(at).map(|task| task.object().kind().to_owned());
        let mut stages: VecDeque<Vec<usize>> = VecDeque::new();
        if !prunes.is_empty() {
            stages.push_back(prunes);
        }
        stages.extend(
            others
                .chunk_by(|left, right| kind(left) == kind(right))
                .map(<[_]>::to_vec),
        );
        Self {
            mode,
            cluster,
            plan,
            stages,
            open: BTreeSet::new(),
            again: BTreeMap::new(),
            failures: BTreeMap::new(),
            recreating: BTreeSet::new(),
            recreated: BTreeSet::new(),
            outcome: Outcome::Successful,
        }
    }

    pub(super) fn is_dry(&self) -> bool {
        self.mode == Mode::Dry
    }

    pub(super) fn is_preparing(&self) -> bool {
        self.mode == Mode::Preparing
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    pub(super) fn plan(&self) -> &SyncPlan {
        &self.plan
    }

    /// The namespaces and kinds that the plan itself makes: nothing in them can be tried beforehand.
    fn comes_with_the_plan(&self, task: &Task) -> bool {
        let namespace = task.object().namespace();
        let mut tasks = self.plan.tasks().iter();
        task.verdict == Verdict::SkipDryRun
            || tasks.any(|one| {
                let object = one.object();
                let made = one.pair.live.is_none() && one.pair.target.is_some();
                made && object.kind() == "Namespace" && object.name() == namespace
            })
    }
}

impl Engine {
    /// Does what can be done; true once every task is done.
    pub(super) fn drive_tasks(
        &mut self,
        now: Time,
        state: &mut AppState,
        run: &mut TaskRun,
    ) -> bool {
        let due: Vec<usize> = run
            .again
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(at, _)| *at)
            .collect();
        for at in due {
            run.again.remove(&at);
            self.perform(now, state, (run, at));
        }
        loop {
            if !run.open.is_empty() {
                return false;
            }
            if let Some(at) = run.again.values().min() {
                self.visit_at(Visit::App(state.app.name.clone()), *at);
                return false;
            }
            let Some(stage) = run.stages.pop_front() else {
                return true;
            };
            let prunes = stage.first().and_then(|at| run.plan.tasks().get(*at));
            let prunes = prunes.is_some_and(Task::is_prune);
            if run.outcome == Outcome::Failed && !prunes && run.stages_after_failed_prune(state) {
                return true;
            }
            for at in stage {
                self.perform(now, state, (run, at));
            }
        }
    }

    /// Does one task, or asks the cluster to.
    fn perform(&mut self, now: Time, state: &mut AppState, what: (&mut TaskRun, usize)) {
        let (run, at) = what;
        let Some(mut task) = run.plan.tasks().get(at).cloned() else {
            return;
        };
        if run.recreated.contains(&at) {
            let object = task.object();
            if self.live(&run.cluster, object).is_some_and(is_terminating) {
                let error = ApiError::new(Reason::Conflict, "object is being deleted");
                return run.try_again(now, state, (&task, at, &error));
            }
            task.pair.live = None;
        }
        match self.need(state, run, &task) {
            Need::Skip => {}
            Need::Done(code, message) => run.record(state, &task, (code, message)),
            Need::Call(request) => {
                run.open.insert(at);
                let purpose = Purpose::Task(state.app.name.clone(), at);
                let cluster = run.cluster.clone();
                self.call(now, purpose, (&cluster, *request));
            }
            Need::Recreate => self.recreate(now, state, (run, &task, at)),
            Need::Kind => {
                let error = ApiError::new(
                    Reason::ServiceUnavailable,
                    "the server could not find the requested resource",
                );
                run.try_again(now, state, (&task, at, &error));
            }
        }
    }

    fn need(&self, state: &AppState, run: &TaskRun, task: &Task) -> Need {
        match (&task.pair.target, &task.pair.live) {
            (None, Some(live)) => self.need_of_prune(state, run, live),
            (Some(target), live) => self.need_of_apply(state, run, (task, target, live.as_ref())),
            (None, None) => Need::Skip,
        }
    }

    fn need_of_prune(&self, state: &AppState, run: &TaskRun, live: &Object) -> Need {
        let Some(sync) = state.sync_operation() else {
            return Need::Skip;
        };
        let own = SyncOptions::of(live).prune();
        let wanted = own.or_else(|| sync.options.prune());
        if !sync.prune {
            let message = "ignored (requires pruning)".to_owned();
            return Need::Done(ResultCode::PruneSkipped, message);
        }
        if wanted == Some(Confirmable::No) {
            return Need::Done(ResultCode::PruneSkipped, "ignored (no prune)".to_owned());
        }
        if run.is_dry() || sync.dry_run {
            return Need::Done(ResultCode::Pruned, "pruned (dry run)".to_owned());
        }
        if is_terminating(live) {
            return Need::Done(ResultCode::Pruned, "pruned".to_owned());
        }
        let propagation = match sync.options.propagation_policy() {
            PropagationPolicy::Foreground => Propagation::Foreground,
            PropagationPolicy::Background => Propagation::Background,
            PropagationPolicy::Orphan => Propagation::Orphan,
        };
        match self.delete_request(&run.cluster, live, propagation) {
            Some(request) => Need::Call(Box::new(request)),
            None => Need::Done(ResultCode::Pruned, "pruned".to_owned()),
        }
    }

    /// Deletes this very object, and not another one of the same name.
    pub(super) fn delete_request(
        &self,
        cluster: &ClusterId,
        live: &Object,
        propagation: Propagation,
    ) -> Option<Request> {
        let path = self.clusters.get(cluster)?.kinds.path(live)?;
        let mut request = Request::delete(MANAGER, path);
        request.options.propagation = Some(propagation);
        request.body = Body::Object(value!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": live.uid()},
        }));
        Some(request)
    }

    fn need_of_apply(
        &self,
        state: &AppState,
        run: &TaskRun,
        what: (&Task, &Object, Option<&Object>),
    ) -> Need {
        let (task, target, live) = what;
        let Some(sync) = state.sync_operation() else {
            return Need::Skip;
        };
        let own = SyncOptions::of(target);
        let on_live = live.map(SyncOptions::of).unwrap_or_default();
        let has = |option| own.has(option) || on_live.has(option) || sync.options.has(option);
        let replaces = is_replaced(state, task);
        if let Some(live) = live.filter(|_| !replaces)
            && !state.differs(For::Operation, target, live)
        {
            return if run.is_dry() && !sync.dry_run {
                Need::Skip
            } else {
                Need::Done(ResultCode::Synced, said(state, target, "unchanged"))
            };
        }
        if run.is_dry() && run.comes_with_the_plan(task) {
            return Need::Skip;
        }
        let kept = !run.is_dry() && !sync.dry_run;
        if replaces && kept && live.is_some() && is_forced(state, task) && !is_updated(target) {
            return Need::Recreate;
        }
        let request = if replaces {
            self.replace_request(run, target, live)
        } else {
            let mut applied = match live {
                Some(live) => state.applied(target, live),
                None => target.value().clone(),
            };
            if let Some(live) = live.filter(|_| has(SyncOption::RespectIgnoreDifferences(true))) {
                let ignores = Ignores::of(&state.app.ignore_differences, target);
                ignores.keep_live(&mut applied, live.value());
            }
            self.apply_request(&run.cluster, applied)
        };
        let Some(mut request) = request else {
            return if run.is_dry() { Need::Skip } else { Need::Kind };
        };
        request.options.dry_run = run.is_dry() || sync.dry_run;
        let validates =
            !own.has(SyncOption::Validate(false)) && !sync.options.has(SyncOption::Validate(false));
        request.options.field_validation = Some(if validates {
            Validation::Strict
        } else {
            Validation::Ignore
        });
        Need::Call(Box::new(request))
    }

    fn replace_request(
        &self,
        run: &TaskRun,
        target: &Object,
        live: Option<&Object>,
    ) -> Option<Request> {
        let path = self.clusters.get(&run.cluster)?.kinds.path(target)?;
        let Some(live) = live else {
            let mut collection = path;
            collection.name = toft_value::Key::default();
            return Some(Request::create(MANAGER, collection, target.value().clone()));
        };
        let mut object = target.value().clone();
        if is_updated(target) {
            let version = live.value().at(&["metadata", "resourceVersion"]).cloned();
            object.set_at(
                &["metadata", "resourceVersion"],
                version.unwrap_or_default(),
            );
        }
        Some(Request::update(MANAGER, path, object))
    }

    pub(super) fn task_answered(&mut self, now: Time, what: (&Name, usize), response: Response) {
        let (name, at) = what;
        let Some(mut state) = self.apps.remove(name) else {
            return;
        };
        if let Some((desired, mut tasks)) = state.take_tasks() {
            self.take_answer(now, &mut state, (&mut tasks, at, response));
            state.put_tasks(desired, tasks);
        }
        self.apps.insert(name.clone(), state);
        self.visit_at(Visit::App(name.clone()), now);
    }

    fn take_answer(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (&mut TaskRun, usize, Response),
    ) {
        let (run, at, response) = what;
        let Some(task) = run.plan.tasks().get(at).cloned() else {
            return;
        };
        run.open.remove(&at);
        let created = response.code == 201;
        match response.into_value() {
            Ok(value) if task.is_prune() => {
                self.note_deleted(now, &run.cluster, (&task, value));
                run.record(state, &task, (ResultCode::Pruned, "pruned".to_owned()));
            }
            Ok(value) if run.recreating.remove(&at) => {
                self.note_deleted(now, &run.cluster, (&task, value));
                run.recreated.insert(at);
                run.again.insert(at, now);
            }
            Err(error) if run.recreating.remove(&at) && error.reason == Reason::NotFound => {
                run.recreated.insert(at);
                run.again.insert(at, now);
            }
            Ok(value) => {
                let code = ResultCode::Synced;
                let message = self.note_applied(now, state, (run, &task, value, created));
                run.record(state, &task, (code, message));
            }
            Err(error) if task.is_prune() && error.reason == Reason::NotFound => {
                run.record(state, &task, (ResultCode::Pruned, "pruned".to_owned()));
            }
            Err(error) if run.recreated.contains(&at) => {
                if error.reason == Reason::AlreadyExists {
                    run.try_again(now, state, (&task, at, &error));
                } else {
                    run.fail(now, state, (&task, at, &error));
                }
            }
            // What will be made anew need not be changeable.
            Err(error) if run.is_dry() && recreates(state, &task, &error) => {}
            Err(error) if recreates(state, &task, &error) => {
                self.recreate(now, state, (run, &task, at));
            }
            Err(error) => run.fail(now, state, (&task, at, &error)),
        }
    }

    /// Takes in what was applied; gives the words that `kubectl` has for it.
    fn note_applied(
        &mut self,
        now: Time,
        state: &mut AppState,
        what: (&TaskRun, &Task, Value, bool),
    ) -> String {
        let (run, task, value, created) = what;
        let (Some(target), Ok(object)) = (&task.pair.target, Object::new(value)) else {
            return String::new();
        };
        let live = task.pair.live.as_ref();
        let version = |object: &Object| super::store::version(object);
        let done = match live {
            Some(_) if is_replaced(state, task) && is_updated(target) => "updated",
            Some(_) if is_replaced(state, task) => "replaced",
            _ if created => "created",
            Some(live) if version(live) == version(&object) && !run.is_dry() => "unchanged",
            _ => "configured",
        };
        let message = said(state, target, done);
        let dry = state.sync_operation().is_some_and(|sync| sync.dry_run);
        if !run.is_dry() && !dry {
            let applied = match live {
                Some(live) => state.applied(target, live),
                None => target.value().clone(),
            };
            state.applied_to(applied, &object);
            if let Some(key) = self.store_of(&run.cluster, &object.gvk()) {
                self.write_back(now, &key, object);
            }
        }
        message
    }

    /// Takes in that an object is gone, or is going.
    fn note_deleted(&mut self, now: Time, cluster: &ClusterId, what: (&Task, Value)) {
        let (task, answer) = what;
        let object = task.object();
        if let Some(key) = self.store_of(cluster, &object.gvk()) {
            let place = super::store::place(object);
            self.write_back_deletion(now, (&key, place), answer);
        }
    }

    fn recreate(&mut self, now: Time, state: &mut AppState, what: (&mut TaskRun, &Task, usize)) {
        let (run, task, at) = what;
        let live = task.pair.live.as_ref();
        let request =
            live.and_then(|live| self.delete_request(&run.cluster, live, Propagation::Background));
        if let Some(request) = request {
            run.recreating.insert(at);
            run.open.insert(at);
            let purpose = Purpose::Task(state.app.name.clone(), at);
            let cluster = run.cluster.clone();
            self.call(now, purpose, (&cluster, request));
        }
    }
}

impl TaskRun {
    /// A prune that failed ends the wave: nothing is applied in it.
    fn stages_after_failed_prune(&self, state: &AppState) -> bool {
        let results = state
            .operation
            .as_ref()
            .and_then(|one| one.sync_result.as_ref());
        let failed = |task: &Task| {
            let key = crate::result::ResultKey::of(task);
            let result = results.and_then(|results| results.resources.get(&key));
            result.is_some_and(|result| result.code == Some(ResultCode::SyncFailed))
        };
        self.plan
            .tasks()
            .iter()
            .any(|task| task.is_prune() && failed(task))
    }

    /// Notes what came of a task; of a dry run only what was refused is kept.
    fn record(&mut self, state: &mut AppState, task: &Task, what: (ResultCode, String)) {
        let (code, message) = what;
        let refused = code == ResultCode::SyncFailed;
        if refused {
            self.outcome = Outcome::Failed;
        }
        if self.is_dry() && !refused {
            return;
        }
        let mut progress = TaskState::from(code);
        let dry = state.sync_operation().is_some_and(|sync| sync.dry_run);
        if dry && code == ResultCode::Synced {
            progress.phase = Some(crate::result::OperationPhase::Succeeded);
        }
        if let Some(operation) = &mut state.operation {
            let result = operation.sync_result.get_or_insert_default();
            result.resources.set(task, progress, &message);
        }
    }

    fn fail(&mut self, now: Time, state: &mut AppState, what: (&Task, usize, &ApiError)) {
        let (task, _, error) = what;
        if is_transient(error) || is_unknown_kind(error) {
            return self.try_again(now, state, what);
        }
        self.record(state, task, (ResultCode::SyncFailed, error.message.clone()));
    }

    fn try_again(&mut self, now: Time, state: &mut AppState, what: (&Task, usize, &ApiError)) {
        let (task, at, error) = what;
        let failures = self.failures.entry(at).or_default();
        *failures += 1;
        if *failures < TASK_ATTEMPTS_MAX {
            self.again.insert(at, now + wait_after(*failures, error));
        } else {
            self.record(state, task, (ResultCode::SyncFailed, error.message.clone()));
        }
    }
}

/// Whether the cluster does not serve the kind, or does not serve it yet.
fn is_unknown_kind(error: &ApiError) -> bool {
    error.reason == Reason::NotFound
        && error.message == "the server could not find the requested resource"
}

/// `deployment.apps/sonarr`, as `kubectl` names it.
fn label(object: &Object) -> String {
    let (gvk, kind) = (object.gvk(), object.kind().to_lowercase());
    let name = object.name();
    if gvk.group.is_empty() {
        format!("{kind}/{name}")
    } else {
        format!("{kind}.{}/{name}", gvk.group)
    }
}

/// What is said of an object, as `kubectl` says it.
fn said(state: &AppState, target: &Object, done: &str) -> String {
    let sync = state.sync_operation();
    let dry = sync.is_some_and(|sync| sync.dry_run);
    let own = SyncOptions::of(target);
    let wanted = SyncOption::ServerSideApply(true);
    let wanted = own.has(wanted) || sync.is_some_and(|sync| sync.options.has(wanted));
    let on_server = wanted && !dry && !own.has(SyncOption::ServerSideApply(false));
    if done == "updated" {
        return format!("{}/{} updated", target.kind(), target.name());
    }
    let done = if on_server && done != "replaced" {
        "serverside-applied"
    } else {
        done
    };
    let dry = if dry { " (dry run)" } else { "" };
    format!("{} {done}{dry}", label(target))
}

/// Whether an object is replaced, and not applied.
fn is_replaced(state: &AppState, task: &Task) -> bool {
    let option = SyncOption::Replace(true);
    let off = SyncOption::Replace(false);
    let target = task.pair.target.as_ref().map(SyncOptions::of);
    let live = task.pair.live.as_ref().map(SyncOptions::of);
    let asked = state.sync_operation().map(|sync| &sync.options);
    let has = |options: Option<&SyncOptions>| options.is_some_and(|one| one.has(option));
    let refused = target.as_ref().is_some_and(|one| one.has(off));
    (has(target.as_ref()) || has(live.as_ref()) || has(asked)) && !refused
}

/// Kinds that are updated where others are replaced: deleting one would delete what depends on it.
fn is_updated(target: &Object) -> bool {
    is_crd(target) || target.kind() == "Namespace"
}

/// Whether an object may be deleted and made again.
fn is_forced(state: &AppState, task: &Task) -> bool {
    let objects = [&task.pair.target, &task.pair.live].into_iter().flatten();
    let force = SyncOption::Force(true);
    let mut options = objects.map(SyncOptions::of);
    let sync = state.sync_operation();
    options.any(|options| options.has(force)) || sync.is_some_and(|sync| sync.strategy.force)
}

/// Whether an object that cannot be changed is deleted and made again.
fn recreates(state: &AppState, task: &Task, error: &ApiError) -> bool {
    let both = task.pair.target.is_some() && task.pair.live.is_some();
    let refused = matches!(error.reason, Reason::Invalid | Reason::Conflict);
    is_forced(state, task) && both && refused
}
