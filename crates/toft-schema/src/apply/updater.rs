//! What an update or an apply changes about who owns what.
//!
//! Source: structured-merge-diff v6.3.3 `merge/update.go`, with the wrappers of apimachinery 0.36.3
//! `pkg/util/managedfields/internal/{managedfieldsupdater,stripmeta,structuredmerge}.go`.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_value::Value;

use super::error::{ApplyError, Conflict, print_gvk};
use super::owner::{Managed, Manager, Operation, Owned};
use super::path::PathElement;
use super::set::FieldSet;
use super::typed::{
    Comparison, Type, check, check_stored, compare, equal, field_set, merge, reconcile, remove,
};
use super::{ApplyContext, reset};
use crate::decode::decode_schema;

/// Fields of the metadata that nobody owns, and those that say what the object is.
const NEVER_OWNED: &[&[&str]] = &[
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// The managed fields after an update of `live` to `new`.
///
/// # Errors
/// One of the objects does not fit its kind.
pub(super) fn update(
    context: &ApplyContext<'_>,
    (live, new): (&Value, &Value),
    managed: Managed,
) -> Result<Managed, ApplyError> {
    let version = context.gvk.api_version();
    for (what, object) in [("new", new), ("live", live)] {
        check_custom(context, object).map_err(|error| {
            let printed = print_object(context, object);
            let what = format!("failed to convert {what} object ({printed}) to smd typed");
            ApplyError::Internal(format!("{what}: {error}"))
        })?;
    }
    let mut managed = reconciled(context, managed);
    let difference = disown(context, (live, new), (&mut managed, None));
    let changed = difference.modified.union(&difference.added);
    let owned = strip(&reset::filter(context, changed));
    if owned.is_empty() {
        return Ok(managed);
    }
    let manager = context.manager_of(Operation::Update);
    let previous = managed.0.remove(&manager);
    let previous = previous.map(|owned| owned.set).unwrap_or_default();
    let owned = Owned {
        api_version: version,
        set: owned.union(&previous),
        time: Some(context.now.truncated()),
    };
    managed.0.insert(manager, owned);
    Ok(managed)
}

/// Built-in kinds always fit: they were decoded into their types.
fn check_custom(context: &ApplyContext<'_>, object: &Value) -> Result<(), String> {
    if context.schemas.builtin_schema(context.gvk).is_some() {
        return Ok(());
    }
    let version = context.gvk.api_version();
    check_stored(context.type_in(&version).unwrap_or(Type::Deduced), object)
}

/// The object and its managed fields after an apply of `config` to `live`.
pub(super) fn apply(
    context: &ApplyContext<'_>,
    (live, config): (&Value, &Value),
    managed: Managed,
) -> Result<(Value, Managed), ApplyError> {
    let version = context.gvk.api_version();
    let manager = context.manager_of(Operation::Apply);
    let type_ = context.type_in(&version).unwrap_or(Type::Deduced);
    let internal = |what: &str, error: String| {
        let object = print_object(context, config);
        ApplyError::Internal(format!("failed to {what} ({object}): {error}"))
    };
    check(type_, config).map_err(|error| internal("create typed patch object", error))?;
    check_custom(context, live).map_err(|error| {
        let printed = print_object(context, live);
        ApplyError::Internal(format!(
            "failed to create typed live object ({printed}): {error}"
        ))
    })?;
    let mut managed = reconciled(context, managed);
    let merged = merge(type_, live, config)
        .map_err(|error| ApplyError::Internal(format!("failed to merge config: {error}")))?;
    let set = reset::filter(context, field_set(type_, config));
    let last = managed.0.get(&manager).cloned();
    let owned = Owned {
        api_version: version,
        set,
        time: last.as_ref().and_then(|last| last.time),
    };
    managed.0.insert(manager.clone(), owned);
    let new = prune(context, merged, (&managed, last.as_ref()));
    let conflicts = conflicts(context, (live, &new), (&managed, &manager));
    if !context.force && !conflicts.is_empty() {
        return Err(ApplyError::Conflicts(conflicts));
    }
    disown(context, (live, &new), (&mut managed, Some(&manager)));
    let is_changed = !equal(live, &new);
    if let Some(owned) = managed.0.get_mut(&manager) {
        owned.set = strip(&owned.set);
        if is_changed {
            owned.time = Some(context.now.truncated());
        }
    }
    managed.0.retain(|_, owned| !owned.set.is_empty());
    if !is_changed {
        return Ok((live.clone(), managed));
    }
    let new = finish(context, new)
        .map_err(|error| {
            let object = print_object(context, config);
            let kind = print_gvk(context.gvk);
            ApplyError::Internal(format!(
                "failed to convert new object ({object}) to proper version: unable to convert unstructured object to {kind}: {error}"
            ))
        })?;
    Ok((new, managed))
}

/// Decodes an object as Go does, and sets its defaults.
fn finish(context: &ApplyContext<'_>, object: Value) -> Result<Value, String> {
    let mut object = match context.schemas.builtin_schema(context.gvk) {
        Some(schema) => {
            decode_schema(schema, &object)
                .map_err(|error| error.to_string())?
                .value
        }
        None => object,
    };
    crate::defaults::apply_defaults(context.schemas, context.gvk, &mut object);
    Ok(object)
}

fn print_object(context: &ApplyContext<'_>, object: &Value) -> String {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    format!("{namespace}/{name}; {}", print_gvk(context.gvk))
}

/// Sets as they are after their schemas changed; versions that are gone keep theirs until they are dropped.
fn reconciled(context: &ApplyContext<'_>, mut managed: Managed) -> Managed {
    managed.0.retain(|_, owned| {
        let Some(type_) = context.type_in(&owned.api_version) else {
            return false;
        };
        owned.set = reconcile(type_, &owned.set);
        true
    });
    managed
}

/// How `live` and `new` differ, in the version of each manager, without what the request resets.
struct Differences<'a> {
    context: &'a ApplyContext<'a>,
    objects: (&'a Value, &'a Value),
    by_version: BTreeMap<SmolStr, Comparison>,
}

