//! When a job fails early, and when it has done enough.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/batch/validation/validation.go`, `validatePodFailurePolicy` and
//! `validateSuccessPolicy`.

use super::super::at::{At, Errors};
use super::super::name;
use crate::field_error::FieldError;
use crate::go_text::Go;

/// The failure policy as upstream shows it.
pub(super) const FAILURE: Go = Go::Pointer(&[("Rules", "rules", Go::List(&FAILURE_RULE))]);

const FAILURE_RULE: Go = Go::Struct(&[
    ("Action", "action", Go::Text),
    ("OnExitCodes", "onExitCodes", EXIT_CODES),
    ("OnPodConditions", "onPodConditions", Go::List(&CONDITION)),
]);

const EXIT_CODES: Go = Go::Pointer(&[
    ("ContainerName", "containerName", Go::Plain),
    ("Operator", "operator", Go::Text),
    ("Values", "values", Go::Plain),
]);

const CONDITION: Go = Go::Struct(&[("Type", "type", Go::Text), ("Status", "status", Go::Text)]);

/// The success policy as upstream shows it.
pub(super) const SUCCESS: Go = Go::Pointer(&[("Rules", "rules", Go::List(&SUCCESS_RULE))]);

const SUCCESS_RULE: Go = Go::Struct(&[
    ("SucceededIndexes", "succeededIndexes", Go::Plain),
    ("SucceededCount", "succeededCount", Go::Plain),
]);

/// How many rules a policy may have.
const RULES_MAX: usize = 20;

/// How many conditions a rule may have.
const CONDITIONS_MAX: usize = 20;

/// How many exit codes a rule may have.
const CODES_MAX: usize = 255;

/// How many bytes a list of indexes may have.
const INDEXES_BYTES_MAX: usize = 64 * 1024;

pub(super) fn failure(spec: &At<'_>, errors: &mut Errors) {
    let rules = spec.child("podFailurePolicy").child("rules");
    let list = rules.items();
    if list.len() > RULES_MAX {
        errors.push(FieldError::too_many(rules.path(), list.len(), RULES_MAX));
    }
    for rule in &list {
        failure_rule(spec, rule, errors);
    }
}

/// One of these, told as missing where it is empty.
fn one_of(at: &At<'_>, supported: &[&str], errors: &mut Errors) {
    if at.is_empty() {
        let quoted: Vec<String> = supported.iter().map(|one| format!("{one:?}")).collect();
        errors.required(at, &format!("valid values: [{}]", quoted.join(" ")));
    } else {
        errors.one_of(at, supported);
    }
}

/// Upstream shows no value where a rule as a whole is wrong.
fn wrong(at: &At<'_>, detail: &str, errors: &mut Errors) {
    let error = FieldError::invalid(at.path(), "", detail);
    errors.push(FieldError {
        shown: None,
        ..error
    });
}

fn failure_rule(spec: &At<'_>, rule: &At<'_>, errors: &mut Errors) {
    let action = rule.child("action");
    one_of(
        &action,
        &["Count", "FailIndex", "FailJob", "Ignore"],
        errors,
    );
    if action.text() == "FailIndex" && !spec.child("backoffLimitPerIndex").is_set() {
        errors.invalid(&action, "requires the backoffLimitPerIndex to be set");
    }
    let (codes, conditions) = (rule.child("onExitCodes"), rule.child("onPodConditions"));
    if codes.is_set() {
        exit_codes(spec, &codes, errors);
    }
    let list = conditions.items();
    if list.len() > CONDITIONS_MAX {
        let error = FieldError::too_many(conditions.path(), list.len(), CONDITIONS_MAX);
        errors.push(error);
    }
    for condition in &list {
        let type_ = condition.child("type");
        for message in name::qualified_name(type_.text()) {
            errors.push(FieldError::invalid(type_.path(), type_.text(), message));
        }
        one_of(
            &condition.child("status"),
            &["False", "True", "Unknown"],
            errors,
        );
    }
    match (codes.is_set(), !list.is_empty()) {
        (true, true) => wrong(
            rule,
            "specifying both OnExitCodes and OnPodConditions is not supported",
            errors,
        ),
        (false, false) => wrong(
            rule,
            "specifying one of OnExitCodes and OnPodConditions is required",
            errors,
        ),
        (true, false) | (false, true) => {}
    }
}

