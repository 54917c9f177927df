//! A value that is a Kubernetes object.

use std::fmt;

use smol_str::SmolStr;
use toft_value::{Map, Value};

use crate::gvk::{GroupKind, Gvk};

/// Why a value is no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The value is no map.
    #[error("not a map")]
    NotAMap,
    /// `apiVersion` is missing, empty or no string.
    #[error("`apiVersion` is missing")]
    ApiVersionMissing,
    /// `kind` is missing, empty or no string.
    #[error("`kind` is missing")]
    KindMissing,
}

/// A value that is a Kubernetes object: a map with `apiVersion` and `kind`.
///
/// A clone is cheap. Accessors read the value; a missing text reads as empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Object(Value);

/// Which object it is, whatever its version. Ordered by group, kind, namespace, name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The API group; empty for core.
    pub group: SmolStr,
    /// The kind.
    pub kind: SmolStr,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: SmolStr,
    /// The name.
    pub name: SmolStr,
}

impl Object {
    /// Takes a value as an object.
    ///
    /// # Errors
    /// The value is no map, or has no `apiVersion` or `kind`.
    pub fn new(value: Value) -> Result<Self, ObjectError> {
        let object = Self::unversioned(value)?;
        if object.api_version().is_empty() {
            return Err(ObjectError::ApiVersionMissing);
        }
        Ok(object)
    }

    /// As [`Object::new`], but `apiVersion` may be missing: kustomize builds such objects, and only the
    /// API server refuses them.
    ///
    /// # Errors
    /// The value is no map, or has no `kind`.
    pub fn unversioned(value: Value) -> Result<Self, ObjectError> {
        let map = value.as_map().ok_or(ObjectError::NotAMap)?;
        let kind = map.get("kind").and_then(Value::as_str);
        if kind.is_none_or(str::is_empty) {
            return Err(ObjectError::KindMissing);
        }
        Ok(Self(value))
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The value, to change; `apiVersion` and `kind` must stay.
    pub fn value_mut(&mut self) -> &mut Value {
        &mut self.0
    }

    /// The value itself.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// The `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.0.str_at(&["apiVersion"]).unwrap_or_default()
    }

    /// The `kind`.
    pub fn kind(&self) -> &str {
        self.0.str_at(&["kind"]).unwrap_or_default()
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        Gvk::of(self.api_version(), self.kind())
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0.str_at(&["metadata", "name"]).unwrap_or_default()
    }

    /// The namespace; empty where none is written.
    pub fn namespace(&self) -> &str {
        self.0
            .str_at(&["metadata", "namespace"])
            .unwrap_or_default()
    }

    /// The uid; empty before the API server gave one.
    pub fn uid(&self) -> &str {
        self.0.str_at(&["metadata", "uid"]).unwrap_or_default()
    }

    /// The labels; `None` where there are none.
    pub fn labels(&self) -> Option<&Map> {
        self.0.at(&["metadata", "labels"])?.as_map()
    }

    /// One label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels()?.get(key)?.as_str()
    }

    /// One annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0.str_at(&["metadata", "annotations", key])
    }

    /// Puts a text at a path of keys, such as `["metadata", "annotations", key]`.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        self.0.set_at(path, value);
    }

    /// Which object this is.
    pub fn id(&self) -> ObjectId {
        let gvk = self.gvk();
        ObjectId {
            group: gvk.group,
            kind: gvk.kind,
            namespace: self.namespace().into(),
            name: self.name().into(),
        }
    }
}

impl ObjectId {
    /// The kind of the object.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            group: self.group.clone(),
            kind: self.kind.clone(),
        }
    }
}

/// `Deployment.apps media/sonarr`, `Namespace media`.
impl fmt::Display for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ", self.group_kind())?;
        if !self.namespace.is_empty() {
            write!(out, "{}/", self.namespace)?;
        }
        out.write_str(&self.name)
    }
}
