//! The status of an Application, as Argo CD writes it.
//!
//! Source: Argo CD 3.2.0 `controller/appcontroller.go`, `processAppRefreshQueueItem`.

mod summary;

use smol_str::SmolStr;
use toft_argo::{Application, Confirmable, SourceType, SyncOptions, sync_wave};
use toft_object::Time;
use toft_value::{Map, Value, value};

use crate::automation::written_sources;
use crate::compare::{Compared, Comparison, SyncStatus};
use crate::condition::{Condition, ConditionKind, replaced};
use crate::health::HealthStatus;
use crate::hook::{Role, role};
use crate::operation::SourceShape;

/// The conditions that a refresh decides about.
const EVALUATED: &[ConditionKind] = &[
    ConditionKind::ComparisonError,
    ConditionKind::ExcludedResourceWarning,
    ConditionKind::InvalidSpecError,
    ConditionKind::RepeatedResourceWarning,
    ConditionKind::SharedResourceWarning,
    ConditionKind::SyncError,
    ConditionKind::UnsupportedWarning,
];

/// What a refresh found.
pub(crate) struct Refreshed<'a> {
    /// The Application.
    pub(crate) app: &'a Application,
    /// What was found.
    pub(crate) comparison: &'a Comparison,
    /// The revision of each source; none where they could not be resolved.
    pub(crate) revisions: &'a [SmolStr],
    /// Which tools rendered; none where nothing was.
    pub(crate) source_types: &'a [SourceType],
    /// What is to be said.
    pub(crate) conditions: &'a [Condition],
}

/// The status after a refresh; the same as before where nothing was found, but for nothing.
///
/// `reconciledAt` moves only together with something else, so that a refresh that finds nothing writes
/// nothing.
pub(crate) fn refreshed(old: &Value, found: &Refreshed<'_>, now: Time) -> Value {
    let mut status = old.as_map().cloned().unwrap_or_default();
    let conditions = replaced(
        old.items_at(&["conditions"]),
        found.conditions,
        EVALUATED,
        now,
    );
    put_list(&mut status, "conditions", conditions);
    status.insert("controllerNamespace", found.app.namespace.clone());
    status.insert("health", health(old, found.comparison.health, now));
    status.insert("resourceHealthSource", "appTree");
    put_list(&mut status, "resources", resources(found.comparison));
    let types = found.source_types.iter().map(|one| one.as_str());
    let types: Vec<Value> = types.map(Value::from).collect();
    match SourceShape::of(found.app) {
        SourceShape::One => match types.into_iter().next() {
            Some(one) => status.insert("sourceType", one),
            None => status.remove("sourceType"),
        },
        SourceShape::Many => {
            put_list(&mut status, "sourceTypes", types);
            None
        }
    };
    status.insert("summary", summary::summary(found.comparison));
    status.insert("sync", sync(found));
    let status = Value::Map(status);
    if status == *old && old.get("reconciledAt").is_some() {
        return status;
    }
    let mut status = status;
    status.set_at(&["reconciledAt"], now.to_string());
    status
}

fn put_list(status: &mut Map, key: &str, list: Vec<Value>) {
    if list.is_empty() {
        status.remove(key);
    } else {
        status.insert(key, list);
    }
}

fn health(old: &Value, health: HealthStatus, now: Time) -> Value {
    let same = old.str_at(&["health", "status"]) == Some(health.as_str());
    let known = old.str_at(&["health", "lastTransitionTime"]);
    let since = known
        .filter(|_| same)
        .map_or_else(|| now.to_string(), str::to_owned);
    value!({"status": health.as_str(), "lastTransitionTime": since})
}

/// What an Application is compared with, as `status.sync.comparedTo` has it.
pub(crate) fn compared_to(app: &Application) -> Value {
    let spec = |key: &str| app.value().at(&["spec", key]).cloned();
    let mut compared = Map::new();
    compared.insert(
        "destination",
        spec("destination").unwrap_or_else(|| value!({})),
    );
    if let Some(rules) = spec("ignoreDifferences").filter(|rules| !rules.items().is_empty()) {
        compared.insert("ignoreDifferences", rules);
    }
    let sources = written_sources(app);
    match SourceShape::of(app) {
        SourceShape::One => compared.insert(
            "source",
            sources.into_iter().next().unwrap_or_else(|| value!({})),
        ),
        SourceShape::Many => compared.insert("sources", sources),
    };
    Value::Map(compared)
}

