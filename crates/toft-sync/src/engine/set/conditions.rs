//! The status of a set.
//!
//! Source: Argo CD 3.2.0 `applicationset_controller.go`, `setApplicationSetStatusCondition`,
//! `updateResourcesStatus`.

use toft_object::{Object, Time};
use toft_value::{Value, value};

use crate::event::SetError;

/// What came of the last expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It failed.
    NotExpanded(SetError),
    /// It gave an Application that cannot be.
    NotValid(String),
    /// An Application could not be made.
    NotCreated(String),
    /// An Application could not be made or changed.
    NotWritten(String),
    /// Everything is as it says.
    UpToDate,
}

const ERROR_OCCURRED: &str = "ErrorOccurred";
const PARAMETERS_GENERATED: &str = "ParametersGenerated";
const UP_TO_DATE: &str = "ResourcesUpToDate";
const GENERATED: &str = "Successfully generated parameters for all Applications";
const ALL_GENERATED: &str = "All applications have been generated successfully";

/// Type, status, reason and message of each condition.
fn rows(outcome: &Outcome) -> [(&'static str, &'static str, &'static str, &str); 3] {
    let failed = |reason, message, generated| {
        let parameters = if generated {
            (
                PARAMETERS_GENERATED,
                "True",
                PARAMETERS_GENERATED,
                GENERATED,
            )
        } else {
            (PARAMETERS_GENERATED, "False", ERROR_OCCURRED, message)
        };
        [
            (ERROR_OCCURRED, "True", reason, message),
            parameters,
            (UP_TO_DATE, "False", ERROR_OCCURRED, message),
        ]
    };
    match outcome {
        Outcome::NotExpanded(SetError::Generator(message)) => {
            failed("ApplicationGenerationFromParamsError", message, false)
        }
        Outcome::NotExpanded(SetError::Template(message)) => {
            failed("RenderTemplateParamsError", message, false)
        }
        Outcome::NotCreated(message) => failed("CreateApplicationError", message, true),
        Outcome::NotValid(message) => failed("ApplicationValidationError", message, true),
        Outcome::NotWritten(message) => failed("UpdateApplicationError", message, true),
        Outcome::UpToDate => [
            (
                ERROR_OCCURRED,
                "False",
                "ApplicationSetUpToDate",
                ALL_GENERATED,
            ),
            (
                PARAMETERS_GENERATED,
                "True",
                PARAMETERS_GENERATED,
                GENERATED,
            ),
            (UP_TO_DATE, "True", "ApplicationSetUpToDate", ALL_GENERATED),
        ],
    }
}

/// The conditions; one that says the same as before keeps its time.
pub(super) fn conditions(old: &[Value], outcome: &Outcome, now: Time) -> Vec<Value> {
    let rows = rows(outcome).into_iter();
    let conditions = rows.map(|(kind, status, reason, message)| {
        let fields = [
            ("type", kind),
            ("status", status),
            ("reason", reason),
            ("message", message),
        ];
        let same = |one: &&Value| {
            fields
                .iter()
                .all(|(key, text)| one.str_at(&[key]) == Some(text))
        };
        old.iter().find(same).cloned().unwrap_or_else(|| {
            value!({
                "type": kind, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": now.to_string(),
            })
        })
    });
    conditions.collect()
}

/// `status.resources`: the Applications, with their own sync status and health.
pub(super) fn resources<'a>(children: impl Iterator<Item = &'a Object>) -> Vec<Value> {
    let resources = children.map(|child| {
        let status = |path: &[&str]| child.value().str_at(path).unwrap_or_default().to_owned();
        let mut resource = value!({
            "group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
            "namespace": child.namespace(), "name": child.name(),
            "health": {},
        });
        let sync = status(&["status", "sync", "status"]);
        let health = status(&["status", "health", "status"]);
        if !sync.is_empty() {
            resource.set_at(&["status"], sync);
        }
        if !health.is_empty() {
            resource.set_at(&["health", "status"], health);
        }
        resource
    });
    resources.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_by_all_three_conditions_and_keeps_its_time() {
        let outcome = Outcome::NotExpanded(SetError::Generator("no such path".into()));
        let first = conditions(&[], &outcome, Time::from_seconds(0));
        let again = conditions(&first, &outcome, Time::from_seconds(9));
        assert_eq!(first, again);
        let told: Vec<_> = first
            .iter()
            .map(|one| {
                (
                    one.str_at(&["type"]).unwrap(),
                    one.str_at(&["status"]).unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("ErrorOccurred", "True"),
                ("ParametersGenerated", "False"),
                ("ResourcesUpToDate", "False"),
            ]
        );
        let fine = conditions(&first, &Outcome::UpToDate, Time::from_seconds(9));
        assert_eq!(fine[0].str_at(&["status"]), Some("False"));
    }
}
