//! `pods/eviction`: a deletion that asks the disruption budgets first.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/core/pod/storage/eviction.go`.

use toft_api::{ApiError, Body, Cause, Reason, Request, Response, Verb};
use toft_object::{GroupResource, Gvk, LabelSelector};
use toft_value::{Value, value};

use crate::call::Call;
use crate::decode;
use crate::delete;
use crate::store::{Store, StoreKey};

/// After how many seconds to try again while a budget does not know its pods yet.
const STALE_RETRY_SECONDS: u32 = 10;

pub(super) fn answer(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let kind = Gvk::of("policy/v1", "Eviction");
    let eviction = decode::decode_as(call, &kind, &newest(call.body()?))?;
    let name = eviction.str_at(&["metadata", "name"]).unwrap_or_default();
    if !name.is_empty() && name != call.path.name {
        return Err(ApiError::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let pod = call.live(store)?.clone();
    if asks_budgets(&pod)
        && let Some(budget) = budget_of(call, store, &pod)?
    {
        spend(call, store, &pod, &budget)?;
    }
    if !call.request.options.dry_run {
        store.put(call.key(&call.path.name), disrupted(call, pod));
    }
    let options = eviction.get("deleteOptions").cloned();
    let request = Request {
        verb: Verb::Delete,
        body: options.map_or(Body::None, Body::Object),
        ..call.request.clone()
    };
    let inner = call.with(&request);
    delete::delete(&inner, store)?;
    Ok(Response::created(
        value!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

/// The older version of an eviction says the same.
fn newest(body: &Value) -> Value {
    let mut body = body.clone();
    if body.str_at(&["apiVersion"]) == Some("policy/v1beta1") {
        body.set_at(&["apiVersion"], "policy/v1");
    }
    body
}

/// The pod, saying why it goes.
fn disrupted(call: &Call<'_>, mut pod: Value) -> Value {
    const KIND: &str = "DisruptionTarget";
    let old = pod.items_at(&["status", "conditions"]).iter();
    let others = old.filter(|one| one.str_at(&["type"]) != Some(KIND));
    let mut conditions: Vec<Value> = others.cloned().collect();
    conditions.push(value!({
        "type": KIND, "status": "True",
        "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
        "lastProbeTime": Value::Null, "lastTransitionTime": call.now.to_string(),
    }));
    pod.set_at(&["status", "conditions"], Value::from(conditions));
    pod
}

/// Pods that do not run, or go anyway, disrupt nothing.
fn asks_budgets(pod: &Value) -> bool {
    let over = matches!(
        pod.str_at(&["status", "phase"]),
        Some("Succeeded" | "Failed" | "Pending")
    );
    !over && pod.at(&["metadata", "deletionTimestamp"]).is_none()
}

fn budget_of(call: &Call<'_>, store: &Store, pod: &Value) -> Result<Option<Value>, ApiError> {
    let budgets = GroupResource::new("policy", "poddisruptionbudgets");
    let labels = pod.at(&["metadata", "labels"]).and_then(Value::as_map);
    let covers = |budget: &&Value| {
        let selector = budget
            .at(&["spec", "selector"])
            .and_then(|one| LabelSelector::from_value(one).ok());
        selector.is_some_and(|selector| selector.matches(labels))
    };
    let mut found = store
        .list(&budgets, Some(&call.path.namespace))
        .filter(covers);
    let first = found.next().cloned();
    if found.next().is_some() {
        return Err(ApiError::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    Ok(first)
}

/// Takes one disruption from a budget, if the pod needs one.
fn spend(call: &Call<'_>, store: &mut Store, pod: &Value, budget: &Value) -> Result<(), ApiError> {
    let number = |key: &str| budget.i64_at(&["status", key]).unwrap_or(0);
    let (healthy, desired) = (number("currentHealthy"), number("desiredHealthy"));
    if !is_ready(pod) {
        let always = budget.str_at(&["spec", "unhealthyPodEvictionPolicy"]) == Some("AlwaysAllow");
        if always || (healthy >= desired && desired > 0) {
            return Ok(());
        }
    }
    let name = budget.str_at(&["metadata", "name"]).unwrap_or_default();
    if number("observedGeneration") < budget.i64_at(&["metadata", "generation"]).unwrap_or(0) {
        let message =
            format!("The disruption budget {name} is still being processed by the server.");
        return Err(refused(message, STALE_RETRY_SECONDS));
    }
    if number("disruptionsAllowed") <= 0 {
        let message = format!(
            "The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
        );
        return Err(refused(message, 0));
    }
    let mut budget = budget.clone();
    budget.set_at(
        &["status", "disruptionsAllowed"],
        number("disruptionsAllowed") - 1,
    );
    let pod = pod.str_at(&["metadata", "name"]).unwrap_or_default();
    budget.set_at(&["status", "disruptedPods", pod], call.now.to_string());
    if !call.request.options.dry_run {
        let budgets = GroupResource::new("policy", "poddisruptionbudgets");
        store.put(
            StoreKey::new(
                &budgets,
                &call.path.namespace,
                budget
                    .clone()
                    .str_at(&["metadata", "name"])
                    .unwrap_or_default(),
            ),
            budget,
        );
    }
    Ok(())
}

fn is_ready(pod: &Value) -> bool {
    let ready = |condition: &Value| {
        condition.str_at(&["type"]) == Some("Ready")
            && condition.str_at(&["status"]) == Some("True")
    };
    pod.items_at(&["status", "conditions"]).iter().any(ready)
}

fn refused(cause: String, retry_after_seconds: u32) -> ApiError {
    let mut error = ApiError::new(
        Reason::TooManyRequests,
        "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    error.details.retry_after_seconds = retry_after_seconds;
    error.details.causes.push(Cause {
        reason: "DisruptionBudget".into(),
        message: cause,
        field: String::new(),
    });
    error
}
