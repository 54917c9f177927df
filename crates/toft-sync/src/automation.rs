//! Whether an Application is synced by itself, now or later.
//!
//! Source: Argo CD 3.2.0 `controller/appcontroller.go`, `autoSync`, `alreadyAttemptedSync`,
//! `selfHealRemainingBackoff`, `selfHealBackoffCooldownElapsed`.

use std::time::Duration;

use smol_str::SmolStr;
use toft_argo::{Application, Automated, Operation};
use toft_object::Time;
use toft_value::{Map, Value, value};

use crate::compare::{Comparison, SyncStatus};
use crate::event::FirstSync;
use crate::operation::{OperationState, SourceShape, read_operation};
use crate::result::OperationPhase;

/// What happens by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Automation {
    /// Nothing.
    Nothing,
    /// Nothing, and that is to be told.
    Refused(String),
    /// It is looked at again.
    Later(Time),
    /// A sync begins.
    Begin(Box<Operation>),
}

/// How often an automated sync is repeated unless the Application says otherwise.
const RETRY_LIMIT: i64 = 5;
/// The waits before objects are healed again and again.
const HEAL_WAIT_MIN: Duration = Duration::from_secs(2);
const HEAL_WAIT_MAX: Duration = Duration::from_mins(5);
const HEAL_WAIT_FACTOR: u32 = 3;
/// How long healing must have held before the waits begin anew.
const HEAL_COOLDOWN: Duration = Duration::from_secs(330);

/// What is known when it is decided.
pub struct AutomationInput<'a> {
    /// The Application.
    pub app: &'a Application,
    /// The last operation.
    pub last: Option<&'a OperationState>,
    /// What was found.
    pub comparison: &'a Comparison,
    /// The revisions that were compared, one per source.
    pub revisions: &'a [SmolStr],
    /// What happens to an Application that is not synced automatically.
    pub first_sync: FirstSync,
}

/// Decides whether a sync begins by itself.
pub fn automate(input: &AutomationInput<'_>, now: Time) -> Automation {
    let running = input.last.is_some_and(|last| !last.phase.is_completed());
    if input.comparison.sync != SyncStatus::OutOfSync || running {
        return Automation::Nothing;
    }
    let Some(policy) = input.app.sync_policy.automated else {
        return first_sync(input);
    };
    if !policy.prune && only_pruning_is_left(input.comparison) {
        return Automation::Nothing;
    }
    let mut healed = Vec::new();
    let mut attempts = 0;
    if let Some(last) = input.last.filter(|last| was_attempted(input, last)) {
        if last.phase != OperationPhase::Succeeded {
            return Automation::Refused(failed_before(last));
        }
        if !policy.self_heal {
            return Automation::Nothing;
        }
        attempts = heal_attempts(last, now);
        if let Some(at) = heal_at(last, attempts).filter(|at| *at > now) {
            return Automation::Later(at);
        }
        attempts += 1;
        healed = out_of_sync(input.comparison);
    }
    if would_wipe_out(policy, input.comparison) {
        let revisions = input.revisions.join(" ");
        return Automation::Refused(format!(
            "Skipping sync attempt to [{revisions}]: auto-sync will wipe out all resources"
        ));
    }
    begin(automated(input, policy, attempts), healed)
}

/// An Application that nobody syncs is synced once, where the settings say so.
fn first_sync(input: &AutomationInput<'_>) -> Automation {
    let history = input.app.status().items_at(&["history"]);
    let never = input.last.is_none() && history.is_empty();
    if input.first_sync == FirstSync::Asked || !never {
        return Automation::Nothing;
    }
    let operation = value!({
        "initiatedBy": {"username": "toft"},
        "retry": {"limit": RETRY_LIMIT},
        "sync": Value::Map(sync(input, Prune::No)),
    });
    begin(operation, Vec::new())
}

fn begin(mut operation: Value, healed: Vec<Value>) -> Automation {
    if !healed.is_empty() {
        operation.set_at(&["sync", "resources"], healed);
    }
    match read_operation(&operation) {
        Some(operation) => Automation::Begin(Box::new(operation)),
        None => Automation::Nothing,
    }
}

