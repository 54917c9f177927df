//! Jobs, once or by the clock.

use toft_value::Value;

use super::{Health, text};

/// Source: gitops-engine `pkg/health/health_job.go`: only of `Suspended` is the status looked at.
pub(super) fn job(job: &Value) -> Health {
    let (mut failure, mut message, mut complete, mut suspended) = (None, "", false, false);
    for condition in job.items_at(&["status", "conditions"]) {
        let told = text(condition, &["message"]);
        match text(condition, &["type"]) {
            "Failed" => failure = Some(told),
            "Complete" => (complete, message) = (true, told),
            "Suspended" => {
                (complete, message) = (true, told);
                suspended |= text(condition, &["status"]) == "True";
            }
            _ => {}
        }
    }
    if let Some(told) = failure {
        return Health::degraded(told);
    }
    if !complete {
        return Health::progressing(message);
    }
    if suspended {
        return Health::suspended("");
    }
    Health::healthy(message)
}

/// Source: Argo CD 3.2.0 `resource_customizations/batch/CronJob/health.lua`.
pub(super) fn cron_job(job: &Value) -> Health {
    if job.bool_at(&["spec", "suspend"]) == Some(true) {
        return Health::healthy("CronJob is Suspended");
    }
    let Some(status) = job.get("status") else {
        return Health::progressing("Waiting for CronJob");
    };
    let Some(scheduled) = status.str_at(&["lastScheduleTime"]) else {
        return Health::healthy("CronJob has not been scheduled yet");
    };
    let Some(succeeded) = status.str_at(&["lastSuccessfulTime"]) else {
        return Health::healthy("The Cronjob never completed succesfully. It may not be healthy");
    };
    if !status.items_at(&["active"]).is_empty() {
        return Health::healthy(
            "The job is running. Its last execution may not have been successful",
        );
    }
    if succeeded < scheduled {
        return Health::degraded("CronJob has not completed its last execution successfully");
    }
    Health::healthy("CronJob has completed its last execution successfully")
}
