//! An operation and its state: `operation` and `status.operationState` of an Application.

use smol_str::SmolStr;
use toft_argo::{Application, Operation};
use toft_object::Time;
use toft_value::{Map, Value, value};

use crate::result::{OperationPhase, Results};

/// `status.operationState`: everything that is known of an operation, also after a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationState {
    /// What was asked for.
    pub operation: Operation,
    /// How far it is.
    pub phase: OperationPhase,
    /// What was said last.
    pub message: String,
    /// When it began.
    pub started_at: Time,
    /// When it ended; of a running one, when the attempt ended that is to be repeated.
    pub finished_at: Option<Time>,
    /// How many times it was repeated.
    pub retry_count: u32,
    /// What the sync gave so far; `None` before it began.
    pub sync_result: Option<SyncResult>,
}

/// `status.operationState.syncResult`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncResult {
    /// The revisions that are synced, one per source.
    pub revisions: Vec<SmolStr>,
    /// The sources that are synced, as written.
    pub sources: Vec<Value>,
    /// Whether the Application has one source or a list of them.
    pub shape: SourceShape,
    /// What came of the tasks.
    pub resources: Results,
    /// The metadata of the namespace that was made.
    pub managed_namespace_metadata: Option<Value>,
}

/// Whether sources and revisions are written as one or as a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceShape {
    /// `source`, `revision`
    #[default]
    One,
    /// `sources`, `revisions`
    Many,
}

impl SourceShape {
    /// How an Application writes its sources.
    pub fn of(app: &Application) -> Self {
        match app.siblings {
            toft_argo::Siblings::None => Self::One,
            toft_argo::Siblings::Some => Self::Many,
        }
    }

    /// Writes sources and revisions into a map as this shape has them.
    pub(crate) fn write(self, map: &mut Map, sources: &[Value], revisions: &[SmolStr]) {
        match self {
            Self::One => {
                let revision = revisions.first().filter(|revision| !revision.is_empty());
                map.insert("source", sources.first().cloned().unwrap_or_default());
                map.insert("revision", revision.cloned().unwrap_or_default());
            }
            Self::Many => {
                map.insert("sources", sources.to_vec());
                map.insert("revisions", revisions.to_vec());
            }
        }
    }

    fn read(value: &Value) -> (Self, Vec<Value>, Vec<SmolStr>) {
        let sources = value.items_at(&["sources"]);
        let texts = value.items_at(&["revisions"]).iter();
        let revisions = texts.filter_map(Value::as_str).map(SmolStr::from);
        if !sources.is_empty() {
            return (Self::Many, sources.to_vec(), revisions.collect());
        }
        let revision = value.str_at(&["revision"]).unwrap_or_default();
        let source = value.get("source").cloned();
        (
            Self::One,
            source.into_iter().collect(),
            vec![revision.into()],
        )
    }
}

fn time(value: &Value, key: &str) -> Option<Time> {
    Time::parse(value.str_at(&[key])?).ok()
}

impl OperationState {
    /// An operation that begins.
    pub fn begin(operation: Operation, now: Time) -> Self {
        Self {
            operation,
            phase: OperationPhase::Running,
            message: String::new(),
            started_at: now.truncated(),
            finished_at: None,
            retry_count: 0,
            sync_result: None,
        }
    }

    /// Reads `status.operationState` of an Application.
    pub fn read(app: &Application) -> Option<Self> {
        let state = app.status().get("operationState")?;
        let operation = read_operation(state.get("operation")?)?;
        Some(Self {
            operation,
            phase: OperationPhase::parse(state.str_at(&["phase"])?)?,
            message: state.str_at(&["message"]).unwrap_or_default().to_owned(),
            started_at: time(state, "startedAt").unwrap_or_default(),
            finished_at: time(state, "finishedAt"),
            retry_count: state
                .i64_at(&["retryCount"])
                .and_then(|count| count.try_into().ok())
                .unwrap_or(0),
            sync_result: state.get("syncResult").and_then(SyncResult::read),
        })
    }

    /// As `status.operationState` is written.
    pub fn to_value(&self) -> Value {
        let mut state = value!({
            "operation": self.operation.raw.clone(),
            "phase": self.phase.as_str(),
            "startedAt": self.started_at.to_string(),
        });
        if !self.message.is_empty() {
            state.set_at(&["message"], self.message.as_str());
        }
        if let Some(finished_at) = self.finished_at {
            state.set_at(&["finishedAt"], finished_at.to_string());
        }
        if self.retry_count > 0 {
            state.set_at(&["retryCount"], self.retry_count);
        }
        if let Some(result) = &self.sync_result {
            state.set_at(&["syncResult"], result.to_value());
        }
        state
    }

    /// When the attempt that failed is repeated; `None` where it is not waiting for that.
    pub fn retry_at(&self) -> Option<Time> {
        let finished_at = self.finished_at?;
        (self.phase == OperationPhase::Running).then(|| {
            let backoff = self.operation.retry.backoff;
            backoff.next_at(finished_at, self.retry_count)
        })
    }
}

/// Reads an operation on its own, as operations stand inside Applications.
pub(crate) fn read_operation(operation: &Value) -> Option<Operation> {
    let app = value!({"operation": operation.clone()});
    Application::parse(&app).value.operation
}

impl SyncResult {
    fn read(value: &Value) -> Option<Self> {
        value.as_map()?;
        let (shape, sources, revisions) = SourceShape::read(value);
        Some(Self {
            revisions,
            sources,
            shape,
            resources: Results::read(value.items_at(&["resources"])),
            managed_namespace_metadata: value.get("managedNamespaceMetadata").cloned(),
        })
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        self.shape.write(&mut map, &self.sources, &self.revisions);
        if let Some(resources) = self.resources.to_value() {
            map.insert("resources", resources);
        }
        if let Some(metadata) = &self.managed_namespace_metadata {
            map.insert("managedNamespaceMetadata", metadata.clone());
        }
        Value::Map(map)
    }
}
