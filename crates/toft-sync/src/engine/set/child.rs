//! An Application as its set wants it.
//!
//! Source: Argo CD 3.2.0 `applicationset_controller.go`, `createOrUpdateInCluster`.

use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSet, DEFAULT_PROJECT, GROUP};
use toft_object::Gvk;
use toft_value::{Map, Value, value};

use super::super::store::Change;
use crate::ignore::Ignores;

/// Annotations of the live Application that a set never touches.
const PRESERVED: &[&str] = &[
    "argocd.argoproj.io/refresh",
    "notified.notifications.argoproj.io",
];
/// Finalizers of the live Application that a set never touches begin so.
const PRESERVED_FINALIZER: &str = "post-delete-finalizer.argocd.argoproj.io";

/// What controls an Application.
pub(super) fn controller(application: &Value) -> Option<&Value> {
    let owners = application.items_at(&["metadata", "ownerReferences"]);
    owners
        .iter()
        .find(|owner| owner.bool_at(&["controller"]) == Some(true))
}

/// Whether an owner is a set of Applications, and which.
fn set_named(owner: &Value) -> Option<&str> {
    let group = owner.str_at(&["apiVersion"]).unwrap_or_default();
    let is_set = owner.str_at(&["kind"]) == Some("ApplicationSet")
        && Gvk::of(group, "ApplicationSet").group == GROUP;
    owner.str_at(&["name"]).filter(|_| is_set)
}

/// Whether an owner is the set of this name.
pub(super) fn is_set(owner: &Value, name: &str) -> bool {
    set_named(owner) == Some(name)
}

/// The set that controls an Application.
pub(super) fn owner(application: &Value) -> Option<SmolStr> {
    set_named(controller(application)?).map(SmolStr::from)
}

/// Whether more of an Application changed than what its set never writes.
pub(super) fn is_news(change: &Change) -> bool {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return true;
    };
    let differs = |path: &[&str]| before.value().at(path) != after.value().at(path);
    let written = ["annotations", "finalizers", "labels", "ownerReferences"];
    differs(&["spec"])
        || differs(&["operation"])
        || differs(&["metadata", "deletionTimestamp"])
        || written.iter().any(|key| differs(&["metadata", key]))
}

/// What is said of an Application that something else controls.
///
/// Source: sigs.k8s.io/controller-runtime v0.21.0 `controllerutil.go`, `AlreadyOwnedError`; Argo CD 3.2.0
/// `applicationset/utils/createOrUpdate.go`, `mutate`.
pub(super) fn owned_by_another(set: &ApplicationSet, name: &str, other: &Value) -> String {
    let text = |key: &str| other.str_at(&[key]).unwrap_or_default();
    format!(
        "error while wrapping using MutateFn: Object {}/{name} is already owned by another {} controller {}",
        set.namespace,
        text("kind"),
        text("name")
    )
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
    normalize(&mut spec);
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
    let owners = owners(live.items_at(&["metadata", "ownerReferences"]), set);
    put_metadata(&mut wanted, "ownerReferences", owners.into());
    let ignores = Ignores::of_set(&set.ignore_differences, &application.name);
    if !live.is_null() {
        ignores.keep_live(&mut wanted, live);
    }
    wanted
}

/// What an Application controller would do without: empty options of the tools, an empty policy.
///
/// Source: Argo CD 3.2.0 `util/argo/argo.go`, `NormalizeApplicationSpec`; of a list of sources every one
/// stays as it is.
fn normalize(spec: &mut Value) {
    if spec.str_at(&["project"]).unwrap_or_default().is_empty() {
        spec.set_at(&["project"], DEFAULT_PROJECT);
    }
    let is_empty = |value: Option<&Value>| value.and_then(Value::as_map).is_some_and(Map::is_empty);
    if is_empty(spec.get("syncPolicy")) {
        spec.remove_at(&["syncPolicy"]);
    }
    if !spec.items_at(&["sources"]).is_empty() {
        return;
    }
    for tool in ["helm", "kustomize"] {
        if is_empty(spec.at(&["source", tool])) {
            spec.remove_at(&["source", tool]);
        }
    }
    let directory = spec.at(&["source", "directory"]).and_then(Value::as_map);
    let Some(directory) = directory else { return };
    let plain = directory.get("recurse").and_then(Value::as_bool) != Some(true)
        && directory
            .get("jsonnet")
            .is_none_or(|jsonnet| is_empty(Some(jsonnet)));
    let filters = ["exclude", "include"];
    let filtered = filters.iter().any(|key| directory.get(key).is_some());
    if plain && !filtered {
        spec.remove_at(&["source", "directory"]);
    }
}

/// The owners of an Application, with the set among them.
///
/// Source: sigs.k8s.io/controller-runtime v0.21.0 `controllerutil.go`, `upsertOwnerRef`.
fn owners(known: &[Value], set: &ApplicationSet) -> Vec<Value> {
    let mut owners = known.to_vec();
    match owners.iter_mut().find(|owner| is_set(owner, &set.name)) {
        Some(owner) => *owner = reference(set),
        None => owners.push(reference(set)),
    }
    owners
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
