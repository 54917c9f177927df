//! One object on its way through the build, with what later steps need to know about its past.
//!
//! Upstream keeps the past in annotations below `internal.config.kubernetes.io/`; here it is data
//! beside the object, and [`Resource::with_past_in_annotations`] shows it to those steps that could
//! tell the difference.
//!
//! Source: kustomize 5.8.2, `api/resource/resource.go`.

use smol_str::SmolStr;
use toft_object::{Gvk, Origin};

use crate::fault::Fault;
use crate::id::ResId;
use crate::node::{Fields, Node, NodeKind};
use crate::provenance::Provenance;
use crate::schema::Schemas;

/// An object and its past.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// The object; an empty node once it was deleted.
    pub(crate) node: Node,
    /// Where it was written.
    pub(crate) origin: Origin,
    pub(crate) past: Past,
    /// What `buildMetadata` will tell about it.
    pub(crate) provenance: Provenance,
    /// The names of the variables whose values are read from it.
    pub(crate) variables: Vec<SmolStr>,
    /// The schemas that know its kind.
    pub(crate) schemas: Schemas,
}

/// What a resource was before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// The ids it had, oldest first.
    previous: Vec<Previous>,
    pub(crate) prefixes: Vec<SmolStr>,
    pub(crate) suffixes: Vec<SmolStr>,
    /// Whether a hash of the content becomes part of the name.
    pub(crate) needs_hash: bool,
    /// How a generated object meets one that is there; `None` for an object that was not generated.
    pub(crate) behavior: Option<Behavior>,
}

#[derive(Clone, Debug)]
struct Previous {
    kind: SmolStr,
    name: SmolStr,
    namespace: SmolStr,
}

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

/// How a generated object meets one with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behavior {
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    /// Reads the `behavior` field of a generator; an unknown text counts as none.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// Source: `HelmGeneratedAnnotation`, `api/konfig/general.go`.
const CHART_MARK: &str = "internal.config.kubernetes.io/helm-generated";

/// Stands for the past while something that could remove annotations works on the object.
const PAST_MARK: &str = "internal.config.kubernetes.io/previousNames";

impl Resource {
    pub(crate) fn new(node: Node, origin: Origin) -> Self {
        Self {
            node,
            origin,
            past: Past::default(),
            provenance: Provenance::default(),
            variables: Vec::new(),
            schemas: Schemas::default(),
        }
    }

    /// Reads the past out of annotations, where somebody wrote what upstream writes while it builds.
    pub(crate) fn read_past(&mut self) {
        const PREFIX: &str = "internal.config.kubernetes.io/";
        let fields = self
            .node
            .at(&["metadata", "annotations"])
            .and_then(Node::fields);
        let written = fields.filter(|fields| {
            let mut keys = fields.iter().map(|(key, _)| key);
            keys.any(|key| key.starts_with(PREFIX))
        });
        let Some(annotations) = written else {
            return;
        };
        let text = |name: &str| annotations.get(&format!("{PREFIX}{name}")).map(Node::text);
        let list = |name: &str| -> Vec<SmolStr> {
            let text = text(name).filter(|text| !text.is_empty());
            text.into_iter()
                .flat_map(|text| text.split(','))
                .map(SmolStr::from)
                .collect()
        };
        let ids = list("previousKinds").into_iter().zip(list("previousNames"));
        let ids = ids.zip(list("previousNamespaces"));
        self.past = Past {
            previous: ids
                .map(|((kind, name), namespace)| Previous {
                    kind,
                    name,
                    namespace,
                })
                .collect(),
            prefixes: list("prefixes"),
            suffixes: list("suffixes"),
            needs_hash: text("needsHashSuffix") == Some("enabled"),
            behavior: text("generatorBehavior").map(Behavior::parse),
        };
    }

    pub(crate) fn api_version(&self) -> &str {
        self.field_text("apiVersion")
    }

