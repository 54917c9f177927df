//! Custom resource definitions: what they add to the kinds that are served, and what becomes of them.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/controller/{status,establish,finalizer}`,
//! `pkg/registry/customresourcedefinition/strategy.go`.

mod problems;

use toft_api::ResourcePath;
use toft_object::{GroupResource, Gvk, Time};
use toft_schema::Schemas;
use toft_schema::apply::{self, ApplyContext};
use toft_value::{Value, value};

use crate::invalid::FieldError;
use crate::store::{Store, StoreKey};

/// The finalizer that keeps a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The resource of definitions.
pub(crate) fn resource() -> GroupResource {
    GroupResource::new("apiextensions.k8s.io", "customresourcedefinitions")
}

/// The version of a custom resource in its definition, with the kind of its lists; `None` for built-in kinds.
pub(crate) fn version_of(store: &Store, path: &ResourcePath) -> Option<Value> {
    if path.group.is_empty() {
        return None;
    }
    let definition = store.find(
        &resource(),
        "",
        &format!("{}.{}", path.resource, path.group),
    )?;
    let versions = definition.items_at(&["spec", "versions"]);
    let version = versions
        .iter()
        .find(|version| version.str_at(&["name"]) == Some(path.version.as_str()))?;
    let mut version = version.clone();
    let kind = definition
        .str_at(&["spec", "names", "listKind"])
        .unwrap_or_default();
    version.set_at(&["listKind"], kind);
    Some(version)
}

/// Follows what happened to definitions after `revision`: kinds come and go, finalizers do their work.
pub(crate) fn follow(store: &mut Store, schemas: &mut Schemas, revision: u64) {
    let definitions = resource();
    let changed: Vec<StoreKey> = store
        .history()
        .after(revision, &definitions)
        .map(|entry| entry.change.key.clone())
        .collect();
    for key in changed {
        match store.get(&key).cloned() {
            Some(definition) if definition.at(&["metadata", "deletionTimestamp"]).is_some() => {
                finalize(store, &definition);
            }
            Some(definition) if definition.items_at(&["status", "conditions"]).is_empty() => {
                let mut after = definition.clone();
                established(&mut after);
                let after = owned(schemas, &definition, &after);
                store.put(key.clone(), after);
            }
            None | Some(_) => {}
        }
        match store.get(&key) {
            Some(definition) => learn(schemas, definition),
            None => schemas.remove_crd(&key.name),
        }
    }
}

/// Serves what the definitions among the objects define.
pub(crate) fn learn_all(schemas: &mut Schemas, store: &Store) {
    for definition in store.list(&resource(), None) {
        learn(schemas, definition);
    }
}

/// A definition that names no kind is refused when it is made; one that is there all the same adds nothing.
fn learn(schemas: &mut Schemas, definition: &Value) {
    if schemas.add_crd(definition).is_err() {
        let name = definition.str_at(&["metadata", "name"]);
        schemas.remove_crd(name.unwrap_or_default());
    }
}

/// Marks a definition that is to be deleted: it stays until its objects are gone.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/registry/customresourcedefinition/etcd.go`, Delete.
pub(crate) fn marked(definition: &mut Value, now: Time) {
    let mut finalizers: Vec<Value> = definition.items_at(&["metadata", "finalizers"]).to_vec();
    if !finalizers.iter().any(|one| one.as_str() == Some(CLEANUP)) {
        finalizers.push(CLEANUP.into());
        definition.set_at(&["metadata", "finalizers"], Value::from(finalizers));
    }
    let old = definition.items_at(&["status", "conditions"]).iter();
    let others = old.filter(|one| one.str_at(&["type"]) != Some("Terminating"));
    let mut conditions: Vec<Value> = others.cloned().collect();
    conditions.push(value!({
        "type": "Terminating", "status": "True", "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        "lastTransitionTime": now.to_string(),
    }));
    definition.set_at(&["status", "conditions"], Value::from(conditions));
}

/// Lets a definition go that waited for the last of its objects.
pub(crate) fn let_go(store: &mut Store, schemas: &mut Schemas, path: &ResourcePath) {
    let name = format!("{}.{}", path.resource, path.group);
    let Some(definition) = store.find(&resource(), "", &name).cloned() else {
        return;
    };
    let waits = definition.at(&["metadata", "deletionTimestamp"]).is_some();
    let objects = path.group_resource();
    if waits && store.list(&objects, None).next().is_none() {
        finalize(store, &definition);
        if store.find(&resource(), "", &name).is_none() {
            schemas.remove_crd(&name);
        }
    }
}

