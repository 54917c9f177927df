//! Server-side apply: who owns which field, and what a request changes about it.
//!
//! Source: apimachinery 0.36.3 `pkg/util/managedfields`, structured-merge-diff v6.3.3.

mod error;
mod last_applied;
mod owner;
mod path;
mod reset;
mod set;
mod typed;
mod updater;

pub use error::{ApplyError, Conflict};
pub use path::PathElement;
pub use set::FieldSet;

use toft_object::{Gvk, Time};
use toft_value::{Map, Value};

use crate::decode::decode_schema;
use crate::schemas::Schemas;
use owner::{Managed, Manager, Operation};
use typed::Type;

/// What an apply or an update needs to know about its request.
#[derive(Clone, Copy)]
pub struct ApplyContext<'a> {
    /// All kinds.
    pub schemas: &'a Schemas,
    /// The kind in the version of the request.
    pub gvk: &'a Gvk,
    /// When it happens.
    pub now: Time,
    /// Who does it; empty is `unknown`.
    pub manager: &'a str,
    /// What the URL names below the object; empty for the object itself.
    pub subresource: &'a str,
    /// Whether an apply takes over what others own.
    pub force: bool,
}

/// The object after an apply, with its managed fields; decoded and with its defaults, not yet validated.
///
/// `live` is `None` where the object is created.
///
/// # Errors
/// Other managers own fields that would change, or the applied object does not fit its kind.
///
/// # Example
/// ```
/// use toft_object::{Gvk, Time};
/// use toft_schema::{Schemas, apply};
/// use toft_value::value;
/// let schemas = Schemas::builtin();
/// let gvk = Gvk::of("v1", "ConfigMap");
/// let context = apply::ApplyContext {
///     schemas: &schemas,
///     gvk: &gvk,
///     now: Time::from_seconds(0),
///     manager: "me",
///     subresource: "",
///     force: false,
/// };
/// let config = value!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}});
/// let object = apply::apply(&context, None, &config).unwrap();
/// let owned = object.at(&["metadata", "managedFields"]).unwrap().items()[0].at(&["fieldsV1"]);
/// assert_eq!(owned, Some(&value!({"f:data": {"f:a": {}}})));
/// ```
pub fn apply(
    context: &ApplyContext<'_>,
    live: Option<&Value>,
    config: &Value,
) -> Result<Value, ApplyError> {
    check_config(context, config)?;
    let live = live.cloned().unwrap_or_else(|| empty_object(context));
    let managed = Managed::decode(managed_fields(&live)).map_err(|error| {
        ApplyError::Internal(format!("failed to decode managed fields: {error}"))
    })?;
    let live = without_managed_fields(&live);
    let managed = if managed.is_empty() {
        let first = ApplyContext {
            manager: "before-first-apply",
            ..*context
        };
        let empty = without_managed_fields(&empty_object(context));
        updater::update(&first, (&empty, &live), managed).map_err(|error| {
            ApplyError::Internal(format!(
                "failed to create manager for existing fields: {error}"
            ))
        })?
    } else {
        managed
    };
    let outcome = updater::apply(context, (&live, config), managed.clone());
    let (mut object, managed) = match outcome {
        Err(ApplyError::Conflicts(conflicts)) if context.manager == last_applied::MANAGER => {
            let left = last_applied::unsettled(context, &live, conflicts)?;
            if !left.is_empty() {
                return Err(ApplyError::Conflicts(left));
            }
            let forced = ApplyContext {
                force: true,
                ..*context
            };
            updater::apply(&forced, (&live, config), managed)?
        }
        other => other?,
    };
    if context.manager == last_applied::MANAGER {
        last_applied::renew(&mut object, config);
    }
    managed.encode_into(&mut object);
    Ok(object)
}

