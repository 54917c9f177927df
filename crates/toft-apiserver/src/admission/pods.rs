//! What pods and nodes get: priorities, tolerations, taints.

use toft_api::ApiError;
use toft_object::GroupResource;
use toft_value::{Value, value};

use super::{forbidden, is};
use crate::call::Call;
use crate::store::Store;

/// How long a pod stays on a node that is not ready or not reachable.
///
/// Source: Kubernetes 1.36.3 `plugin/pkg/admission/defaulttolerationseconds/admission.go`.
const OUTAGE_SECONDS: i64 = 300;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// New nodes take no pods until they are ready.
///
/// Source: Kubernetes 1.36.3 `plugin/pkg/admission/nodetaint/admission.go`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one entry of the list of admission steps"
)]
pub(super) fn taint_new_nodes(
    call: &Call<'_>,
    _store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    if !is(call, "", "nodes") {
        return Ok(());
    }
    let mut taints: Vec<Value> = object.items_at(&["spec", "taints"]).to_vec();
    let is_there = |taint: &Value| {
        taint.str_at(&["key"]) == Some(NOT_READY) && taint.str_at(&["effect"]) == Some("NoSchedule")
    };
    if !taints.iter().any(is_there) {
        taints.push(value!({"key": NOT_READY, "effect": "NoSchedule"}));
        object.set_at(&["spec", "taints"], Value::from(taints));
    }
    Ok(())
}

/// Source: Kubernetes 1.36.3 `plugin/pkg/admission/priority/admission.go`.
pub(super) fn resolve_priority(
    call: &Call<'_>,
    store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    if !is(call, "", "pods") {
        return Ok(());
    }
    let classes = GroupResource::new("scheduling.k8s.io", "priorityclasses");
    let wanted = object
        .str_at(&["spec", "priorityClassName"])
        .unwrap_or_default()
        .to_owned();
    let class = if wanted.is_empty() {
        default_class(store, &classes)
    } else {
        let found = store.find(&classes, "", &wanted);
        Some(found.ok_or_else(|| {
            forbidden(
                call,
                object,
                &format!("no PriorityClass with name {wanted} was found"),
            )
        })?)
    };
    let priority = class
        .and_then(|class| class.i64_at(&["value"]))
        .unwrap_or(0);
    let policy = class
        .and_then(|class| class.str_at(&["preemptionPolicy"]))
        .unwrap_or("PreemptLowerPriority");
    if let Some(given) = object.i64_at(&["spec", "priority"])
        && given != priority
    {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
        );
        return Err(forbidden(call, object, &why));
    }
    if let Some(given) = object.str_at(&["spec", "preemptionPolicy"])
        && given != policy
    {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(forbidden(call, object, &why));
    }
    if let Some(name) = class.and_then(|class| class.str_at(&["metadata", "name"])) {
        object.set_at(&["spec", "priorityClassName"], name);
    }
    object.set_at(&["spec", "priority"], priority);
    object.set_at(&["spec", "preemptionPolicy"], policy);
    Ok(())
}

/// The default with the lowest value, should there be several.
fn default_class<'s>(store: &'s Store, classes: &GroupResource) -> Option<&'s Value> {
    let defaults = store
        .list(classes, None)
        .filter(|class| class.bool_at(&["globalDefault"]) == Some(true));
    defaults.min_by_key(|class| class.i64_at(&["value"]).unwrap_or(0))
}

pub(super) fn keep_priority(live: &Value, new: &mut Value) {
    for key in ["priority", "preemptionPolicy"] {
        if new.at(&["spec", key]).is_none()
            && let Some(value) = live.at(&["spec", key])
        {
            new.set_at(&["spec", key], value);
        }
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one entry of the list of admission steps"
)]
pub(super) fn tolerate_short_outages(
    call: &Call<'_>,
    _store: &Store,
    object: &mut Value,
) -> Result<(), ApiError> {
    if !is(call, "", "pods") {
        return Ok(());
    }
    let mut tolerations: Vec<Value> = object.items_at(&["spec", "tolerations"]).to_vec();
    let before = tolerations.len();
    for key in [NOT_READY, UNREACHABLE] {
        let text = |toleration: &Value, field: &str| {
            toleration.str_at(&[field]).unwrap_or_default().to_owned()
        };
        let covers = |toleration: &Value| {
            let (found, effect) = (text(toleration, "key"), text(toleration, "effect"));
            (found == key || found.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        };
        if !tolerations.iter().any(covers) {
            tolerations.push(value!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": OUTAGE_SECONDS}));
        }
    }
    if tolerations.len() > before {
        object.set_at(&["spec", "tolerations"], Value::from(tolerations));
    }
    Ok(())
}
