//! CronJobs: Jobs at times.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/cronjob`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use toft_api::{ApiError, Propagation, Reason};
use toft_object::{Schedule, Time};
use toft_value::{Value, value};

use super::job::is_finished;
use crate::conditions;
use crate::controller::{Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta;
use crate::note::Note;
use crate::resources::{CRON_JOBS, JOBS};

/// After so many missed times upstream says so.
const MISSED_MAX: i64 = 100;

pub(crate) const CONTROLLER: Controller = Controller {
    name: "cronjob-controller",
    identity: Identity::ControllerManager,
    watches: &[
        Watch::new(&CRON_JOBS, Wakes::Itself),
        Watch::new(&JOBS, Wakes::Controller(&CRON_JOBS)),
    ],
    reconcile,
};

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(cron) = ctx.get(&CRON_JOBS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    sync(ctx, cron).unwrap_or(Next::Retry)
}

fn sync(ctx: &mut Ctx<'_>, cron: Value) -> Result<Next, ApiError> {
    let jobs = ctx.controlled(&JOBS, &cron);
    let before = cron.clone();
    let mut cron = cron;
    take_stock(ctx, &mut cron, &jobs);
    let next = if meta::is_deleting(&cron) {
        Next::Nothing
    } else {
        start(ctx, &mut cron)?
    };
    if cron != before {
        cron = ctx.update_status(&CRON_JOBS, cron)?;
    }
    clean_up(ctx, &cron)?;
    Ok(next)
}

/// Takes Jobs off the list that ended or are gone.
fn take_stock(ctx: &mut Ctx<'_>, cron: &mut Value, jobs: &[Value]) {
    let mut active = cron.items_at(&["status", "active"]).to_vec();
    for job in jobs {
        let at = active
            .iter()
            .position(|one| one.str_at(&["uid"]) == Some(meta::uid(job)));
        if !is_finished(job) {
            if at.is_none() {
                let text = format!(
                    "Saw a job that the controller did not create or forgot: {}",
                    meta::name(job)
                );
                ctx.note_once(cron, &Note::warning("UnexpectedJob", text));
            }
            continue;
        }
        let condition = if conditions::is_true(job, "Complete") {
            "Complete"
        } else {
            "Failed"
        };
        if let Some(at) = at {
            active.remove(at);
            let text = format!(
                "Saw completed job: {}, condition: {condition}",
                meta::name(job)
            );
            ctx.note(cron, &Note::normal("SawCompletedJob", text));
        }
        let completed = job
            .str_at(&["status", "completionTime"])
            .filter(|_| condition == "Complete");
        let known = cron
            .str_at(&["status", "lastSuccessfulTime"])
            .unwrap_or_default();
        if let Some(completed) = completed.filter(|completed| *completed > known) {
            let completed = completed.to_owned();
            cron.set_at(&["status", "lastSuccessfulTime"], completed);
        }
    }
    active.retain(|one| {
        let uid = one.str_at(&["uid"]).unwrap_or_default();
        let is_there = jobs.iter().any(|job| meta::uid(job) == uid);
        if !is_there {
            let text = format!(
                "Active job went missing: {}",
                one.str_at(&["name"]).unwrap_or_default()
            );
            ctx.note(cron, &Note::normal("MissingJob", text));
        }
        is_there
    });
    set_active(cron, active);
}

fn set_active(cron: &mut Value, active: Vec<Value>) {
    if active.is_empty() {
        cron.remove_at(&["status", "active"]);
    } else {
        cron.set_at(&["status", "active"], active);
    }
}

/// Starts a Job where its time has come; gives when the next time comes.
fn start(ctx: &mut Ctx<'_>, cron: &mut Value) -> Result<Next, ApiError> {
    let Some((schedule, zone)) = schedule(ctx, cron) else {
        return Ok(Next::Nothing);
    };
    let now = ctx.now;
    let next = Next::at(schedule.next(now, &zone));
    let earliest =
        meta::time_at(cron, &["status", "lastScheduleTime"]).unwrap_or_else(|| meta::created(cron));
    let deadline = cron
        .i64_at(&["spec", "startingDeadlineSeconds"])
        .map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    let earliest = deadline.map_or(earliest, |deadline| earliest.max(now - deadline));
    if schedule.next(earliest, &zone).is_none() {
        never_comes(ctx, cron);
        return Ok(Next::Nothing);
    }
    let Some((due, missed)) = latest(&schedule, &zone, (earliest, now)) else {
        return Ok(next);
    };
    if missed > MISSED_MAX {
        let text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        ctx.note(cron, &Note::warning("TooManyMissedTimes", text));
    }
    if meta::time_at(cron, &["status", "lastScheduleTime"]) == Some(due) {
        return Ok(next);
    }
    let active = cron.items_at(&["status", "active"]).to_vec();
    match cron.str_at(&["spec", "concurrencyPolicy"]) {
        Some("Forbid") if !active.is_empty() => {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            ctx.note(cron, &Note::normal("JobAlreadyActive", text));
            return Ok(next);
        }
        Some("Replace") => {
            for one in &active {
                remove(ctx, cron, one.str_at(&["name"]).unwrap_or_default())?;
            }
            set_active(cron, Vec::new());
        }
        _ => {}
    }
    make(ctx, cron, (due, &zone))?;
    Ok(next)
}

/// Tells of a schedule such as the 31st of February.
fn never_comes(ctx: &mut Ctx<'_>, cron: &Value) {
    let schedule = cron.str_at(&["spec", "schedule"]).unwrap_or_default();
    let text = format!(
        "invalid schedule: {schedule} : time difference between two schedules is less than 1 second"
    );
    ctx.note_once(cron, &Note::warning("InvalidSchedule", text));
}

/// The schedule and zone of a CronJob that is not suspended.
fn schedule(ctx: &mut Ctx<'_>, cron: &Value) -> Option<(Schedule, TimeZone)> {
    let name = cron.str_at(&["spec", "timeZone"]).unwrap_or("UTC");
    let Ok(zone) = TimeZone::get(name) else {
        let text = format!("invalid timeZone: {name:?}: unknown time zone {name}");
        ctx.note_once(cron, &Note::warning("UnknownTimeZone", text));
        return None;
    };
    if cron.bool_at(&["spec", "suspend"]) == Some(true) {
        return None;
    }
    let text = cron.str_at(&["spec", "schedule"]).unwrap_or_default();
    match Schedule::parse(text) {
        Ok(schedule) => Some((schedule, zone)),
        Err(why) => {
            let text = format!("unparseable schedule: {text:?} : {why}");
            ctx.note_once(cron, &Note::warning("UnparseableSchedule", text));
            None
        }
    }
}

/// The latest time that has come since `earliest`, and about how many came.
///
/// Source: `utils.go`, `mostRecentScheduleTime`.
fn latest(
    schedule: &Schedule,
    zone: &TimeZone,
    (earliest, now): (Time, Time),
) -> Option<(Time, i64)> {
    let first = schedule
        .next(earliest, zone)
        .filter(|first| *first <= now)?;
    let second = schedule.next(first, zone)?;
    if now < second {
        return Some((first, 1));
    }
    let between = (second.seconds() - first.seconds()).max(1);
    let missed = (now.seconds() - first.seconds()) / between + 1;
    let jump = u64::try_from((missed - 2).max(0) * between).unwrap_or(0);
    let (mut at, mut found) = (first + Duration::from_secs(jump), first);
    while let Some(next) = schedule.next(at, zone).filter(|next| *next <= now) {
        (at, found) = (next, next);
    }
    Some((found, missed))
}

fn make(
    ctx: &mut Ctx<'_>,
    cron: &mut Value,
    (due, zone): (Time, &TimeZone),
) -> Result<(), ApiError> {
    let template = cron
        .at(&["spec", "jobTemplate"])
        .cloned()
        .unwrap_or_default();
    let name = format!("{}-{}", meta::name(cron), due.seconds() / 60);
    let mut job = value!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": name.as_str(), "namespace": meta::namespace(cron),
            "ownerReferences": [meta::controller_reference(&CRON_JOBS, cron)],
        },
        "spec": template.get("spec").cloned(),
    });
    for key in ["labels", "annotations"] {
        if let Some(found) = template.at(&["metadata", key]) {
            job.set_at(&["metadata", key], found);
        }
    }
    job.set_at(
        &[
            "metadata",
            "annotations",
            "batch.kubernetes.io/cronjob-scheduled-timestamp",
        ],
        local(due, zone),
    );
    let made = match ctx.create(&JOBS, job) {
        Ok(job) => {
            let text = format!("Created job {}", meta::name(&job));
            ctx.note(cron, &Note::normal("SuccessfulCreate", text));
            job
        }
        Err(error) if error.reason == Reason::AlreadyExists => {
            let existing = ctx
                .get(&JOBS, meta::namespace(cron), &name)
                .unwrap_or_default();
            if !meta::is_controlled_by(&existing, cron) {
                return Ok(());
            }
            existing
        }
        Err(error) => {
            let text = format!("Error creating job: {error}");
            ctx.note(cron, &Note::warning("FailedCreate", text));
            return Err(error);
        }
    };
    let mut active = cron.items_at(&["status", "active"]).to_vec();
    active.push(value!({
        "apiVersion": "batch/v1", "kind": "Job", "name": meta::name(&made), "namespace": meta::namespace(&made),
        "uid": meta::uid(&made), "resourceVersion": made.at(&["metadata", "resourceVersion"]).cloned(),
    }));
    set_active(cron, active);
    cron.set_at(&["status", "lastScheduleTime"], due.to_string());
    Ok(())
}

