//! What a Deployment says about itself.
//!
//! Source: `progress.go`, `sync.go`.

use std::time::Duration;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use super::arithmetic::{max_unavailable, status_count, total_wanted, wanted};
use super::rollout::Rollout;
use crate::conditions::{self, Condition};
use crate::controller::Next;
use crate::controllers::replica_set::counts;
use crate::meta;

/// Puts a condition; unlike others, those of Deployments tell when they were last looked at.
pub(super) fn put(deployment: &mut Value, condition: &Condition, now: Time) {
    let mut status = deployment
        .get("status")
        .cloned()
        .unwrap_or_else(|| value!({}));
    put_in(&mut status, condition, now);
    deployment.set_at(&["status"], status);
}

fn put_in(status: &mut Value, condition: &Condition, now: Time) {
    let current = conditions::find_in(status, condition.kind).cloned();
    let same = |key: &str, text: &str| {
        current.as_ref().and_then(|found| found.str_at(&[key])) == Some(text)
    };
    if same("status", condition.status) && same("reason", &condition.reason) {
        return;
    }
    let mut new = condition.to_value(&now.to_string());
    new.set_at(&["lastUpdateTime"], now.to_string());
    if same("status", condition.status)
        && let Some(time) = current
            .as_ref()
            .and_then(|found| found.get("lastTransitionTime"))
    {
        new.set_at(&["lastTransitionTime"], time);
    }
    conditions::append(status, new);
}

fn progressing(status: &'static str, reason: &str, message: String) -> Condition {
    Condition::new("Progressing", status, reason, message)
}

