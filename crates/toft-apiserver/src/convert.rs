//! Versions of one resource: which is kept, and how the others read it.
//!
//! A closed list. Where two versions have the same fields, only `apiVersion` changes.

use std::borrow::Cow;

use toft_object::{GroupResource, Gvk};
use toft_schema::Schemas;
use toft_value::{Map, Value, value};

/// A group and a resource.
type Named = (&'static str, &'static str);

/// Two names of one resource: the objects are kept under the first.
const COHABITANTS: &[(Named, Named)] = &[(("", "events"), ("events.k8s.io", "events"))];

/// The version in which the objects of a built-in resource with several versions are kept.
const STORED: &[(&str, &str, &str)] = &[
    ("", "events", "v1"),
    ("autoscaling", "horizontalpodautoscalers", "autoscaling/v2"),
];

type Conversion = fn(&mut Value);

/// How versions that differ are read from what is kept, and kept: kind, version, both ways.
const CONVERSIONS: &[(&str, &str, Conversion, Conversion)] = &[
    ("Event", "events.k8s.io/v1", event_outward, event_inward),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v1",
        autoscaler_outward,
        autoscaler_inward,
    ),
];

/// The resource under which the objects of a resource are kept.
pub(crate) fn stored_resource(resource: &GroupResource) -> GroupResource {
    let named =
        |pair: &&(Named, Named)| pair.1 == (resource.group.as_str(), resource.resource.as_str());
    COHABITANTS.iter().find(named).map_or_else(
        || resource.clone(),
        |pair| GroupResource::new(pair.0.0, pair.0.1),
    )
}

/// An object as it is kept, in another version.
pub(crate) fn to_version(schemas: &Schemas, value: &Value, gvk: &Gvk) -> Value {
    let mut value = value.clone();
    let wanted = gvk.api_version();
    if value.str_at(&["apiVersion"]) == Some(wanted.as_str()) {
        return value;
    }
    value.set_at(&["apiVersion"], wanted);
    match conversion(gvk) {
        None => value,
        Some(conversion) => {
            (conversion.2)(&mut value);
            as_written(schemas, value, gvk)
        }
    }
}

/// An object of the version `gvk`, as it is kept.
pub(crate) fn to_stored(
    schemas: &Schemas,
    mut value: Value,
    (stored, gvk): (&GroupResource, &Gvk),
) -> Value {
    let kept = STORED
        .iter()
        .find(|entry| entry.0 == stored.group && entry.1 == stored.resource);
    let Some((_, _, version)) = kept.filter(|(_, _, version)| gvk.api_version() != *version) else {
        return value;
    };
    let Some(conversion) = conversion(gvk) else {
        return value;
    };
    (conversion.3)(&mut value);
    value.set_at(&["apiVersion"], *version);
    as_written(schemas, value, &Gvk::of(version, &gvk.kind))
}

/// An object as printers read it: in the version in which it is kept.
pub(crate) fn printed<'v>(value: &'v Value, gvk: &Gvk) -> Cow<'v, Value> {
    match conversion(gvk) {
        None => Cow::Borrowed(value),
        Some(conversion) => {
            let mut value = value.clone();
            (conversion.3)(&mut value);
            Cow::Owned(value)
        }
    }
}

/// An object as it reads once it was kept: what is binary there cannot tell an empty list from none.
///
/// Source: gogo protobuf; apimachinery 0.36.3 `pkg/runtime/serializer/protobuf`.
pub(crate) fn without_empty_lists(mut value: Value) -> Value {
    if has_empty_list(&value) {
        forget_empty_lists(&mut value);
    }
    value
}

/// Fields whose content the server keeps as the bytes that it got.
const BYTES: &[&str] = &["data", "managedFields", "parameters", "raw"];

fn has_empty_list(value: &Value) -> bool {
    match value {
        Value::Map(map) => map
            .iter()
            .any(|(key, inner)| !BYTES.contains(&key.as_str()) && has_empty_list(inner)),
        Value::List(list) => list.is_empty() || list.iter().any(has_empty_list),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::Str(_) => false,
    }
}

