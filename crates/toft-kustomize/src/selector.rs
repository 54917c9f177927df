//! Which resources a patch or a replacement is for.
//!
//! Source: kustomize 5.8.2, `api/types/selector.go`.

use toft_object::{Gvk, LabelSelector};
use toft_value::{Map, Value};

use crate::fault::Fault;
use crate::id::ResId;
use crate::pattern::Pattern;
use crate::resource::Resource;

/// A selector as it is written; every part but the last two is a regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SelectorSpec {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) annotation_selector: String,
    pub(crate) label_selector: String,
}

impl SelectorSpec {
    /// Whether no part names an object.
    pub(crate) fn names_nothing(&self) -> bool {
        let parts = [
            &self.group,
            &self.version,
            &self.kind,
            &self.name,
            &self.namespace,
        ];
        parts.into_iter().all(String::is_empty)
    }

    pub(crate) fn compile(&self) -> Result<Selector, Fault> {
        let labels =
            |text: &str| LabelSelector::parse(text).map_err(|error| Fault::new(error.to_string()));
        Ok(Selector {
            group: Pattern::anchored(&self.group)?,
            version: Pattern::anchored(&self.version)?,
            kind: Pattern::anchored(&self.kind)?,
            name: Pattern::anchored(&self.name)?,
            namespace: Pattern::anchored(&self.namespace)?,
            annotations: labels(&self.annotation_selector)?,
            labels: labels(&self.label_selector)?,
        })
    }
}

/// As upstream prints the target of a patch.
impl std::fmt::Display for SelectorSpec {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = ResId {
            gvk: Gvk::new(&self.group, &self.version, &self.kind),
            name: self.name.as_str().into(),
            namespace: self.namespace.as_str().into(),
            cluster_scoped: false,
        };
        write!(
            out,
            "{id}:a={}:l={}",
            self.annotation_selector, self.label_selector
        )
    }
}

/// A selector that is ready to match.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    annotations: LabelSelector,
    labels: LabelSelector,
}

impl Selector {
    fn matches_kind(&self, gvk: &Gvk) -> bool {
        self.kind.matches(&gvk.kind)
            && self.group.matches(&gvk.group)
            && self.version.matches(&gvk.version)
    }

    /// Whether an id matches, taken literally.
    pub(crate) fn matches_id(&self, id: &ResId) -> bool {
        self.matches_kind(&id.gvk)
            && self.name.matches(&id.name)
            && self.namespace.matches(&id.namespace)
    }

    /// Whether a resource matches by its first or present name and namespace.
    ///
    /// Source: `resWrangler.Select`, `api/resmap/reswrangler.go`.
    pub(crate) fn selects(&self, resource: &Resource) -> bool {
        if !self.matches_kind(&resource.gvk()) {
            return false;
        }
        let (original, current) = (resource.original_id(), resource.current_id());
        let ids = [&original, &current];
        let namespace = |id: &&ResId| self.namespace.matches(id.effective_namespace());
        ids.iter().any(namespace)
            && ids.iter().any(|id| self.name.matches(&id.name))
            && self.matches_metadata(resource)
    }

    /// Whether the labels and annotations match.
    pub(crate) fn matches_metadata(&self, resource: &Resource) -> bool {
        let matches = |selector: &LabelSelector, field: &str| {
            if selector.is_empty() {
                return true;
            }
            let entries = resource.metadata_map(field).into_iter();
            let map: Map = entries.map(|(key, text)| (key, Value::Str(text))).collect();
            selector.matches(Some(&map))
        };
        matches(&self.labels, "labels") && matches(&self.annotations, "annotations")
    }
}
