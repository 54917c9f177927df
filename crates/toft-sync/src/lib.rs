//! The sync engine: compare, plan, step, health, status.

mod automation;
mod compare;
mod condition;
mod desired;
mod engine;
mod event;
mod health;
mod hook;
mod ignore;
mod images;
mod kinds;
mod operation;
mod overview;
mod plan;
mod result;
mod run;
mod status;

pub use automation::{Automation, AutomationInput, automate};
pub use compare::{
    CompareInput, Compared, Comparison, Knowledge, SyncStatus, compare, essence, is_different,
};
pub use condition::{Condition, ConditionKind};
pub use desired::{Desired, Owner, is_excluded};
pub use engine::{Engine, MANAGER};
pub use event::{
    AppRendering, CallId, ClusterId, Destinations, Effect, EngineSettings, Event, FirstSync,
    InvalidApplication, ProjectRules, SetError, SetRendering, WatchId,
};
pub use health::{Health, HealthStatus, assess, has_health};
pub use hook::{Role, role};
pub use ignore::Ignores;
pub use kinds::{Kinds, Scope, Served};
pub use operation::{OperationState, SourceShape, SyncResult};
pub use overview::{AppOverview, Pending};
pub use plan::{Pair, PlanInput, SyncPhase, SyncPlan, Task, Verdict, plan};
pub use result::{OperationPhase, ResultCode, ResultKey, Results, TaskResult, TaskState};
pub use run::{
    Confirmed, Next, OutOfSyncOnly, Outcome, Scope as RunScope, after_dry_run, after_run, dry_run,
    next, without_namespace,
};
