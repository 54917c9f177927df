//! A Job with its pods, counted.

use std::collections::{BTreeMap, BTreeSet};

use toft_value::Value;

use super::{FINALIZER, indexes, policy};
use crate::meta;
use crate::pods;

/// A Job with its pods as a look at it found them; the numbers follow what is done meanwhile.
pub(super) struct Run {
    pub(super) job: Value,
    pub(super) pods: Vec<Value>,
    /// The uids of pods that ended well and are noted, but not in the counter yet.
    pub(super) noted_succeeded: BTreeSet<String>,
    /// The same of those that did not.
    pub(super) noted_failed: BTreeSet<String>,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    pub(super) active: usize,
    pub(super) ready: usize,
    pub(super) terminating: usize,
    /// The numbers that succeeded, as the status tells them.
    pub(super) told_completed: BTreeSet<usize>,
    /// The numbers that succeeded.
    pub(super) completed: BTreeSet<usize>,
    /// The numbers that failed for good, where failures are counted for each.
    pub(super) failed_indexes: Option<BTreeSet<usize>>,
    /// The last failed pod of each number that is to be tried again: it knows how often it failed.
    pub(super) delayed: BTreeMap<usize, Value>,
}

impl Run {
    pub(super) fn new(job: Value, pods: Vec<Value>) -> Self {
        let noted = |field: &str| -> BTreeSet<String> {
            let uids = job
                .items_at(&["status", "uncountedTerminatedPods", field])
                .iter();
            uids.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (noted_succeeded, noted_failed) = (noted("succeeded"), noted("failed"));
        let active = pods.iter().filter(|pod| pods::is_active(pod));
        let (ready, active) = (
            active.clone().filter(|pod| pods::is_ready(pod)).count(),
            active.count(),
        );
        let terminating = pods
            .iter()
            .filter(|pod| meta::is_deleting(pod) && !pods::is_terminal(pod))
            .count();
        let mut run = Self {
            job,
            pods,
            noted_succeeded,
            noted_failed,
            succeeded: 0,
            failed: 0,
            active,
            ready,
            terminating,
            told_completed: BTreeSet::new(),
            completed: BTreeSet::new(),
            failed_indexes: None,
            delayed: BTreeMap::new(),
        };
        run.count();
        run
    }

    fn count(&mut self) {
        let told = |field: &str| {
            let count = self.job.i64_at(&["status", field]).unwrap_or(0);
            usize::try_from(count).unwrap_or(0)
        };
        let is_new = |pod: &&Value, noted: &BTreeSet<String>| {
            self.is_uncounted(pod) && !noted.contains(meta::uid(pod))
        };
        let succeeded = self
            .pods
            .iter()
            .filter(|pod| is_new(pod, &self.noted_succeeded) && pods::phase(pod) == "Succeeded");
        let failed = self
            .pods
            .iter()
            .filter(|pod| is_new(pod, &self.noted_failed) && self.has_failed(pod))
            .filter(|pod| policy::counts(&self.job, pod));
        let succeeded = told("succeeded") + self.noted_succeeded.len() + succeeded.count();
        let failed = told("failed") + self.noted_failed.len() + failed.count();
        (self.succeeded, self.failed) = (succeeded, failed);
        if self.is_indexed() {
            self.told_completed = indexes::told(&self.job, "completedIndexes");
            self.completed = indexes::completed(self);
            self.succeeded = self.completed.len();
            if self.spec("backoffLimitPerIndex").is_some() {
                self.failed_indexes = Some(indexes::failed(self));
                self.delayed = indexes::delayed(self);
            }
        }
    }

    pub(super) fn active_pods(&self) -> impl Iterator<Item = &Value> {
        self.pods.iter().filter(|pod| pods::is_active(pod))
    }

    pub(super) fn spec(&self, field: &str) -> Option<i64> {
        self.job.i64_at(&["spec", field])
    }

    pub(super) fn completions(&self) -> Option<usize> {
        let completions = self.spec("completions")?;
        Some(usize::try_from(completions).unwrap_or(0))
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.job.bool_at(&["spec", "suspend"]) == Some(true)
    }

    pub(super) fn is_indexed(&self) -> bool {
        self.job.str_at(&["spec", "completionMode"]) == Some("Indexed")
    }

    /// Whether a pod is replaced when it has failed only, not as soon as it is being deleted.
    pub(super) fn replaces_failed_only(&self) -> bool {
        self.job.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed")
            || self.job.at(&["spec", "podFailurePolicy"]).is_some()
    }

    /// Whether a pod counts as failed.
    pub(super) fn has_failed(&self, pod: &Value) -> bool {
        let phase = pods::phase(pod);
        phase == "Failed"
            || (!self.replaces_failed_only() && meta::is_deleting(pod) && phase != "Succeeded")
    }

    /// Whether a pod is still to be counted, and has a valid number where that matters.
    pub(super) fn is_uncounted(&self, pod: &Value) -> bool {
        meta::has_finalizer(pod, FINALIZER) && (!self.is_indexed() || self.index(pod).is_some())
    }

    /// The number of a pod, where it is one that the Job has.
    pub(super) fn index(&self, pod: &Value) -> Option<usize> {
        let completions = self.completions()?;
        indexes::of(pod).filter(|index| *index < completions)
    }
}
