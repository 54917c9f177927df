//! Garbage collection: objects whose owners are gone go too; owners that wait for their dependents get them
//! deleted; dependents that are to stay are set free.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/garbagecollector`.

use toft_api::{ApiError, Propagation};
use toft_value::{Value, value};

use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::{Ctx, Deletion};
use crate::key::Key;
use crate::meta::{self, Owner};
use crate::note::Note;
use crate::reader::Reader;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

pub(crate) const CONTROLLER: Controller = Controller {
    name: "garbage-collector-controller",
    identity: Identity::ControllerManager,
    watches: &[Watch {
        resource: None,
        wakes: Wakes::Related(concerned),
    }],
    reconcile,
};

fn is_finalizing(object: &Value) -> bool {
    meta::is_deleting(object)
        && (meta::has_finalizer(object, FOREGROUND) || meta::has_finalizer(object, ORPHAN))
}

fn concerned(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(after) = change.after {
        let new_owners = change.differs(&["metadata", "ownerReferences"]);
        let freed = change.differs(&["metadata", "finalizers"]);
        if (new_owners && !meta::owners(after).is_empty()) || is_finalizing(after) {
            keys.push(change.key.clone());
        }
        if freed && is_finalizing(after) {
            keys.extend(reader.dependents(meta::uid(after)).cloned());
        }
    }
    let gone = change.before.filter(|_| change.after.is_none());
    if let Some(gone) = gone {
        keys.extend(reader.dependents(meta::uid(gone)).cloned());
    }
    // An owner may wait for this one to go, or to set it free.
    if gone.is_some() || change.differs(&["metadata", "ownerReferences"]) {
        let owners = change.before.map(meta::owners).unwrap_or_default();
        let owners = owners.iter().map(Owner::of);
        let found = owners.filter_map(|owner| reader.owner_key(change.before?, &owner));
        keys.extend(found.filter(|key| reader.object(key).is_some_and(is_finalizing)));
    }
    keys
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(object) = ctx.reader().object(key).cloned() else {
        return Next::Nothing;
    };
    let result = if is_finalizing(&object) {
        finalize(ctx, key, &object)
    } else if meta::is_deleting(&object) {
        Ok(())
    } else {
        collect(ctx, key, &object)
    };
    result.map_or(Next::Retry, |()| Next::Nothing)
}

/// Sees to the dependents of an object that goes after them, or without them.
fn finalize(ctx: &mut Ctx<'_>, key: &Key, object: &Value) -> Result<(), ApiError> {
    let dependents: Vec<Key> = ctx
        .reader()
        .dependents(meta::uid(object))
        .cloned()
        .collect();
    if meta::has_finalizer(object, ORPHAN) {
        for dependent in &dependents {
            drop_owners(ctx, dependent, &[meta::uid(object)])?;
        }
        return drop_finalizer(ctx, key, object, ORPHAN);
    }
    let blocks = |dependent: &&Key| {
        let found = ctx.reader().object(dependent);
        found.is_some_and(|found| reference_blocks(found, meta::uid(object)))
    };
    if dependents.iter().any(|dependent| blocks(&dependent)) {
        // The dependents were woken; each finds that its owner waits.
        return Ok(());
    }
    drop_finalizer(ctx, key, object, FOREGROUND)
}

fn reference_blocks(object: &Value, uid: &str) -> bool {
    meta::owners(object).iter().any(|owner| {
        owner.str_at(&["uid"]) == Some(uid) && owner.bool_at(&["blockOwnerDeletion"]) == Some(true)
    })
}

/// The owners of an object by what became of them.
#[derive(Default)]
struct Owners {
    solid: usize,
    dangling: Vec<String>,
    waiting: Vec<String>,
}

/// Deletes an object that no owner keeps; frees one that some owner keeps from the others.
///
/// Source: `garbagecollector.go`, `attemptToDeleteItem`.
fn collect(ctx: &mut Ctx<'_>, key: &Key, object: &Value) -> Result<(), ApiError> {
    if meta::owners(object).is_empty() {
        return Ok(());
    }
    let Some(owners) = classify(ctx, key, object) else {
        return Ok(());
    };
    if owners.solid > 0 {
        let uids: Vec<&str> = owners
            .dangling
            .iter()
            .chain(&owners.waiting)
            .map(String::as_str)
            .collect();
        return if uids.is_empty() {
            Ok(())
        } else {
            drop_owners(ctx, key, &uids)
        };
    }
    let has_dependents = ctx.reader().dependents(meta::uid(object)).next().is_some();
    if !owners.waiting.is_empty() && is_in_a_circle(ctx.reader(), object) {
        unblock(ctx, key, object)?;
    }
    let propagation = if (!owners.waiting.is_empty() && has_dependents)
        || meta::has_finalizer(object, FOREGROUND)
    {
        Propagation::Foreground
    } else if meta::has_finalizer(object, ORPHAN) {
        Propagation::Orphan
    } else {
        Propagation::Background
    };
    let Some(path) = ctx.path_of(key) else {
        return Ok(());
    };
    let deletion = Deletion {
        uid: meta::uid(object),
        grace_seconds: None,
        propagation: Some(propagation),
    };
    ctx.delete(path, &deletion)
}

