//! How a sync goes on: what to do next, given what came of the tasks so far.
//!
//! A sync is a row of passes. A pass looks at the live objects, decides once, and does one thing: wait,
//! end, or run the tasks of one wave. Everything that a pass has to know is in the plan and in the
//! results, so that a pass after a restart decides as the one before it would have.
//!
//! Source: gitops-engine b89b0871b414 `pkg/sync/sync_context.go`, `Sync`.

use std::fmt::Write as _;

use toft_argo::{Confirmable, SyncOptions};
use toft_object::Object;

use crate::health::{HealthStatus, assess};
use crate::plan::{SyncPlan, Task, Verdict};
use crate::result::{OperationPhase, ResultCode, ResultKey, Results, TaskState};

/// What a pass came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Make the namespace of the destination, without which nothing else can be tried: its position.
    Prepare(usize),
    /// Try everything without keeping it: positions in the plan.
    DryRun(Vec<usize>),
    /// Do the tasks of one wave: positions in the plan.
    Run(Vec<usize>),
    /// Look again when something changed.
    Wait(String),
    /// The sync ended.
    End(OperationPhase, String),
}

/// What is known when a wave was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every task of the wave was done.
    Successful,
    /// At least one was refused.
    Failed,
}

/// Which of the tasks are to be done.
pub struct Scope<'a> {
    /// Whether a task would change anything; asked only of tasks that could be left out.
    pub differs: &'a dyn Fn(&Task) -> bool,
    /// Whether tasks that change nothing are left out altogether.
    pub only_out_of_sync: OutOfSyncOnly,
    /// Whether somebody confirmed that objects may be pruned.
    pub confirmed: Confirmed,
    /// Whether objects that say nothing about it are pruned.
    ///
    /// Source: Argo CD 3.6.0 `gitops-engine/pkg/sync/sync_context.go`, `WithDefaultPruneOption`.
    pub prune: Option<Confirmable>,
}

/// Whether tasks that change nothing are left out altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfSyncOnly {
    /// They are told as done.
    #[default]
    No,
    /// They are left out.
    Yes,
}

/// Whether somebody confirmed that objects may be pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmed {
    /// Nobody did.
    #[default]
    No,
    /// Somebody did, after the operation began.
    Yes,
}

/// What ends an operation before it begins: tasks that cannot be done.
const NOT_VALID: &str = "one or more synchronization tasks are not valid";
/// What ends an operation after its dry run.
pub(crate) const DRY_RUN_FAILED: &str = "one or more objects failed to apply (dry run)";

/// Decides how the sync goes on, and notes in the results what the live objects tell.
///
/// Without results nothing was tried yet: the namespace of the destination is made where it is missing,
/// then everything is tried without keeping it.
pub fn next(plan: &SyncPlan, results: &mut Results, scope: &Scope<'_>) -> Next {
    if refuse_what_cannot_be_done(plan, results) {
        return Next::End(OperationPhase::Failed, NOT_VALID.to_owned());
    }
    if !results.is_empty() {
        return after_dry_run(plan, results, scope);
    }
    match plan.makes_namespace() {
        Some(at) => Next::Prepare(at),
        None => dry_run(plan, results, scope),
    }
}

/// What is tried without keeping it: everything but the namespace that was made for it.
pub fn dry_run(plan: &SyncPlan, results: &Results, scope: &Scope<'_>) -> Next {
    let untried = |task: &Task| phase_of(results, task).is_none() && in_scope(task, scope);
    Next::DryRun(positions(plan, untried))
}

/// How the sync ends when the namespace of the destination could not be made.
pub fn without_namespace(plan: &SyncPlan, results: &Results) -> Next {
    let message = with_reasons("the namespace failed to apply", plan, results);
    Next::End(OperationPhase::Failed, message)
}

/// Decides how the sync goes on once the dry run said that everything can be done.
pub fn after_dry_run(plan: &SyncPlan, results: &mut Results, scope: &Scope<'_>) -> Next {
    read_health(plan, results);
    if let Some(message) = waits_for(plan, results) {
        return Next::Wait(message);
    }
    let failed = |task: &Task| phase_of(results, task).is_some_and(is_failure);
    if plan.tasks().iter().any(failed) {
        let message = "one or more synchronization tasks completed unsuccessfully";
        return Next::End(OperationPhase::Failed, with_reasons(message, plan, results));
    }
    let pending = positions(plan, |task| {
        phase_of(results, task).is_none() && in_scope(task, scope)
    });
    let Some(first) = pending.first().and_then(|at| plan.tasks().get(*at)) else {
        let message = "successfully synced (no more tasks)".to_owned();
        return Next::End(OperationPhase::Succeeded, message);
    };
    let group = positions(plan, |task| {
        (task.phase, task.wave) == (first.phase, first.wave)
            && phase_of(results, task).is_none()
            && in_scope(task, scope)
    });
    match unconfirmed(plan, &group, scope) {
        Some(message) => Next::Wait(message),
        None => Next::Run(group),
    }
}

/// Decides how the sync goes on once a wave was run.
///
/// The last wave is not waited for: an operation without waves ends as soon as everything is applied.
pub fn after_run(plan: &SyncPlan, results: &Results, scope: &Scope<'_>, outcome: Outcome) -> Next {
    if outcome == Outcome::Failed {
        let message = with_reasons("one or more objects failed to apply", plan, results);
        return Next::End(OperationPhase::Failed, message);
    }
    let tasks = plan.tasks().iter();
    let remaining = tasks.filter(|task| phase_of(results, task).is_none() && in_scope(task, scope));
    let remaining: Vec<&Task> = remaining.collect();
    match waiting_message(&remaining, "healthy state of") {
        Some(message) => Next::Wait(message),
        None => Next::End(
            OperationPhase::Succeeded,
            "successfully synced (all tasks run)".to_owned(),
        ),
    }
}