fn exit_codes(spec: &At<'_>, at: &At<'_>, errors: &mut Errors) {
    let (operator, container) = (at.child("operator"), at.child("containerName"));
    one_of(&operator, &["In", "NotIn"], errors);
    let pod = spec.child("template").child("spec");
    let lists = ["containers", "initContainers"].map(|list| pod.child(list));
    let mut names = lists
        .iter()
        .flat_map(At::items)
        .map(|one| one.child("name").text());
    if container.is_set() && !names.any(|name| name == container.text()) {
        let detail = "must be one of the container or initContainer names in the pod template";
        errors.invalid(&container, detail);
    }
    let values = at.child("values");
    let list = values.items();
    if list.is_empty() {
        errors.invalid(&values, "at least one value is required");
    } else if list.len() > CODES_MAX {
        errors.push(FieldError::too_many(values.path(), list.len(), CODES_MAX));
    }
    for (index, value) in list.iter().enumerate() {
        if operator.text() == "In" && value.int() == Some(0) {
            errors.invalid(value, "must not be 0 for the In operator");
        }
        let mut before = list.iter().take(index);
        if before.any(|one| one.int() == value.int()) {
            errors.duplicate(value);
        }
    }
    let numbers: Vec<i64> = list.iter().filter_map(At::int).collect();
    if !numbers.is_sorted() {
        errors.invalid(&values, "must be ordered");
    }
}

pub(super) fn success(spec: &At<'_>, errors: &mut Errors) {
    let rules = spec.child("successPolicy").child("rules");
    let list = rules.items();
    if list.is_empty() {
        let detail = "at least one rules must be specified when the successPolicy is specified";
        errors.required(&rules, detail);
    }
    if list.len() > RULES_MAX {
        errors.push(FieldError::too_many(rules.path(), list.len(), RULES_MAX));
    }
    let completions = spec.child("completions").int().unwrap_or(0);
    for rule in &list {
        success_rule(completions, rule, errors);
    }
}

fn success_rule(completions: i64, rule: &At<'_>, errors: &mut Errors) {
    let (indexes, count) = (rule.child("succeededIndexes"), rule.child("succeededCount"));
    if !indexes.is_set() && !count.is_set() {
        let detail = "at least one of succeededCount or succeededIndexes must be specified";
        errors.required(rule, detail);
    }
    let mut total = 0;
    if indexes.is_set() {
        if indexes.text().len() > INDEXES_BYTES_MAX {
            errors.push(FieldError::too_long(indexes.path(), INDEXES_BYTES_MAX));
        }
        match count_indexes(indexes.text(), completions) {
            Ok(counted) => total = counted,
            Err(why) => errors.invalid(&indexes, format!("error parsing succeededIndexes: {why}")),
        }
    }
    let Some(wanted) = count.int() else { return };
    errors.not_negative(&count);
    if wanted > completions {
        let detail = format!(
            "must be less than or equal to {completions} (the number of specified completions)"
        );
        errors.invalid(&count, detail);
    }
    if indexes.is_set() && wanted > total {
        let detail = format!(
            "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        );
        errors.invalid(&count, detail);
    }
}

/// How many indexes a list such as `0,2-5` names.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let index = |text: &str| {
        let parsed = text.parse::<i64>();
        let parsed =
            parsed.map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
        if parsed >= completions {
            return Err(format!("too large index: {text:?}"));
        }
        Ok(parsed)
    };
    let order = |previous: i64, current: i64| {
        Err(format!(
            "non-increasing order, previous: {previous}, current: {current}"
        ))
    };
    let (mut last, mut total) = (None, 0);
    for interval in text.split(',') {
        if interval.matches('-').count() > 1 {
            return Err(format!(
                "the fragment {interval:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let (first, end) = match interval.split_once('-') {
            Some((first, end)) => (index(first)?, Some(end)),
            None => (index(interval)?, None),
        };
        let end = end.map_or(Ok(first), |end| match index(end)? {
            end if first >= end => order(first, end),
            end => Ok(end),
        })?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return order(last, first);
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}
