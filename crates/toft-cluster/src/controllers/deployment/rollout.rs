//! One Deployment with its ReplicaSets while it is reconciled.

use toft_api::ApiError;
use toft_value::Value;

use super::arithmetic::{max_unavailable, new_set_size, status_count, total_wanted, wanted};
use crate::ctx::Ctx;
use crate::meta;

/// One Deployment with its ReplicaSets while it is reconciled.
pub(super) struct Rollout<'c, 'a> {
    /// What it works with.
    pub(super) ctx: &'c mut Ctx<'a>,
    /// The Deployment as it is.
    pub(super) deployment: Value,
    /// Its status as it was at the beginning, by which progress is measured.
    pub(super) status_before: Value,
    /// The ReplicaSet of the current template, if it is there.
    pub(super) new: Option<Value>,
    /// All others, oldest first.
    pub(super) old: Vec<Value>,
}

/// Whether two pod templates are the same but for the label that tells them apart.
fn same_template(one: &Value, other: &Value) -> bool {
    let plain = |set: &Value| {
        let mut template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
        template.remove_at(&["metadata", "labels", super::revision::HASH_LABEL]);
        template
    };
    plain(one) == plain(other)
}

impl<'c, 'a> Rollout<'c, 'a> {
    /// Sorts the ReplicaSets into the one of the current template and the others.
    pub(super) fn new(ctx: &'c mut Ctx<'a>, deployment: Value, mut sets: Vec<Value>) -> Self {
        sets.sort_by_cached_key(|set| (meta::created(set), meta::name(set).to_owned()));
        let at = sets.iter().position(|set| same_template(set, &deployment));
        let new = at.map(|at| sets.remove(at));
        let status_before = deployment.get("status").cloned().unwrap_or_default();
        Self {
            ctx,
            deployment,
            status_before,
            new,
            old: sets,
        }
    }

    /// All ReplicaSets.
    pub(super) fn sets(&self) -> impl Iterator<Item = &Value> {
        self.old.iter().chain(&self.new)
    }

    /// The sum of a count in the status of all ReplicaSets.
    pub(super) fn counted(&self, field: &str) -> i64 {
        self.sets().map(|set| status_count(set, field)).sum()
    }

    /// Remembers a ReplicaSet that was written.
    pub(super) fn keep(&mut self, set: Value) {
        let uid = meta::uid(&set).to_owned();
        if let Some(old) = self.old.iter_mut().find(|old| meta::uid(old) == uid) {
            *old = set;
        } else {
            self.new = Some(set);
        }
    }

    /// Gives the ReplicaSet of the current template as many replicas as it may have; whether that changed it.
    pub(super) fn grow_new_set(&mut self) -> Result<bool, ApiError> {
        let Some(new) = self.new.clone() else {
            return Ok(false);
        };
        let most = wanted(&self.deployment);
        if wanted(&new) >= most {
            return self.resize(&new, most);
        }
        let size = new_set_size(&self.deployment, total_wanted(self.sets()), wanted(&new));
        self.resize(&new, size)
    }

    /// Takes replicas from old ReplicaSets as far as availability allows; whether there was something to take.
    ///
    /// Source: `rolling.go`, `reconcileOldReplicaSets`.
    pub(super) fn shrink_old_sets(&mut self) -> Result<bool, ApiError> {
        if total_wanted(&self.old) == 0 {
            return Ok(false);
        }
        let least = wanted(&self.deployment) - max_unavailable(&self.deployment);
        let new_unavailable = self.new.as_ref().map_or(0, |new| {
            wanted(new) - status_count(new, "availableReplicas")
        });
        let most_taken = total_wanted(self.sets()) - least - new_unavailable;
        if most_taken <= 0 {
            return Ok(false);
        }
        let unhealthy = self.take_unhealthy(most_taken)?;
        let surplus = self.counted("availableReplicas") - least;
        let healthy = self.take(surplus)?;
        Ok(unhealthy + healthy > 0)
    }

    fn take_unhealthy(&mut self, most: i64) -> Result<i64, ApiError> {
        let mut taken = 0;
        for set in self.old.clone() {
            let missing = wanted(&set) - status_count(&set, "availableReplicas");
            if missing < 0 && taken < most && wanted(&set) > 0 {
                // Its status does not know its new size yet; upstream fails here, too, and tries again.
                return Err(ApiError::internal("the status of a ReplicaSet is behind"));
            }
            let count = missing.min(most - taken).min(wanted(&set));
            if count > 0 {
                self.resize(&set, wanted(&set) - count)?;
                taken += count;
            }
        }
        Ok(taken)
    }

    fn take(&mut self, most: i64) -> Result<i64, ApiError> {
        let mut taken = 0;
        for set in self.old.clone() {
            let count = wanted(&set).min(most - taken);
            if count > 0 {
                self.resize(&set, wanted(&set) - count)?;
                taken += count;
            }
        }
        Ok(taken)
    }
}
