//! The pods of a Job: made and deleted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::Value;

use super::run::Run;
use super::{FINALIZER, backoff, indexes, tracking};
use crate::controller::Next;
use crate::ctx::{Ctx, Deletion};
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::resources::{JOBS, PODS};

/// How many pods are made or deleted at once.
const BURST: usize = 500;

/// Deletes the pods that still run; they are let go when they are counted.
pub(super) fn stop_all(ctx: &mut Ctx<'_>, run: &mut Run) -> Result<(), ApiError> {
    let active: Vec<Value> = run.active_pods().cloned().collect();
    active.iter().try_for_each(|pod| delete(ctx, run, pod))
}

/// Makes and deletes pods; gives when to look again.
pub(super) fn pods(ctx: &mut Ctx<'_>, run: &mut Run) -> Result<Next, ApiError> {
    let wanted = wanted(run);
    let surplus = removed(run, run.active.saturating_sub(wanted), ctx.now);
    if run.is_suspended() || !surplus.is_empty() {
        for pod in surplus.into_iter().take(BURST) {
            tracking::free(ctx, &pod)?;
            delete(ctx, run, &pod)?;
        }
        return Ok(Next::Nothing);
    }
    let waiting = if run.replaces_failed_only() {
        run.terminating
    } else {
        0
    };
    let missing = wanted.saturating_sub(run.active + waiting).min(BURST);
    if missing == 0 {
        return Ok(Next::Nothing);
    }
    if run.failed_indexes.is_none()
        && let Some(at) = backoff::of_job(run).filter(|at| *at > ctx.now)
    {
        return Ok(Next::At(at));
    }
    if !run.is_indexed() {
        for _ in 0..missing {
            create(ctx, run, None)?;
        }
        return Ok(Next::Nothing);
    }
    let (now, later) = due(run, indexes::pending(run, missing), ctx.now);
    if now.is_empty() {
        return Ok(Next::at(later));
    }
    for index in now {
        create(ctx, run, Some(index))?;
    }
    Ok(Next::Nothing)
}

fn wanted(run: &Run) -> usize {
    let parallelism = usize::try_from(run.spec("parallelism").unwrap_or(1)).unwrap_or(0);
    match run.completions() {
        _ if run.is_suspended() => 0,
        None if run.succeeded > 0 => run.active,
        None => parallelism,
        Some(completions) => completions.saturating_sub(run.succeeded).min(parallelism),
    }
}

/// Of the numbers to try, those whose time has come; else when the first one's comes.
fn due(run: &Run, indexes: Vec<usize>, now: Time) -> (Vec<usize>, Option<Time>) {
    let mut later = None;
    let mut due = Vec::new();
    for index in indexes {
        match backoff::of_index(run.delayed.get(&index)).filter(|at| *at > now) {
            None => due.push(index),
            Some(at) => later = Some(later.map_or(at, |known: Time| known.min(at))),
        }
    }
    (due, later)
}

/// The pods to delete: those whose number another one has or nobody wants, then those that matter least.
fn removed(run: &Run, at_least: usize, now: Time) -> Vec<Value> {
    let mut left: Vec<&Value> = run.active_pods().collect();
    left.sort_by_cached_key(|pod| order(pod, now));
    let mut gone = Vec::new();
    if run.is_indexed() {
        let mut best: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, pod) in left.iter().enumerate() {
            if let Some(index) = run.index(pod) {
                best.insert(index, place);
            }
        }
        let (kept, removed): (Vec<_>, Vec<_>) =
            left.into_iter().enumerate().partition(|(place, pod)| {
                run.index(pod).and_then(|index| best.get(&index)) == Some(place)
            });
        left = kept.into_iter().map(|(_, pod)| pod).collect();
        gone = removed.into_iter().map(|(_, pod)| pod).collect();
    }
    let more = at_least.saturating_sub(gone.len());
    gone.into_iter()
        .chain(left.into_iter().take(more))
        .cloned()
        .collect()
}

/// Source: `controller_utils.go`, `ActivePods.Less`.
fn order(pod: &Value, now: Time) -> impl Ord + use<> {
    (
        !pods::node(pod).is_empty(),
        match pods::phase(pod) {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        },
        pods::is_ready(pod),
        Reverse(pods::ready_since(pod).unwrap_or(now).seconds()),
        Reverse(pods::restarts(pod)),
        Reverse(meta::created(pod)),
    )
}

fn create(ctx: &mut Ctx<'_>, run: &mut Run, index: Option<usize>) -> Result<(), ApiError> {
    let job = &run.job;
    let template = job.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = pods::from_template(&template, &JOBS, job);
    let mut finalizers = pod.items_at(&["metadata", "finalizers"]).to_vec();
    finalizers.retain(|one| one.as_str() != Some(FINALIZER));
    finalizers.push(FINALIZER.into());
    pod.set_at(&["metadata", "finalizers"], finalizers);
    if let Some(index) = index {
        indexes::mark(job, &mut pod, index);
        if run.failed_indexes.is_some() {
            indexes::mark_failures(job, &mut pod, run.delayed.get(&index));
        }
    }
    match ctx.create(&PODS, pod) {
        Ok(pod) => {
            let text = format!("Created pod: {}", meta::name(&pod));
            ctx.note(job, &Note::normal("SuccessfulCreate", text));
            run.active += 1;
            Ok(())
        }
        Err(error) if crate::controllers::replica_set::is_namespace_terminating(&error) => Ok(()),
        Err(error) => {
            ctx.note(
                job,
                &Note::warning("FailedCreate", format!("Error creating: {error}")),
            );
            Err(error)
        }
    }
}

fn delete(ctx: &mut Ctx<'_>, run: &mut Run, pod: &Value) -> Result<(), ApiError> {
    let deletion = Deletion {
        uid: meta::uid(pod),
        ..Deletion::default()
    };
    ctx.delete(PODS.path(meta::namespace(pod), meta::name(pod)), &deletion)?;
    let text = format!("Deleted pod: {}", meta::name(pod));
    ctx.note(&run.job, &Note::normal("SuccessfulDelete", text));
    run.active = run.active.saturating_sub(1);
    run.terminating += 1;
    if pods::is_ready(pod) {
        run.ready = run.ready.saturating_sub(1);
    }
    Ok(())
}
