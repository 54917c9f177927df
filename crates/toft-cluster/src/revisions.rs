//! The history of a StatefulSet's or DaemonSet's template, kept in revisions of their own.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/history/controller_history.go`.

use std::collections::BTreeSet;

use toft_api::{ApiError, Reason};
use toft_value::{Value, value};

use crate::ctx::{Ctx, Deletion};
use crate::hash;
use crate::meta;
use crate::resources::{CONTROLLER_REVISIONS, Resource};

/// How often another name is tried where one is taken.
const COLLISIONS_MAX: i64 = 16;

/// The revisions of an owner, oldest first.
pub(crate) fn of(ctx: &Ctx<'_>, owner: &Value) -> Vec<Value> {
    let mut revisions = ctx.controlled(&CONTROLLER_REVISIONS, owner);
    revisions
        .sort_by_cached_key(|one| (number(one), meta::created(one), meta::name(one).to_owned()));
    revisions
}

/// The number of a revision.
pub(crate) fn number(revision: &Value) -> i64 {
    revision.i64_at(&["revision"]).unwrap_or(0)
}

/// Which label of a revision carries its hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The resource of the owner.
    pub(crate) resource: &'static Resource,
    /// The label.
    pub(crate) label: &'static str,
}

/// The revision of the template as it is now; made, or made the newest again, where it is not yet.
pub(crate) fn ensure(
    ctx: &mut Ctx<'_>,
    kind: Kind,
    (owner, existing): (&Value, &[Value]),
) -> Result<Value, ApiError> {
    let data = data(owner);
    let next = existing.last().map_or(0, number) + 1;
    let equal = existing
        .iter()
        .rposition(|one| one.get("data") == Some(&data));
    if let Some(found) = equal.and_then(|at| existing.get(at)) {
        if number(found) + 1 == next {
            return Ok(found.clone());
        }
        let mut newest = found.clone();
        newest.set_at(&["revision"], next);
        return ctx.update(&CONTROLLER_REVISIONS, newest);
    }
    let first = owner.i64_at(&["status", "collisionCount"]).unwrap_or(0);
    for collisions in first..first + COLLISIONS_MAX {
        let revision = planned(owner, kind, (&data, next, collisions));
        match ctx.create(&CONTROLLER_REVISIONS, revision) {
            Err(error) if error.reason == Reason::AlreadyExists => {}
            made => return made,
        }
    }
    Err(ApiError::internal("every name for a revision is taken"))
}

/// What a revision keeps: the template, as a patch that replaces it.
fn data(owner: &Value) -> Value {
    let mut template = owner.at(&["spec", "template"]).cloned().unwrap_or_default();
    template.set_at(&["$patch"], "replace");
    value!({"spec": {"template": template}})
}

fn planned(owner: &Value, kind: Kind, (data, number, collisions): (&Value, i64, i64)) -> Value {
    let hash = hash::of_template(data, collisions);
    let mut labels = owner
        .at(&["spec", "template", "metadata", "labels"])
        .cloned()
        .unwrap_or_else(|| value!({}));
    labels.set_at(&[kind.label], hash.as_str());
    let mut revision = value!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{}-{hash}", meta::name(owner)), "namespace": meta::namespace(owner),
            "labels": labels,
            "ownerReferences": [meta::controller_reference(kind.resource, owner)],
        },
        "data": data.clone(), "revision": number,
    });
    if let Some(annotations) = owner.at(&["metadata", "annotations"]) {
        revision.set_at(&["metadata", "annotations"], annotations);
    }
    revision
}

/// The owner as it was at a revision.
pub(crate) fn applied(owner: &Value, revision: &Value) -> Value {
    let mut template = revision
        .at(&["data", "spec", "template"])
        .cloned()
        .unwrap_or_default();
    template.remove_at(&["$patch"]);
    let mut then = owner.clone();
    then.set_at(&["spec", "template"], template);
    then
}

/// Deletes the oldest revisions that nothing uses, beyond the limit of the history.
pub(crate) fn truncate(
    ctx: &mut Ctx<'_>,
    owner: &Value,
    (revisions, live): (&[Value], &BTreeSet<String>),
) -> Result<(), ApiError> {
    let limit = owner
        .i64_at(&["spec", "revisionHistoryLimit"])
        .unwrap_or(10);
    let unused = revisions
        .iter()
        .filter(|one| !live.contains(meta::name(one)));
    let unused: Vec<&Value> = unused.collect();
    let surplus = unused
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    for revision in unused.into_iter().take(surplus) {
        let path = CONTROLLER_REVISIONS.path(meta::namespace(revision), meta::name(revision));
        ctx.delete(path, &Deletion::default())?;
    }
    Ok(())
}
