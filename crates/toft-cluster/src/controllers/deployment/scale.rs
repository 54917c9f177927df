//! Sizing ReplicaSets: one at a time, or all in proportion where the Deployment was scaled in a rollout.
//!
//! Source: `sync.go`, `scale`, `scaleReplicaSet`, `cleanupDeployment`.

use std::cmp::Reverse;

use toft_api::ApiError;
use toft_value::Value;

use super::arithmetic::{is_rolling, max_surge, status_count, total_wanted, wanted};
use super::revision::{DESIRED, MOST, revision, set_sizes};
use super::rollout::Rollout;
use crate::ctx::Deletion;
use crate::meta;
use crate::note::Note;
use crate::resources::REPLICA_SETS;

fn annotated(set: &Value, key: &str) -> Option<i64> {
    meta::annotation(set, key)?.parse().ok()
}

impl Rollout<'_, '_> {
    /// Whether the Deployment's size was changed since its ReplicaSets were sized.
    pub(super) fn is_scaling(&mut self) -> Result<bool, ApiError> {
        self.adopt_revision()?;
        let size = wanted(&self.deployment);
        let mut active = self.sets().filter(|set| wanted(set) > 0);
        Ok(active.any(|set| annotated(set, DESIRED).is_some_and(|desired| desired != size)))
    }

    /// Gives a ReplicaSet a size; whether that changed it.
    pub(super) fn resize(&mut self, set: &Value, size: i64) -> Result<bool, ApiError> {
        if wanted(set) == size {
            return Ok(false);
        }
        self.resize_and_note(set, size)
    }

    fn resize_and_note(&mut self, set: &Value, size: i64) -> Result<bool, ApiError> {
        let before = wanted(set);
        let mut resized = set.clone();
        resized.set_at(&["spec", "replicas"], size);
        set_sizes(&mut resized, &self.deployment);
        if resized == *set {
            return Ok(false);
        }
        let written = self.ctx.update(&REPLICA_SETS, resized)?;
        let name = meta::name(&written).to_owned();
        self.keep(written);
        if before == size {
            return Ok(false);
        }
        let direction = if before < size { "up" } else { "down" };
        let text = format!("Scaled {direction} replica set {name} from {before} to {size}");
        self.ctx
            .note(&self.deployment, &Note::normal("ScalingReplicaSet", text));
        Ok(true)
    }

    /// Spreads a new size over the ReplicaSets.
    pub(super) fn scale_proportionally(&mut self) -> Result<(), ApiError> {
        let size = wanted(&self.deployment);
        if let Some(only) = self.active_or_latest() {
            return self.resize(&only, size).map(drop);
        }
        if self.is_saturated() {
            for old in self.old.clone() {
                self.resize(&old, 0)?;
            }
            return Ok(());
        }
        if is_rolling(&self.deployment) {
            self.spread(size)?;
        }
        Ok(())
    }

    /// The ReplicaSet that takes the whole size where at most one has replicas.
    fn active_or_latest(&self) -> Option<Value> {
        let active: Vec<&Value> = self.sets().filter(|set| wanted(set) > 0).collect();
        match active.as_slice() {
            [] => self.new.as_ref().or(self.old.last()).cloned(),
            [only] => Some((*only).clone()),
            _ => None,
        }
    }

    fn is_saturated(&self) -> bool {
        let size = wanted(&self.deployment);
        self.new.as_ref().is_some_and(|new| {
            wanted(new) == size
                && annotated(new, DESIRED) == Some(size)
                && status_count(new, "availableReplicas") == size
        })
    }

    fn spread(&mut self, size: i64) -> Result<(), ApiError> {
        let allowed = if size > 0 {
            size + max_surge(&self.deployment)
        } else {
            0
        };
        let mut sets: Vec<Value> = self.sets().filter(|set| wanted(set) > 0).cloned().collect();
        let to_add = allowed - total_wanted(&sets);
        // Larger ones first; of equal size the newer grows first and the older shrinks first.
        sets.sort_by_cached_key(|set| {
            let created = meta::created(set).micros();
            let by_age = if to_add > 0 { -created } else { created };
            (Reverse(wanted(set)), by_age)
        });
        let mut sizes = Vec::new();
        let mut added = 0;
        for set in &sets {
            let share = self.share(set, to_add, added);
            added += share;
            sizes.push(wanted(set) + share);
        }
        if let Some(largest) = sizes.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        for (set, size) in sets.iter().zip(sizes) {
            self.resize_and_note(set, size)?;
        }
        Ok(())
    }

    /// How many of the replicas to add, or to take where negative, fall to a ReplicaSet.
    fn share(&self, set: &Value, to_add: i64, added: i64) -> i64 {
        let rest = to_add - added;
        if rest == 0 {
            return 0;
        }
        let fraction = self.fraction(set);
        if to_add > 0 {
            fraction.min(rest)
        } else {
            fraction.max(rest)
        }
    }

    fn fraction(&self, set: &Value) -> i64 {
        let size = wanted(&self.deployment);
        if size == 0 {
            return -wanted(set);
        }
        let before = annotated(set, MOST).filter(|most| *most > 0);
        let before = before.unwrap_or_else(|| status_count(&self.deployment, "replicas"));
        if before == 0 {
            return 0;
        }
        let most = size + max_surge(&self.deployment);
        // Rounded half away from zero; all numbers are positive here.
        (2 * wanted(set) * most + before) / (2 * before) - wanted(set)
    }

    /// Deletes the oldest ReplicaSets beyond the limit of the history.
    pub(super) fn clean_up(&mut self) -> Result<(), ApiError> {
        let limit = self.deployment.i64_at(&["spec", "revisionHistoryLimit"]);
        let Some(limit) = limit.filter(|limit| *limit < i64::from(i32::MAX)) else {
            return Ok(());
        };
        let mut old: Vec<Value> = self.old.clone();
        old.retain(|set| !meta::is_deleting(set));
        old.sort_by_key(revision);
        let surplus = old
            .len()
            .saturating_sub(usize::try_from(limit).unwrap_or(0));
        for set in old.into_iter().take(surplus) {
            let empty = wanted(&set) == 0 && status_count(&set, "replicas") == 0;
            if empty && status_count(&set, "observedGeneration") >= meta::generation(&set) {
                let path = REPLICA_SETS.path(meta::namespace(&set), meta::name(&set));
                self.ctx.delete(path, &Deletion::default())?;
            }
        }
        Ok(())
    }
}
