//! The ReplicaSet of the current template: its name, its revision, its annotations.

use toft_api::{ApiError, Reason};
use toft_value::{Value, value};

use super::arithmetic::{max_surge, new_set_size, total_wanted, wanted};
use super::rollout::Rollout;
use crate::conditions::{self, Condition};
use crate::controllers::replica_set::is_namespace_terminating;
use crate::hash;
use crate::meta;
use crate::note::Note;
use crate::resources::{DEPLOYMENTS, REPLICA_SETS};

/// The label that tells the ReplicaSets of a Deployment apart.
pub(super) const HASH_LABEL: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// The size of the Deployment when it last sized its ReplicaSets.
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// That size with its surge.
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";

/// The annotations of a Deployment that its ReplicaSets do not get.
const NOT_COPIED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
    "deprecated.deployment.rollback.to",
];

/// The longest list of former revisions, in characters, upstream's `maxRevHistoryLengthInChars`.
const HISTORY_LENGTH_MAX: usize = 2_000;

/// The longest name of an object.
const NAME_LENGTH_MAX: usize = 253;

/// The revision that a ReplicaSet carries; 0 for none.
pub(super) fn revision(set: &Value) -> i64 {
    meta::annotation(set, REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

impl Rollout<'_, '_> {
    /// Brings the annotations of the current ReplicaSet, where there is one, and the revision of the
    /// Deployment up to date.
    ///
    /// Source: `sync.go`, `getNewReplicaSet`.
    pub(super) fn adopt_revision(&mut self) -> Result<(), ApiError> {
        let Some(new) = self.new.clone() else {
            return Ok(());
        };
        let mut wanted = new.clone();
        self.annotate(&mut wanted);
        let min_ready = self.deployment.at(&["spec", "minReadySeconds"]);
        match min_ready.filter(|seconds| seconds.as_i64() != Some(0)) {
            Some(seconds) => wanted.set_at(&["spec", "minReadySeconds"], seconds),
            None if wanted.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0) > 0 => {
                wanted.remove_at(&["spec", "minReadySeconds"]);
            }
            None => {}
        }
        if wanted != new {
            let written = self.ctx.update(&REPLICA_SETS, wanted)?;
            self.keep(written);
        }
        let mut deployment = self.deployment.clone();
        let new = self.new.as_ref().unwrap_or(&Value::Null);
        let text = meta::annotation(new, REVISION).unwrap_or_default();
        deployment.set_at(&["metadata", "annotations", REVISION], text);
        if self.deadline().is_some() && conditions::find(&deployment, "Progressing").is_none() {
            let message = format!("Found new replica set {:?}", meta::name(new));
            put(
                &mut deployment,
                "True",
                ("FoundNewReplicaSet", message),
                self,
            );
        }
        self.write_deployment(deployment)
    }

    /// Makes the ReplicaSet of the current template where it is missing.
    pub(super) fn ensure_new_set(&mut self) -> Result<(), ApiError> {
        if self.new.is_some() {
            return self.adopt_revision();
        }
        let set = self.planned_set();
        let replicas = wanted(&set);
        match self.ctx.create(&REPLICA_SETS, set.clone()) {
            Ok(made) => self.made(made, replicas),
            Err(error) if error.reason == Reason::AlreadyExists => {
                self.count_collision()?;
                Err(error)
            }
            Err(error) if is_namespace_terminating(&error) => Err(error),
            Err(error) => {
                let name = meta::name(&set);
                let message = format!("Failed to create new replica set {name:?}: {error}");
                self.ctx.note(
                    &self.deployment,
                    &Note::warning("ReplicaSetCreateError", message.clone()),
                );
                if self.deadline().is_some() {
                    let mut deployment = self.deployment.clone();
                    put(
                        &mut deployment,
                        "False",
                        ("ReplicaSetCreateError", message),
                        self,
                    );
                    self.write_deployment(deployment)?;
                }
                Err(error)
            }
        }
    }

    fn made(&mut self, set: Value, replicas: i64) -> Result<(), ApiError> {
        let name = meta::name(&set).to_owned();
        if replicas > 0 {
            let text = format!("Scaled up replica set {name} from 0 to {replicas}");
            self.ctx
                .note(&self.deployment, &Note::normal("ScalingReplicaSet", text));
        }
        let mut deployment = self.deployment.clone();
        let text = meta::annotation(&set, REVISION).unwrap_or_default();
        deployment.set_at(&["metadata", "annotations", REVISION], text);
        if self.deadline().is_some() {
            let message = format!("Created new replica set {name:?}");
            put(
                &mut deployment,
                "True",
                ("NewReplicaSetCreated", message),
                self,
            );
        }
        self.new = Some(set);
        self.write_deployment(deployment)
    }

    fn planned_set(&self) -> Value {
        let deployment = &self.deployment;
        let mut template = deployment
            .at(&["spec", "template"])
            .cloned()
            .unwrap_or_default();
        let collisions = deployment
            .i64_at(&["status", "collisionCount"])
            .unwrap_or(0);
        let hash = hash::of_template(&template, collisions);
        template.set_at(&["metadata", "labels", HASH_LABEL], hash.as_str());
        let mut selector = deployment
            .at(&["spec", "selector"])
            .cloned()
            .unwrap_or_default();
        selector.set_at(&["matchLabels", HASH_LABEL], hash.as_str());
        let stem: String = meta::name(deployment)
            .chars()
            .take(NAME_LENGTH_MAX - 1 - hash.len())
            .collect();
        let size = new_set_size(deployment, total_wanted(self.sets()), 0);
        let mut set = value!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "name": format!("{stem}-{hash}"), "namespace": meta::namespace(deployment),
                "labels": template.at(&["metadata", "labels"]).cloned(),
                "ownerReferences": [meta::controller_reference(&DEPLOYMENTS, deployment)],
            },
            "spec": {"replicas": size, "selector": selector, "template": template},
        });
        let min_ready = deployment.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
        if min_ready > 0 {
            set.set_at(&["spec", "minReadySeconds"], min_ready);
        }
        self.annotate(&mut set);
        set_sizes(&mut set, deployment);
        set
    }

    fn count_collision(&mut self) -> Result<(), ApiError> {
        let mut deployment = self.deployment.clone();
        let count = deployment
            .i64_at(&["status", "collisionCount"])
            .unwrap_or(0);
        deployment.set_at(&["status", "collisionCount"], count + 1);
        self.write_deployment(deployment)
    }

    /// Copies annotations and numbers the revision; one that comes back keeps its former numbers.
    ///
    /// Source: `util/deployment_util.go`, `SetNewReplicaSetAnnotations`.
    fn annotate(&self, set: &mut Value) {
        let annotations = self.deployment.at(&["metadata", "annotations"]);
        for (key, text) in annotations.and_then(Value::as_map).into_iter().flatten() {
            if !NOT_COPIED.contains(&key.as_str()) {
                set.set_at(&["metadata", "annotations", key], text);
            }
        }
        let former = meta::annotation(set, REVISION).map(str::to_owned);
        let next = self.old.iter().map(revision).max().unwrap_or(0) + 1;
        if revision(set) >= next {
            return;
        }
        set.set_at(&["metadata", "annotations", REVISION], next.to_string());
        if let Some(former) = former {
            let history = meta::annotation(set, HISTORY).unwrap_or_default();
            let history = appended(history, &former);
            set.set_at(&["metadata", "annotations", HISTORY], history);
        }
    }

    /// Writes the status and annotations of the Deployment where they changed.
    pub(super) fn write_deployment(&mut self, deployment: Value) -> Result<(), ApiError> {
        if deployment != self.deployment {
            self.deployment = self.ctx.update_status(&DEPLOYMENTS, deployment)?;
        }
        Ok(())
    }
}