fn forget_empty_lists(value: &mut Value) {
    match value {
        Value::Map(map) => {
            let keys: Vec<_> = map.iter().map(|(key, _)| key.clone()).collect();
            for key in keys.iter().filter(|key| !BYTES.contains(&key.as_str())) {
                if let Some(inner) = map.get_mut(key) {
                    forget_empty_lists(inner);
                }
            }
        }
        Value::List(list) if list.is_empty() => *value = Value::Null,
        Value::List(list) => list.make_mut().iter_mut().for_each(forget_empty_lists),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::Str(_) => {}
    }
}

/// The object with what its version writes of fields that nobody set.
fn as_written(schemas: &Schemas, value: Value, gvk: &Gvk) -> Value {
    match toft_schema::decode(schemas, gvk, &value) {
        Ok(decoded) => decoded.value,
        Err(_) => value,
    }
}

fn conversion(gvk: &Gvk) -> Option<&'static (&'static str, &'static str, Conversion, Conversion)> {
    let version = gvk.api_version();
    CONVERSIONS
        .iter()
        .find(|entry| entry.0 == gvk.kind && entry.1 == version)
}

/// The fields of an event that have other names in `events.k8s.io/v1`.
///
/// Source: Kubernetes 1.36.3 `pkg/apis/events/v1/conversion.go`.
const EVENT_NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn rename(value: &mut Value, from: &str, to: &str) {
    if let Some(map) = value.as_map_mut()
        && let Some(moved) = map.remove(from)
    {
        map.insert(to, moved);
    }
}

fn event_outward(value: &mut Value) {
    for (old, new) in EVENT_NAMES {
        rename(value, old, new);
    }
}

fn event_inward(value: &mut Value) {
    for (old, new) in EVENT_NAMES {
        rename(value, new, old);
    }
}

/// `autoscaling/v1` knows one metric: the average use of the CPU.
///
/// Source: Kubernetes 1.36.3 `pkg/apis/autoscaling/v1/conversion.go`; what v1 cannot say travels in
/// annotations there.
fn autoscaler_outward(value: &mut Value) {
    const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
    const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
    let (cpu, others): (Vec<Value>, Vec<Value>) = value
        .items_at(&["spec", "metrics"])
        .iter()
        .cloned()
        .partition(is_cpu_use);
    value.remove_at(&["spec", "metrics"]);
    if let Some(target) = cpu
        .first()
        .and_then(|metric| metric.i64_at(&["resource", "target", "averageUtilization"]))
    {
        value.set_at(&["spec", "targetCPUUtilizationPercentage"], target);
    }
    if !others.is_empty() {
        value.set_at(
            &["metadata", "annotations", METRICS],
            Value::from(others).to_json(),
        );
    }
    if let Some(behavior) = value.remove_at(&["spec", "behavior"]) {
        value.set_at(&["metadata", "annotations", BEHAVIOR], behavior.to_json());
    }
}

fn is_cpu_use(metric: &Value) -> bool {
    metric.str_at(&["type"]) == Some("Resource")
        && metric.str_at(&["resource", "name"]) == Some("cpu")
        && metric
            .i64_at(&["resource", "target", "averageUtilization"])
            .is_some()
}

fn autoscaler_inward(value: &mut Value) {
    const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
    const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
    let mut metrics = Vec::new();
    if let Some(text) = take_annotation(value, METRICS)
        && let Ok(others) = Value::from_json(text.as_bytes())
    {
        metrics.extend(others.items().iter().cloned());
    }
    if let Some(text) = take_annotation(value, BEHAVIOR)
        && let Ok(behavior) = Value::from_json(text.as_bytes())
    {
        value.set_at(&["spec", "behavior"], behavior);
    }
    if let Some(target) = value.remove_at(&["spec", "targetCPUUtilizationPercentage"]) {
        metrics.push(value!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}}));
    }
    if !metrics.is_empty() {
        value.set_at(&["spec", "metrics"], Value::from(metrics));
    }
}

fn take_annotation(value: &mut Value, key: &str) -> Option<String> {
    let text = value
        .remove_at(&["metadata", "annotations", key])?
        .as_str()?
        .to_owned();
    if value
        .at(&["metadata", "annotations"])
        .and_then(Value::as_map)
        .is_some_and(Map::is_empty)
    {
        value.remove_at(&["metadata", "annotations"]);
    }
    Some(text)
}
