//! Jobs: pods that run to their end, so many times, so many at once.
//!
//! Limits per index (`backoffLimitPerIndex`) and policies about how pods fail or succeed are not followed:
//! no program fails here.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/job/job_controller.go`.

use std::collections::BTreeSet;
use std::time::Duration;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use crate::conditions::{self, Condition};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{JOBS, PODS};

mod indexes;
mod tracking;

/// Keeps a pod until its Job has counted it.
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The delay after the first failure; it doubles.
const BACKOFF: Duration = Duration::from_secs(10);
/// The longest delay after a failure.
const BACKOFF_MAX: Duration = Duration::from_mins(10);
/// How many pods are made or deleted at once.
const BURST: usize = 500;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "job-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&JOBS, Wakes::Itself),
        Watch::new(&PODS, Wakes::Controller(&JOBS)),
        Watch::new(&JOBS, Wakes::Related(jobs_gone)),
    ],
    reconcile,
};

fn jobs_gone(_: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let gone = change.after.is_none();
    gone.then(|| Key::new(&change.key.namespace, &change.key.name))
        .into_iter()
        .collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(job) = ctx.get(&JOBS, &key.namespace, &key.name) else {
        return tracking::free_orphans(ctx, key).map_or(Next::Retry, |()| Next::Nothing);
    };
    if is_finished(&job)
        || job
            .str_at(&["spec", "managedBy"])
            .is_some_and(|by| by != "kubernetes.io/job-controller")
    {
        return Next::Nothing;
    }
    sync(ctx, job).unwrap_or(Next::Retry)
}

/// Whether a Job has ended, well or not.
pub(crate) fn is_finished(job: &Value) -> bool {
    conditions::is_true(job, "Complete") || conditions::is_true(job, "Failed")
}

/// A Job with its pods.
struct Run {
    job: Value,
    pods: Vec<Value>,
    /// The uids of pods that ended and are not in the counters yet.
    uncounted: [BTreeSet<String>; 2],
}

const SUCCEEDED: usize = 0;
const FAILED: usize = 1;

impl Run {
    fn active(&self) -> impl Iterator<Item = &Value> {
        self.pods.iter().filter(|pod| pods::is_active(pod))
    }

    fn terminating(&self) -> usize {
        let going = self
            .pods
            .iter()
            .filter(|pod| meta::is_deleting(pod) && !pods::is_terminal(pod));
        going.count()
    }

    fn spec(&self, field: &str) -> Option<i64> {
        self.job.i64_at(&["spec", field])
    }

    fn is_suspended(&self) -> bool {
        self.job.bool_at(&["spec", "suspend"]) == Some(true)
    }

    fn is_indexed(&self) -> bool {
        self.job.str_at(&["spec", "completionMode"]) == Some("Indexed")
    }

    fn counted(&self, which: usize) -> usize {
        let field = if which == SUCCEEDED {
            "succeeded"
        } else {
            "failed"
        };
        let told = self.job.i64_at(&["status", field]).unwrap_or(0);
        let uncounted = self.uncounted.get(which).map_or(0, BTreeSet::len);
        usize::try_from(told).unwrap_or(0) + uncounted
    }

    fn succeeded(&self) -> usize {
        if self.is_indexed() {
            indexes::completed(&self.job, &self.pods).len()
        } else {
            self.counted(SUCCEEDED)
        }
    }
}