    pub(crate) fn kind(&self) -> &str {
        self.field_text("kind")
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata_text("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.metadata_text("namespace")
    }

    fn field_text(&self, name: &str) -> &str {
        self.node.get(name).map_or("", Node::text)
    }

    fn metadata_text(&self, name: &str) -> &str {
        let field = self.node.at(&["metadata", name]);
        field.filter(|node| !node.is_null()).map_or("", Node::text)
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::of(self.api_version(), self.kind())
    }

    /// Which object it is now.
    pub(crate) fn current_id(&self) -> ResId {
        ResId::of(
            self.gvk(),
            self.name().into(),
            self.namespace().into(),
            &self.schemas,
        )
    }

    /// Whether it has a namespace.
    pub(crate) fn scope(&self) -> Scope {
        if self.schemas.is_cluster_scoped(&self.gvk()) {
            Scope::Cluster
        } else {
            Scope::Namespaced
        }
    }

    /// Which object it was, oldest first; all in its present API version.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResId> {
        let gvk = self.gvk();
        self.past.previous.iter().map(move |previous| ResId {
            gvk: Gvk {
                kind: previous.kind.clone(),
                ..gvk.clone()
            },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// The kind that it was of first, in its present API version.
    pub(crate) fn original_gvk(&self) -> Gvk {
        let mut gvk = self.gvk();
        if let Some(first) = self.past.previous.first() {
            gvk.kind.clone_from(&first.kind);
        }
        gvk
    }

    /// Whether a chart made it: charts set namespaces themselves.
    pub(crate) fn is_from_chart(&self) -> bool {
        let mark = self.node.at(&["metadata", "annotations", CHART_MARK]);
        mark.is_some_and(|node| node.text() == "true")
    }

    /// Marks it as one that a chart made.
    ///
    /// # Errors
    /// Its metadata or annotations are no map.
    ///
    /// Source: `markHelmGeneratedResources`, `HelmChartInflationGenerator.go`.
    pub(crate) fn mark_as_from_chart(&mut self) -> Result<(), Fault> {
        let mut node = &mut self.node;
        for name in ["metadata", "annotations"] {
            let kind = node.kind();
            let Some(fields) = node.fields_mut() else {
                return Err(Fault::wrong_kind(NodeKind::Map, kind));
            };
            if fields.get(name).is_some_and(Node::is_null) {
                fields.remove(name);
            }
            node = fields.get_or_insert(name, NodeKind::Map);
        }
        node.set_field(CHART_MARK, Node::string("true"))
    }

    /// Which object it was first.
    pub(crate) fn original_id(&self) -> ResId {
        let first = self.previous_ids().next();
        first.unwrap_or_else(|| self.current_id())
    }

    /// Whether a present or former id matches.
    pub(crate) fn any_id(&self, matches: impl Fn(&ResId) -> bool) -> bool {
        self.previous_ids().any(|id| matches(&id)) || matches(&self.current_id())
    }

    /// Whether it has or had a name.
    pub(crate) fn had_name(&self, name: &str) -> bool {
        self.name() == name || self.previous_names().any(|previous| previous == name)
    }

    /// The names it had before.
    pub(crate) fn previous_names(&self) -> impl Iterator<Item = &SmolStr> {
        self.past.previous.iter().map(|previous| &previous.name)
    }

    /// Remembers the present id before it changes.
    pub(crate) fn store_previous_id(&mut self) {
        let id = self.current_id();
        self.past.previous.push(Previous {
            namespace: id.effective_namespace().into(),
            kind: id.gvk.kind,
            name: id.name,
        });
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        self.node.set_text(&["metadata", "name"], name);
    }

    pub(crate) fn set_kind(&mut self, kind: &str) {
        self.node.set_text(&["kind"], kind);
    }

    /// Sets the namespace; an empty one is taken out.
    pub(crate) fn set_namespace(&mut self, namespace: &str) {
        if !namespace.is_empty() {
            self.node.set_text(&["metadata", "namespace"], namespace);
        } else if let Some(metadata) = self.node.get_mut("metadata").and_then(Node::fields_mut) {
            metadata.remove("namespace");
        }
    }

    /// The entries of a map in the metadata as texts.
    pub(crate) fn metadata_map(&self, field: &str) -> Vec<(SmolStr, SmolStr)> {
        let fields = self.node.at(&["metadata", field]).and_then(Node::fields);
        let entries = fields.into_iter().flat_map(Fields::iter);
        let texts = entries.map(|(key, value)| (key.clone(), SmolStr::from(value.text())));
        texts.collect()
    }

    /// Replaces a map in the metadata by one of strings; an empty one is taken out.
    ///
    /// Source: `setMapInMetadata`, `kyaml/yaml/rnode.go`.
    pub(crate) fn set_metadata_map(&mut self, field: &str, entries: &[(SmolStr, SmolStr)]) {
        let Some(fields) = self.node.fields_mut() else {
            return;
        };
        let metadata = fields.get_or_insert("metadata", NodeKind::Map);
        let Some(metadata) = metadata.fields_mut() else {
            return;
        };
        metadata.remove(field);
        if entries.is_empty() {
            return;
        }
        if let Some(map) = metadata.get_or_insert(field, NodeKind::Map).fields_mut() {
            for (key, text) in entries {
                map.set(key, Node::string(text.clone()));
            }
        }
    }

    /// Whether the names were changed in the same places: equal prefixes and suffixes from the
    /// outermost kustomization inwards.
    pub(crate) fn same_affixes(&self, other: &Self) -> bool {
        same_ending(&self.past.prefixes, &other.past.prefixes)
            && same_ending(&self.past.suffixes, &other.past.suffixes)
    }

    /// As [`Resource::same_affixes`], but having none agrees with everything.
    pub(crate) fn compatible_affixes(&self, other: &Self) -> bool {
        let agree = |left: &[SmolStr], right: &[SmolStr]| {
            left.is_empty() || right.is_empty() || same_ending(left, right)
        };
        agree(&self.past.prefixes, &other.past.prefixes)
            && agree(&self.past.suffixes, &other.past.suffixes)
    }

    /// Runs a change with the past visible as an annotation. A change that removes the annotations
    /// removes the past, as upstream does.
    pub(crate) fn with_past_in_annotations(
        &mut self,
        change: impl FnOnce(&mut Node) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if !self.past.is_visible() {
            return change(&mut self.node);
        }
        self.node
            .set_text(&["metadata", "annotations", PAST_MARK], "mark");
        change(&mut self.node)?;
        let metadata = self.node.get_mut("metadata").and_then(Node::fields_mut);
        let Some(metadata) = metadata else {
            self.past = Past::default();
            return Ok(());
        };
        let annotations = metadata.get_mut("annotations").and_then(Node::fields_mut);
        let Some(annotations) = annotations else {
            self.past = Past::default();
            return Ok(());
        };
        if annotations.remove(PAST_MARK).is_none() {
            self.past = Past::default();
        }
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
        Ok(())
    }
}

impl Past {
    fn is_visible(&self) -> bool {
        let renamed =
            !self.previous.is_empty() || !self.prefixes.is_empty() || !self.suffixes.is_empty();
        renamed || self.needs_hash || self.behavior.is_some()
    }
}

/// Source: `SameEndingSubSlice`, `api/internal/utils/stringslice.go`.
fn same_ending(left: &[SmolStr], right: &[SmolStr]) -> bool {
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    if short.is_empty() {
        return long.is_empty();
    }
    long.ends_with(short)
}