/// Takes the objects of a definition out that is being deleted, then its finalizer.
///
/// Objects with finalizers of their own wait for those; the definition waits with them.
fn finalize(store: &mut Store, definition: &Value) {
    let text = |path: &[&str]| definition.str_at(path).unwrap_or_default();
    let objects = GroupResource::new(text(&["spec", "group"]), text(&["spec", "names", "plural"]));
    let instances: Vec<Value> = store.list(&objects, None).cloned().collect();
    let deleted_at = text(&["metadata", "deletionTimestamp"]);
    for mut instance in instances {
        let of = |key: &str| instance.str_at(&["metadata", key]).unwrap_or_default();
        let key = StoreKey::new(&objects, of("namespace"), of("name"));
        if instance.items_at(&["metadata", "finalizers"]).is_empty() {
            store.remove(key);
        } else if instance.at(&["metadata", "deletionTimestamp"]).is_none() {
            instance.set_at(&["metadata", "deletionTimestamp"], deleted_at);
            instance.set_at(&["metadata", "deletionGracePeriodSeconds"], 0);
            store.put(key, instance);
        }
    }
    if store.list(&objects, None).next().is_some() {
        return;
    }
    let key = StoreKey::new(&resource(), "", text(&["metadata", "name"]));
    let finalizers = definition.items_at(&["metadata", "finalizers"]).iter();
    let left: Vec<Value> = finalizers
        .filter(|finalizer| finalizer.as_str() != Some(CLEANUP))
        .cloned()
        .collect();
    if left.is_empty() {
        store.remove(key);
    } else {
        let mut definition = definition.clone();
        definition.set_at(&["metadata", "finalizers"], Value::from(left));
        store.put(key, definition);
    }
}

/// What a new definition gets: the names it did not say, and an empty status.
pub(crate) fn created(definition: &mut Value) {
    defaulted_names(definition);
    definition.set_at(
        &["status"],
        value!({"conditions": Value::Null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored(definition)}),
    );
}

/// What upstream's controllers say of a definition that was made a moment ago, in one step.
fn established(definition: &mut Value) {
    let since = definition
        .at(&["metadata", "creationTimestamp"])
        .cloned()
        .unwrap_or_default();
    let condition = |kind: &str, reason: &str, message: &str| value!({"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": &since});
    let conditions = vec![
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition(
            "Established",
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
    ];
    let names = definition
        .at(&["spec", "names"])
        .cloned()
        .unwrap_or_default();
    definition.set_at(&["status", "conditions"], Value::from(conditions));
    definition.set_at(&["status", "acceptedNames"], names);
}

/// The definition with the fields noted that the server itself owns.
fn owned(schemas: &Schemas, before: &Value, after: &Value) -> Value {
    let now = after
        .str_at(&["metadata", "creationTimestamp"])
        .and_then(|text| Time::parse(text).ok());
    let context = ApplyContext {
        schemas,
        gvk: &Gvk::of("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        now: now.unwrap_or_default(),
        manager: "kube-apiserver",
        subresource: "status",
        force: false,
    };
    apply::update(&context, Some(before), after)
}

/// Names that follow from others.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/v1/defaults.go`.
pub(crate) fn defaulted_names(definition: &mut Value) {
    let kind = definition
        .str_at(&["spec", "names", "kind"])
        .unwrap_or_default()
        .to_owned();
    if !kind.is_empty()
        && definition
            .str_at(&["spec", "names", "singular"])
            .unwrap_or_default()
            .is_empty()
    {
        definition.set_at(&["spec", "names", "singular"], kind.to_lowercase());
    }
    if !kind.is_empty()
        && definition
            .str_at(&["spec", "names", "listKind"])
            .unwrap_or_default()
            .is_empty()
    {
        definition.set_at(&["spec", "names", "listKind"], format!("{kind}List"));
    }
    if definition.at(&["spec", "conversion"]).is_none() {
        definition.set_at(&["spec", "conversion"], value!({"strategy": "None"}));
    }
}

fn stored(definition: &Value) -> Vec<Value> {
    let versions = definition.items_at(&["spec", "versions"]).iter();
    let storage = versions.filter(|version| version.bool_at(&["storage"]) == Some(true));
    storage
        .filter_map(|version| version.get("name").cloned())
        .collect()
}

/// A changed definition accepts its names, and remembers every version that objects were stored in.
pub(crate) fn updated(definition: &mut Value) {
    defaulted_names(definition);
    let names = definition
        .at(&["spec", "names"])
        .cloned()
        .unwrap_or_default();
    definition.set_at(&["status", "acceptedNames"], names);
    let mut versions: Vec<Value> = definition.items_at(&["status", "storedVersions"]).to_vec();
    for version in stored(definition) {
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    definition.set_at(&["status", "storedVersions"], Value::from(versions));
}

/// What is wrong with a changed definition.
pub(crate) fn problems_of_change(live: &Value, new: &Value) -> Vec<FieldError> {
    problems::of_change(live, new)
}

/// What is wrong with a new definition, beyond what its schema says.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/apis/apiextensions/validation/validation.go`.
pub(crate) fn problems(definition: &Value) -> Vec<FieldError> {
    let text = |path: &[&str]| definition.str_at(path).unwrap_or_default();
    let mut found = Vec::new();
    let wanted = format!(
        "{}.{}",
        text(&["spec", "names", "plural"]),
        text(&["spec", "group"])
    );
    let name = text(&["metadata", "name"]);
    if let Some(why) = toft_schema::subdomain_problem(name) {
        found.push(FieldError::invalid("metadata.name", &name.into(), &why));
    }
    if name != wanted {
        let why = "must be spec.names.plural+\".\"+spec.group";
        found.push(FieldError::invalid(
            "metadata.name",
            &Value::from(name),
            why,
        ));
    }
    found.extend(problems::of(definition));
    found
}
