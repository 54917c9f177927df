//! Quotas: what of a namespace's limits is used.
//!
//! Counted are objects of the kinds that upstream names, and what pods, claims and Services ask for. Scopes
//! are not followed.
//!
//! Source: Kubernetes 1.36.3 `pkg/controller/resourcequota`, `pkg/quota/v1/evaluator/core`.

use toft_object::{GroupResource, Quantity};
use toft_value::{Value, value};

use crate::controller::{Change, Controller, Identity, Next, Wakes, Watch};
use crate::ctx::Ctx;
use crate::key::Key;
use crate::pods;
use crate::reader::Reader;
use crate::requests;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, SERVICES};

pub(crate) const CONTROLLER: Controller = Controller {
    name: "resourcequota-controller",
    identity: Identity::ControllerManager,
    watches: &[Watch {
        resource: None,
        wakes: Wakes::Related(quotas),
    }],
    reconcile,
};

/// The quotas of a namespace in which something came, went or ended, and quotas themselves.
fn quotas(reader: Reader<'_>, change: &Change<'_>) -> Vec<Key> {
    if change.key.namespace.is_empty() {
        return Vec::new();
    }
    let is_quota = change.key.resource == RESOURCE_QUOTAS.name;
    let ended = |side: Option<&Value>| side.is_none_or(pods::is_terminal);
    let counts = is_quota
        || ended(change.before) != ended(change.after)
        || (change.key.resource != PODS.name && change.differs(&["spec"]));
    if !counts {
        return Vec::new();
    }
    let quotas = reader.list(&RESOURCE_QUOTAS, Some(&change.key.namespace));
    quotas.map(Key::of).collect()
}

fn reconcile(ctx: &mut Ctx<'_>, key: &Key) -> Next {
    let Some(quota) = ctx.get(&RESOURCE_QUOTAS, &key.namespace, &key.name) else {
        return Next::Nothing;
    };
    let hard = quota
        .at(&["spec", "hard"])
        .cloned()
        .unwrap_or_else(|| value!({}));
    let mut used = value!({});
    for (name, _) in hard.as_map().into_iter().flatten() {
        if let Some(amount) = usage(ctx, &key.namespace, name) {
            used.set_at(&[name], amount.to_string());
        }
    }
    let mut told = quota.clone();
    told.set_at(&["status"], value!({"hard": hard, "used": used}));
    if told == quota {
        return Next::Nothing;
    }
    let written = ctx.update_status(&RESOURCE_QUOTAS, told);
    written.map_or(Next::Retry, |_| Next::Nothing)
}

/// How much of a resource the namespace uses; `None` for a name that nobody counts.
fn usage(ctx: &Ctx<'_>, namespace: &str, name: &str) -> Option<Quantity> {
    let reader = ctx.reader();
    let living = || {
        reader
            .list(&PODS, Some(namespace))
            .filter(|pod| !pods::is_terminal(pod))
    };
    let count = |count: usize| {
        Some(Quantity::from_units(
            i64::try_from(count).unwrap_or(i64::MAX),
        ))
    };
    let of_type = |kind: &str| {
        let services = reader.list(&SERVICES, Some(namespace));
        services
            .filter(|service| service.str_at(&["spec", "type"]) == Some(kind))
            .count()
    };
    let (list, resource) = match name.split_once('.') {
        Some(("requests", resource)) => ("requests", resource),
        Some(("limits", resource)) => ("limits", resource),
        _ => ("requests", name),
    };
    match (name, resource) {
        ("pods", _) => count(living().count()),
        ("services.loadbalancers", _) => count(of_type("LoadBalancer")),
        ("services.nodeports", _) => count(of_type("NodePort") + of_type("LoadBalancer")),
        (_, "storage") => Some(storage(ctx, namespace)),
        (_, "cpu" | "memory" | "ephemeral-storage") => {
            let pods = living();
            let amounts =
                pods.map(|pod| requests::of_list(pod.get("spec").unwrap_or(&Value::Null), list));
            let sum = amounts.map(|amounts| amounts.get(resource)).sum();
            Some(match resource {
                "cpu" => Quantity::from_milli(sum),
                _ => Quantity::from_bytes(sum),
            })
        }
        _ => {
            let name = name.strip_prefix("count/").unwrap_or(name);
            let (resource, group) = name.split_once('.').unwrap_or((name, ""));
            let resource = GroupResource::new(group, resource);
            let known = reader
                .schemas()
                .resources()
                .any(|one| one.group_resource() == resource);
            known.then(|| count(reader.list_of(&resource, Some(namespace)).count()))?
        }
    }
}

fn storage(ctx: &Ctx<'_>, namespace: &str) -> Quantity {
    let claims = ctx
        .reader()
        .list(&PERSISTENT_VOLUME_CLAIMS, Some(namespace));
    let sizes = claims.filter_map(|claim| {
        let size = claim.at(&["spec", "resources", "requests", "storage"])?;
        Quantity::from_value(size).ok()
    });
    Quantity::from_bytes(sizes.map(|size| size.units()).sum())
}
