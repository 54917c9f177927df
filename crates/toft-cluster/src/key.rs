//! What a controller reconciles.

use std::fmt;

use smol_str::SmolStr;
use toft_object::GroupResource;
use toft_value::Value;

use crate::meta;

/// What a controller reconciles: mostly an object of its own resource.
///
/// `resource` is filled only by controllers that look after objects of every resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The resource, for controllers that look after more than one.
    pub(crate) resource: GroupResource,
    /// The namespace; empty for cluster-scoped objects.
    pub(crate) namespace: SmolStr,
    /// The name.
    pub(crate) name: SmolStr,
}

impl Key {
    /// A key without resource.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            resource: GroupResource::default(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The key of an object, without resource.
    pub(crate) fn of(object: &Value) -> Self {
        Self::new(meta::namespace(object), meta::name(object))
    }

    /// The key of an object of a resource.
    pub(crate) fn full(resource: &GroupResource, object: &Value) -> Self {
        Self {
            resource: resource.clone(),
            ..Self::of(object)
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.resource.resource.is_empty() {
            write!(out, "{} ", self.resource)?;
        }
        if !self.namespace.is_empty() {
            write!(out, "{}/", self.namespace)?;
        }
        out.write_str(&self.name)
    }
}
