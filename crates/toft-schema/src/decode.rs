//! What happens when Go decodes JSON into a struct and writes it again: type errors, unknown fields,
//! and the one form in which a value is stored.
//!
//! Source: `sigs.k8s.io/json` `internal/golang/encoding/json/decode.go`, and the `UnmarshalJSON` and
//! `MarshalJSON` methods of apimachinery 0.36.3.

mod scalar;

use std::fmt::Write as _;

use toft_object::Gvk;
use toft_value::{List, Map, Value};

use crate::go_text;
use crate::prune::decode_custom;
use crate::schema::{Field, Omit, Schema, Shape};
use crate::schemas::Schemas;

/// A value that does not fit its Go type; the text is Go's.
///
/// # Example
/// ```
/// use toft_object::Gvk;
/// use toft_schema::{Schemas, check_types};
/// use toft_value::value;
/// let object = value!({"spec": {"replicas": "3"}});
/// let error = check_types(&Schemas::builtin(), &Gvk::of("apps/v1", "Deployment"), &object);
/// assert_eq!(
///     error.unwrap_err().to_string(),
///     "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct DecodeError {
    text: String,
    restored: Option<String>,
}

impl DecodeError {
    /// How Go tells it of a strategic merge patch, whose outcome is put into the struct without being text
    /// in between; values that read themselves tell the same.
    ///
    /// Source: apimachinery 0.36.3 `pkg/runtime/converter.go`, `fromUnstructured`.
    pub fn restored(&self) -> &str {
        self.restored.as_ref().unwrap_or(&self.text)
    }
}

/// A decoded object.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// As the API server stores it: no unknown field, nothing that Go omits, everything that it writes.
    pub value: Value,
    /// What is unknown, as `unknown field "spec.foo"`, in order of keys.
    pub unknown: Vec<String>,
}

/// How many unknown fields are told. Source: `sigs.k8s.io/json` `kubernetes_patch.go`, saveStrictError.
const UNKNOWN_MAX: usize = 100;

/// Decodes an object of a kind.
///
/// Kinds without a schema are taken as they are. Of a custom resource only the metadata has Go types.
///
/// # Errors
/// A value does not fit its type.
pub fn decode(schemas: &Schemas, gvk: &Gvk, value: &Value) -> Result<Decoded, DecodeError> {
    let Some(schema) = schemas.schema(gvk) else {
        return Ok(Decoded {
            value: value.clone(),
            unknown: Vec::new(),
        });
    };
    if schemas.builtin_schema(gvk).is_none() {
        return decode_custom(schema, value);
    }
    decode_schema(schema, value)
}

/// Decodes a value of a schema, such as the body of a subresource.
///
/// # Errors
/// A value does not fit its type.
pub fn decode_schema(schema: Schema<'_>, value: &Value) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder {
        fields: Vec::new(),
        path: String::new(),
        unknown: Vec::new(),
    };
    let at = At {
        outer: "",
        go_type: schema.go_name(),
    };
    let value = decoder.value(schema, at, value)?;
    Ok(Decoded {
        value,
        unknown: decoder.unknown,
    })
}

/// Tells the first value that does not fit its type.
///
/// # Errors
/// There is one.
pub fn check_types(schemas: &Schemas, gvk: &Gvk, value: &Value) -> Result<(), DecodeError> {
    decode(schemas, gvk, value).map(|_| ())
}

/// The fields that the kind does not have, as `unknown field "spec.foo"`.
pub fn unknown_fields(schemas: &Schemas, gvk: &Gvk, value: &Value) -> Vec<String> {
    decode(schemas, gvk, value).map_or_else(|_| Vec::new(), |decoded| decoded.unknown)
}

/// Where a value is: the struct that has the field, and the type that the field has in Go.
#[derive(Clone, Copy)]
struct At<'a> {
    outer: &'a str,
    go_type: &'a str,
}

/// Source: apimachinery 0.36.3 `pkg/runtime/converter.go`, `fromUnstructured` and what it calls.
fn restored(shape: Shape, at: At<'_>, value: &Value) -> String {
    let kind = match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    };
    let go_kind = match shape {
        Shape::Map => return format!("cannot restore map from {kind}"),
        Shape::List | Shape::Bytes => return format!("cannot restore slice from {kind}"),
        Shape::Object => return format!("cannot restore struct from: {kind}"),
        Shape::Int32 => "int32",
        Shape::Int64 => "int64",
        Shape::Number => "float64",
        Shape::Boolean => "bool",
        Shape::String
        | Shape::IntOrString
        | Shape::Quantity
        | Shape::Time
        | Shape::MicroTime
        | Shape::Duration
        | Shape::Raw
        | Shape::Any => "string",
    };
    // What Go converts, and JSON does not.
    match (kind, go_kind) {
        ("int64", "string") | ("float64", "int32" | "int64") => {
            format!("cannot convert {kind} to {}", at.go_type)
        }
        _ => format!("unrecognized type: {go_kind}"),
    }
}

