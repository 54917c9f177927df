//! Reading the metadata of objects.

use smol_str::SmolStr;
use toft_object::{Gvk, LabelSelector, Time};
use toft_value::{Map, Value, value};

use crate::resources::Resource;

/// The owner of an object that controls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Its kind.
    pub(crate) gvk: Gvk,
    /// Its name.
    pub(crate) name: SmolStr,
    /// Its uid.
    pub(crate) uid: SmolStr,
}

pub(crate) fn name(object: &Value) -> &str {
    object.str_at(&["metadata", "name"]).unwrap_or_default()
}

pub(crate) fn namespace(object: &Value) -> &str {
    object
        .str_at(&["metadata", "namespace"])
        .unwrap_or_default()
}

pub(crate) fn uid(object: &Value) -> &str {
    object.str_at(&["metadata", "uid"]).unwrap_or_default()
}

pub(crate) fn generation(object: &Value) -> i64 {
    object.i64_at(&["metadata", "generation"]).unwrap_or(0)
}

pub(crate) fn labels(object: &Value) -> Option<&Map> {
    object.at(&["metadata", "labels"])?.as_map()
}

pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    labels(object)?.get(key)?.as_str()
}

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.str_at(&["metadata", "annotations", key])
}

/// Whether the object is being deleted.
pub(crate) fn is_deleting(object: &Value) -> bool {
    object
        .at(&["metadata", "deletionTimestamp"])
        .is_some_and(|time| !time.is_null())
}

/// A time at a path; `None` where there is none.
pub(crate) fn time_at(object: &Value, path: &[&str]) -> Option<Time> {
    Time::parse(object.str_at(path)?).ok()
}

/// When the object was made.
pub(crate) fn created(object: &Value) -> Time {
    time_at(object, &["metadata", "creationTimestamp"]).unwrap_or_default()
}

pub(crate) fn owners(object: &Value) -> &[Value] {
    object.items_at(&["metadata", "ownerReferences"])
}

pub(crate) fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    object
        .items_at(&["metadata", "finalizers"])
        .iter()
        .filter_map(Value::as_str)
}

pub(crate) fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    finalizers(object).any(|one| one == finalizer)
}

/// The owner that controls the object.
pub(crate) fn controller(object: &Value) -> Option<Owner> {
    let reference = owners(object)
        .iter()
        .find(|owner| owner.bool_at(&["controller"]) == Some(true))?;
    Some(Owner::of(reference))
}

/// Whether `owner` controls the object.
pub(crate) fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    controller(object).is_some_and(|found| found.uid == uid(owner))
}

impl Owner {
    /// Reads an owner reference.
    pub(crate) fn of(reference: &Value) -> Self {
        let text = |key| reference.str_at(&[key]).unwrap_or_default();
        Self {
            gvk: Gvk::of(text("apiVersion"), text("kind")),
            name: text("name").into(),
            uid: text("uid").into(),
        }
    }

    /// Whether the owner is of that resource's kind.
    pub(crate) fn is(&self, resource: &Resource) -> bool {
        self.gvk.kind == resource.kind && self.gvk.group == resource.name.group
    }
}

/// A reference that makes `owner` control what carries it.
pub(crate) fn controller_reference(resource: &Resource, owner: &Value) -> Value {
    value!({
        "apiVersion": resource.api_version(), "kind": resource.kind,
        "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// The selector at `spec.selector`; one that matches nothing is `None`, as an invalid or empty one.
pub(crate) fn selector(object: &Value) -> Option<LabelSelector> {
    let selector = LabelSelector::from_value(object.at(&["spec", "selector"])?).ok()?;
    (!selector.is_empty()).then_some(selector)
}
