//! Groups, versions, kinds and resources.

use std::fmt;

use smol_str::SmolStr;

/// A kind of object in one version of its group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// The API group; empty for core.
    pub group: SmolStr,
    /// The version, such as `v1`.
    pub version: SmolStr,
    /// The kind, such as `Pod`.
    pub kind: SmolStr,
}

/// A kind of object, whatever its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKind {
    /// The API group; empty for core.
    pub group: SmolStr,
    /// The kind, such as `Pod`.
    pub kind: SmolStr,
}

/// A collection of objects as URLs name it, whatever its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupResource {
    /// The API group; empty for core.
    pub group: SmolStr,
    /// The plural, such as `pods`.
    pub resource: SmolStr,
}

impl Gvk {
    /// A kind from its parts.
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// A kind from the `apiVersion` and `kind` of an object.
    ///
    /// # Example
    /// ```
    /// use toft_object::Gvk;
    /// assert_eq!(Gvk::of("apps/v1", "Deployment"), Gvk::new("apps", "v1", "Deployment"));
    /// assert_eq!(Gvk::of("v1", "Pod"), Gvk::new("", "v1", "Pod"));
    /// ```
    pub fn of(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self::new(group, version, kind)
    }

    /// The text of `apiVersion`: `v1` or `apps/v1`.
    pub fn api_version(&self) -> SmolStr {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version).into()
        }
    }

    /// The kind without its version.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            group: self.group.clone(),
            kind: self.kind.clone(),
        }
    }
}

impl GroupKind {
    /// A kind from its parts.
    pub fn new(group: &str, kind: &str) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
        }
    }
}

impl GroupResource {
    /// A resource from its parts.
    pub fn new(group: &str, resource: &str) -> Self {
        Self {
            group: group.into(),
            resource: resource.into(),
        }
    }
}

/// As upstream writes it in messages: `deployments.apps`, `pods`.
impl fmt::Display for GroupResource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.resource)?;
        if self.group.is_empty() {
            Ok(())
        } else {
            write!(out, ".{}", self.group)
        }
    }
}

/// As upstream writes it in messages: `Deployment.apps`, `Pod`.
impl fmt::Display for GroupKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.kind)?;
        if self.group.is_empty() {
            Ok(())
        } else {
            write!(out, ".{}", self.group)
        }
    }
}
