//! Removing what a CRD's schema does not name.
//!
//! Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/schema/pruning/algorithm.go`.

use toft_object::Gvk;
use toft_value::{Map, Value};

use crate::decode::{DecodeError, Decoded, decode_schema};
use crate::defaults::drop_nulls;
use crate::go_text;
use crate::schema::Schema;
use crate::schemas::Schemas;

/// Removes the fields of a custom resource that its schema does not name; other objects are left alone.
pub fn prune(schemas: &Schemas, gvk: &Gvk, object: &mut Value) {
    if schemas.builtin_schema(gvk).is_none()
        && let Some(schema) = schemas.schema(gvk)
    {
        let mut pruner = Pruner::default();
        *object = pruner.prune(Some(schema), object);
    }
}

/// Removes every `null` of a custom resource that is no value of its field and that no default replaces;
/// other objects are left alone.
///
/// Source: apiextensions-apiserver 0.36.3 `pkg/apiserver/customresource_handler.go`,
/// `unstructuredSchemaCoercer`.
pub fn prune_nulls(schemas: &Schemas, gvk: &Gvk, object: &mut Value) {
    if schemas.builtin_schema(gvk).is_none()
        && let Some(schema) = schemas.schema(gvk)
    {
        drop_nulls(schema, object);
    }
}

/// Decodes a custom resource: its metadata has Go types, the rest is pruned.
pub(crate) fn decode_custom(schema: Schema<'_>, object: &Value) -> Result<Decoded, DecodeError> {
    let mut pruner = Pruner::default();
    let mut value = pruner.prune(Some(schema), object);
    drop_nulls(schema, &mut value);
    let mut unknown = pruner.unknown;
    let metadata = schema.field("metadata").zip(object.get("metadata"));
    if let Some((field, metadata)) = metadata.filter(|(_, metadata)| !metadata.is_null()) {
        let decoded = decode_schema(field.schema(), metadata)?;
        for message in decoded.unknown {
            let path = message.trim_start_matches("unknown field \"");
            unknown.push(format!("metadata.{}", path.trim_end_matches('"')));
        }
        value.set_at(&["metadata"], decoded.value);
    }
    unknown.sort();
    let unknown = unknown.iter();
    let unknown = unknown.map(|path| format!("unknown field {}", go_text::quote(path)));
    Ok(Decoded {
        value,
        unknown: unknown.collect(),
    })
}

/// Fields of every object, which are pruned nowhere.
const OF_EVERY_OBJECT: &[&str] = &["apiVersion", "kind", "metadata"];

#[derive(Default)]
struct Pruner {
    path: String,
    unknown: Vec<String>,
}

impl Pruner {
    fn prune(&mut self, schema: Option<Schema<'_>>, value: &Value) -> Value {
        match value {
            Value::Map(map) => self.map(schema, map),
            Value::List(items) => {
                let mut kept = Vec::with_capacity(items.len());
                let inner = schema.and_then(Schema::items);
                let is_free = schema.is_some_and(Schema::is_preserving) && inner.is_none();
                for (at, item) in items.iter().enumerate() {
                    let length = self.path.len();
                    self.path.push_str(&go_text::index(at));
                    kept.push(if is_free {
                        item.clone()
                    } else {
                        self.prune(inner, item)
                    });
                    self.path.truncate(length);
                }
                Value::from(kept)
            }
            scalar => scalar.clone(),
        }
    }

    fn map(&mut self, schema: Option<Schema<'_>>, map: &Map) -> Value {
        let is_free = schema.is_some_and(Schema::is_preserving);
        let mut kept = Vec::with_capacity(map.len());
        for (key, value) in map {
            let is_embedded = schema.is_some_and(Schema::is_embedded) || self.path.is_empty();
            if is_embedded && OF_EVERY_OBJECT.contains(&key.as_str()) {
                kept.push((key.clone(), value.clone()));
                continue;
            }
            let inner = schema.and_then(|schema| match schema.field(key) {
                Some(field) => Some(field.schema()),
                None => schema.element_of_object(),
            });
            let length = self.path.len();
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(key);
            match inner {
                Some(inner) => kept.push((key.clone(), self.prune(Some(inner), value))),
                None if is_free => kept.push((key.clone(), value.clone())),
                None => self.unknown.push(self.path.clone()),
            }
            self.path.truncate(length);
        }
        Value::Map(Map::from_entries(kept))
    }
}