/// The object that a create, update or patch writes, with its managed fields.
///
/// `live` is `None` where the object is created; both objects are decoded and have their defaults.
pub fn update(context: &ApplyContext<'_>, live: Option<&Value>, new: &Value) -> Value {
    let is_tracked = live.is_none_or(|live| live.str_at(&["metadata", "uid"]).is_none());
    let live = live.cloned().unwrap_or_else(|| empty_object(context));
    let managed = managed_of_request(context, &live, new);
    let mut object = without_managed_fields(new);
    if managed.is_empty() && !is_tracked {
        return object;
    }
    let live = without_managed_fields(&live);
    // Upstream writes an object that does not fit its kind without managed fields.
    if let Ok(managed) = updater::update(context, (&live, &object), managed) {
        managed.capped().encode_into(&mut object);
    }
    object
}

/// The object that will be stored if only times of managed fields changed: the live one.
///
/// Upstream writes nothing then, and so must who stores it.
pub fn without_idle_times(live: &Value, new: Value) -> Value {
    let timeless = |object: &Value| {
        let mut object = object.clone();
        if let Some(entries) = object.at_mut(&["metadata", "managedFields"])
            && let Some(entries) = entries.as_list_mut()
        {
            for entry in entries.make_mut() {
                entry.remove_at(&["time"]);
            }
        }
        object
    };
    if typed::equal(&timeless(live), &timeless(&new)) {
        live.clone()
    } else {
        new
    }
}

fn check_config(context: &ApplyContext<'_>, config: &Value) -> Result<(), ApplyError> {
    let text = |key: &str| config.str_at(&[key]).unwrap_or_default();
    let gvk = Gvk::of(text("apiVersion"), text("kind"));
    if gvk != *context.gvk {
        return Err(ApplyError::Bad(format!(
            "invalid object type: {}",
            error::print_gvk(&gvk)
        )));
    }
    match managed_fields(config) {
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(ApplyError::Bad(
            "metadata.managedFields must be nil".to_owned(),
        )),
    }
}

/// Managed fields come from the request where it has some; an empty list or entry resets them.
fn managed_of_request(context: &ApplyContext<'_>, live: &Value, new: &Value) -> Managed {
    let of_live = || Managed::decode(managed_fields(live)).unwrap_or_default();
    if !context.subresource.is_empty() {
        return of_live();
    }
    let requested = managed_fields(new);
    if let Some(Value::List(entries)) = requested {
        let is_reset = match entries.as_slice() {
            [] => true,
            [one] => one.as_map().is_some_and(Map::is_empty),
            _ => false,
        };
        if is_reset {
            return Managed::default();
        }
    }
    match Managed::decode(requested) {
        Ok(managed) if !managed.is_empty() => managed,
        _ => of_live(),
    }
}

fn managed_fields(object: &Value) -> Option<&Value> {
    object.at(&["metadata", "managedFields"])
}

fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    object.remove_at(&["metadata", "managedFields"]);
    object
}

/// What a new object of the kind is before anything is set: for built-in kinds Go's zero.
fn empty_object(context: &ApplyContext<'_>) -> Value {
    let mut object = Map::new();
    object.insert("apiVersion", context.gvk.api_version());
    object.insert("kind", context.gvk.kind.clone());
    let object = Value::Map(object);
    match context.schemas.builtin_schema(context.gvk) {
        Some(schema) => decode_schema(schema, &object).map_or(object, |decoded| decoded.value),
        None => object,
    }
}

impl<'a> ApplyContext<'a> {
    /// The type of the kind in a version; `None` where that version is unknown.
    fn type_in(&self, api_version: &str) -> Option<Type<'a>> {
        let gvk = Gvk::of(api_version, &self.gvk.kind);
        match self.schemas.schema(&gvk) {
            Some(schema) => Some(Type::of(schema)),
            None if gvk == *self.gvk => Some(Type::Deduced),
            None => None,
        }
    }

    fn manager_of(&self, operation: Operation) -> Manager {
        let name = if self.manager.is_empty() {
            "unknown"
        } else {
            self.manager
        };
        Manager::new(name, operation, &self.gvk.api_version()).below(self.subresource)
    }
}