fn appended(history: &str, revision: &str) -> String {
    let mut revisions: Vec<&str> = history.split(',').filter(|one| !one.is_empty()).collect();
    revisions.push(revision);
    while revisions.len() > 1 && revisions.join(",").len() > HISTORY_LENGTH_MAX {
        revisions.remove(0);
    }
    revisions.join(",")
}

/// Notes on a ReplicaSet for which size of its Deployment it was sized.
pub(super) fn set_sizes(set: &mut Value, deployment: &Value) {
    let size = wanted(deployment);
    let most = size + max_surge(deployment);
    set.set_at(&["metadata", "annotations", DESIRED], size.to_string());
    set.set_at(&["metadata", "annotations", MOST], most.to_string());
}

/// Puts a `Progressing` condition.
fn put(
    deployment: &mut Value,
    status: &'static str,
    (reason, message): (&str, String),
    rollout: &Rollout<'_, '_>,
) {
    let condition = Condition::new("Progressing", status, reason, message);
    super::status::put(deployment, &condition, rollout.ctx.now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_revisions_stays_short() {
        assert_eq!(appended("", "1"), "1");
        assert_eq!(appended("1,3", "5"), "1,3,5");
        let long = vec!["123456789"; 200].join(",");
        assert!(appended(&long, "987654321").len() <= HISTORY_LENGTH_MAX);
        assert!(appended(&long, "987654321").ends_with("987654321"));
    }
}
