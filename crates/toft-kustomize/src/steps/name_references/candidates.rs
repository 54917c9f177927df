//! The objects whose names have changed, by the names that they had.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use toft_object::Gvk;

use super::Referrer;
use crate::id::{ResId, selects};
use crate::node::Node;
use crate::resource::Resource;
use crate::resources::Resources;

/// An object that a name can mean.
pub(super) struct Candidate {
    pub(super) id: ResId,
    pub(super) name: SmolStr,
    pub(super) namespace: SmolStr,
    original_namespace: SmolStr,
    /// The kinds that it was of.
    kinds: Vec<Gvk>,
    /// The past without the object.
    pub(super) resource: Resource,
}

/// What makes several candidates as good as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Same {
    Name,
    NameAndNamespace,
}

impl Same {
    pub(super) fn holds(self, one: &Candidate, other: &Candidate) -> bool {
        let namespace = self == Self::Name || one.namespace == other.namespace;
        one.name == other.name && namespace
    }
}

impl Candidate {
    fn of(resource: &Resource) -> Self {
        let mut shell = Resource::new(Node::null(), resource.origin.clone());
        shell.past.prefixes.clone_from(&resource.past.prefixes);
        shell.past.suffixes.clone_from(&resource.past.suffixes);
        Self {
            id: resource.current_id(),
            name: resource.name().into(),
            namespace: resource.namespace().into(),
            original_namespace: resource.original_id().effective_namespace().into(),
            kinds: resource.previous_ids().map(|id| id.gvk).collect(),
            resource: shell,
        }
    }

    /// Whether it was of a kind that the selector selects.
    pub(super) fn was_kind(&self, selector: &Gvk) -> bool {
        self.kinds.iter().any(|gvk| selects(selector, gvk))
    }

    /// Source: `sameCurrentNamespaceAsReferrer`.
    pub(super) fn is_reachable(&self, referrer: &ResId) -> bool {
        referrer.cluster_scoped
            || self.id.cluster_scoped
            || self.id.gvk.kind == "ServiceAccount"
            || referrer.same_namespace(&self.id)
    }

    /// Source: `SubsetThatCouldBeReferencedByResource`.
    fn could_be_meant_by(&self, referrer: &Referrer) -> bool {
        referrer.id.cluster_scoped
            || self.id.cluster_scoped
            || self.id.same_namespace(&referrer.id)
            || referrer
                .subject_namespaces
                .iter()
                .any(|namespace| *namespace == self.namespace)
    }
}

/// The candidates in the order of the objects.
pub(super) struct Candidates {
    all: Vec<Candidate>,
    by_name: FxHashMap<SmolStr, Vec<usize>>,
    /// Namespaces that any object was first in, and those that one is in now, with a sample of neither.
    spaces: Vec<(ResId, SmolStr, SmolStr)>,
}

impl Candidates {
    pub(super) fn of(resources: &Resources) -> Self {
        let mut candidates = Self {
            all: Vec::new(),
            by_name: FxHashMap::default(),
            spaces: Vec::new(),
        };
        for resource in resources.iter() {
            let id = resource.current_id();
            let original = resource.original_id().effective_namespace().into();
            candidates
                .spaces
                .push((id, original, resource.namespace().into()));
            let mut names: Vec<&SmolStr> = resource.previous_names().collect();
            names.sort_unstable();
            names.dedup();
            if names.is_empty() {
                continue;
            }
            for name in names {
                let at = candidates.all.len();
                candidates.by_name.entry(name.clone()).or_default().push(at);
            }
            candidates.all.push(Candidate::of(resource));
        }
        candidates
    }

    /// Those that had a name and that the referrer could mean.
    pub(super) fn named(&self, name: &str, referrer: &Referrer) -> Vec<&Candidate> {
        let found = self.by_name.get(name).into_iter().flatten();
        let found = found.filter_map(|at| self.all.get(*at));
        found
            .filter(|candidate| candidate.could_be_meant_by(referrer))
            .collect()
    }

    /// Those that were first in a namespace; where no object was, those that are in it.
    pub(super) fn in_namespace<'c>(
        &self,
        mut found: Vec<&'c Candidate>,
        namespace: &str,
        referrer: &Referrer,
    ) -> Vec<&'c Candidate> {
        const NOT_ONE: &str = "_non_namespaceable_";
        if namespace == NOT_ONE {
            return Vec::new();
        }
        let could_be = |(id, _, own): &&(ResId, SmolStr, SmolStr)| {
            referrer.id.cluster_scoped
                || id.cluster_scoped
                || id.same_namespace(&referrer.id)
                || referrer.subject_namespaces.iter().any(|one| one == own)
        };
        let mut spaces = self.spaces.iter().filter(could_be);
        let is_original = spaces.any(|(_, original, _)| original == namespace);
        found.retain(|candidate| {
            if is_original {
                candidate.original_namespace == namespace
            } else {
                candidate.id.effective_namespace() == namespace
            }
        });
        found
    }
}
