//! `pods/binding`: a scheduler says on which node a pod runs.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/core/pod/storage/storage.go`, `BindingREST`.

use toft_api::{ApiError, Reason, ResourcePath, Response};
use toft_object::Gvk;
use toft_value::{Map, Value, value};

use crate::call::{Call, Scene};
use crate::decode;
use crate::invalid::FieldError;
use crate::store::Store;

pub(super) fn answer(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let kind = Gvk::of("v1", "Binding");
    let binding = decode::decode_as(call, &kind, call.body()?)?;
    let name = binding.str_at(&["metadata", "name"]).unwrap_or_default();
    if !name.is_empty() && name != call.path.name {
        return Err(ApiError::bad_request(
            "name in URL does not match name in Binding object",
        ));
    }
    let target = binding.str_at(&["target", "kind"]).unwrap_or_default();
    if !matches!(target, "" | "Node") {
        let supported = &["Node", "<empty>"];
        let error = FieldError::not_supported("target.kind", &Value::from(target), supported);
        return Err(ApiError::new(Reason::Unknown, error.to_string()));
    }
    let node = binding.str_at(&["target", "name"]).unwrap_or_default();
    if node.is_empty() {
        let error = FieldError::required("target.name", "");
        return Err(ApiError::new(Reason::Unknown, error.to_string()));
    }
    let mut pod = call.live(store)?.clone();
    may_be_bound(call, &pod, &binding)?;
    pod.set_at(&["spec", "nodeName"], node);
    merge_annotations(&mut pod, &binding);
    scheduled(call, &mut pod);
    if !call.request.options.dry_run {
        store.put(call.key(&call.path.name), pod);
    }
    Ok(Response::created(
        value!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

/// `bindings`: the older way to the same, which names the pod in the body.
pub(super) fn collection(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let name = call
        .body()?
        .str_at(&["metadata", "name"])
        .unwrap_or_default();
    let path = ResourcePath::new("", "v1", "pods")
        .namespace(&call.path.namespace)
        .name(name)
        .subresource("binding");
    let scene = Scene {
        schemas: call.schemas,
        now: call.now,
        seed: call.seed,
        settings: call.settings,
    };
    answer(&Call::new(scene, store, call.request, &path)?, store)
}

fn may_be_bound(call: &Call<'_>, pod: &Value, binding: &Value) -> Result<(), ApiError> {
    let (named, name) = (call.named(), &call.path.name);
    let bound = toft_object::GroupResource::new("", "pods/binding");
    let conflict = |why: &str| ApiError::conflict(&bound, name, why);
    let uid = binding.str_at(&["metadata", "uid"]).unwrap_or_default();
    let found = pod.str_at(&["metadata", "uid"]).unwrap_or_default();
    if !uid.is_empty() && uid != found {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({found}). The object might have been deleted and then recreated"
        );
        return Err(ApiError::conflict(&named, name, &why));
    }
    if pod.at(&["metadata", "deletionTimestamp"]).is_some() {
        return Err(conflict(&format!(
            "pod {name} is being deleted, cannot be assigned to a host"
        )));
    }
    if let Some(old) = pod
        .str_at(&["spec", "nodeName"])
        .filter(|old| !old.is_empty())
    {
        return Err(conflict(&format!(
            "pod {name} is already assigned to node {old:?}"
        )));
    }
    if !pod.items_at(&["spec", "schedulingGates"]).is_empty() {
        return Err(conflict(&format!(
            "pod {name} has non-empty .spec.schedulingGates"
        )));
    }
    Ok(())
}

fn merge_annotations(pod: &mut Value, binding: &Value) {
    let annotations = binding
        .at(&["metadata", "annotations"])
        .and_then(Value::as_map);
    for (key, value) in annotations.unwrap_or(&Map::new()) {
        pod.set_at(&["metadata", "annotations", key], value);
    }
}

/// The pod is scheduled; that it could not be before is forgotten.
fn scheduled(call: &Call<'_>, pod: &mut Value) {
    let old = pod.items_at(&["status", "conditions"]).iter();
    let mut conditions: Vec<Value> = old
        .filter(|one| one.str_at(&["type"]) != Some("PodScheduled"))
        .cloned()
        .collect();
    conditions.push(value!({
        "type": "PodScheduled", "status": "True",
        "lastProbeTime": Value::Null, "lastTransitionTime": call.now.to_string(),
    }));
    pod.set_at(&["status", "conditions"], Value::from(conditions));
}