#[derive(Clone, Copy)]
enum Prune {
    No,
    Yes,
}

fn sync(input: &AutomationInput<'_>, prune: Prune) -> Map {
    let mut sync = Map::new();
    let sources = written_sources(input.app);
    SourceShape::of(input.app).write(&mut sync, &sources, input.revisions);
    if matches!(prune, Prune::Yes) {
        sync.insert("prune", true);
    }
    let options = input.app.value().at(&["spec", "syncPolicy", "syncOptions"]);
    if let Some(options) = options.filter(|options| !options.items().is_empty()) {
        sync.insert("syncOptions", options.clone());
    }
    sync
}

fn automated(input: &AutomationInput<'_>, policy: Automated, attempts: i64) -> Value {
    let prune = if policy.prune { Prune::Yes } else { Prune::No };
    let mut sync = sync(input, prune);
    if attempts > 0 {
        sync.insert("autoHealAttemptsCount", attempts);
    }
    let retry = input.app.value().at(&["spec", "syncPolicy", "retry"]);
    value!({
        "initiatedBy": {"automated": true},
        "retry": retry.cloned().unwrap_or_else(|| value!({"limit": RETRY_LIMIT})),
        "sync": Value::Map(sync),
    })
}

/// The sources of an Application, as written.
pub(crate) fn written_sources(app: &Application) -> Vec<Value> {
    app.sources
        .iter()
        .map(|source| source.value().clone())
        .collect()
}

fn only_pruning_is_left(comparison: &Comparison) -> bool {
    let differs =
        |status: Option<SyncStatus>| status != Some(SyncStatus::Synced) && status.is_some();
    let mut objects = comparison.objects.iter();
    !objects.any(|object| differs(object.status) && !object.requires_pruning)
}

fn would_wipe_out(policy: Automated, comparison: &Comparison) -> bool {
    let mut objects = comparison.objects.iter();
    policy.prune && !policy.allow_empty && objects.all(|object| object.requires_pruning)
}

/// Whether the last operation was about the same revisions of the same sources.
fn was_attempted(input: &AutomationInput<'_>, last: &OperationState) -> bool {
    let Some(result) = &last.sync_result else {
        return true;
    };
    result.revisions == input.revisions && result.sources == written_sources(input.app)
}

fn failed_before(last: &OperationState) -> String {
    let revisions = last
        .sync_result
        .as_ref()
        .map(|result| result.revisions.join(" "));
    let revisions = revisions.unwrap_or_default();
    format!(
        "Failed last sync attempt to [{revisions}]: {}",
        last.message
    )
}

/// How many times in a row objects were healed.
fn heal_attempts(last: &OperationState, now: Time) -> i64 {
    let finished = last.finished_at.unwrap_or(now);
    if now.since(finished) >= HEAL_COOLDOWN {
        return 0;
    }
    let sync = last.operation.sync.as_ref();
    sync.map_or(0, |sync| sync.self_heal_attempts)
}

/// When objects may be healed again: at once, then after 2 s, 6 s, 18 s, … up to five minutes.
fn heal_at(last: &OperationState, attempts: i64) -> Option<Time> {
    let exponent = u32::try_from(attempts.checked_sub(1)?).ok()?;
    let growth = HEAL_WAIT_FACTOR.saturating_pow(exponent);
    let wait = HEAL_WAIT_MIN.saturating_mul(growth).min(HEAL_WAIT_MAX);
    Some(last.finished_at? + wait)
}

/// The objects that a heal is limited to: group, kind and name, as upstream lists them.
fn out_of_sync(comparison: &Comparison) -> Vec<Value> {
    let objects = comparison.objects.iter();
    let differing = objects.filter(|object| {
        matches!(
            object.status,
            Some(SyncStatus::OutOfSync | SyncStatus::Unknown)
        )
    });
    let listed = differing.map(|compared| {
        let id = compared.object().id();
        let mut resource = value!({"kind": id.kind, "name": id.name});
        if !id.group.is_empty() {
            resource.set_at(&["group"], id.group);
        }
        resource
    });
    listed.collect()
}
