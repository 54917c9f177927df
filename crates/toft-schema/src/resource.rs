//! What discovery says about one kind of object.

use smol_str::SmolStr;
use toft_object::{GroupResource, Gvk};

/// One resource in one version of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The kind of its objects; for a few resources, such as reviews, of another group than the resource.
    pub gvk: Gvk,
    /// The group under which it is served; empty for core.
    pub group: SmolStr,
    /// The version under which it is served.
    pub version: SmolStr,
    /// The plural, which URLs have: `pods`.
    pub plural: SmolStr,
    /// The singular: `pod`.
    pub singular: SmolStr,
    /// Short names: `po`.
    pub short_names: Vec<SmolStr>,
    /// Categories: `all`.
    pub categories: Vec<SmolStr>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What can be done, sorted.
    pub verbs: Vec<SmolStr>,
    /// What is served below an object.
    pub subresources: Vec<Subresource>,
    /// Whether a new cluster serves it; alpha and beta versions are not.
    pub served: bool,
    /// Whether its version is the one that its group prefers.
    pub preferred: bool,
}

/// What is served below an object: `status`, `scale`, `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// The last part of the URL.
    pub name: SmolStr,
    /// The kind of the body.
    pub gvk: Gvk,
    /// What can be done, sorted.
    pub verbs: Vec<SmolStr>,
}

impl Resource {
    /// The resource whatever its version.
    pub fn group_resource(&self) -> GroupResource {
        GroupResource {
            group: self.group.clone(),
            resource: self.plural.clone(),
        }
    }

    /// The subresource of that name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// Whether the verb is served.
    pub fn allows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|one| one == verb)
    }
}
