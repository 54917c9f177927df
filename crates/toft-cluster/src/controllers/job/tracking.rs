//! Counting pods that ended, each once: first their uids are written down, then they are let go, then they
//! are counted.

use std::collections::BTreeSet;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use super::{FAILED, FINALIZER, Run, SUCCEEDED, indexes, other_finalizers};
use crate::conditions::{self, Condition};
use crate::controllers::replica_set::counts;
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::resources::{JOBS, PODS};

/// A Job with its pods, those that ended and are not counted yet noted.
pub(super) fn begin(job: Value, pods: Vec<Value>) -> Run {
    let noted = |field: &str| -> BTreeSet<String> {
        let uids = job
            .items_at(&["status", "uncountedTerminatedPods", field])
            .iter();
        uids.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut uncounted = [noted("succeeded"), noted("failed")];
    let replaces_failed = job.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
    for pod in pods
        .iter()
        .filter(|pod| meta::has_finalizer(pod, FINALIZER))
    {
        let which = match pods::phase(pod) {
            "Succeeded" => SUCCEEDED,
            "Failed" => FAILED,
            _ if meta::is_deleting(pod) && !replaces_failed => FAILED,
            _ => continue,
        };
        if let Some(uids) = uncounted.get_mut(which) {
            uids.insert(meta::uid(pod).to_owned());
        }
    }
    Run {
        job,
        pods,
        uncounted,
    }
}

/// Puts a condition; nothing changes where status, reason and message are the same.
pub(super) fn put(job: &mut Value, condition: &Condition, now: Time) {
    let mut status = job.get("status").cloned().unwrap_or_else(|| value!({}));
    let known = conditions::find_in(&status, condition.kind);
    if known.and_then(|found| found.str_at(&["status"])) == Some(condition.status) {
        return;
    }
    let mut new = condition.to_value(&now.to_string());
    new.set_at(&["lastProbeTime"], now.to_string());
    conditions::append(&mut status, new);
    job.set_at(&["status"], status);
}

/// Lets a pod go.
pub(super) fn free(ctx: &mut Ctx<'_>, pod: &Value) -> Result<(), ApiError> {
    if !meta::has_finalizer(pod, FINALIZER) {
        return Ok(());
    }
    let path = PODS.path(meta::namespace(pod), meta::name(pod));
    ctx.patch(path, other_finalizers(pod)).map(drop)
}

/// Lets the pods of a Job go that is gone.
pub(super) fn free_orphans(ctx: &mut Ctx<'_>, key: &Key) -> Result<(), ApiError> {
    for pod in ctx.list(&PODS, &key.namespace) {
        let owner = meta::controller(&pod).filter(|owner| owner.is(&JOBS));
        if owner.is_none_or(|owner| owner.name == key.name) {
            free(ctx, &pod)?;
        }
    }
    Ok(())
}

/// Writes the status: uids first, then counts and, where nothing is left to wait for, the end.
pub(super) fn write(
    ctx: &mut Ctx<'_>,
    mut run: Run,
    finished: Option<Condition>,
) -> Result<(), ApiError> {
    let before = ctx
        .get(&JOBS, meta::namespace(&run.job), meta::name(&run.job))
        .unwrap_or_default();
    let ready = run.active().filter(|pod| pods::is_ready(pod)).count();
    let (active, terminating) = (run.active().count(), run.terminating());
    let mut status = run.job.get("status").cloned().unwrap_or_else(|| value!({}));
    counts(&mut status, &[("active", active)]);
    status.set_at(&["ready"], ready);
    status.set_at(&["terminating"], terminating);
    let mut noted = value!({});
    for (field, uids) in ["succeeded", "failed"].iter().zip(&run.uncounted) {
        if !uids.is_empty() {
            noted.set_at(
                &[field],
                uids.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        }
    }
    status.set_at(&["uncountedTerminatedPods"], noted);
    if run.is_indexed() {
        let completed = indexes::completed(&run.job, &run.pods);
        if !completed.is_empty() {
            status.set_at(&["completedIndexes"], indexes::print(&completed));
        }
    }
    run.job.set_at(&["status"], status);
    if let Some(condition) = &finished {
        put(&mut run.job, condition, ctx.now);
    }
    if run.job != before {
        run.job = ctx.update_status(&JOBS, run.job)?;
    }
    let counted: BTreeSet<&String> = run.uncounted.iter().flatten().collect();
    for pod in run
        .pods
        .iter()
        .filter(|pod| counted.contains(&meta::uid(pod).to_owned()) || finished.is_some())
    {
        free(ctx, pod)?;
    }
    count(ctx, run, finished)
}

fn count(ctx: &mut Ctx<'_>, mut run: Run, finished: Option<Condition>) -> Result<(), ApiError> {
    let before = run.job.clone();
    let (succeeded, failed) = (run.succeeded(), run.counted(FAILED));
    let mut status = run.job.get("status").cloned().unwrap_or_else(|| value!({}));
    counts(&mut status, &[("succeeded", succeeded), ("failed", failed)]);
    status.set_at(&["uncountedTerminatedPods"], value!({}));
    run.job.set_at(&["status"], status);
    let is_over = run.active().next().is_none() && run.terminating() == 0;
    if let Some(interim) = finished.filter(|_| is_over) {
        let (kind, note) = if interim.kind == "SuccessCriteriaMet" {
            run.job
                .set_at(&["status", "completionTime"], ctx.now.to_string());
            ("Complete", Note::normal("Completed", "Job completed"))
        } else {
            let reason = match interim.reason.as_str() {
                "DeadlineExceeded" => "DeadlineExceeded",
                _ => "BackoffLimitExceeded",
            };
            ("Failed", Note::warning(reason, interim.message.clone()))
        };
        put(&mut run.job, &Condition { kind, ..interim }, ctx.now);
        ctx.note(&before, &note);
    }
    if run.job == before {
        return Ok(());
    }
    ctx.update_status(&JOBS, run.job).map(drop)
}
