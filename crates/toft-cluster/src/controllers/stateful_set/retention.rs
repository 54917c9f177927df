//! Who owns the claims of a StatefulSet: nobody, the set, or a pod that is too many; with their owner they go.
//!
//! Source: `stateful_set_utils.go`, `isClaimOwnerUpToDate`, `updateClaimOwnerRefForSetAndPod`.

use toft_api::ApiError;
use toft_value::Value;

use super::identity::{self, ordinal};
use crate::ctx::Ctx;
use crate::meta::{self, Owner};
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PODS, Resource, STATEFUL_SETS};

/// What becomes of claims.
fn deletes(set: &Value, when: &str) -> bool {
    set.str_at(&["spec", "persistentVolumeClaimRetentionPolicy", when]) == Some("Delete")
}

/// Whether a reference means an object, whatever its uid.
fn names(reference: &Value, resource: &Resource, object: &Value) -> bool {
    let owner = Owner::of(reference);
    owner.is(resource) && owner.name == meta::name(object)
}

/// The claims of a pod that are there.
fn claims(ctx: &Ctx<'_>, set: &Value, pod: &Value) -> Vec<Value> {
    let planned = identity::claims(set, ordinal(pod));
    let found = planned.iter().filter_map(|claim| {
        ctx.get(
            &PERSISTENT_VOLUME_CLAIMS,
            meta::namespace(set),
            meta::name(claim),
        )
    });
    found.collect()
}

/// The owners that a claim should have; `None` where it has them, or belongs to somebody else.
fn new_owners(set: &Value, pod: &Value, claim: &Value) -> Option<Vec<Value>> {
    let refers = |reference: &Value| {
        [(&STATEFUL_SETS, set), (&PODS, pod)]
            .into_iter()
            .find(|(resource, object)| names(reference, resource, object))
            .map(|(_, object)| meta::uid(object).to_owned())
    };
    let mut others = Vec::new();
    for reference in meta::owners(claim) {
        match refers(reference) {
            // An earlier set or pod of that name: the claim is on its way out.
            Some(uid) if reference.str_at(&["uid"]) != Some(&uid) => return None,
            Some(_) => {}
            None => others.push(reference.clone()),
        }
    }
    let is_controlled = |one: &Value| one.bool_at(&["controller"]) == Some(true);
    let mut owners = others.clone();
    if !others.iter().any(is_controlled) {
        let is_condemned = !is_wanted(set, pod);
        if deletes(set, "whenScaled") && is_condemned {
            owners.push(meta::controller_reference(&PODS, pod));
        } else if deletes(set, "whenDeleted") {
            owners.push(meta::controller_reference(&STATEFUL_SETS, set));
        }
    }
    (owners != meta::owners(claim)).then_some(owners)
}

/// Whether the set wants a pod of that number.
fn is_wanted(set: &Value, pod: &Value) -> bool {
    let first = set.i64_at(&["spec", "ordinals", "start"]).unwrap_or(0);
    let count = set.i64_at(&["spec", "replicas"]).unwrap_or(1);
    (first..first + count).contains(&ordinal(pod))
}

/// Gives the claims of a pod the owners that they should have; whether one had others.
pub(super) fn settle(ctx: &mut Ctx<'_>, set: &Value, pod: &Value) -> Result<bool, ApiError> {
    let mut changed = false;
    for claim in claims(ctx, set, pod) {
        if let Some(owners) = new_owners(set, pod, &claim) {
            let mut claim = claim;
            if owners.is_empty() {
                claim.remove_at(&["metadata", "ownerReferences"]);
            } else {
                claim.set_at(&["metadata", "ownerReferences"], owners);
            }
            ctx.update(&PERSISTENT_VOLUME_CLAIMS, claim)?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Whether a claim still belongs to an earlier pod of that name, so that the new one must wait.
pub(super) fn is_stale(ctx: &Ctx<'_>, set: &Value, pod: &Value) -> bool {
    deletes(set, "whenScaled")
        && claims(ctx, set, pod).iter().any(|claim| {
            let mut owners = meta::owners(claim).iter();
            owners.any(|owner| names(owner, &PODS, pod))
        })
}
