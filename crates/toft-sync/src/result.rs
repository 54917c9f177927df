//! What came out of the tasks of a sync: `status.operationState.syncResult.resources`.

use std::fmt;

use smol_str::SmolStr;
use toft_value::{Map, Value};

use crate::images::images;
use crate::plan::{SyncPhase, Task};

/// What came of trying a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCode {
    /// Applied.
    Synced,
    /// Refused.
    SyncFailed,
    /// Deleted.
    Pruned,
    /// Left, though Git no longer has it.
    PruneSkipped,
}

/// How far an operation, or one task of it, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationPhase {
    /// Under way.
    Running,
    /// To be stopped.
    Terminating,
    /// Ended: it did not work.
    Failed,
    /// Ended: it could not be tried.
    Error,
    /// Ended well.
    Succeeded,
}

impl ResultCode {
    const ALL: [Self; 4] = [
        Self::Synced,
        Self::SyncFailed,
        Self::Pruned,
        Self::PruneSkipped,
    ];

    /// As it is written in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::SyncFailed => "SyncFailed",
            Self::Pruned => "Pruned",
            Self::PruneSkipped => "PruneSkipped",
        }
    }

    /// Reads what [`ResultCode::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// How far a task is once it gave this code: what was applied is watched until it is healthy.
    ///
    /// Source: gitops-engine b89b0871b414 `pkg/sync/sync_context.go`, `operationPhases`.
    pub fn phase(self) -> OperationPhase {
        match self {
            Self::Synced => OperationPhase::Running,
            Self::SyncFailed => OperationPhase::Failed,
            Self::Pruned | Self::PruneSkipped => OperationPhase::Succeeded,
        }
    }
}

impl OperationPhase {
    const ALL: [Self; 5] = [
        Self::Running,
        Self::Terminating,
        Self::Failed,
        Self::Error,
        Self::Succeeded,
    ];

    /// As it is written in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Terminating => "Terminating",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Succeeded => "Succeeded",
        }
    }

    /// Reads what [`OperationPhase::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }

    /// Whether it ended.
    pub fn is_completed(self) -> bool {
        matches!(self, Self::Failed | Self::Error | Self::Succeeded)
    }
}

impl fmt::Display for OperationPhase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Which result it is: one per object and phase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResultKey {
    /// The API group; empty for core.
    pub group: SmolStr,
    /// The kind.
    pub kind: SmolStr,
    /// The namespace of the task.
    pub namespace: SmolStr,
    /// The name.
    pub name: SmolStr,
    /// The phase of the sync.
    pub phase: SyncPhase,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskState {
    /// What came of trying it; `None` before that.
    pub code: Option<ResultCode>,
    /// How far it is; `None` before it was tried.
    pub phase: Option<OperationPhase>,
}

/// What came of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskResult {
    /// Which task.
    pub key: ResultKey,
    /// The version of the object.
    pub version: SmolStr,
    /// What came of trying it; `None` before that.
    pub code: Option<ResultCode>,
    /// How far it is; `None` before it was tried.
    pub phase: Option<OperationPhase>,
    /// What was said last.
    pub message: String,
    /// The images that the object names.
    pub images: Vec<SmolStr>,
}

/// What came out of the tasks so far, in the order they were tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results(Vec<TaskResult>);

impl ResultKey {
    /// The key of a task.
    pub fn of(task: &Task) -> Self {
        let object = task.object();
        let gvk = object.gvk();
        Self {
            group: gvk.group,
            kind: gvk.kind,
            namespace: task.namespace.clone(),
            name: object.name().into(),
            phase: task.phase,
        }
    }
}

impl From<ResultCode> for TaskState {
    fn from(code: ResultCode) -> Self {
        Self {
            code: Some(code),
            phase: Some(code.phase()),
        }
    }
}

impl Results {
    /// Nothing was tried yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order they were tried.
    pub fn iter(&self) -> impl Iterator<Item = &TaskResult> {
        self.0.iter()
    }

    /// What came of a task.
    pub fn get(&self, key: &ResultKey) -> Option<&TaskResult> {
        self.0.iter().find(|result| result.key == *key)
    }

    /// Notes how far a task is; an empty message leaves the last one.
    pub fn set(&mut self, task: &Task, state: TaskState, message: &str) {
        let TaskState { code, phase } = state;
        let key = ResultKey::of(task);
        if let Some(known) = self.0.iter_mut().find(|result| result.key == key) {
            (known.code, known.phase) = (code, phase);
            if !message.is_empty() {
                message.clone_into(&mut known.message);
            }
            return;
        }
        let object = task.object();
        self.0.push(TaskResult {
            key,
            version: object.gvk().version,
            code,
            phase,
            message: message.to_owned(),
            images: images(object.value()),
        });
    }

    /// Reads `syncResult.resources`.
    pub fn read(resources: &[Value]) -> Self {
        Self(resources.iter().map(read_result).collect())
    }

    /// As `syncResult.resources` is written; `None` where there is nothing.
    pub fn to_value(&self) -> Option<Value> {
        let results: Vec<Value> = self.0.iter().map(TaskResult::to_value).collect();
        (!results.is_empty()).then(|| results.into())
    }
}

fn read_result(value: &Value) -> TaskResult {
    let text = |key: &str| SmolStr::from(value.str_at(&[key]).unwrap_or_default());
    let images = value.items_at(&["images"]).iter();
    TaskResult {
        key: ResultKey {
            group: text("group"),
            kind: text("kind"),
            namespace: text("namespace"),
            name: text("name"),
            phase: SyncPhase::parse(&text("syncPhase")).unwrap_or_default(),
        },
        version: text("version"),
        code: ResultCode::parse(&text("status")),
        phase: OperationPhase::parse(&text("hookPhase")),
        message: text("message").to_string(),
        images: images
            .filter_map(Value::as_str)
            .map(SmolStr::from)
            .collect(),
    }
}

impl TaskResult {
    fn to_value(&self) -> Value {
        let key = &self.key;
        let mut map: Map = [
            ("group", key.group.as_str()),
            ("kind", key.kind.as_str()),
            ("name", key.name.as_str()),
            ("namespace", key.namespace.as_str()),
            ("version", self.version.as_str()),
        ]
        .into_iter()
        .map(|(key, text)| (key.into(), text.into()))
        .collect();
        let optional = [
            ("hookPhase", self.phase.map_or("", OperationPhase::as_str)),
            ("message", self.message.as_str()),
            ("status", self.code.map_or("", ResultCode::as_str)),
            ("syncPhase", key.phase.as_str()),
        ];
        for (key, text) in optional.into_iter().filter(|(_, text)| !text.is_empty()) {
            map.insert(key, text);
        }
        if !self.images.is_empty() {
            map.insert("images", self.images.clone());
        }
        Value::Map(map)
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let written = value!([{
            "group": "apps", "kind": "Deployment", "namespace": "media", "name": "sonarr", "version": "v1",
            "status": "Synced", "hookPhase": "Running", "syncPhase": "Sync",
            "message": "deployment.apps/sonarr created", "images": ["sonarr:4"],
        }]);
        let results = Results::read(written.items());
        assert_eq!(results.to_value(), Some(written));
        assert_eq!(Results::default().to_value(), None);
    }
}
