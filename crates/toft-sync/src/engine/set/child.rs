//! An Application as its set wants it.
//!
//! Source: Argo CD 3.2.0 `applicationset_controller.go`, `createOrUpdateInCluster`.

use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSet, DEFAULT_PROJECT};
use toft_value::{Map, Value, value};

use crate::ignore::Ignores;

/// Annotations of the live Application that a set never touches.
const PRESERVED: &[&str] = &[
    "argocd.argoproj.io/refresh",
    "notified.notifications.argoproj.io",
];
/// Finalizers of the live Application that a set never touches begin so.
const PRESERVED_FINALIZER: &str = "post-delete-finalizer.argocd.argoproj.io";

/// The set that controls an Application.
pub(super) fn owner(application: &Value) -> Option<SmolStr> {
    let owners = application.items_at(&["metadata", "ownerReferences"]);
    let controls = |owner: &&Value| {
        owner.str_at(&["kind"]) == Some("ApplicationSet")
            && owner.bool_at(&["controller"]) == Some(true)
    };
    owners
        .iter()
        .find(controls)?
        .str_at(&["name"])
        .map(SmolStr::from)
}

/// The Application as it should be: of the live one everything stays but spec, labels, annotations,
/// finalizers and the owner.
pub(super) fn wanted(
    set: &ApplicationSet,
    application: &Application,
    live: Option<&Value>,
) -> Value {
    let generated = application.value();
    let mut wanted = live.cloned().unwrap_or_else(|| {
        value!({
            "apiVersion": toft_argo::API_VERSION, "kind": "Application",
            "metadata": {"name": application.name.clone(), "namespace": set.namespace.clone()},
        })
    });
    let mut spec = generated.get("spec").cloned().unwrap_or_default();
    if spec.str_at(&["project"]).unwrap_or_default().is_empty() {
        spec.set_at(&["project"], DEFAULT_PROJECT);
    }
    wanted.set_at(&["spec"], spec);
    if let Some(operation) = generated.get("operation") {
        wanted.set_at(&["operation"], operation.clone());
    }
    let empty = Value::Null;
    let live = live.unwrap_or(&empty);
    for (field, preserved, always) in [
        ("annotations", &set.preserved_annotations, PRESERVED),
        ("labels", &set.preserved_labels, &[]),
    ] {
        let mut map = map_at(generated, field);
        let kept = map_at(live, field);
        let names = preserved
            .iter()
            .map(SmolStr::as_str)
            .chain(always.iter().copied());
        for name in names {
            if let Some(value) = kept.get(name) {
                map.insert(name, value.clone());
            }
        }
        put_metadata(&mut wanted, field, Value::Map(map));
    }
    let mut finalizers = generated.items_at(&["metadata", "finalizers"]).to_vec();
    let kept = live.items_at(&["metadata", "finalizers"]).iter();
    let kept = kept.filter(|one| {
        one.as_str()
            .is_some_and(|text| text.starts_with(PRESERVED_FINALIZER))
    });
    finalizers.extend(kept.cloned());
    put_metadata(&mut wanted, "finalizers", finalizers.into());
    put_metadata(&mut wanted, "ownerReferences", vec![reference(set)].into());
    let ignores = Ignores::of_set(&set.ignore_differences, &application.name);
    if !live.is_null() {
        ignores.keep_live(&mut wanted, live);
    }
    wanted
}

fn map_at(application: &Value, field: &str) -> Map {
    let map = application.at(&["metadata", field]).and_then(Value::as_map);
    map.cloned().unwrap_or_default()
}

/// Empty maps and lists are not written.
fn put_metadata(application: &mut Value, field: &str, value: Value) {
    let is_empty = value.as_map().is_some_and(Map::is_empty)
        || value.as_list().is_some_and(|list| list.is_empty());
    if is_empty {
        application.remove_at(&["metadata", field]);
    } else {
        application.set_at(&["metadata", field], value);
    }
}

fn reference(set: &ApplicationSet) -> Value {
    let uid = set.value().str_at(&["metadata", "uid"]).unwrap_or_default();
    value!({
        "apiVersion": toft_argo::API_VERSION,
        "blockOwnerDeletion": true,
        "controller": true,
        "kind": "ApplicationSet",
        "name": set.name.clone(),
        "uid": uid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(spec: Value) -> ApplicationSet {
        let set = value!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
            "metadata": {"name": "apps", "namespace": "argocd", "uid": "u"}, "spec": spec,
        });
        ApplicationSet::parse(&set).value
    }

    fn application() -> Application {
        Application::parse(&value!({
            "metadata": {"name": "sonarr", "labels": {"tier": "media"}, "finalizers": ["resources-finalizer.argocd.argoproj.io"]},
            "spec": {"source": {"repoURL": "r", "path": "p"}},
        }))
        .value
    }

    #[test]
    fn a_new_application_has_its_owner_and_the_default_project() {
        let wanted = wanted(&set(value!({})), &application(), None);
        assert_eq!(owner(&wanted), Some("apps".into()));
        assert_eq!(wanted.str_at(&["spec", "project"]), Some("default"));
        assert_eq!(wanted.str_at(&["metadata", "namespace"]), Some("argocd"));
    }

    #[test]
    fn a_live_application_keeps_what_is_preserved_and_nothing_else() {
        let set = set(value!({
            "preservedFields": {"annotations": ["mine"]},
            "ignoreApplicationDifferences": [{"jsonPointers": ["/spec/source/targetRevision"]}],
        }));
        let live = value!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {
                "name": "sonarr", "namespace": "argocd", "uid": "x",
                "annotations": {"mine": "1", "argocd.argoproj.io/refresh": "hard", "other": "2"},
                "labels": {"old": "label"},
            },
            "spec": {"project": "media", "source": {"repoURL": "r", "path": "q", "targetRevision": "v1"}},
            "status": {"sync": {"status": "Synced"}},
        });
        let wanted = wanted(&set, &application(), Some(&live));
        assert_eq!(
            wanted.at(&["metadata", "annotations"]),
            Some(&value!({"mine": "1", "argocd.argoproj.io/refresh": "hard"}))
        );
        assert_eq!(
            wanted.at(&["metadata", "labels"]),
            Some(&value!({"tier": "media"}))
        );
        assert_eq!(
            wanted.get("spec"),
            Some(
                &value!({"project": "default", "source": {"repoURL": "r", "path": "p", "targetRevision": "v1"}})
            )
        );
        assert_eq!(wanted.get("status"), live.get("status"));
    }
}
