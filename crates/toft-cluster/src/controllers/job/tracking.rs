//! Counting pods that ended, each once: first their uids are written down, then they are let go, then they
//! are counted.

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use super::run::Run;
use super::{FINALIZER, Verdict, indexes, other_finalizers, policy};
use crate::conditions::Condition;
use crate::controllers::replica_set::counts;
use crate::ctx::Ctx;
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::resources::{JOBS, PODS};

/// How many pods are noted at once.
const NOTED_MAX: usize = 500;

/// Puts a condition at its place; nothing changes where status, reason and message are the same.
pub(super) fn put(job: &mut Value, condition: &Condition, now: Time) {
    let mut new = condition.to_value(&now.to_string());
    new.set_at(&["lastProbeTime"], now.to_string());
    let mut list = job.items_at(&["status", "conditions"]).to_vec();
    let known = list
        .iter_mut()
        .find(|one| one.str_at(&["type"]) == Some(condition.kind));
    match known {
        Some(known) => {
            let same = |key: &str| known.get(key) == new.get(key);
            if ["status", "reason", "message"].into_iter().all(same) {
                return;
            }
            *known = new;
        }
        None => list.push(new),
    }
    job.set_at(&["status", "conditions"], list);
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
    verdict: Option<Verdict>,
) -> Result<(), ApiError> {
    let (namespace, name) = (meta::namespace(&run.job), meta::name(&run.job));
    let before = ctx.get(&JOBS, namespace, name).unwrap_or_default();
    let mut status = run.job.get("status").cloned().unwrap_or_else(|| value!({}));
    counts(&mut status, &[("active", run.active)]);
    status.set_at(&["ready"], run.ready);
    status.set_at(&["terminating"], run.terminating);
    run.job.set_at(&["status"], status);
    // Those that were let go before, by a process that ended then, are counted now.
    count(&mut run);
    let freed = note(&mut run, verdict.as_ref());
    let mut status = run.job.get("status").cloned().unwrap_or_else(|| value!({}));
    status.set_at(&["uncountedTerminatedPods"], noted(&run));
    if run.is_indexed() {
        tell_indexes(&run, &mut status);
    }
    run.job.set_at(&["status"], status);
    if let Some(verdict) = verdict.as_ref().filter(|verdict| !verdict.is_told) {
        put(&mut run.job, &verdict.interim(), ctx.now);
    }
    if run.job != before {
        run.job = ctx.update_status(&JOBS, run.job)?;
    }
    for pod in &freed {
        free(ctx, pod)?;
    }
    for pod in &mut run.pods {
        if freed.iter().any(|freed| meta::uid(freed) == meta::uid(pod)) {
            pod.remove_at(&["metadata", "finalizers"]);
        }
    }
    finish(ctx, run, verdict)
}

/// Notes pods that ended; gives those that may go.
fn note(run: &mut Run, verdict: Option<&Verdict>) -> Vec<Value> {
    let mut freed = Vec::new();
    let all_count = verdict.is_some_and(|verdict| !verdict.is_success);
    for pod in run.pods.clone() {
        if !meta::has_finalizer(&pod, FINALIZER) || freed.len() >= NOTED_MAX {
            continue;
        }
        let has_failed = run.has_failed(&pod);
        let succeeded = pods::phase(&pod) == "Succeeded";
        let uid = meta::uid(&pod).to_owned();
        let is_over = meta::is_deleting(&run.job) || verdict.is_some() || succeeded;
        if !is_over && (!has_failed || is_delayed(run, &pod)) {
            continue;
        }
        if succeeded && !run.noted_failed.contains(&uid) {
            if !run.is_indexed() {
                run.noted_succeeded.insert(uid);
            }
        } else if (has_failed || all_count)
            && (!run.is_indexed() || run.index(&pod).is_some())
            && policy::counts(&run.job, &pod)
        {
            run.noted_failed.insert(uid);
        }
        freed.push(pod);
    }
    freed
}

/// Whether a failed pod stays until another one of its number knows how often it failed.
fn is_delayed(run: &Run, pod: &Value) -> bool {
    let index = run.index(pod).and_then(|index| run.delayed.get(&index));
    index.is_some_and(|delayed| meta::uid(delayed) == meta::uid(pod))
}

fn noted(run: &Run) -> Value {
    let mut noted = value!({});
    for (field, uids) in [
        ("succeeded", &run.noted_succeeded),
        ("failed", &run.noted_failed),
    ] {
        if !uids.is_empty() {
            let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
            noted.set_at(&[field], uids);
        }
    }
    noted
}

fn tell_indexes(run: &Run, status: &mut Value) {
    counts(status, &[("succeeded", run.completed.len())]);
    if !run.completed.is_empty() {
        status.set_at(&["completedIndexes"], indexes::print(&run.completed));
    }
    if let Some(failed) = &run.failed_indexes {
        status.set_at(&["failedIndexes"], indexes::print(failed));
    }
}

/// Moves noted pods that are let go into the counters.
fn count(run: &mut Run) {
    let held: Vec<&str> = run
        .pods
        .iter()
        .filter(|pod| meta::has_finalizer(pod, FINALIZER))
        .map(meta::uid)
        .collect();
    for (field, uids) in [
        ("succeeded", &mut run.noted_succeeded),
        ("failed", &mut run.noted_failed),
    ] {
        let before = uids.len();
        uids.retain(|uid| held.contains(&uid.as_str()));
        let gone = i64::try_from(before - uids.len()).unwrap_or(0);
        if gone > 0 {
            let told = run.job.i64_at(&["status", field]).unwrap_or(0);
            run.job.set_at(&["status", field], told + gone);
        }
    }
}

fn finish(ctx: &mut Ctx<'_>, mut run: Run, verdict: Option<Verdict>) -> Result<(), ApiError> {
    let before = run.job.clone();
    count(&mut run);
    run.job
        .set_at(&["status", "uncountedTerminatedPods"], noted(&run));
    let is_over =
        run.noted_succeeded.is_empty() && run.noted_failed.is_empty() && run.terminating == 0;
    if let Some(verdict) = verdict.filter(|_| is_over) {
        put(&mut run.job, &verdict.last(), ctx.now);
        if verdict.is_success {
            run.job
                .set_at(&["status", "completionTime"], ctx.now.to_string());
            if run
                .completions()
                .is_some_and(|wanted| run.succeeded > wanted)
            {
                let text = "Too many succeeded pods running after completion count reached";
                ctx.note(&before, &Note::warning("TooManySucceededPods", text));
            }
            ctx.note(&before, &Note::normal("Completed", "Job completed"));
        } else {
            let reason = told_reason(&verdict.reason);
            ctx.note(&before, &Note::warning(reason, verdict.message));
        }
    }
    if run.job == before {
        return Ok(());
    }
    ctx.update_status(&JOBS, run.job).map(drop)
}

/// The reasons that Jobs end for, as events carry them.
fn told_reason(reason: &str) -> &'static str {
    const REASONS: &[&str] = &[
        "BackoffLimitExceeded",
        "DeadlineExceeded",
        "FailedIndexes",
        "MaxFailedIndexesExceeded",
        "PodFailurePolicy",
    ];
    let known = REASONS.iter().find(|known| **known == reason);
    known.copied().unwrap_or("Failed")
}