struct Decoder<'a> {
    /// The fields on the way, as Go tells them: no list indexes, no map keys.
    fields: Vec<&'a str>,
    /// The path as strict decoding tells it.
    path: String,
    unknown: Vec<String>,
}

impl<'a> Decoder<'a> {
    fn value(
        &mut self,
        schema: Schema<'a>,
        at: At<'a>,
        value: &Value,
    ) -> Result<Value, DecodeError> {
        match (schema.shape(), value) {
            (Shape::Any | Shape::Raw, _) => Ok(value.clone()),
            (_, Value::Null) => Ok(zero(schema)),
            (Shape::Object, Value::Map(map)) => self.object(schema, map),
            (Shape::Map, Value::Map(map)) => self.map(schema, at, map),
            (Shape::List, Value::List(items)) => self.list(schema, at, items),
            (shape, _) => scalar::decode(shape, value).map_err(|error| match error {
                scalar::Error::Type { kind, go_type } => {
                    let restored = match go_type {
                        Some(go_type) => self.type_error(&kind, At { outer: "", go_type }),
                        None => restored(shape, at, value),
                    };
                    let go_type = go_type.unwrap_or(at.go_type);
                    DecodeError {
                        text: self.type_error(&kind, At { go_type, ..at }),
                        restored: Some(restored),
                    }
                }
                scalar::Error::Text(text) => DecodeError {
                    text,
                    restored: None,
                },
            }),
        }
    }

    fn type_error(&self, kind: &str, at: At<'_>) -> String {
        if at.outer.is_empty() {
            let go_type = at.go_type;
            return format!("json: cannot unmarshal {kind} into Go value of type {go_type}");
        }
        let outer = at.outer.rsplit('.').next().unwrap_or_default();
        format!(
            "json: cannot unmarshal {kind} into Go struct field {outer}.{} of type {}",
            self.fields.join("."),
            at.go_type
        )
    }

    /// Walks in order of keys, as Go walks JSON that is written so: errors come in that order.
    fn object(&mut self, schema: Schema<'a>, map: &Map) -> Result<Value, DecodeError> {
        let mut written = Vec::with_capacity(map.len());
        for (key, value) in map {
            match schema.field(key) {
                None => self.tell_unknown(key),
                Some(_) if value.is_null() => {}
                Some(field) => written.push((field.name(), self.field(schema, field, value)?)),
            }
        }
        let mut written = written.into_iter().peekable();
        let mut entries = Vec::with_capacity(map.len());
        for field in schema.fields() {
            let value = written.next_if(|(name, _)| *name == field.name());
            let value = value.map(|(_, value)| value);
            let value = if is_reset(schema, field, value.as_ref()) {
                value
            } else {
                kept(field, value)
            };
            entries.extend(value.map(|value| (field.name().clone(), value)));
        }
        Ok(Value::Map(Map::from_entries(entries)))
    }

    fn tell_unknown(&mut self, key: &str) {
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown
                .push(format!("unknown field {}", go_text::quote(&path)));
        }
    }

    fn field(
        &mut self,
        schema: Schema<'a>,
        field: Field<'a>,
        value: &Value,
    ) -> Result<Value, DecodeError> {
        let (fields, path) = (self.fields.len(), self.path.len());
        if field.is_inlined() {
            self.fields.extend(schema.inline_name(field));
        }
        self.fields.push(field.name());
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(field.name());
        let at = At {
            outer: schema.go_name(),
            go_type: field.go_type(),
        };
        let decoded = self.value(field.schema(), at, value)?;
        self.fields.truncate(fields);
        self.path.truncate(path);
        Ok(decoded)
    }

    fn map(&mut self, schema: Schema<'a>, at: At<'a>, map: &Map) -> Result<Value, DecodeError> {
        let Some(values) = schema.values() else {
            return Ok(Value::Map(map.clone()));
        };
        let at = At {
            go_type: element_type(at.go_type, values),
            ..at
        };
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            let path = self.path.len();
            self.path.push('.');
            self.path.push_str(key);
            entries.push((key.clone(), self.value(values, at, value)?));
            self.path.truncate(path);
        }
        Ok(Value::Map(Map::from_entries(entries)))
    }

    fn list(&mut self, schema: Schema<'a>, at: At<'a>, list: &List) -> Result<Value, DecodeError> {
        let Some(items) = schema.items() else {
            return Ok(Value::List(list.clone()));
        };
        let at = At {
            go_type: element_type(at.go_type, items),
            ..at
        };
        let mut decoded = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let path = self.path.len();
            let _ = write!(self.path, "[{index}]");
            decoded.push(self.value(items, at, value)?);
            self.path.truncate(path);
        }
        Ok(Value::List(decoded.into()))
    }
}

