//! Jobs: pods that run to their end, so many times, so many at once.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/job/job_controller.go`.

use std::time::Duration;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use crate::conditions::{self, Condition};
use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::reader::Reader;
use crate::resources::{JOBS, PODS};

mod backoff;
mod indexes;
mod manage;
mod policy;
mod run;
mod tracking;

use run::Run;

/// Keeps a pod until its Job has counted it.
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";

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

fn sync(ctx: &mut Ctx<'_>, job: Value) -> Result<Next, ApiError> {
    let pods = ctx.controlled(&PODS, &job);
    let mut run = Run::new(job, pods);
    if run.job.at(&["status", "startTime"]).is_none() && !run.is_suspended() {
        run.job
            .set_at(&["status", "startTime"], ctx.now.to_string());
    }
    let mut next = Next::at(deadline(&run).filter(|at| *at > ctx.now));
    let mut verdict = known(&run.job)
        .or_else(|| failure(&run, ctx.now))
        .or_else(|| policy::success(&run));
    if verdict.is_some() {
        manage::stop_all(ctx, &mut run)?;
    } else {
        if !meta::is_deleting(&run.job) {
            next = next.or(manage::pods(ctx, &mut run)?);
        }
        verdict = completion(&run);
        if verdict.is_none() && !meta::is_deleting(&run.job) {
            tell_suspension(ctx, &mut run);
        }
    }
    tracking::write(ctx, run, verdict)?;
    Ok(next)
}

/// How a Job ends.
#[derive(Clone, Debug)]
struct Verdict {
    /// Whether it was said on the Job before.
    is_told: bool,
    is_success: bool,
    reason: String,
    message: String,
}

impl Verdict {
    fn new(is_success: Outcome, reason: &str, message: impl Into<String>) -> Self {
        Self {
            is_told: false,
            is_success: is_success == Outcome::Success,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// What is said while pods still end.
    fn interim(&self) -> Condition {
        let kind = if self.is_success {
            "SuccessCriteriaMet"
        } else {
            "FailureTarget"
        };
        Condition::new(kind, "True", &self.reason, self.message.as_str())
    }

    /// What is said when nothing is left.
    fn last(&self) -> Condition {
        let kind = if self.is_success {
            "Complete"
        } else {
            "Failed"
        };
        Condition::new(kind, "True", &self.reason, self.message.as_str())
    }
}

/// Whether a Job did what it was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Success,
    Failure,
}

/// How the Job will end, where that was said before.
fn known(job: &Value) -> Option<Verdict> {
    let kinds = [
        ("SuccessCriteriaMet", Outcome::Success),
        ("FailureTarget", Outcome::Failure),
    ];
    kinds.into_iter().find_map(|(kind, outcome)| {
        let found = conditions::find(job, kind)
            .filter(|found| found.str_at(&["status"]) == Some("True"))?;
        let text = |key: &str| found.str_at(&[key]).unwrap_or_default();
        Some(Verdict {
            is_told: true,
            ..Verdict::new(outcome, text("reason"), text("message"))
        })
    })
}

fn deadline(run: &Run) -> Option<Time> {
    let seconds = run.spec("activeDeadlineSeconds")?;
    let started = meta::time_at(&run.job, &["status", "startTime"])?;
    let is_running = !run.is_suspended();
    is_running.then(|| started + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn failure(run: &Run, now: Time) -> Option<Verdict> {
    if let Some(message) = policy::fails_the_job(run) {
        return Some(Verdict::new(Outcome::Failure, "PodFailurePolicy", message));
    }
    let limit = usize::try_from(run.spec("backoffLimit").unwrap_or(6)).unwrap_or(usize::MAX);
    let (reason, text) = if run.failed > limit || has_restarted_too_often(run) {
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
        return index_failure(run);
    };
    Some(Verdict::new(Outcome::Failure, reason, text))
}

fn index_failure(run: &Run) -> Option<Verdict> {
    let failed = run.failed_indexes.as_ref()?.len();
    let most = run
        .spec("maxFailedIndexes")
        .and_then(|most| usize::try_from(most).ok());
    let (reason, text) = if most.is_some_and(|most| failed > most) {
        (
            "MaxFailedIndexesExceeded",
            "Job has exceeded the specified maximal number of failed indexes",
        )
    } else if failed > 0 && failed + run.completed.len() >= run.completions().unwrap_or(0) {
        ("FailedIndexes", "Job has failed indexes")
    } else {
        return None;
    };
    Some(Verdict::new(Outcome::Failure, reason, text))
}

/// Whether containers were started again more often than failures are forgiven.
fn has_restarted_too_often(run: &Run) -> bool {
    let template = ["spec", "template", "spec", "restartPolicy"];
    if run.job.str_at(&template) != Some("OnFailure") {
        return false;
    }
    let living = run
        .pods
        .iter()
        .filter(|pod| matches!(pods::phase(pod), "Running" | "Pending"));
    let statuses = living.flat_map(|pod| {
        let init = pod.items_at(&["status", "initContainerStatuses"]);
        init.iter()
            .chain(pod.items_at(&["status", "containerStatuses"]))
    });
    let restarts: i64 = statuses
        .filter_map(|status| status.i64_at(&["restartCount"]))
        .sum();
    restarts > 0 && restarts >= run.spec("backoffLimit").unwrap_or(6)
}

fn completion(run: &Run) -> Option<Verdict> {
    let enough = match run.completions() {
        None => run.succeeded > 0,
        Some(completions) => run.succeeded >= completions,
    };
    (enough && run.active == 0).then(|| {
        let text = "Reached expected number of succeeded pods";
        Verdict::new(Outcome::Success, "CompletionsReached", text)
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
