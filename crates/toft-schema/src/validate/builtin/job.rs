//! Jobs.

use toft_object::LabelSelector;

use super::super::at::{At, Errors};
use super::super::{name, selector};
use super::{job_policy, pod};
use crate::field_error::FieldError;
use crate::go_text::print_type;

pub(super) fn job(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    job_spec(&spec, errors);
    // A selector that nobody wrote is made from the uid, after validation by who stores the object.
    let at = spec.child("selector");
    if at.is_set() {
        selector::validate(&at, errors);
        selects(&spec, errors);
    } else if spec.child("manualSelector").is_true() {
        errors.required(&at, "");
        selects(&spec, errors);
    }
    pod_names(root, errors);
}

fn selects(spec: &At<'_>, errors: &mut Errors) {
    let at = spec.child("selector");
    let labels = spec.child("template").child("metadata").child("labels");
    let Ok(parsed) = LabelSelector::from_value(at.value()) else {
        return;
    };
    if !at.is_set() || !parsed.matches(labels.value().as_map()) {
        errors.invalid(&labels, "`selector` does not match template `labels`");
    }
}

/// The pods of an indexed job get its name and a number.
fn pod_names(root: &At<'_>, errors: &mut Errors) {
    let (spec, name) = (root.child("spec"), root.child("metadata").child("name"));
    let count = spec.child("completions").int().unwrap_or(0);
    if spec.child("completionMode").text() != "Indexed" || count <= 0 {
        return;
    }
    let host = format!("{}-{}", name.text(), count - 1);
    if !name::dns_label(&host).is_empty() {
        let detail = format!("will not able to create pod with invalid DNS label: {host}");
        errors.invalid(&name, detail);
    }
}

/// Also of the jobs of a CronJob.
pub(super) fn job_spec(spec: &At<'_>, errors: &mut Errors) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        errors.not_negative(&spec.child(field));
    }
    if spec.child("maxFailedIndexes").is_set() && !spec.child("backoffLimitPerIndex").is_set() {
        let detail = "when maxFailedIndexes is specified";
        errors.required(&spec.child("backoffLimitPerIndex"), detail);
    }
    managed_by(&spec.child("managedBy"), errors);
    completion_mode(spec, errors);
    let is_failing = spec.child("podFailurePolicy").is_set();
    if is_failing {
        job_policy::failure(spec, errors);
    }
    success(spec, errors);
    let replacements: &[&str] = if is_failing {
        &["Failed"]
    } else {
        &["Failed", "TerminatingOrFailed"]
    };
    errors.one_of_if_set(&spec.child("podReplacementPolicy"), replacements);
    let template = spec.child("template");
    pod::template(&template, errors);
    let policy = template.child("spec").child("restartPolicy");
    match policy.text() {
        // Upstream writes its own list, in its own order.
        "" | "Always" => errors.required(&policy, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if spec.child("podFailurePolicy").is_set() => {
            errors.invalid(
                &policy,
                "only \"Never\" is supported when podFailurePolicy is specified",
            );
        }
        "OnFailure" | "Never" => {}
        _ => errors.one_of(&policy, &["OnFailure", "Never"]),
    }
}

/// How many bytes the name of another controller may have.
const MANAGER_BYTES_MAX: usize = 63;

fn managed_by(at: &At<'_>, errors: &mut Errors) {
    if !at.is_set() {
        return;
    }
    if at.is_empty() {
        errors.required(at, "");
    } else {
        errors.named(at, name::controller);
    }
    if at.text().len() > MANAGER_BYTES_MAX {
        errors.push(FieldError::too_long(at.path(), MANAGER_BYTES_MAX));
    }
}

fn success(spec: &At<'_>, errors: &mut Errors) {
    let policy = spec.child("successPolicy");
    if !policy.is_set() {
        return;
    }
    if spec.child("completionMode").text() == "Indexed" {
        job_policy::success(spec, errors);
    } else {
        let error = FieldError::invalid(policy.path(), "", "requires indexed completion mode");
        errors.push(error.showing(print_type(policy.value(), job_policy::SUCCESS)));
    }
}

/// How many pods of an indexed job may run at once, or fail.
const INDEXED_MAX: i64 = 100_000;

/// From so many completions on, fewer may run at once or fail.
const MANY_COMPLETIONS: i64 = 100_000;

/// How many of a job with many completions may run at once, or fail.
const OF_MANY_MAX: i64 = 10_000;

fn completion_mode(spec: &At<'_>, errors: &mut Errors) {
    let mode = spec.child("completionMode");
    errors.one_of_if_set(&mode, &["NonIndexed", "Indexed"]);
    if mode.text() == "Indexed" {
        indexed(spec, errors);
    }
    if !mode.is_set() || mode.text() == "NonIndexed" {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            let field = spec.child(field);
            if field.is_set() {
                errors.invalid(&field, "requires indexed completion mode");
            }
        }
    }
}

fn indexed(spec: &At<'_>, errors: &mut Errors) {
    let (completions, failed) = (spec.child("completions"), spec.child("maxFailedIndexes"));
    if !completions.is_set() {
        errors.required(&completions, "when completion mode is Indexed");
    }
    at_most(
        (&spec.child("parallelism"), INDEXED_MAX),
        " when completion mode is Indexed",
        errors,
    );
    let all = completions.int();
    if failed.is_set() && all.is_some() && failed.int() > all {
        errors.invalid(&failed, "must be less than or equal to completions");
    }
    at_most((&failed, INDEXED_MAX), "", errors);
    let has_many = all.is_some_and(|all| all > MANY_COMPLETIONS);
    if !has_many || !spec.child("backoffLimitPerIndex").is_set() {
        return;
    }
    if !failed.is_set() {
        let detail = format!("must be specified when completions is above {MANY_COMPLETIONS}");
        errors.required(&failed, &detail);
    }
    let why = format!(
        " when completions are above {MANY_COMPLETIONS} and used with backoff limit per index"
    );
    at_most((&spec.child("parallelism"), OF_MANY_MAX), &why, errors);
    at_most((&failed, OF_MANY_MAX), &why, errors);
}

fn at_most((at, most): (&At<'_>, i64), when: &str, errors: &mut Errors) {
    if at.int().is_some_and(|number| number > most) {
        errors.invalid(at, format!("must be less than or equal to {most}{when}"));
    }
}