fn sync(ctx: &mut Ctx<'_>, job: Value) -> Result<Next, ApiError> {
    let pods = ctx.controlled(&PODS, &job);
    let mut run = tracking::begin(job, pods);
    if run.job.at(&["status", "startTime"]).is_none() && !run.is_suspended() {
        run.job
            .set_at(&["status", "startTime"], ctx.now.to_string());
    }
    let mut next = Next::Nothing;
    let mut finished = interim(&run.job).or_else(|| failure(&run, ctx.now));
    if finished.is_some() {
        for pod in run.active() {
            delete(ctx, &run.job, pod)?;
        }
    } else {
        if !meta::is_deleting(&run.job) {
            next = manage(ctx, &run)?;
        }
        run.pods = ctx.controlled(&PODS, &run.job);
        finished = success(&run);
        if finished.is_none() && !meta::is_deleting(&run.job) {
            tell_suspension(ctx, &mut run);
        }
    }
    run.pods = ctx.controlled(&PODS, &run.job);
    tracking::write(ctx, run, finished)?;
    Ok(next)
}

/// How the Job will end, where that was said before.
fn interim(job: &Value) -> Option<Condition> {
    let kinds = ["SuccessCriteriaMet", "FailureTarget"];
    kinds.into_iter().find_map(|kind| {
        let found = conditions::find(job, kind)
            .filter(|found| found.str_at(&["status"]) == Some("True"))?;
        let text = |key: &str| found.str_at(&[key]).unwrap_or_default();
        Some(Condition::new(
            kind,
            "True",
            text("reason"),
            text("message"),
        ))
    })
}

