//! One round over the pods of a StatefulSet: it ends where something has to be waited for.
//!
//! Source: `stateful_set_control.go`, `updateStatefulSet`.

use toft_api::{ApiError, Reason};
use toft_value::Value;

use super::identity::{self, ordinal, pod_revision};
use super::retention;
use crate::ctx::{Ctx, Deletion};
use crate::meta;
use crate::note::Note;
use crate::pods;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PODS};
use crate::revisions;

/// One round over the pods of a StatefulSet.
pub(super) struct Round<'a> {
    pub(super) set: &'a Value,
    /// The revision that all pods had when it was last complete.
    pub(super) current: &'a Value,
    /// The revision of the template as it is now.
    pub(super) update: &'a Value,
    pub(super) min_ready: i64,
}

/// Whether the round goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    GoOn,
    Wait,
}

impl Round<'_> {
    /// How many pods are wanted.
    pub(super) fn wanted(&self) -> usize {
        let replicas = self.set.i64_at(&["spec", "replicas"]).unwrap_or(1);
        usize::try_from(replicas).unwrap_or(0)
    }

    fn first(&self) -> i64 {
        self.set.i64_at(&["spec", "ordinals", "start"]).unwrap_or(0)
    }

    /// Whether pods come and go one after the other.
    fn is_ordered(&self) -> bool {
        self.set.str_at(&["spec", "podManagementPolicy"]) != Some("Parallel")
    }

    fn is_available(&self, ctx: &Ctx<'_>, pod: &Value) -> bool {
        pods::phase(pod) == "Running" && pods::is_available(pod, self.min_ready, ctx.now)
    }

    fn is_unavailable(&self, ctx: &Ctx<'_>, pod: &Value) -> bool {
        meta::is_deleting(pod) || !pods::is_available(pod, self.min_ready, ctx.now)
    }

    /// Does what can be done now. `known` are the set's pods in order.
    pub(super) fn run(&mut self, ctx: &mut Ctx<'_>, known: &[Value]) -> Result<(), ApiError> {
        let first = self.first();
        let last = first + i64::try_from(self.wanted()).unwrap_or(0) - 1;
        let mut replicas = Vec::new();
        for number in first..=last {
            let pod = known.iter().find(|pod| ordinal(pod) == number).cloned();
            if self.keep(ctx, number, pod.as_ref())? == Step::Wait {
                if self.is_ordered() {
                    return Ok(());
                }
                continue;
            }
            replicas.extend(pod);
        }
        let outside = |pod: &&Value| ordinal(pod) < first || ordinal(pod) > last;
        let mut condemned: Vec<&Value> = known.iter().filter(outside).collect();
        condemned.sort_by_key(|pod| std::cmp::Reverse(ordinal(pod)));
        for pod in &condemned {
            retention::settle(ctx, self.set, pod)?;
        }
        let unhealthy = replicas.iter().find(|pod| self.is_unavailable(ctx, pod));
        let unhealthy = unhealthy.or_else(|| {
            let mut from_below = condemned.iter().rev();
            from_below
                .find(|pod| self.is_unavailable(ctx, pod))
                .copied()
        });
        let unhealthy = unhealthy.map(|pod| meta::uid(pod).to_owned());
        for pod in condemned {
            if self.condemn(ctx, pod, unhealthy.as_deref())? == Step::Wait {
                return Ok(());
            }
        }
        self.roll(ctx, &replicas)
    }

    /// Sees that the pod with a number is there and well.
    fn keep(&self, ctx: &mut Ctx<'_>, number: i64, pod: Option<&Value>) -> Result<Step, ApiError> {
        let Some(pod) = pod else {
            self.make(ctx, number)?;
            return Ok(Step::Wait);
        };
        if pods::is_terminal(pod) {
            if !meta::is_deleting(pod) {
                self.delete(ctx, pod)?;
            }
            return Ok(Step::Wait);
        }
        if pods::phase(pod) == "Pending" {
            self.make_claims(ctx, number, pod)?;
        }
        if self.is_ordered() && (meta::is_deleting(pod) || !self.is_available(ctx, pod)) {
            return Ok(Step::Wait);
        }
        let mut wanted = pod.clone();
        identity::identify(self.set, &mut wanted);
        wanted.set_at(&["spec"], pod.get("spec").cloned().unwrap_or_default());
        let claims_changed = retention::settle(ctx, self.set, pod)?;
        if wanted != *pod {
            ctx.update(&PODS, wanted)?;
        } else if !claims_changed {
            return Ok(Step::GoOn);
        }
        let (pod, set) = (meta::name(pod), meta::name(self.set));
        let text = format!("Update Pod {pod} in StatefulSet {set} successful");
        ctx.note(self.set, &Note::normal("SuccessfulUpdate", text));
        Ok(Step::GoOn)
    }

    fn make(&self, ctx: &mut Ctx<'_>, number: i64) -> Result<(), ApiError> {
        let partition = self
            .set
            .i64_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]);
        let below = partition
            .or_else(|| self.set.i64_at(&["status", "currentReplicas"]))
            .unwrap_or(0);
        let is_rolling = self.set.str_at(&["spec", "updateStrategy", "type"]) != Some("OnDelete");
        let revision = if is_rolling && number < self.first() + below {
            self.current
        } else {
            self.update
        };
        let set = revisions::applied(self.set, revision);
        let pod = identity::pod(&set, meta::name(revision), number);
        if retention::is_stale(ctx, self.set, &pod) {
            return Ok(());
        }
        self.make_claims(ctx, number, &pod)?;
        let name = meta::name(&pod).to_owned();
        let set_name = meta::name(self.set);
        match ctx.create(&PODS, pod) {
            Ok(pod) => {
                retention::settle(ctx, self.set, &pod)?;
                let text = format!("Create Pod {name} in StatefulSet {set_name} successful");
                ctx.note(self.set, &Note::normal("SuccessfulCreate", text));
                Ok(())
            }
            // A pod of that name which is not ours is in the way; it may go.
            Err(error) if error.reason == Reason::AlreadyExists => Err(error),
            Err(error) if super::super::replica_set::is_namespace_terminating(&error) => Ok(()),
            Err(error) => {
                let text =
                    format!("Create Pod {name} in StatefulSet {set_name} failed error: {error}");
                ctx.note(self.set, &Note::warning("FailedCreate", text));
                Err(error)
            }
        }
    }

    fn make_claims(&self, ctx: &mut Ctx<'_>, number: i64, pod: &Value) -> Result<(), ApiError> {
        for claim in identity::claims(self.set, number) {
            let name = meta::name(&claim).to_owned();
            if ctx
                .get(&PERSISTENT_VOLUME_CLAIMS, meta::namespace(&claim), &name)
                .is_some()
            {
                continue;
            }
            let (pod, set) = (meta::name(pod), meta::name(self.set));
            if let Err(error) = ctx.create(&PERSISTENT_VOLUME_CLAIMS, claim) {
                let text = format!(
                    "Create Claim {name} for Pod {pod} in StatefulSet {set} failed error: {error}"
                );
                ctx.note(self.set, &Note::warning("FailedCreate", text));
                return Err(error);
            }
            let text = format!("Create Claim {name} Pod {pod} in StatefulSet {set} success");
            ctx.note(self.set, &Note::normal("SuccessfulCreate", text));
        }
        Ok(())
    }

    fn delete(&self, ctx: &mut Ctx<'_>, pod: &Value) -> Result<(), ApiError> {
        let name = meta::name(pod);
        let deletion = Deletion {
            uid: meta::uid(pod),
            ..Deletion::default()
        };
        ctx.delete(PODS.path(meta::namespace(pod), name), &deletion)?;
        let text = format!(
            "Delete Pod {name} in StatefulSet {} successful",
            meta::name(self.set)
        );
        ctx.note(self.set, &Note::normal("SuccessfulDelete", text));
        Ok(())
    }

    /// Takes a pod away that is too many.
    fn condemn(
        &self,
        ctx: &mut Ctx<'_>,
        pod: &Value,
        unhealthy: Option<&str>,
    ) -> Result<Step, ApiError> {
        let ordered = self.is_ordered();
        if meta::is_deleting(pod) {
            return Ok(if ordered { Step::Wait } else { Step::GoOn });
        }
        let is_first_unhealthy = unhealthy == Some(meta::uid(pod));
        if ordered && !self.is_available(ctx, pod) && !is_first_unhealthy {
            return Ok(Step::Wait);
        }
        self.delete(ctx, pod)?;
        Ok(if ordered { Step::Wait } else { Step::GoOn })
    }

    /// Takes the pod with the highest number away that is not of the new revision.
    fn roll(&self, ctx: &mut Ctx<'_>, replicas: &[Value]) -> Result<(), ApiError> {
        if self.set.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
            return Ok(());
        }
        let partition = self
            .set
            .i64_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]);
        let least = self.first() + partition.unwrap_or(0);
        for pod in replicas.iter().rev().filter(|pod| ordinal(pod) >= least) {
            if pod_revision(pod) != meta::name(self.update) && !meta::is_deleting(pod) {
                return self.delete(ctx, pod);
            }
            if self.is_unavailable(ctx, pod) {
                return Ok(());
            }
        }
        Ok(())
    }
}
