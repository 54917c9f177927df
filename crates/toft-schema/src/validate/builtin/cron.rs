//! CronJobs and their schedules.
//!
//! The schedule's grammar and words are those of `robfig/cron` v3.

use super::super::at::{At, Errors};
use super::job;

pub(super) fn cron_job(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let schedule = spec.child("schedule");
    if schedule.is_empty() {
        errors.required(&schedule, "");
    } else {
        if let Err(error) = check(schedule.text()) {
            errors.invalid(&schedule, error);
        }
        if schedule.text().contains("TZ") {
            let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            errors.invalid(&schedule, detail);
        }
    }
    errors.not_negative(&spec.child("startingDeadlineSeconds"));
    errors.one_of(
        &spec.child("concurrencyPolicy"),
        &["Allow", "Forbid", "Replace"],
    );
    errors.not_negative(&spec.child("successfulJobsHistoryLimit"));
    errors.not_negative(&spec.child("failedJobsHistoryLimit"));
    time_zone(&spec.child("timeZone"), errors);
    job::job_spec(&spec.child("jobTemplate").child("spec"), errors);
}

fn time_zone(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    match at.text() {
        "" => errors.invalid(at, "timeZone must be nil or non-empty string"),
        "Local" => errors.invalid(
            at,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ),
        zone if jiff::tz::TimeZone::get(zone).is_err() => {
            errors.invalid(at, format!("unknown time zone {zone}"));
        }
        _ => {}
    }
}

/// One field of a schedule: its least and greatest value, and names for values.
struct Field {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const FIELDS: &[Field] = &[
    Field {
        min: 0,
        max: 59,
        names: &[],
    },
    Field {
        min: 0,
        max: 23,
        names: &[],
    },
    Field {
        min: 1,
        max: 31,
        names: &[],
    },
    Field {
        min: 1,
        max: 12,
        names: &[
            "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        min: 0,
        max: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

const DESCRIPTORS: &[&str] = &[
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

fn check(schedule: &str) -> Result<(), String> {
    let schedule = match schedule
        .strip_prefix("TZ=")
        .or_else(|| schedule.strip_prefix("CRON_TZ="))
    {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest.trim()),
        None => schedule,
    };
    if schedule.starts_with('@') {
        let is_known = DESCRIPTORS.contains(&schedule) || schedule.starts_with("@every ");
        return if is_known {
            Ok(())
        } else {
            Err(format!("unrecognized descriptor: {schedule}"))
        };
    }
    let parts: Vec<&str> = schedule.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        let count = parts.len();
        return Err(format!(
            "expected exactly 5 fields, found {count}: [{}]",
            parts.join(" ")
        ));
    }
    for (part, field) in parts.iter().zip(FIELDS) {
        for range in part.split(',').filter(|range| !range.is_empty()) {
            check_range(range, field)?;
        }
    }
    Ok(())
}

fn check_range(text: &str, field: &Field) -> Result<(), String> {
    let slashes: Vec<&str> = text.split('/').collect();
    let dashes: Vec<&str> = slashes
        .first()
        .map_or("", |first| first)
        .split('-')
        .collect();
    let number = |text: &str| number(text, field);
    let (start, mut end) = match dashes.as_slice() {
        ["*" | "?"] => (field.min, field.max),
        [one] => (number(one)?, number(one)?),
        [start, end] => (number(start)?, number(end)?),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = match slashes.as_slice() {
        [_] => 1,
        [_, step] => {
            if dashes.len() == 1 {
                end = field.max;
            }
            step.parse::<u32>().map_err(|_| parse_error(step))?
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    if start < field.min {
        return Err(format!(
            "beginning of range ({start}) below minimum ({}): {text}",
            field.min
        ));
    }
    if end > field.max {
        return Err(format!(
            "end of range ({end}) above maximum ({}): {text}",
            field.max
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {text}"
        ));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number(text: &str, field: &Field) -> Result<u32, String> {
    let lower = text.to_lowercase();
    let named = field
        .names
        .iter()
        .position(|name| *name == lower && !lower.is_empty());
    if let Some(at) = named {
        return Ok(u32::try_from(at).unwrap_or(u32::MAX));
    }
    match text.parse::<i64>() {
        Ok(number) => u32::try_from(number)
            .map_err(|_| format!("negative number ({number}) not allowed: {text}")),
        Err(_) => Err(parse_error(text)),
    }
}

fn parse_error(text: &str) -> String {
    let quoted = crate::go_text::quote(text);
    format!("failed to parse int from {text}: strconv.Atoi: parsing {quoted}: invalid syntax")
}
