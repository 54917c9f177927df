//! The service account of a pod, and its token.
//!
//! Source: Kubernetes 1.36.3 `plugin/pkg/admission/serviceaccount/admission.go`.

use toft_api::ApiError;
use toft_object::GroupResource;
use toft_value::{Value, value};

use super::{forbidden, is};
use crate::call::Call;
use crate::store::Store;

const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME: &str = "kube-api-access-";

/// How long a token lives: an hour, and a few seconds so that old clients can be told from new ones.
const TOKEN_SECONDS: i64 = 3607;

pub(super) fn mount(call: &Call<'_>, store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let mirror = ["metadata", "annotations", "kubernetes.io/config.mirror"];
    if !is(call, "", "pods") || object.at(&mirror).is_some() {
        return Ok(());
    }
    if object
        .str_at(&["spec", "serviceAccountName"])
        .unwrap_or_default()
        .is_empty()
    {
        object.set_at(&["spec", "serviceAccountName"], "default");
        object.set_at(&["spec", "serviceAccount"], "default");
    }
    let name = object
        .str_at(&["spec", "serviceAccountName"])
        .unwrap_or_default()
        .to_owned();
    let accounts = GroupResource::new("", "serviceaccounts");
    let namespace = &call.path.namespace;
    let Some(account) = store.find(&accounts, namespace, &name) else {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
        );
        return Err(forbidden(call, object, &why));
    };
    let wanted = object.bool_at(&["spec", "automountServiceAccountToken"]);
    if wanted
        .or_else(|| account.bool_at(&["automountServiceAccountToken"]))
        .unwrap_or(true)
    {
        mount_token(call, store, object);
    }
    let secrets = account.items_at(&["imagePullSecrets"]);
    if object.items_at(&["spec", "imagePullSecrets"]).is_empty() && !secrets.is_empty() {
        object.set_at(&["spec", "imagePullSecrets"], Value::from(secrets.to_vec()));
    }
    Ok(())
}

fn mount_token(call: &Call<'_>, store: &Store, object: &mut Value) {
    let mut names = object
        .items_at(&["spec", "volumes"])
        .iter()
        .filter_map(|volume| volume.str_at(&["name"]));
    let existing = names
        .find(|name| name.starts_with(VOLUME))
        .map(str::to_owned);
    let volume = existing
        .clone()
        .unwrap_or_else(|| format!("{VOLUME}{}", call.ids(store).suffix(VOLUME, 0)));
    let mut mounted = false;
    for containers in ["initContainers", "containers"] {
        let Some(list) = object
            .at_mut(&["spec", containers])
            .and_then(Value::as_list_mut)
        else {
            continue;
        };
        for container in list.make_mut() {
            let mut mounts: Vec<Value> = container.items_at(&["volumeMounts"]).to_vec();
            if mounts
                .iter()
                .any(|mount| mount.str_at(&["mountPath"]) == Some(MOUNT_PATH))
            {
                continue;
            }
            mounts
                .push(value!({"name": volume.as_str(), "readOnly": true, "mountPath": MOUNT_PATH}));
            container.set_at(&["volumeMounts"], Value::from(mounts));
            mounted = true;
        }
    }
    if existing.is_none() && mounted {
        let mut volumes: Vec<Value> = object.items_at(&["spec", "volumes"]).to_vec();
        volumes.push(value!({"name": volume, "projected": projection()}));
        object.set_at(&["spec", "volumes"], Value::from(volumes));
    }
}

fn projection() -> Value {
    value!({
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ],
    })
}