impl Rollout<'_, '_> {
    /// How long a rollout may go without progress; `None` for ever.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let seconds = self
            .deployment
            .i64_at(&["spec", "progressDeadlineSeconds"])?;
        let bounded = seconds != i64::from(i32::MAX);
        bounded.then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }

    /// Notes that the Deployment was paused or resumed, so that the time does not count as lack of progress.
    pub(super) fn mark_paused(&mut self) -> Result<(), ApiError> {
        if self.deadline().is_none() {
            return Ok(());
        }
        let current = conditions::find(&self.deployment, "Progressing");
        let reason = current.and_then(|found| found.str_at(&["reason"]));
        let is_paused = self.deployment.bool_at(&["spec", "paused"]) == Some(true);
        let condition = match (reason, is_paused) {
            (Some("ProgressDeadlineExceeded"), _) | (Some("DeploymentPaused"), true) => {
                return Ok(());
            }
            (_, true) => ("DeploymentPaused", "Deployment is paused"),
            (Some("DeploymentPaused"), false) => ("DeploymentResumed", "Deployment is resumed"),
            (_, false) => return Ok(()),
        };
        let condition = progressing("Unknown", condition.0, condition.1.to_owned());
        let mut deployment = self.deployment.clone();
        put(&mut deployment, &condition, self.ctx.now);
        self.write_deployment(deployment)
    }

    /// Whether the Deployment has what it wants and nothing else, as far as its status says.
    pub(super) fn is_complete(&self) -> bool {
        let status = self.deployment.get("status").cloned().unwrap_or_default();
        self.completes(&status)
    }

    fn completes(&self, status: &Value) -> bool {
        let size = wanted(&self.deployment);
        let count = |field: &str| status.i64_at(&[field]).unwrap_or(0);
        ["updatedReplicas", "replicas", "availableReplicas"]
            .iter()
            .all(|field| count(field) == size)
            && count("observedGeneration") >= meta::generation(&self.deployment)
    }

    /// Writes counts and availability.
    pub(super) fn write_plain_status(&mut self) -> Result<Next, ApiError> {
        let status = self.counted_status();
        let mut deployment = self.deployment.clone();
        deployment.set_at(&["status"], status);
        self.write_deployment(deployment)?;
        Ok(Next::Nothing)
    }

    /// Writes counts, availability and progress.
    pub(super) fn write_rollout_status(&mut self) -> Result<Next, ApiError> {
        let mut status = self.counted_status();
        if self.deadline().is_none() {
            conditions::remove(&mut status, "Progressing");
        } else {
            self.judge_progress(&mut status);
        }
        match self.failure() {
            Some(condition) => put_in(&mut status, &condition, self.ctx.now),
            None => conditions::remove(&mut status, "ReplicaFailure"),
        }
        let mut deployment = self.deployment.clone();
        deployment.set_at(&["status"], status);
        self.write_deployment(deployment)?;
        Ok(self.next_check())
    }

    fn counted_status(&self) -> Value {
        let mut status = self
            .deployment
            .get("status")
            .cloned()
            .unwrap_or_else(|| value!({}));
        let available = self.counted("availableReplicas");
        let updated = self
            .new
            .as_ref()
            .map_or(0, |new| status_count(new, "replicas"));
        let unavailable = total_wanted(self.sets()) - available;
        let count = |count: i64| usize::try_from(count).unwrap_or(0);
        counts(
            &mut status,
            &[
                ("replicas", count(self.counted("replicas"))),
                ("updatedReplicas", count(updated)),
                ("readyReplicas", count(self.counted("readyReplicas"))),
                ("availableReplicas", count(available)),
                ("unavailableReplicas", count(unavailable)),
            ],
        );
        status.set_at(
            &["terminatingReplicas"],
            self.counted("terminatingReplicas"),
        );
        status.set_at(&["observedGeneration"], meta::generation(&self.deployment));
        let least = wanted(&self.deployment) - max_unavailable(&self.deployment);
        let (value, reason, message) = if available >= least {
            (
                "True",
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            )
        } else {
            (
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        let condition = Condition::new("Available", value, reason, message);
        put_in(&mut status, &condition, self.ctx.now);
        status
    }

    fn judge_progress(&self, status: &mut Value) {
        let current = conditions::find(&self.deployment, "Progressing");
        let current_reason = current.and_then(|found| found.str_at(&["reason"]));
        let all_updated = status.get("replicas") == status.get("updatedReplicas");
        if all_updated && current_reason == Some("NewReplicaSetAvailable") {
            return;
        }
        let subject = match &self.new {
            Some(set) => format!("ReplicaSet {:?}", meta::name(set)),
            None => format!("Deployment {:?}", meta::name(&self.deployment)),
        };
        let now = self.ctx.now;
        if self.completes(status) {
            let text = format!("{subject} has successfully progressed.");
            put_in(
                status,
                &progressing("True", "NewReplicaSetAvailable", text),
                now,
            );
        } else if self.has_progressed(status) {
            let text = format!("{subject} is progressing.");
            let condition = progressing("True", "ReplicaSetUpdated", text);
            let mut new = condition.to_value(&now.to_string());
            new.set_at(&["lastUpdateTime"], now.to_string());
            if let Some(current) = current.filter(|found| found.str_at(&["status"]) == Some("True"))
            {
                let time = current.get("lastTransitionTime").cloned();
                new.set_at(&["lastTransitionTime"], time.unwrap_or_default());
            }
            conditions::append(status, new);
        } else if self.has_timed_out(status) {
            let text = format!("{subject} has timed out progressing.");
            put_in(
                status,
                &progressing("False", "ProgressDeadlineExceeded", text),
                now,
            );
        }
    }

    fn has_progressed(&self, status: &Value) -> bool {
        let before = |field: &str| self.status_before.i64_at(&[field]).unwrap_or(0);
        let now = |field: &str| status.i64_at(&[field]).unwrap_or(0);
        now("updatedReplicas") > before("updatedReplicas")
            || now("replicas") - now("updatedReplicas")
                < before("replicas") - before("updatedReplicas")
            || now("readyReplicas") > before("readyReplicas")
            || now("availableReplicas") > before("availableReplicas")
    }

    fn has_timed_out(&self, status: &Value) -> bool {
        let (Some(deadline), Some(condition)) =
            (self.deadline(), conditions::find_in(status, "Progressing"))
        else {
            return false;
        };
        match condition.str_at(&["reason"]).unwrap_or_default() {
            "NewReplicaSetAvailable" => false,
            "ProgressDeadlineExceeded" => true,
            _ => meta::time_at(condition, &["lastUpdateTime"])
                .is_some_and(|updated| updated + deadline < self.ctx.now),
        }
    }

    /// When the deadline for progress passes, a second later as upstream has it.
    fn next_check(&self) -> Next {
        let (Some(deadline), Some(condition)) = (
            self.deadline(),
            conditions::find(&self.deployment, "Progressing"),
        ) else {
            return Next::Nothing;
        };
        let over = condition.str_at(&["reason"]) == Some("ProgressDeadlineExceeded");
        if over || self.is_complete() {
            return Next::Nothing;
        }
        let updated = meta::time_at(condition, &["lastUpdateTime"]);
        Next::at(updated.map(|updated| updated + deadline + Duration::from_secs(1)))
    }

    /// The failure that a ReplicaSet tells, the current one first.
    fn failure(&self) -> Option<Condition> {
        let sets = self.new.iter().chain(&self.old);
        let mut found = sets.filter_map(|set| conditions::find(set, "ReplicaFailure"));
        let failure = found.next()?;
        let text = |key: &str| failure.str_at(&[key]).unwrap_or_default();
        let status = if text("status") == "True" {
            "True"
        } else {
            "False"
        };
        Some(Condition::new(
            "ReplicaFailure",
            status,
            text("reason"),
            text("message"),
        ))
    }
}
