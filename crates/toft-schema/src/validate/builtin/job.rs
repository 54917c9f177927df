//! Jobs.

use super::super::at::{At, Errors};
use super::super::selector;
use super::pod;

pub(super) fn job(root: &At<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    job_spec(&spec, errors);
    // A selector that nobody wrote is made from the uid, after validation by who stores the object.
    if spec.child("selector").is_set() {
        selector::validate(&spec.child("selector"), errors);
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
    completion_mode(spec, errors);
    let is_failing = spec.child("podFailurePolicy").is_set();
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

fn completion_mode(spec: &At<'_>, errors: &mut Errors) {
    let mode = spec.child("completionMode");
    if !mode.is_set() {
        return;
    }
    errors.one_of(&mode, &["NonIndexed", "Indexed"]);
    if mode.text() == "Indexed" {
        if !spec.child("completions").is_set() {
            let detail = "when completion mode is Indexed";
            errors.required(&spec.child("completions"), detail);
        }
        let parallelism = spec.child("parallelism");
        if parallelism.int().is_some_and(|count| count > 100_000) {
            let detail = "must be less than or equal to 100000 when completion mode is Indexed";
            errors.invalid(&parallelism, detail);
        }
    } else {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            let field = spec.child(field);
            if field.is_set() {
                errors.invalid(&field, "requires indexed completion mode");
            }
        }
    }
}
