//! What an operation is about: its sources, its revisions, and its entry in the history.

use smol_str::SmolStr;
use toft_argo::{Application, SyncOperation};
use toft_object::Time;
use toft_value::{Map, Value, value};

use super::super::app::AppState;
use crate::automation::written_sources;
use crate::operation::{SourceShape, SyncResult};

/// The Application with the sources of the operation, each at the revision that was asked for.
pub(super) fn pinned(
    app: &Application,
    sync: &SyncOperation,
    begun: Option<&SyncResult>,
) -> Application {
    let own = written_sources(app);
    let asked: Vec<Value> = sync.sources.iter().map(|one| one.value().clone()).collect();
    let begun = begun.map(|begun| begun.sources.clone()).unwrap_or_default();
    let sources = [begun, asked, own]
        .into_iter()
        .find(|sources| !sources.is_empty());
    let sources = sources.unwrap_or_default();
    if sources == written_sources(app) {
        return app.clone();
    }
    let mut value = app.value().clone();
    let mut spec = value
        .get("spec")
        .and_then(Value::as_map)
        .cloned()
        .unwrap_or_default();
    spec.remove("source");
    spec.remove("sources");
    match SourceShape::of(app) {
        SourceShape::One => spec.insert("source", sources.into_iter().next().unwrap_or_default()),
        SourceShape::Many => spec.insert("sources", sources),
    };
    value.set_at(&["spec"], spec);
    Application::parse(&value).value
}

pub(super) fn pinned_app(state: &AppState) -> Option<Application> {
    let operation = state.operation.as_ref()?;
    let sync = operation.operation.sync.as_ref()?;
    Some(pinned(&state.app, sync, operation.sync_result.as_ref()))
}

pub(super) fn revisions_asked(
    sync: &SyncOperation,
    begun: Option<&SyncResult>,
    sources: usize,
) -> Vec<SmolStr> {
    if let Some(begun) = begun.filter(|begun| begun.revisions.len() == sources) {
        return begun.revisions.clone();
    }
    if sync.revisions.len() == sources {
        return sync.revisions.clone();
    }
    vec![sync.revision.clone(); sources.min(1)]
}

/// The Application with each source at the revision that was asked for, where one was.
pub(super) fn at_revisions(mut app: Application, revisions: &[SmolStr]) -> Application {
    let asked = app.sources.iter_mut().zip(revisions);
    for (source, revision) in asked.filter(|(_, revision)| !revision.is_empty()) {
        source.target_revision = revision.clone();
    }
    app
}

/// Pins the revisions: a newer commit does not change an operation that began.
pub(super) fn note_revisions(state: &mut AppState, app: &Application, revisions: Vec<SmolStr>) {
    let policy = state.app.value().at(&["spec", "syncPolicy"]);
    let metadata = policy
        .and_then(|policy| policy.get("managedNamespaceMetadata"))
        .cloned();
    if let Some(operation) = &mut state.operation {
        let result = operation
            .sync_result
            .get_or_insert_with(SyncResult::default);
        result.sources = written_sources(app);
        result.shape = SourceShape::of(app);
        result.revisions = revisions;
        result.managed_namespace_metadata = metadata;
    }
}

/// Source: Argo CD 3.2.0 `controller/state.go`, `persistRevisionHistory`; not for a dry run or a part.
pub(super) fn note_history(state: &mut AppState, now: Time) {
    let Some(operation) = &state.operation else {
        return;
    };
    let sync = operation.operation.sync.as_ref();
    let whole = sync.is_some_and(|sync| !sync.dry_run && sync.resources.is_empty());
    let Some(result) = operation.sync_result.as_ref().filter(|_| whole) else {
        return;
    };
    let mut history = state.status.items_at(&["history"]).to_vec();
    let last = history.last().and_then(|entry| entry.i64_at(&["id"]));
    let mut entry = Map::new();
    entry.insert("id", last.map_or(0, |id| id + 1));
    entry.insert("deployStartedAt", operation.started_at.to_string());
    entry.insert("deployedAt", now.to_string());
    let initiator = operation.operation.raw.get("initiatedBy");
    entry.insert(
        "initiatedBy",
        initiator.cloned().unwrap_or_else(|| value!({})),
    );
    result
        .shape
        .write(&mut entry, &result.sources, &result.revisions);
    history.push(Value::Map(entry));
    let limit = usize::try_from(state.app.revision_history_limit).unwrap_or(0);
    let surplus = history.len().saturating_sub(limit);
    history.drain(..surplus);
    state.status.set_at(&["history"], history);
}