fn positions(plan: &SyncPlan, wanted: impl Fn(&Task) -> bool) -> Vec<usize> {
    let tasks = plan.tasks().iter().enumerate();
    tasks
        .filter(|(_, task)| wanted(task))
        .map(|(at, _)| at)
        .collect()
}

fn phase_of(results: &Results, task: &Task) -> Option<OperationPhase> {
    results.get(&ResultKey::of(task))?.phase
}

fn code_of(results: &Results, task: &Task) -> Option<ResultCode> {
    results.get(&ResultKey::of(task))?.code
}

fn is_failure(phase: OperationPhase) -> bool {
    phase.is_completed() && phase != OperationPhase::Succeeded
}

fn in_scope(task: &Task, scope: &Scope<'_>) -> bool {
    let both = task.pair.target.is_some() && task.pair.live.is_some();
    scope.only_out_of_sync == OutOfSyncOnly::No || !both || (scope.differs)(task)
}

fn refuse_what_cannot_be_done(plan: &SyncPlan, results: &mut Results) -> bool {
    let mut refused = false;
    for task in plan.tasks() {
        if let Verdict::Refused(message) = &task.verdict {
            let state = TaskState {
                code: Some(ResultCode::SyncFailed),
                phase: None,
            };
            results.set(task, state, message);
            refused = true;
        }
    }
    refused
}

/// Notes what the health of live objects says about tasks under way.
///
/// An object that is gone failed: without this the operation would wait for it for ever.
fn read_health(plan: &SyncPlan, results: &mut Results) {
    let waits = plan.is_multi_step();
    for task in plan.tasks() {
        if phase_of(results, task) != Some(OperationPhase::Running) {
            continue;
        }
        let code = code_of(results, task);
        let Some(live) = &task.pair.live else {
            if waits {
                let label = task.label();
                let message = format!("Resource {label} is missing, it might have been deleted");
                results.set(task, ResultCode::SyncFailed.into(), &message);
            }
            continue;
        };
        let health = assess(live.value());
        let (phase, message) = match &health {
            None => (OperationPhase::Succeeded, ""),
            Some(health) => match health.status {
                HealthStatus::Healthy => (OperationPhase::Succeeded, health.message.as_str()),
                HealthStatus::Degraded => (OperationPhase::Failed, health.message.as_str()),
                HealthStatus::Suspended
                | HealthStatus::Progressing
                | HealthStatus::Missing
                | HealthStatus::Unknown => continue,
            },
        };
        let state = TaskState {
            code,
            phase: Some(phase),
        };
        results.set(task, state, message);
    }
}

/// What the sync has to wait for before it can go on.
fn waits_for(plan: &SyncPlan, results: &Results) -> Option<String> {
    let tasks = plan.tasks().iter();
    let running = |task: &&Task| phase_of(results, task) == Some(OperationPhase::Running);
    if plan.is_multi_step() {
        let running: Vec<&Task> = tasks.clone().filter(running).collect();
        if let Some(message) = waiting_message(&running, "healthy state of") {
            return Some(message);
        }
    }
    let going = |task: &&Task| {
        let live = task.pair.live.as_ref();
        code_of(results, task) == Some(ResultCode::Pruned) && live.is_some_and(is_terminating)
    };
    let going: Vec<&Task> = tasks.filter(going).collect();
    waiting_message(&going, "deletion of")
}

/// Whether an object is being deleted.
pub(crate) fn is_terminating(object: &Object) -> bool {
    let deleted = object.value().at(&["metadata", "deletionTimestamp"]);
    deleted.is_some_and(|time| !time.is_null())
}

fn waiting_message(tasks: &[&Task], what: &str) -> Option<String> {
    let (first, more) = tasks.split_first()?;
    let mut message = format!("waiting for {what} {}", first.label());
    if !more.is_empty() {
        let _ = write!(message, " and {} more resources", more.len());
    }
    Some(message)
}

/// The message, and what the tasks that were refused say, each once.
fn with_reasons(message: &str, plan: &SyncPlan, results: &Results) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for task in plan.tasks() {
        let result = results.get(&ResultKey::of(task));
        let refused = result.filter(|result| result.code == Some(ResultCode::SyncFailed));
        if let Some(result) = refused
            && !reasons.contains(&result.message.as_str())
        {
            reasons.push(&result.message);
        }
    }
    if reasons.is_empty() {
        return message.to_owned();
    }
    format!("{message}, reason: {}", reasons.join(","))
}

/// What still has to be confirmed before a wave may be run.
fn unconfirmed(plan: &SyncPlan, group: &[usize], scope: &Scope<'_>) -> Option<String> {
    if scope.confirmed == Confirmed::Yes {
        return None;
    }
    let tasks = group.iter().filter_map(|at| plan.tasks().get(*at));
    let asks = |task: &&Task| {
        let live = task.pair.live.as_ref().filter(|_| task.is_prune());
        live.is_some_and(|live| {
            SyncOptions::of(live).prune().or(scope.prune) == Some(Confirmable::Confirm)
        })
    };
    let asking: Vec<&Task> = tasks.filter(asks).collect();
    let (first, more) = asking.split_first()?;
    let object = first.object();
    let (version, kind, name) = (object.api_version(), object.kind(), object.name());
    let mut message = format!("Waiting for pruning confirmation of {version}/{kind}/{name}");
    if !more.is_empty() {
        let _ = write!(message, " and {} more resources", more.len());
    }
    Some(message)
}
