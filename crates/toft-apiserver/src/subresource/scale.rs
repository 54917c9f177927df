//! `scale`: the number of replicas of anything that has one.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/apps/deployment/storage/storage.go`, `ScaleREST`; for custom resources
//! apiextensions-apiserver 0.36.3 `pkg/registry/customresource/etcd.go`.

use toft_api::{ApiError, Body, PatchKind, Reason, Response, Verb};
use toft_object::{GroupKind, Gvk, LabelSelector};
use toft_schema::patch;
use toft_value::{Value, value};

use crate::call::{Call, method_not_allowed};
use crate::invalid::{FieldError, invalid};
use crate::store::Store;
use crate::write::{self, Owners};
use crate::{decode, managed, represent, update};

/// Where an object says its replicas, asked for and there, and how it selects its pods.
struct Paths {
    asked: Vec<String>,
    there: Vec<String>,
    selector: Option<Vec<String>>,
}

pub(super) fn answer(call: &Call<'_>, store: &mut Store) -> Result<Response, ApiError> {
    let paths = Paths::of(call);
    let live = call.outward(call.live(store)?);
    let scale = scale_of(&paths, &live);
    let wanted = match call.request.verb {
        Verb::Get => return Ok(Response::ok(represent::other(call, &kind(), scale))),
        Verb::Update => decode::decode_as(call, &kind(), call.body()?)?,
        Verb::Patch if is_applied(call) => return applied(call, store, (&paths, &live)),
        Verb::Patch => patched(call, &scale)?,
        Verb::List | Verb::Watch | Verb::Create | Verb::Delete | Verb::DeleteCollection => {
            return Err(method_not_allowed());
        }
    };
    update::name_matches(call, &wanted)?;
    let replicas = wanted.i64_at(&["spec", "replicas"]).unwrap_or(0);
    if replicas < 0 {
        let error = FieldError::invalid(
            "spec.replicas",
            &Value::Int(replicas),
            "must be greater than or equal to 0",
        );
        return Err(invalid(&kind().group_kind(), &call.path.name, &[error]));
    }
    let mut object = live;
    if let Some(uid) = wanted.at(&["metadata", "uid"]) {
        object.set_at(&["metadata", "uid"], uid);
    }
    set(&mut object, &paths.asked, replicas);
    match wanted.at(&["metadata", "resourceVersion"]) {
        Some(version) => object.set_at(&["metadata", "resourceVersion"], version),
        None if call.custom.is_none() => {
            object.remove_at(&["metadata", "resourceVersion"]);
        }
        None => {}
    }
    let changed = write::replace(call, store, object, Owners::Noted)?.into_value()?;
    let scale = scale_of(&paths, &changed);
    Ok(Response::ok(represent::other(call, &kind(), scale)))
}

fn kind() -> Gvk {
    Gvk::of("autoscaling/v1", "Scale")
}

fn patched(call: &Call<'_>, scale: &Value) -> Result<Value, ApiError> {
    let Body::Patch { kind: how, content } = &call.request.body else {
        return Err(ApiError::bad_request("a patch is missing"));
    };
    let patched = match how {
        PatchKind::Json => patch::json(scale, content)
            .map_err(|error| ApiError::new(Reason::Invalid, error.to_string()))?,
        PatchKind::Merge | PatchKind::Strategic | PatchKind::Apply => patch::merge(scale, content),
    };
    decode::decode_as(call, &kind(), &patched).map_err(|error| {
        let Some((_, why)) = error.message.split_once(" cannot be handled as a Scale: ") else {
            return error;
        };
        let shown = Value::from(patched.to_json());
        invalid(
            &GroupKind::default(),
            "",
            &[FieldError::invalid("patch", &shown, why)],
        )
    })
}

fn is_applied(call: &Call<'_>) -> bool {
    matches!(
        &call.request.body,
        Body::Patch {
            kind: PatchKind::Apply,
            ..
        }
    )
}

/// A scale that is applied owns the replicas of the object, in the version of the scale.
///
/// Source: apimachinery 0.36.3 `pkg/util/managedfields/scalehandler.go`.
fn applied(
    call: &Call<'_>,
    store: &mut Store,
    (paths, live): (&Paths, &Value),
) -> Result<Response, ApiError> {
    let Body::Patch { content, .. } = &call.request.body else {
        return Err(ApiError::bad_request("a patch is missing"));
    };
    let wanted = decode::decode_as(call, &kind(), content)?;
    update::name_matches(call, &wanted)?;
    let own = call.gvk().api_version();
    let mut config = value!({
        "apiVersion": own.clone(), "kind": call.gvk().kind.clone(),
        "metadata": {"name": call.path.name.clone(), "namespace": call.path.namespace.clone()},
    });
    if let Some(replicas) = wanted.i64_at(&["spec", "replicas"]) {
        set(&mut config, &paths.asked, replicas);
    }
    let merged = managed::applied(call, Some(live), &config).map_err(|mut error| {
        let (from, to) = (format!("using {own}"), "using autoscaling/v1");
        error.message = error.message.replace(&from, to);
        for cause in &mut error.details.causes {
            cause.message = cause.message.replace(&from, to);
        }
        error
    })?;
    let changed = write::replace(call, store, merged, Owners::Merged)?.into_value()?;
    let scale = scale_of(paths, &changed);
    Ok(Response::ok(represent::other(call, &kind(), scale)))
}

fn scale_of(paths: &Paths, object: &Value) -> Value {
    let mut metadata = value!({});
    for key in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = object.at(&["metadata", key]) {
            metadata.set_at(&[key], value);
        }
    }
    let number = |path: &[String]| at(object, path).and_then(Value::as_i64).unwrap_or(0);
    let mut spec = value!({});
    if number(&paths.asked) != 0 {
        spec.set_at(&["replicas"], number(&paths.asked));
    }
    let mut status = value!({"replicas": number(&paths.there)});
    let selector = paths
        .selector
        .as_ref()
        .and_then(|path| at(object, path))
        .map(selector_text);
    if let Some(selector) = selector.filter(|text| !text.is_empty()) {
        status.set_at(&["selector"], selector);
    }
    value!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec, "status": status})
}

fn selector_text(selector: &Value) -> String {
    match selector {
        Value::Str(text) => text.to_string(),
        // A replication controller has labels alone where others have a selector.
        Value::Map(map)
            if !map.contains_key("matchLabels") && !map.contains_key("matchExpressions") =>
        {
            let pairs = map
                .iter()
                .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
            pairs.collect::<Vec<_>>().join(",")
        }
        _ => LabelSelector::from_value(selector)
            .map(|selector| selector.to_string())
            .unwrap_or_default(),
    }
}

impl Paths {
    fn of(call: &Call<'_>) -> Self {
        let split = |path: &str| {
            path.trim_start_matches('.')
                .split('.')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let scale = call
            .custom
            .as_ref()
            .and_then(|version| version.at(&["subresources", "scale"]));
        match scale {
            Some(scale) => Self {
                asked: split(scale.str_at(&["specReplicasPath"]).unwrap_or_default()),
                there: split(scale.str_at(&["statusReplicasPath"]).unwrap_or_default()),
                selector: scale.str_at(&["labelSelectorPath"]).map(split),
            },
            None => Self {
                asked: split("spec.replicas"),
                there: split("status.replicas"),
                selector: Some(split("spec.selector")),
            },
        }
    }
}

fn at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

fn set(object: &mut Value, path: &[String], replicas: i64) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    object.set_at(&path, replicas);
}
