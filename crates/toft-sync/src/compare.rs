//! What Git wants beside what the cluster has.
//!
//! Source: Argo CD 3.2.0 `controller/state.go`, `CompareAppState`; `controller/health.go`.

use std::fmt;

use toft_argo::{ANNOTATION_TRACKING_ID, TrackingId, is_self_reference};
use toft_object::{Object, ObjectId};
use toft_value::Value;

use crate::condition::{Condition, ConditionKind};
use crate::health::{Health, HealthStatus, assess, is_missed};
use crate::hook::{Role, role};
use crate::ignore::Ignores;
use crate::plan::Pair;

/// Whether the cluster has what Git wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncStatus {
    /// It could not be told.
    #[default]
    Unknown,
    /// It has.
    Synced,
    /// It has something else.
    OutOfSync,
}

impl SyncStatus {
    /// As it is written in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
        }
    }

    /// Reads what [`SyncStatus::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Unknown, Self::Synced, Self::OutOfSync];
        all.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for SyncStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What was found about one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Wanted and live object.
    pub pair: Pair,
    /// Whether the cluster has what Git wants; `None` where the object does not count.
    pub status: Option<SyncStatus>,
    /// Whether Git no longer has it.
    pub requires_pruning: bool,
    /// How well it does; `None` where it has no health or does not count.
    pub health: Option<Health>,
}

/// What was found about an Application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Its objects: those that Git wants in their order, then those that it no longer has.
    pub objects: Vec<Compared>,
    /// Whether the cluster has what Git wants.
    pub sync: SyncStatus,
    /// How well it does.
    pub health: HealthStatus,
    /// What is to be said.
    pub conditions: Vec<Condition>,
}

/// Whether what Git wants is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Wanted and live objects are all there.
    Whole,
    /// Something could not be read: nothing can be said, and nothing is deleted.
    Failed,
}

/// What a comparison is made from.
pub struct CompareInput<'a> {
    /// Wanted and live objects.
    pub pairs: Vec<Pair>,
    /// Whether they are all there.
    pub knowledge: Knowledge,
    /// The Application itself.
    pub this: &'a ObjectId,
    /// The name under which its objects are tracked.
    pub instance: &'a str,
    /// Whether applying the wanted object would change the live one.
    pub differs: &'a dyn Fn(&Object, &Object) -> bool,
    /// Whether the project permits objects of the kind.
    pub permitted: &'a dyn Fn(&Object) -> bool,
}

impl Compared {
    /// The live object, else the wanted one.
    pub fn object(&self) -> &Object {
        let object = self.pair.live.as_ref().or(self.pair.target.as_ref());
        object.expect("a pair has a target or a live object")
    }
}

/// Compares what Git wants with what the cluster has.
pub fn compare(input: &CompareInput<'_>) -> Comparison {
    let mut comparison = Comparison {
        sync: SyncStatus::Synced,
        ..Comparison::default()
    };
    for pair in &input.pairs {
        if pair.target.is_none() && pair.live.is_none() {
            continue;
        }
        comparison.conditions.extend(shared(input, pair));
        let compared = compare_pair(input, pair);
        if counts(&compared) {
            comparison.sync = SyncStatus::OutOfSync;
        }
        if let Some(status) = weight(input, &compared) {
            comparison.health = comparison.health.max(status);
        }
        comparison.objects.push(compared);
    }
    if input.knowledge == Knowledge::Failed {
        comparison.sync = SyncStatus::Unknown;
    }
    comparison
}

/// Whether the object makes the whole Application out of sync.
fn counts(compared: &Compared) -> bool {
    let extraneous = compared.pair.target.is_none()
        && has_option(
            compared.object(),
            ANNOTATION_COMPARE_OPTIONS,
            "IgnoreExtraneous",
        );
    compared.status == Some(SyncStatus::OutOfSync) && !extraneous
}

const ANNOTATION_COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";
const ANNOTATION_IGNORE_HEALTH: &str = "argocd.argoproj.io/ignore-healthcheck";

fn has_option(object: &Object, annotation: &str, option: &str) -> bool {
    let text = object.annotation(annotation).unwrap_or_default();
    text.split(',').any(|one| one.trim() == option)
}