/// An empty list of managed fields, which asks to reset them: Go tells it from none, so it stays.
fn is_reset(schema: Schema<'_>, field: Field<'_>, written: Option<&Value>) -> bool {
    field.name() == "managedFields"
        && schema.go_name() == "v1.ObjectMeta"
        && written
            .and_then(Value::as_list)
            .is_some_and(|list| list.is_empty())
}

/// The Go type of items or values: `v1.Container` of `[]v1.Container`.
fn element_type<'a>(go_type: &'a str, element: Schema<'a>) -> &'a str {
    let inner = go_type.strip_prefix("[]").or_else(|| {
        let (_, value) = go_type.strip_prefix("map[")?.split_once(']')?;
        Some(value)
    });
    match inner {
        Some(inner) => inner.trim_start_matches('*'),
        None if !element.go_name().is_empty() => element.go_name(),
        None => "string",
    }
}

/// What Go writes for a field: `None` where it leaves the field out.
fn kept(field: Field<'_>, value: Option<Value>) -> Option<Value> {
    let schema = field.schema();
    let omitted = match (&value, field.omit()) {
        (None, Omit::Empty) if !field.is_pointer() => !always_written(schema),
        (None, Omit::Empty | Omit::Zero) => true,
        (Some(value), Omit::Empty) => !field.is_pointer() && is_empty(schema, value),
        (Some(value), Omit::Zero) => !field.is_pointer() && is_zero(schema, value),
        (_, Omit::Never) => false,
    };
    if omitted {
        return None;
    }
    Some(match value {
        Some(value) => value,
        None if field.is_pointer() => Value::Null,
        None => zero(schema),
    })
}

/// A struct is never empty, so that `omitempty` does not omit it.
fn always_written(schema: Schema<'_>) -> bool {
    matches!(
        schema.shape(),
        Shape::Object
            | Shape::Quantity
            | Shape::IntOrString
            | Shape::Time
            | Shape::MicroTime
            | Shape::Duration
            | Shape::Raw
    )
}

fn is_empty(schema: Schema<'_>, value: &Value) -> bool {
    if always_written(schema) {
        return false;
    }
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::UInt(_) => false,
        Value::Float(value) => *value == 0.0,
        Value::Str(value) => value.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
    }
}

fn is_zero(schema: Schema<'_>, value: &Value) -> bool {
    match (schema.shape(), value) {
        (_, Value::Null) => true,
        // Empty but made: not zero.
        (Shape::Map | Shape::List | Shape::Any | Shape::Raw, _) => false,
        (Shape::Object, Value::Map(map)) => map.iter().all(|(key, value)| {
            let field = schema.field(key);
            field.is_none_or(|field| !field.is_pointer() && is_zero(field.schema(), value))
        }),
        (Shape::Quantity, Value::Str(text)) => text == "0",
        _ => is_empty(schema, value) || *value == zero(schema),
    }
}

/// The zero of a type as Go writes it.
fn zero(schema: Schema<'_>) -> Value {
    match schema.shape() {
        Shape::Object => {
            let entries = schema
                .fields()
                .filter_map(|field| Some((field.name().clone(), kept(field, None)?)));
            Value::Map(entries.collect())
        }
        Shape::String => Value::from(""),
        Shape::Int32 | Shape::Int64 | Shape::IntOrString | Shape::Number => Value::Int(0),
        Shape::Boolean => Value::Bool(false),
        Shape::Quantity => Value::from("0"),
        Shape::Duration => Value::from("0s"),
        Shape::Map
        | Shape::List
        | Shape::Time
        | Shape::MicroTime
        | Shape::Bytes
        | Shape::Raw
        | Shape::Any => Value::Null,
    }
}