/// Whether an object whose owner waits for it has a dependent that waits as well: they might wait for each
/// other.
fn is_in_a_circle(reader: Reader<'_>, object: &Value) -> bool {
    let mut dependents = reader.dependents(meta::uid(object));
    dependents.any(|dependent| {
        let found = reader.object(dependent);
        found
            .is_some_and(|found| meta::is_deleting(found) && meta::has_finalizer(found, FOREGROUND))
    })
}

/// Lets the owners of an object go before it.
///
/// Source: `patch.go`, `unblockOwnerReferencesStrategicMergePatch`.
fn unblock(ctx: &mut Ctx<'_>, key: &Key, object: &Value) -> Result<(), ApiError> {
    let Some(path) = ctx.path_of(key) else {
        return Ok(());
    };
    let free = |owner: &Value| {
        let mut owner = owner.clone();
        if owner.bool_at(&["blockOwnerDeletion"]) == Some(true) {
            owner.set_at(&["blockOwnerDeletion"], false);
        }
        owner
    };
    let owners: Vec<Value> = meta::owners(object).iter().map(free).collect();
    let patch = value!({"metadata": {"ownerReferences": owners, "uid": meta::uid(object)}});
    ctx.patch(path, patch).map(drop)
}

/// What became of the owners; `None` where it cannot be said.
fn classify(ctx: &mut Ctx<'_>, key: &Key, object: &Value) -> Option<Owners> {
    let mut owners = Owners::default();
    for reference in meta::owners(object) {
        let owner = Owner::of(reference);
        // An owner of an unknown kind might come back with its definition.
        let resource = ctx.reader().schemas().kind(&owner.gvk)?;
        if key.namespace.is_empty() && resource.namespaced {
            let text = format!(
                "ownerRef [{}, namespace: , name: {}, uid: {}] does not exist in namespace \"\"",
                owner.gvk.kind, owner.name, owner.uid
            );
            ctx.note(object, &Note::warning("OwnerRefInvalidNamespace", text));
            return None;
        }
        let owner_key = ctx.reader().owner_key(object, &owner)?;
        let found = ctx.reader().object(&owner_key);
        match found.filter(|found| meta::uid(found) == owner.uid) {
            None => owners.dangling.push(owner.uid.to_string()),
            Some(found) if meta::is_deleting(found) && meta::has_finalizer(found, FOREGROUND) => {
                owners.waiting.push(owner.uid.to_string());
            }
            Some(_) => owners.solid += 1,
        }
    }
    Some(owners)
}

fn drop_owners(ctx: &mut Ctx<'_>, key: &Key, uids: &[&str]) -> Result<(), ApiError> {
    let (Some(object), Some(path)) = (ctx.reader().object(key).cloned(), ctx.path_of(key)) else {
        return Ok(());
    };
    let mut owners = meta::owners(&object).to_vec();
    owners.retain(|owner| !uids.contains(&owner.str_at(&["uid"]).unwrap_or_default()));
    let owners = if owners.is_empty() {
        Value::Null
    } else {
        owners.into()
    };
    let patch = value!({"metadata": {"ownerReferences": owners, "uid": meta::uid(&object)}});
    ctx.patch(path, patch).map(drop)
}

fn drop_finalizer(
    ctx: &mut Ctx<'_>,
    key: &Key,
    object: &Value,
    finalizer: &str,
) -> Result<(), ApiError> {
    let Some(path) = ctx.path_of(key) else {
        return Ok(());
    };
    let rest: Vec<Value> = meta::finalizers(object)
        .filter(|one| *one != finalizer)
        .map(Value::from)
        .collect();
    let rest = if rest.is_empty() {
        Value::Null
    } else {
        rest.into()
    };
    let patch = value!({"metadata": {"finalizers": rest, "uid": meta::uid(object)}});
    ctx.patch(path, patch).map(drop)
}