/// A time as RFC 3339 in a zone.
fn local(time: Time, zone: &TimeZone) -> String {
    let Ok(timestamp) = Timestamp::from_second(time.seconds()) else {
        return time.to_string();
    };
    let offset = zone.to_offset(timestamp);
    if offset.is_zero() {
        return time.to_string();
    }
    timestamp.display_with_offset(offset).to_string()
}

fn remove(ctx: &mut Ctx<'_>, cron: &Value, name: &str) -> Result<(), ApiError> {
    let deletion = Deletion {
        propagation: Some(Propagation::Background),
        ..Deletion::default()
    };
    ctx.delete(JOBS.path(meta::namespace(cron), name), &deletion)?;
    ctx.note(
        cron,
        &Note::normal("SuccessfulDelete", format!("Deleted job {name}")),
    );
    Ok(())
}

/// Deletes the oldest Jobs that ended, beyond the limits of the history.
fn clean_up(ctx: &mut Ctx<'_>, cron: &Value) -> Result<(), ApiError> {
    let limits = [
        (
            "Complete",
            cron.i64_at(&["spec", "successfulJobsHistoryLimit"])
                .unwrap_or(3),
        ),
        (
            "Failed",
            cron.i64_at(&["spec", "failedJobsHistoryLimit"])
                .unwrap_or(1),
        ),
    ];
    for (condition, limit) in limits {
        let mut jobs = ctx.controlled(&JOBS, cron);
        jobs.retain(|job| conditions::is_true(job, condition) && !meta::is_deleting(job));
        jobs.sort_by_cached_key(|job| {
            (
                meta::time_at(job, &["status", "startTime"]),
                meta::name(job).to_owned(),
            )
        });
        let surplus = jobs
            .len()
            .saturating_sub(usize::try_from(limit).unwrap_or(0));
        for job in jobs.into_iter().take(surplus) {
            remove(ctx, cron, meta::name(&job))?;
        }
    }
    Ok(())
}
