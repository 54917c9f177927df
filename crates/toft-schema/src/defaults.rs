//! What the API server fills in.
//!
//! Source: kubernetes 1.36.3 `pkg/apis/*/v1/{defaults,zz_generated.defaults}.go`. What OpenAPI declares is
//! taken from the schema; the rest is a closed list of [`literal`] defaults and [`rules`].

mod image;
mod literal;
mod round_trip;
mod rules;

use toft_object::{Gvk, Quantity};
use toft_value::{Map, Value};

use crate::schema::{Field, Schema, Shape};
use crate::schemas::Schemas;

/// Sets the defaults of an object: what upstream's `SetDefaults_…` functions and a CRD's schema give, and
/// what upstream's round trip through its internal types changes.
///
/// The object is decoded. Kinds without a schema are left alone.
///
/// # Example
/// ```
/// use toft_object::Gvk;
/// use toft_schema::{Schemas, apply_defaults};
/// use toft_value::value;
/// let mut object = value!({"spec": {"template": {"spec": {"containers": [{"image": "nginx"}]}}}});
/// apply_defaults(&Schemas::builtin(), &Gvk::of("apps/v1", "Deployment"), &mut object);
/// assert_eq!(object.i64_at(&["spec", "replicas"]), Some(1));
/// let container = &object.items_at(&["spec", "template", "spec", "containers"])[0];
/// assert_eq!(container.str_at(&["imagePullPolicy"]), Some("Always"));
/// ```
pub fn apply_defaults(schemas: &Schemas, gvk: &Gvk, object: &mut Value) {
    if let Some(schema) = schemas.builtin_schema(gvk) {
        walk(schema, object);
    } else if let Some(schema) = schemas.schema(gvk) {
        declared(schema, object);
    }
}

/// Fields of features that are off unless somebody turns them on; a server drops them from what it is sent.
///
/// Source: kubernetes 1.36.3 `pkg/features/kube_features.go`, and `dropDisabledFields` of each kind.
const DISABLED: &[(&str, &str)] = &[
    ("apps.v1.RollingUpdateStatefulSetStrategy", "maxUnavailable"),
    ("core.v1.Lifecycle", "stopSignal"),
    ("core.v1.PodSpec", "schedulingGroup"),
    ("core.v1.VolumeProjection", "clusterTrustBundle"),
    ("storage.v1.CSIDriverSpec", "preventPodSchedulingIfMissing"),
];

/// Parents first, as upstream does, so that what a parent fills in gets its own defaults.
fn walk(schema: Schema<'_>, value: &mut Value) {
    match (schema.shape(), value) {
        (Shape::Object, Value::Map(map)) => {
            let name = schema.name().trim_start_matches("io.k8s.api.");
            for (_, field) in DISABLED.iter().filter(|(type_, _)| *type_ == name) {
                map.remove(field);
            }
            rules::apply(name, map);
            for field in schema.fields() {
                if let Some(default) = missing_default(field, map) {
                    map.insert(field.name().clone(), default);
                }
            }
            literal::apply(name, schema, map);
            for field in schema.fields().filter(|field| can_hold(field.schema())) {
                if let Some(inner) = map.get_mut(field.name()) {
                    walk(field.schema(), inner);
                }
            }
            round_trip::apply(name, map);
        }
        (Shape::List, Value::List(items)) => {
            if let Some(inner) = schema.items().filter(|inner| can_hold(*inner)) {
                for item in items.make_mut() {
                    walk(inner, item);
                }
            }
        }
        (Shape::Map, Value::Map(map)) => match schema.values() {
            Some(values) if values.shape() == Shape::Quantity => round_quantities(map),
            Some(values) if can_hold(values) => {
                for value in map.values_mut() {
                    walk(values, value);
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// Whether a value of the schema can have defaults inside.
fn can_hold(schema: Schema<'_>) -> bool {
    matches!(schema.shape(), Shape::Object | Shape::List | Shape::Map)
}

/// The default that the schema declares for a field without a value; that a zero is written is no default.
fn missing_default(field: Field<'_>, map: &Map) -> Option<Value> {
    let default = field.default()?;
    if field.is_pointer() {
        return map
            .get(field.name())
            .is_none_or(Value::is_null)
            .then(|| default.clone());
    }
    (!is_zero(Some(default)) && is_zero(map.get(field.name()))).then(|| default.clone())
}

/// Whether a field that is no pointer has no value.
fn is_zero(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Str(text)) => text.is_empty(),
        Some(Value::Int(number)) => *number == 0,
        Some(Value::Bool(value)) => !value,
        Some(Value::List(items)) => items.is_empty(),
        Some(Value::Map(map)) => map.is_empty(),
        Some(Value::UInt(_) | Value::Float(_)) => false,
    }
}

/// Amounts of resources are rounded up to a thousandth.
/// Source: `SetDefaults_ResourceList` in core/v1 `defaults.go`.
fn round_quantities(map: &mut Map) {
    let rounded: Vec<_> = map
        .iter()
        .filter_map(|(key, value)| {
            let quantity = Quantity::from_value(value).ok()?;
            let rounded = quantity
                .is_finer_than_milli()
                .then(|| quantity.rounded_to_milli())?;
            Some((key.clone(), rounded.to_string()))
        })
        .collect();
    for (key, text) in rounded {
        map.insert(key, text);
    }
}

/// The defaults that a CRD's schema declares: set where there is no value, or `null` that is not allowed.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/schema/defaulting/algorithm.go`.
fn declared(schema: Schema<'_>, value: &mut Value) {
    match value {
        Value::Map(map) => {
            for field in schema.fields() {
                let Some(default) = field.default() else {
                    continue;
                };
                let is_missing = match map.get(field.name()) {
                    None => true,
                    Some(Value::Null) => !field.schema().is_nullable(),
                    Some(_) => false,
                };
                if is_missing {
                    map.insert(field.name().clone(), default.clone());
                }
            }
            let keys: Vec<_> = map.keys().cloned().collect();
            for key in keys {
                let inner = match schema.field(&key) {
                    Some(field) => Some(field.schema()),
                    None => schema.element_of_object(),
                };
                if let (Some(inner), Some(value)) = (inner, map.get_mut(&key)) {
                    declared(inner, value);
                }
            }
        }
        Value::List(items) => {
            if let Some(inner) = schema.items() {
                for item in items.make_mut() {
                    declared(inner, item);
                }
            }
        }
        _ => {}
    }
}

/// Removes every `null` that is no value of its field and that no default replaces; items of lists stay.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/schema/defaulting/prunenulls.go`,
/// `PruneNonNullableNullsWithoutDefaults`.
pub(crate) fn drop_nulls(schema: Schema<'_>, value: &mut Value) {
    match value {
        Value::Map(map) => {
            let inner = |key: &str| match schema.field(key) {
                Some(field) => Some(field.schema()),
                None => schema.element_of_object(),
            };
            map.retain(|key, value| {
                let has_default = || schema.field(key).is_some_and(|one| one.default().is_some());
                !value.is_null() || inner(key).is_none_or(Schema::is_nullable) || has_default()
            });
            let keys: Vec<_> = map.keys().cloned().collect();
            for key in keys {
                if let (Some(inner), Some(value)) = (inner(&key), map.get_mut(&key)) {
                    drop_nulls(inner, value);
                }
            }
        }
        Value::List(items) => {
            if let Some(inner) = schema.items() {
                for item in items.make_mut() {
                    drop_nulls(inner, item);
                }
            }
        }
        _ => {}
    }
}
