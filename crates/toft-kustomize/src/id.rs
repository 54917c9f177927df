//! Which object a resource is, was, or is asked for.
//!
//! Source: kustomize 5.8.2, `kyaml/resid/{gvk,resid}.go`.

use std::fmt;

use smol_str::SmolStr;
use toft_object::Gvk;

use crate::schema::Schemas;

/// Where upstream files every object that has no namespace.
const NO_NAMESPACE: &str = "_non_namespaceable_";
const DEFAULT_NAMESPACE: &str = "default";

/// A kind, a name and a namespace. In a selector an empty part matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ResId {
    pub(crate) gvk: Gvk,
    pub(crate) name: SmolStr,
    pub(crate) namespace: SmolStr,
    /// Whether the embedded schema says for certain that the kind has no namespace.
    pub(crate) cluster_scoped: bool,
}

impl ResId {
    /// The id of an object with this `apiVersion` and `kind`.
    pub(crate) fn of(gvk: Gvk, name: SmolStr, namespace: SmolStr, schemas: &Schemas) -> Self {
        let cluster_scoped = schemas.is_cluster_scoped(&gvk);
        Self {
            gvk,
            name,
            namespace,
            cluster_scoped,
        }
    }

    /// The namespace that counts for comparisons.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            &self.namespace
        }
    }

    /// Whether both are the same kind, name and effective namespace.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.same_namespace(other) && self.name == other.name && self.gvk == other.gvk
    }

    pub(crate) fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// Whether the parts that a selector names are the same here.
    pub(crate) fn is_selected_by(&self, selector: &Self) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.same_namespace(self))
            && selects(&selector.gvk, &self.gvk)
    }
}

/// Whether the parts of a kind that `selector` names are the same in `gvk`.
pub(crate) fn selects(selector: &Gvk, gvk: &Gvk) -> bool {
    let same = |wanted: &SmolStr, found: &SmolStr| wanted.is_empty() || wanted == found;
    same(&selector.kind, &gvk.kind)
        && same(&selector.group, &gvk.group)
        && same(&selector.version, &gvk.version)
}

/// As upstream prints a kind: `Deployment.v1.apps`, `ConfigMap.v1.[noGrp]`.
pub(crate) struct GvkText<'a>(pub(crate) &'a Gvk);

impl fmt::Display for GvkText<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = or(&self.0.kind, "[noKind]");
        let version = or(&self.0.version, "[noVer]");
        let group = or(&self.0.group, "[noGrp]");
        write!(out, "{kind}.{version}.{group}")
    }
}

/// As upstream prints an id: `Deployment.v1.apps/sonarr.media`.
impl fmt::Display for ResId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = or(&self.name, "[noName]");
        let namespace = or(&self.namespace, "[noNs]");
        write!(out, "{}/{name}.{namespace}", GvkText(&self.gvk))
    }
}

fn or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}