fn deadline(run: &Run) -> Option<Time> {
    let seconds = run.spec("activeDeadlineSeconds")?;
    let started = meta::time_at(&run.job, &["status", "startTime"])?;
    let is_running = !run.is_suspended();
    is_running.then(|| started + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn failure(run: &Run, now: Time) -> Option<Condition> {
    let limit = run.spec("backoffLimit").unwrap_or(6);
    let (reason, text) = if run.counted(FAILED) > usize::try_from(limit).unwrap_or(usize::MAX) {
        (
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        )
    } else if deadline(run).is_some_and(|at| at <= now) {
        (
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        )
    } else {
        return None;
    };
    Some(Condition::new("FailureTarget", "True", reason, text))
}

fn success(run: &Run) -> Option<Condition> {
    let (succeeded, active) = (run.succeeded(), run.active().count());
    let enough = match run.spec("completions") {
        None => succeeded > 0,
        Some(completions) => succeeded >= usize::try_from(completions).unwrap_or(0),
    };
    (enough && active == 0).then(|| {
        let text = "Reached expected number of succeeded pods";
        Condition::new("SuccessCriteriaMet", "True", "CompletionsReached", text)
    })
}

fn tell_suspension(ctx: &mut Ctx<'_>, run: &mut Run) {
    let known = conditions::find(&run.job, "Suspended").and_then(|found| found.str_at(&["status"]));
    let (status, reason, text) = match (run.is_suspended(), known) {
        (true, Some("True")) | (false, None | Some("False")) => return,
        (true, _) => ("True", "JobSuspended", "Job suspended"),
        (false, _) => ("False", "JobResumed", "Job resumed"),
    };
    let note = if status == "True" {
        "Suspended"
    } else {
        "Resumed"
    };
    ctx.note(&run.job, &Note::normal(note, text));
    let condition = Condition::new("Suspended", status, reason, text);
    tracking::put(&mut run.job, &condition, ctx.now);
    if status == "True" {
        run.job.remove_at(&["status", "startTime"]);
    } else {
        run.job
            .set_at(&["status", "startTime"], ctx.now.to_string());
    }
}

/// Makes and deletes pods; gives when to look again.
fn manage(ctx: &mut Ctx<'_>, run: &Run) -> Result<Next, ApiError> {
    let active: Vec<&Value> = run.active().collect();
    let parallelism = usize::try_from(run.spec("parallelism").unwrap_or(1)).unwrap_or(0);
    let wanted = match run.spec("completions") {
        _ if run.is_suspended() => 0,
        None if run.succeeded() > 0 => active.len(),
        None => parallelism,
        Some(completions) => {
            let rest = usize::try_from(completions)
                .unwrap_or(0)
                .saturating_sub(run.succeeded());
            rest.min(parallelism)
        }
    };
    let until_deadline = Next::at(deadline(run));
    if active.len() > wanted {
        let surplus = active.len() - wanted;
        // The youngest go first.
        let mut ordered = active;
        ordered
            .sort_by_cached_key(|pod| (pods::is_ready(pod), std::cmp::Reverse(meta::created(pod))));
        for pod in ordered.into_iter().take(surplus.min(BURST)) {
            delete(ctx, &run.job, pod)?;
        }
        return Ok(until_deadline);
    }
    let replaces_failed = run.job.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
    let waiting = if replaces_failed {
        run.terminating()
    } else {
        0
    };
    let missing = wanted.saturating_sub(active.len() + waiting).min(BURST);
    if missing == 0 {
        return Ok(until_deadline);
    }
    if let Some(at) = backoff(run).filter(|at| *at > ctx.now) {
        return Ok(until_deadline.or(Next::At(at)));
    }
    let pending = if run.is_indexed() {
        indexes::pending(&run.job, &run.pods, missing)
    } else {
        Vec::new()
    };
    for number in 0..missing {
        let index = pending.get(number).copied();
        if run.is_indexed() && index.is_none() {
            break;
        }
        create(ctx, &run.job, index)?;
    }
    Ok(until_deadline)
}

/// When the next pod may be made after failures.
fn backoff(run: &Run) -> Option<Time> {
    let failures = u32::try_from(run.counted(FAILED)).unwrap_or(u32::MAX);
    let failed = run.pods.iter().filter(|pod| pods::phase(pod) == "Failed");
    let ends = failed.filter_map(|pod| {
        let statuses = pod.items_at(&["status", "containerStatuses"]).iter();
        statuses
            .filter_map(|status| meta::time_at(status, &["state", "terminated", "finishedAt"]))
            .max()
    });
    let last = ends.max()?;
    let delay = BACKOFF
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(BACKOFF_MAX);
    Some(last + delay)
}

fn create(ctx: &mut Ctx<'_>, job: &Value, index: Option<usize>) -> Result<(), ApiError> {
    let template = job.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = pods::from_template(&template, &JOBS, job);
    let mut finalizers = pod.items_at(&["metadata", "finalizers"]).to_vec();
    finalizers.retain(|one| one.as_str() != Some(FINALIZER));
    finalizers.push(FINALIZER.into());
    pod.set_at(&["metadata", "finalizers"], finalizers);
    if let Some(index) = index {
        indexes::mark(job, &mut pod, index);
    }
    match ctx.create(&PODS, pod) {
        Ok(pod) => {
            let text = format!("Created pod: {}", meta::name(&pod));
            ctx.note(job, &Note::normal("SuccessfulCreate", text));
            Ok(())
        }
        Err(error) if super::replica_set::is_namespace_terminating(&error) => Ok(()),
        Err(error) => {
            ctx.note(
                job,
                &Note::warning("FailedCreate", format!("Error creating: {error}")),
            );
            Err(error)
        }
    }
}

fn delete(ctx: &mut Ctx<'_>, job: &Value, pod: &Value) -> Result<(), ApiError> {
    tracking::free(ctx, pod)?;
    let deletion = Deletion {
        uid: meta::uid(pod),
        ..Deletion::default()
    };
    ctx.delete(PODS.path(meta::namespace(pod), meta::name(pod)), &deletion)?;
    let text = format!("Deleted pod: {}", meta::name(pod));
    ctx.note(job, &Note::normal("SuccessfulDelete", text));
    Ok(())
}

/// The finalizers of a pod without the one of Jobs, as a patch has them.
fn other_finalizers(pod: &Value) -> Value {
    let rest = meta::finalizers(pod).filter(|one| *one != FINALIZER);
    let rest: Vec<Value> = rest.map(Value::from).collect();
    let rest = if rest.is_empty() {
        Value::Null
    } else {
        rest.into()
    };
    value!({"metadata": {"finalizers": rest}})
}
