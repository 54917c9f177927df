//! Puts the tasks of a sync in order: phases, waves, kinds, names.
//!
//! Source: gitops-engine b89b0871b414 `pkg/sync/sync_tasks.go`, `sync_context.go` `getSyncTasks`.

pub(crate) mod order;

use std::fmt;

use smol_str::SmolStr;
use toft_argo::{SyncOption, SyncOptions, sync_wave};
use toft_object::Object;

use crate::hook::{Role, role};

/// A part of a sync; each waits for the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncPhase {
    /// What has to be there first, such as the destination's namespace.
    PreSync,
    /// The objects themselves.
    #[default]
    Sync,
    /// What runs once everything is healthy.
    PostSync,
    /// What runs once the sync failed.
    SyncFail,
}

impl SyncPhase {
    /// As it is written in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreSync => "PreSync",
            Self::Sync => "Sync",
            Self::PostSync => "PostSync",
            Self::SyncFail => "SyncFail",
        }
    }

    /// Reads what [`SyncPhase::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::PreSync, Self::Sync, Self::PostSync, Self::SyncFail];
        all.into_iter().find(|phase| phase.as_str() == text)
    }
}

impl fmt::Display for SyncPhase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What Git wants and what the cluster has of one object. At least one of them is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    /// What Git wants; `None` where it no longer has the object.
    pub target: Option<Object>,
    /// What the cluster has; `None` where it does not have the object.
    pub live: Option<Object>,
}

/// What can be said about a task before anything is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be tried.
    Fine,
    /// The cluster does not know the kind yet, which is expected: no dry run.
    SkipDryRun,
    /// It cannot be done, and why.
    Refused(String),
}

/// One thing to do in a sync.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// When.
    pub phase: SyncPhase,
    /// In which wave of the phase.
    pub wave: i64,
    /// With what.
    pub pair: Pair,
    /// What was said about it beforehand.
    pub verdict: Verdict,
    /// The namespace under which its result is told: upstream gives that of the destination to
    /// cluster-scoped objects, too.
    pub namespace: SmolStr,
}

impl Task {
    /// The wanted object, else the live one.
    pub fn object(&self) -> &Object {
        let object = self.pair.target.as_ref().or(self.pair.live.as_ref());
        object.expect("a pair has a target or a live object")
    }

    /// Whether it deletes.
    pub fn is_prune(&self) -> bool {
        self.pair.target.is_none()
    }

    /// `apps/Deployment/sonarr`, as messages name it.
    pub fn label(&self) -> String {
        let object = self.object();
        format!("{}/{}/{}", object.gvk().group, object.kind(), object.name())
    }
}

/// What a plan is made from.
pub struct PlanInput<'a> {
    /// Wanted and live objects; hooks and skipped objects are left out of the plan.
    pub pairs: &'a [Pair],
    /// The namespace of the destination.
    pub namespace: &'a str,
    /// The namespace to make first, where the options ask for it.
    pub create_namespace: Option<Pair>,
    /// The options of the operation.
    pub options: &'a SyncOptions,
    /// What can be said about an object before anything is tried.
    pub judge: &'a dyn Fn(&Object) -> Verdict,
}

/// The tasks of a sync, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncPlan {
    tasks: Vec<Task>,
    namespace: SmolStr,
}

impl SyncPlan {
    /// The tasks, in order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The tasks by phase and wave, in order.
    pub fn groups(&self) -> impl Iterator<Item = &[Task]> {
        self.tasks
            .chunk_by(|left, right| (left.phase, left.wave) == (right.phase, right.wave))
    }

    /// The position of the task that makes the namespace of the destination, where that is missing.
    pub fn makes_namespace(&self) -> Option<usize> {
        let makes = |task: &Task| {
            let target = task
                .pair
                .target
                .as_ref()
                .filter(|_| task.pair.live.is_none());
            target.is_some_and(|target| {
                target.kind() == "Namespace"
                    && target.api_version() == "v1"
                    && target.name() == self.namespace
            })
        };
        self.tasks.iter().position(makes)
    }

    /// Whether there is more than one phase or wave, so that health is waited for.
    pub fn is_multi_step(&self) -> bool {
        match (self.tasks.first(), self.tasks.last()) {
            (Some(first), Some(last)) => (first.phase, first.wave) != (last.phase, last.wave),
            _ => false,
        }
    }
}

/// Puts the tasks of a sync in order.
///
/// Tasks are sorted by phase, wave, kind and name; a namespace moves before the first object that lives
/// in it, a CRD before the first object of its kind, both into its phase and wave. Objects that Git no
/// longer has are deleted in the mirrored order of their waves.
pub fn plan(input: &PlanInput<'_>) -> SyncPlan {
    let mut tasks: Vec<Task> = input
        .pairs
        .iter()
        .filter_map(|pair| task(input, pair.clone(), SyncPhase::Sync))
        .collect();
    if let Some(pair) = &input.create_namespace {
        tasks.extend(task(input, pair.clone(), SyncPhase::PreSync));
    }
    mirror_prune_waves(&mut tasks);
    prune_last(&mut tasks, input.options);
    order::sort(&mut tasks);
    SyncPlan {
        tasks,
        namespace: input.namespace.into(),
    }
}

fn task(input: &PlanInput<'_>, pair: Pair, phase: SyncPhase) -> Option<Task> {
    let object = pair.target.as_ref().or(pair.live.as_ref())?;
    if role(object) != Role::Resource {
        return None;
    }
    let own = object.namespace();
    let namespace = if own.is_empty() && pair.target.is_some() {
        input.namespace
    } else {
        own
    };
    Some(Task {
        phase,
        wave: sync_wave(object),
        verdict: (input.judge)(object),
        namespace: namespace.into(),
        pair,
    })
}

/// The first wave of what is pruned swaps with the last, the second with the last but one.
fn mirror_prune_waves(tasks: &mut [Task]) {
    let pruned = tasks.iter().filter(|task| task.is_prune());
    let mut waves: Vec<i64> = pruned.map(|task| task.wave).collect();
    waves.sort_unstable();
    waves.dedup();
    for task in tasks.iter_mut().filter(|task| task.is_prune()) {
        let at = waves.binary_search(&task.wave).unwrap_or_default();
        let mirrored = waves.iter().rev().nth(at);
        task.wave = mirrored.copied().unwrap_or(task.wave);
    }
}

fn prune_last(tasks: &mut [Task], options: &SyncOptions) {
    let waves = tasks.iter().filter(|task| task.phase == SyncPhase::Sync);
    let last = waves.map(|task| task.wave).max().unwrap_or(0).max(0) + 1;
    let everywhere = options.has(SyncOption::PruneLast(true));
    for task in tasks.iter_mut().filter(|task| task.is_prune()) {
        let wanted = task
            .pair
            .live
            .as_ref()
            .is_some_and(|live| SyncOptions::of(live).has(SyncOption::PruneLast(true)));
        if everywhere || wanted {
            task.wave = last;
        }
    }
}
