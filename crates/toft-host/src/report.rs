//! An overview as programs read it.

use toft_rehearse::{AppLine, Overview, Route, Settled};
use toft_value::{Value, value};

/// The overview as a document: what `-o json` prints, what the store keeps and what the door answers.
///
/// Shape: `{apiVersion, kind, settled, apps: [{name, project, sync, health, phase, reasons, objects, revision,
/// durationSeconds, conditions}], routes: [{host, path, namespace, service, ready}], notices}`, where `settled`
/// is `done`, `quiet` (nothing changed for a quarter of an hour) or null.
pub fn report(overview: &Overview) -> Value {
    let settled = overview
        .settled
        .map_or(Value::Null, |settled| match settled {
            Settled::Done => Value::from("done"),
            Settled::Quiet => Value::from("quiet"),
        });
    value!({
        "apiVersion": "toft.dev/v1",
        "kind": "Overview",
        "settled": settled,
        "apps": overview.apps.iter().map(app).collect::<Vec<_>>(),
        "routes": overview.routes.iter().map(route).collect::<Vec<_>>(),
        "notices": list(&overview.notices),
    })
}

fn list(texts: &[String]) -> Vec<Value> {
    texts
        .iter()
        .map(|text| Value::from(text.as_str()))
        .collect()
}

fn app(line: &AppLine) -> Value {
    let seconds = line.duration.map(|duration| duration.as_secs());
    value!({
        "name": line.name.clone(),
        "project": line.project.clone(),
        "sync": line.sync.clone(),
        "health": line.health.clone(),
        "phase": line.phase.clone(),
        "reasons": list(&line.reasons),
        "objects": Value::from_u64(line.objects as u64),
        "revision": line.revision.clone(),
        "durationSeconds": seconds.map_or(Value::Null, Value::from_u64),
        "conditions": list(&line.conditions),
    })
}

fn route(route: &Route) -> Value {
    value!({
        "host": route.host.as_str(),
        "path": route.path.as_str(),
        "namespace": route.namespace.as_str(),
        "service": route.service.as_str(),
        "ready": route.ready,
    })
}
