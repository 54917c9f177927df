//! Which kinds a cluster serves, as its discovery documents tell.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_api::ResourcePath;
use toft_object::{GroupKind, Gvk, Object};
use toft_value::Value;

/// Whether objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// They do.
    Namespaced,
    /// They belong to the cluster as a whole.
    Cluster,
}

/// How objects of a kind are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The plural, such as `pods`.
    pub plural: SmolStr,
    /// Whether they live in namespaces.
    pub scope: Scope,
}

/// The kinds that a cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    served: BTreeMap<Gvk, Served>,
    scopes: BTreeMap<GroupKind, (Scope, SmolStr)>,
}

impl Kinds {
    /// Reads the aggregated discovery documents of `/api` and `/apis`.
    ///
    /// Resources that cannot be listed and changed, such as reviews, are left out.
    ///
    /// # Example
    /// ```
    /// use toft_object::Gvk;
    /// use toft_value::value;
    /// let core = value!({"items": [{"metadata": {}, "versions": [{"version": "v1", "resources": [
    ///     {"resource": "secrets", "responseKind": {"group": "", "version": "v1", "kind": "Secret"}, "scope": "Namespaced", "verbs": ["get", "list", "patch", "watch"]},
    /// ]}]}]});
    /// let kinds = toft_sync::Kinds::read(&[&core]);
    /// assert_eq!(kinds.get(&Gvk::new("", "v1", "Secret")).unwrap().plural, "secrets");
    /// ```
    pub fn read(documents: &[&Value]) -> Self {
        let mut kinds = Self::default();
        let groups = documents
            .iter()
            .flat_map(|document| document.items_at(&["items"]));
        for group in groups {
            let name = group.str_at(&["metadata", "name"]).unwrap_or_default();
            for version in group.items_at(&["versions"]) {
                let version_name = version.str_at(&["version"]).unwrap_or_default();
                for resource in version.items_at(&["resources"]) {
                    kinds.add(name, version_name, resource);
                }
            }
        }
        kinds
    }

    fn add(&mut self, group: &str, version: &str, resource: &Value) {
        let verbs = resource.items_at(&["verbs"]);
        let can = |verb: &str| verbs.iter().any(|one| one.as_str() == Some(verb));
        let kind = resource.str_at(&["responseKind", "kind"]);
        let (Some(kind), Some(plural)) = (kind, resource.str_at(&["resource"])) else {
            return;
        };
        if !(can("list") && can("watch")) {
            return;
        }
        let scope = match resource.str_at(&["scope"]) {
            Some("Cluster") => Scope::Cluster,
            _ => Scope::Namespaced,
        };
        let gvk = Gvk::new(group, version, kind);
        let first = self.scopes.entry(gvk.group_kind());
        first.or_insert_with(|| (scope, version.into()));
        let plural = plural.into();
        self.served.insert(gvk, Served { plural, scope });
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.served.is_empty()
    }

    /// How objects of a kind are reached; `None` where the cluster does not serve it.
    pub fn get(&self, gvk: &Gvk) -> Option<&Served> {
        self.served.get(gvk)
    }

    /// Whether objects of a kind live in namespaces, whatever the version.
    pub fn scope(&self, kind: &GroupKind) -> Option<Scope> {
        self.scopes.get(kind).map(|(scope, _)| *scope)
    }

    /// The version of a kind that the cluster prefers.
    pub fn version(&self, kind: &GroupKind) -> Option<&SmolStr> {
        self.scopes.get(kind).map(|(_, version)| version)
    }

    /// The collection that holds all objects of a kind.
    pub fn collection(&self, gvk: &Gvk) -> Option<ResourcePath> {
        let served = self.get(gvk)?;
        Some(ResourcePath::new(&gvk.group, &gvk.version, &served.plural))
    }

    /// Where one object is; `None` where the cluster does not serve its kind.
    pub fn path(&self, object: &Object) -> Option<ResourcePath> {
        let gvk = object.gvk();
        let served = self.get(&gvk)?;
        let path = ResourcePath::new(&gvk.group, &gvk.version, &served.plural);
        let path = match served.scope {
            Scope::Namespaced => path.namespace(object.namespace()),
            Scope::Cluster => path,
        };
        Some(path.name(object.name()))
    }
}