fn sync(found: &Refreshed<'_>) -> Value {
    let mut sync = value!({
        "status": found.comparison.sync.as_str(),
        "comparedTo": compared_to(found.app),
    });
    match SourceShape::of(found.app) {
        SourceShape::One => {
            if let Some(revision) = found.revisions.first() {
                sync.set_at(&["revision"], revision);
            }
        }
        SourceShape::Many => sync.set_at(&["revisions"], found.revisions.to_vec()),
    }
    sync
}

fn resources(comparison: &Comparison) -> Vec<Value> {
    let mut objects: Vec<&Compared> = comparison.objects.iter().collect();
    objects.sort_by_cached_key(|compared| {
        let id = compared.object().id();
        format!("{}/{}/{}/{}", id.group, id.kind, id.namespace, id.name)
    });
    objects.into_iter().map(resource).collect()
}

fn resource(compared: &Compared) -> Value {
    let object = compared.object();
    let gvk = object.gvk();
    let mut map = Map::new();
    let mut text = |key: &str, text: &str| {
        if !text.is_empty() {
            map.insert(key, text);
        }
    };
    text("group", &gvk.group);
    text("kind", &gvk.kind);
    text("name", object.name());
    text("namespace", object.namespace());
    text("version", &gvk.version);
    text("status", compared.status.map_or("", SyncStatus::as_str));
    if role(object) == Role::Hook {
        map.insert("hook", true);
    }
    if compared.requires_pruning {
        map.insert("requiresPruning", true);
    }
    let pair = [&compared.pair.target, &compared.pair.live];
    let mut options = pair.into_iter().flatten().map(SyncOptions::of);
    if options.any(|options| options.delete() == Some(Confirmable::Confirm)) {
        map.insert("requiresDeletionConfirmation", true);
    }
    let wave = compared.pair.target.as_ref().map_or(0, sync_wave);
    if wave != 0 {
        map.insert("syncWave", wave);
    }
    Value::Map(map)
}

/// The status of an Application that its project or its own spec keeps from being looked at.
///
/// Source: Argo CD 3.2.0 `controller/appcontroller.go`, `refreshAppConditions` and what follows it.
pub(crate) fn refused(old: &Value, conditions: &[Condition], now: Time) -> Value {
    let kinds = [ConditionKind::InvalidSpecError];
    let conditions = replaced(old.items_at(&["conditions"]), conditions, &kinds, now);
    let mut status = old.clone();
    status.set_at(&["conditions"], conditions);
    status.set_at(&["sync", "status"], SyncStatus::Unknown.as_str());
    if status.at(&["sync", "comparedTo"]).is_none() {
        // The definition of the kind wants it beside the status.
        let empty = value!({"destination": {}, "source": {"repoURL": ""}});
        status.set_at(&["sync", "comparedTo"], empty);
    }
    status.set_at(&["health"], health(old, HealthStatus::Unknown, now));
    status
}

/// The merge patch that makes `new` of `old`; `None` where they are equal.
pub(crate) fn merge_patch(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let (Some(before), Some(after)) = (old.as_map(), new.as_map()) else {
        return Some(new.clone());
    };
    let mut patch = Map::new();
    for (key, value) in after {
        let changed = match before.get(key) {
            Some(known) => merge_patch(known, value),
            None => Some(value.clone()),
        };
        if let Some(changed) = changed {
            patch.insert(key.clone(), changed);
        }
    }
    for key in before.keys().filter(|key| after.get(key).is_none()) {
        patch.insert(key.clone(), Value::Null);
    }
    Some(Value::Map(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_holds_what_changed_and_null_for_what_went() {
        let old = value!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "f": {}});
        let new = value!({"a": 1, "b": {"c": 3}, "e": [1, 2], "g": {"h": 1}});
        assert_eq!(
            merge_patch(&old, &new),
            Some(value!({"b": {"c": 3, "d": null}, "e": [1, 2], "f": null, "g": {"h": 1}}))
        );
        assert_eq!(merge_patch(&old, &old.clone()), None);
    }
}