fn compare_pair(input: &CompareInput<'_>, pair: &Pair) -> Compared {
    let own = is_own(pair);
    let object = pair.live.as_ref().or(pair.target.as_ref());
    let plain = object.is_some_and(|object| role(object) == Role::Resource);
    let skipped = pair
        .target
        .as_ref()
        .is_some_and(|target| role(target) == Role::Skipped);
    let changed = match (&pair.target, &pair.live) {
        (Some(target), Some(live)) => (input.differs)(target, live),
        _ => true,
    };
    let status = match (plain && !skipped && own, changed) {
        (false, _) => None,
        (true, true) => Some(SyncStatus::OutOfSync),
        (true, false) => Some(SyncStatus::Synced),
    };
    let refused = object.is_some_and(|object| !(input.permitted)(object));
    let unknown = refused || input.knowledge == Knowledge::Failed;
    Compared {
        status: if unknown {
            Some(SyncStatus::Unknown)
        } else {
            status
        },
        requires_pruning: pair.target.is_none() && own,
        health: health(input, pair),
        pair: pair.clone(),
    }
}

/// Whether the live object carries the tracking id that was written for it, and not a copy of another
/// object's.
fn is_own(pair: &Pair) -> bool {
    let Some(live) = &pair.live else { return true };
    let id = match &pair.target {
        Some(target) => Some(TrackingId::of(target, "", target.namespace())),
        None => TrackingId::read(live),
    };
    id.is_none_or(|id| is_self_reference(&id, live))
}

fn health(input: &CompareInput<'_>, pair: &Pair) -> Option<Health> {
    if pair
        .target
        .as_ref()
        .is_some_and(|target| role(target) == Role::Skipped)
    {
        return None;
    }
    let Some(live) = &pair.live else {
        return Some(Health::new(HealthStatus::Missing, ""));
    };
    let left_out = live.annotation(ANNOTATION_IGNORE_HEALTH) == Some("true")
        || matches!(role(live), Role::Hook | Role::Ignored)
        || live.id() == *input.this;
    if left_out { None } else { assess(live.value()) }
}

/// What the health of an object weighs in that of the Application.
fn weight(input: &CompareInput<'_>, compared: &Compared) -> Option<HealthStatus> {
    let status = compared.health.as_ref()?.status;
    let id = compared.object().id();
    if status == HealthStatus::Missing && !is_missed(&id.group, &id.kind) {
        return None;
    }
    let is_app = (id.group.as_str(), id.kind.as_str()) == ("argoproj.io", "Application");
    let absent = matches!(status, HealthStatus::Missing | HealthStatus::Unknown);
    (id != *input.this && !(is_app && absent)).then_some(status)
}

fn shared(input: &CompareInput<'_>, pair: &Pair) -> Option<Condition> {
    let live = pair.live.as_ref()?;
    let id = TrackingId::parse(live.annotation(ANNOTATION_TRACKING_ID)?)?;
    if id.application == input.instance {
        return None;
    }
    let (kind, name) = (live.kind(), live.name());
    let this = format!("{}/{}", input.this.namespace, input.this.name);
    let other = id.application.replace('_', "/");
    let message = format!("{kind}/{name} is part of applications {this} and {other}");
    Some(Condition::new(
        ConditionKind::SharedResourceWarning,
        message,
    ))
}

/// Where an object has what the cluster keeps for itself, and what nobody wants compared.
const NOT_COMPARED: &[&[&str]] = &[
    &["status"],
    &["metadata", "creationTimestamp"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
    &[
        "metadata",
        "annotations",
        "kubectl.kubernetes.io/last-applied-configuration",
    ],
];

/// The part of an object that is compared: without what the cluster keeps for itself.
pub fn essence(object: &Value) -> Value {
    let mut essence = object.clone();
    for path in NOT_COMPARED {
        essence.remove_at(path);
    }
    essence
}

/// Whether what applying would give differs from what is there.
pub fn is_different(predicted: &Value, live: &Value, ignores: &Ignores) -> bool {
    let (mut predicted, mut live) = (essence(predicted), essence(live));
    ignores.strip(&mut predicted);
    ignores.strip(&mut live);
    predicted != live
}