impl<'a> Differences<'a> {
    fn new(context: &'a ApplyContext<'a>, objects: (&'a Value, &'a Value)) -> Self {
        Self {
            context,
            objects,
            by_version: BTreeMap::new(),
        }
    }

    fn in_version(&mut self, version: &SmolStr) -> Comparison {
        if let Some(known) = self.by_version.get(version) {
            return known.clone();
        }
        let type_ = self.context.type_in(version).unwrap_or(Type::Deduced);
        let comparison = compare(type_, self.objects.0, self.objects.1);
        let filter = |set| reset::filter(self.context, set);
        let comparison = Comparison {
            removed: filter(comparison.removed),
            modified: filter(comparison.modified),
            added: filter(comparison.added),
        };
        self.by_version.insert(version.clone(), comparison.clone());
        comparison
    }
}

/// The fields of others that would change.
fn conflicts(
    context: &ApplyContext<'_>,
    objects: (&Value, &Value),
    (managed, applier): (&Managed, &Manager),
) -> Vec<Conflict> {
    let mut differences = Differences::new(context, objects);
    let mut conflicts = Vec::new();
    for (manager, owned) in managed.0.iter().filter(|(manager, _)| *manager != applier) {
        let difference = differences.in_version(&owned.api_version);
        let changed = difference.modified.union(&difference.added);
        let paths = owned.set.intersection(&changed).paths();
        conflicts.extend(paths.into_iter().map(|path| Conflict {
            manager: manager.clone(),
            path,
        }));
    }
    conflicts
}

/// Takes what changed and what is gone from everybody but `actor`; gives how the objects differ.
fn disown(
    context: &ApplyContext<'_>,
    objects: (&Value, &Value),
    (managed, actor): (&mut Managed, Option<&Manager>),
) -> Comparison {
    let mut differences = Differences::new(context, objects);
    for (manager, owned) in &mut managed.0 {
        if Some(manager) == actor {
            continue;
        }
        let difference = differences.in_version(&owned.api_version);
        let changed = difference.modified.union(&difference.added);
        owned.set = owned
            .set
            .difference(&changed)
            .difference(&difference.removed);
    }
    managed.0.retain(|_, owned| !owned.set.is_empty());
    differences.in_version(&context.gvk.api_version())
}

/// Removes what the manager applied before, applies no more, and nobody else owns.
fn prune(
    context: &ApplyContext<'_>,
    merged: Value,
    (managed, last): (&Managed, Option<&Owned>),
) -> Value {
    let Some(last) = last.filter(|last| !last.set.is_empty()) else {
        return merged;
    };
    let Some(type_) = context.type_in(&last.api_version) else {
        return merged;
    };
    let pruned = remove(type_, &merged, &last.set.with_named_fields(type_));
    let pruned = add_back_owned(context, (&merged, pruned), (managed, last));
    add_back_dangling((type_, &merged), &pruned, last)
}

fn add_back_owned(
    context: &ApplyContext<'_>,
    (merged, mut pruned): (&Value, Value),
    (managed, last): (&Managed, &Owned),
) -> Value {
    let mut by_version: BTreeMap<&SmolStr, FieldSet> = BTreeMap::new();
    for owned in managed.0.values() {
        let set = by_version.entry(&owned.api_version).or_default();
        *set = std::mem::take(set).union(&owned.set);
    }
    let first = by_version.remove_entry(&last.api_version);
    for (version, owned) in first.into_iter().chain(by_version) {
        let Some(type_) = context.type_in(version) else {
            continue;
        };
        let named = |set: FieldSet| set.with_named_fields(type_);
        let kept = named(field_set(type_, &pruned)).union(&named(owned));
        let gone = named(field_set(type_, merged)).difference(&kept);
        pruned = remove(type_, merged, &gone);
    }
    pruned
}

/// Items whose keys were removed but which hold more than was applied.
fn add_back_dangling((type_, merged): (Type<'_>, &Value), pruned: &Value, last: &Owned) -> Value {
    let named = |set: FieldSet| set.with_named_fields(type_);
    let pruned = named(field_set(type_, pruned));
    let gone = named(field_set(type_, merged)).difference(&pruned);
    remove(
        type_,
        merged,
        &gone.intersection(&last.set.with_named_fields(type_)),
    )
}

/// Without what nobody owns.
fn strip(set: &FieldSet) -> FieldSet {
    let mut never = FieldSet::default();
    for path in NEVER_OWNED {
        let path: Vec<PathElement> = path
            .iter()
            .map(|name| PathElement::Field((*name).into()))
            .collect();
        never.insert(&path);
    }
    set.difference(&never)
}
