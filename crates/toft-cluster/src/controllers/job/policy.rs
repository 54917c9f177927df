//! What failed pods mean for a Job, and when a Job has succeeded early.
//!
//! Source: `pod_failure_policy.go`, `success_policy.go`.

use toft_value::Value;

use super::run::Run;
use super::{Outcome, Verdict, indexes};
use crate::meta;

/// What a rule of the policy says about a failed pod.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    FailJob(String),
    FailIndex,
    Ignore,
    Count,
}

/// The first rule that a failed pod matches.
fn action(job: &Value, pod: &Value) -> Option<Action> {
    let rules = job.items_at(&["spec", "podFailurePolicy", "rules"]).iter();
    rules
        .enumerate()
        .find_map(|(index, rule)| matched(rule, pod, index))
}

fn matched(rule: &Value, pod: &Value, index: usize) -> Option<Action> {
    let name = rule.str_at(&["action"]).unwrap_or_default();
    let (space, pod_name) = (meta::namespace(pod), meta::name(pod));
    let message = if let Some(wanted) = rule.get("onExitCodes") {
        let (container, code) = exit(wanted, pod)?;
        format!(
            "Container {container} for pod {space}/{pod_name} failed with exit code {code} matching {name} rule at index {index}"
        )
    } else {
        let kind = condition(rule.items_at(&["onPodConditions"]), pod)?;
        format!("Pod {space}/{pod_name} has condition {kind} matching {name} rule at index {index}")
    };
    match name {
        "FailJob" => Some(Action::FailJob(message)),
        "FailIndex" => Some(Action::FailIndex),
        "Ignore" => Some(Action::Ignore),
        "Count" => Some(Action::Count),
        _ => None,
    }
}

/// The first container that ended with a code that is meant.
fn exit<'a>(wanted: &Value, pod: &'a Value) -> Option<(&'a str, i64)> {
    let statuses = pod.items_at(&["status", "containerStatuses"]).iter();
    let mut statuses = statuses.chain(pod.items_at(&["status", "initContainerStatuses"]));
    let only = wanted.str_at(&["containerName"]);
    let values = wanted.items_at(&["values"]);
    statuses.find_map(|status| {
        let name = status.str_at(&["name"])?;
        let code = status.i64_at(&["state", "terminated", "exitCode"])?;
        let is_listed = values.iter().any(|value| value.as_i64() == Some(code));
        let is_meant = match wanted.str_at(&["operator"]) {
            Some("In") => is_listed,
            Some("NotIn") => !is_listed,
            _ => false,
        };
        let is_named = only.is_none_or(|only| only == name);
        (code != 0 && is_named && is_meant).then_some((name, code))
    })
}

fn condition<'a>(patterns: &[Value], pod: &'a Value) -> Option<&'a str> {
    let mut conditions = pod.items_at(&["status", "conditions"]).iter();
    let found = conditions.find(|condition| {
        patterns.iter().any(|pattern| {
            pattern.get("type") == condition.get("type")
                && pattern.str_at(&["status"]).unwrap_or("True")
                    == condition.str_at(&["status"]).unwrap_or_default()
        })
    });
    found?.str_at(&["type"])
}

/// Whether the failure of a pod counts.
pub(super) fn counts(job: &Value, pod: &Value) -> bool {
    action(job, pod) != Some(Action::Ignore)
}

/// Whether the failure of a pod ends its number.
pub(super) fn fails_the_index(job: &Value, pod: &Value) -> bool {
    action(job, pod) == Some(Action::FailIndex)
}

/// Why a failed pod ends the Job at once; `None` where none does.
pub(super) fn fails_the_job(run: &Run) -> Option<String> {
    let mut failed = run.pods.iter().filter(|pod| run.has_failed(pod));
    failed.find_map(|pod| match action(&run.job, pod)? {
        Action::FailJob(message) => Some(message),
        Action::FailIndex | Action::Ignore | Action::Count => None,
    })
}

/// Whether so many numbers succeeded that the rest does not matter.
pub(super) fn success(run: &Run) -> Option<Verdict> {
    if run.completed.is_empty() {
        return None;
    }
    let rules = run.job.items_at(&["spec", "successPolicy", "rules"]).iter();
    let met = rules.enumerate().find(|(_, rule)| is_met(rule, run));
    met.map(|(index, _)| {
        let text = format!("Matched rules at index {index}");
        Verdict::new(Outcome::Success, "SuccessPolicy", text)
    })
}

fn is_met(rule: &Value, run: &Run) -> bool {
    let count = rule
        .i64_at(&["succeededCount"])
        .and_then(|count| usize::try_from(count).ok());
    let Some(text) = rule.str_at(&["succeededIndexes"]) else {
        return count.is_some_and(|count| run.completed.len() >= count);
    };
    let wanted = indexes::parse(text, run.completions().unwrap_or(0));
    let done = wanted.intersection(&run.completed).count();
    !wanted.is_empty() && (done == wanted.len() || count.is_some_and(|count| done >= count))
}
