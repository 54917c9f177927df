//! What a schema says: which lists are merged by which keys, and which kinds have no namespace.
//!
//! It is the one that kyaml embeds, unless a kustomization brings one along.

mod own;
mod table;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use toft_object::Gvk;

pub(crate) use own::{OwnNode, OwnSchema};

/// The schemas that a build uses. All clones are one: when a kustomization brings a schema along, what
/// was read before sees it too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas(Arc<OnceLock<Chosen>>);

/// A schema that a kustomization brings along.
#[derive(Debug)]
struct Chosen {
    own: OwnSchema,
    built_in: BuiltIn,
}

/// When the embedded schema is asked. One that a kustomization brings along takes its place, unless it
/// was in use before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    First,
    Last,
    Never,
}

/// A place in an object, for the lists that are merged there or below.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema<'s> {
    BuiltIn(Table),
    Own(OwnNode<'s>),
}

impl Schemas {
    /// Takes a schema that a kustomization brings along; the first one stays.
    pub(crate) fn choose(&self, own: OwnSchema, built_in: BuiltIn) {
        self.0.get_or_init(|| Chosen { own, built_in });
    }

    /// The schema of a kind.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        let built_in = || Table::of_kind(api_version, kind).map(Schema::BuiltIn);
        let Some(chosen) = self.0.get() else {
            return built_in();
        };
        let own = || {
            let kind = (api_version, kind);
            chosen.own.of_kind(kind, chosen.built_in).map(Schema::Own)
        };
        match chosen.built_in {
            BuiltIn::First => built_in().or_else(own),
            BuiltIn::Last => own().or_else(built_in),
            BuiltIn::Never => own(),
        }
    }

    /// Whether it is certain that objects of this kind have no namespace.
    pub(crate) fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        if is_in_cluster_scoped(gvk) {
            return true;
        }
        let chosen = self.0.get().filter(|_| !is_known(gvk));
        chosen.is_some_and(|chosen| {
            let api_version = gvk.api_version();
            chosen.own.is_cluster_scoped(&api_version, &gvk.kind)
        })
    }
}

/// Whether the embedded schema has the kind.
pub(crate) fn is_known(gvk: &Gvk) -> bool {
    is_in_cluster_scoped(gvk) || Table::of_kind(&gvk.api_version(), &gvk.kind).is_some()
}

fn is_in_cluster_scoped(gvk: &Gvk) -> bool {
    let slash = if gvk.group.is_empty() { "" } else { "/" };
    let wanted = [gvk.group.as_str(), slash, gvk.version.as_str()];
    let found = table::CLUSTER_SCOPED.binary_search_by(|(api_version, kind)| {
        let wanted = wanted.iter().flat_map(|part| part.bytes());
        let by_version = api_version.bytes().cmp(wanted);
        by_version.then_with(|| (*kind).cmp(gvk.kind.as_str()))
    });
    found.is_ok()
}

impl<'s> Schema<'s> {
    /// The schema of a field; `None` where nothing below is merged.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::BuiltIn(table) => table.field(name).map(Self::BuiltIn),
            Self::Own(node) => node.field(name),
        }
    }

    /// The keys of a merged list; `None` where this is none.
    pub(crate) fn merge_keys(self) -> Option<Cow<'s, [&'s str]>> {
        match self {
            Self::BuiltIn(table) => table.merge_keys().map(Cow::Borrowed),
            Self::Own(node) => node.merge_keys(),
        }
    }

    /// The schema of the items of a merged list.
    pub(crate) fn items(self) -> Option<Self> {
        match self {
            Self::BuiltIn(table) => table.items().map(Self::BuiltIn),
            Self::Own(node) => node.items(),
        }
    }
}

/// Definitions that schemas of custom resources refer to: a kind that has one, and where.
const DEFINITIONS: &[(&str, &str, &str, &[&str])] = &[
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
        "v1",
        "ConfigMap",
        &["metadata"],
    ),
    (
        "io.k8s.api.core.v1.PodTemplateSpec",
        "apps/v1",
        "Deployment",
        &["spec", "template"],
    ),
    ("io.k8s.api.core.v1.PodSpec", "v1", "Pod", &["spec"]),
    (
        "io.k8s.api.core.v1.Container",
        "v1",
        "Pod",
        &["spec", "containers", "[]"],
    ),
    ("io.k8s.api.core.v1.ServiceSpec", "v1", "Service", &["spec"]),
    (
        "io.k8s.api.core.v1.PersistentVolumeClaim",
        "v1",
        "PersistentVolumeClaim",
        &[],
    ),
    (
        "io.k8s.api.apps.v1.DeploymentSpec",
        "apps/v1",
        "Deployment",
        &["spec"],
    ),
    (
        "io.k8s.api.apps.v1.StatefulSetSpec",
        "apps/v1",
        "StatefulSet",
        &["spec"],
    ),
    (
        "io.k8s.api.apps.v1.DaemonSetSpec",
        "apps/v1",
        "DaemonSet",
        &["spec"],
    ),
    (
        "io.k8s.api.apps.v1.ReplicaSetSpec",
        "apps/v1",
        "ReplicaSet",
        &["spec"],
    ),
    ("io.k8s.api.batch.v1.JobSpec", "batch/v1", "Job", &["spec"]),
    (
        "io.k8s.api.batch.v1.JobTemplateSpec",
        "batch/v1",
        "CronJob",
        &["spec", "jobTemplate"],
    ),
    (
        "io.k8s.api.batch.v1.CronJobSpec",
        "batch/v1",
        "CronJob",
        &["spec"],
    ),
];

/// A place in the embedded table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table(u16);

/// What a place is.
#[derive(Debug)]
enum Shape {
    /// A map; the fields that lead to merged lists, each with its shape, sorted.
    Object(&'static [(&'static str, u16)]),
    /// A merged list; no keys where its items are scalars.
    List {
        keys: &'static [&'static str],
        items: u16,
    },
}

impl Table {
    /// The schema of a kind.
    fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        let found =
            table::KINDS.binary_search_by(|entry| (entry.0, entry.1).cmp(&(api_version, kind)));
        table::KINDS.get(found.ok()?).map(|entry| Self(entry.2))
    }

    /// A definition of the embedded schema by its name, where something below is merged.
    fn of_definition(name: &str) -> Option<Self> {
        let (_, api_version, kind, path) =
            DEFINITIONS.iter().find(|definition| definition.0 == name)?;
        let kind = Self::of_kind(api_version, kind)?;
        path.iter().try_fold(kind, |table, part| match *part {
            "[]" => table.items(),
            field => table.field(field),
        })
    }

    fn shape(self) -> Option<&'static Shape> {
        table::SHAPES.get(usize::from(self.0))
    }

    /// The schema of a field; the empty one where nothing below is merged.
    fn field(self, name: &str) -> Option<Self> {
        let Shape::Object(fields) = self.shape()? else {
            return None;
        };
        let found = fields.binary_search_by(|entry| entry.0.cmp(name)).ok()?;
        fields.get(found).map(|entry| Self(entry.1))
    }

    /// The keys of a merged list; `None` where this is none.
    fn merge_keys(self) -> Option<&'static [&'static str]> {
        match self.shape()? {
            Shape::List { keys, .. } => Some(keys),
            Shape::Object(_) => None,
        }
    }

    /// The schema of the items of a merged list.
    fn items(self) -> Option<Self> {
        match self.shape()? {
            Shape::List { items, .. } => Some(Self(*items)),
            Shape::Object(_) => None,
        }
    }
}

/// Whether the schema that upstream embeds knows that objects of this kind have no namespace.
pub fn is_cluster_scoped(gvk: &Gvk) -> bool {
    Schemas::default().is_cluster_scoped(gvk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_merged_by_name_and_ports_by_two_keys() {
        let deployment = Table::of_kind("apps/v1", "Deployment").unwrap();
        let path = ["spec", "template", "spec", "containers"];
        let containers = path
            .iter()
            .try_fold(deployment, |schema, name| schema.field(name))
            .unwrap();
        assert_eq!(containers.merge_keys(), Some(&["name"][..]));
        let ports = containers.items().and_then(|item| item.field("ports"));
        assert_eq!(
            ports.and_then(Table::merge_keys),
            Some(&["containerPort", "protocol"][..])
        );
    }

    #[test]
    fn tables_are_sorted() {
        assert!(table::CLUSTER_SCOPED.is_sorted());
        assert!(table::KINDS.is_sorted_by_key(|entry| (entry.0, entry.1)));
        for shape in table::SHAPES {
            if let Shape::Object(fields) = shape {
                assert!(fields.is_sorted_by_key(|entry| entry.0));
            }
        }
    }

    #[test]
    fn scopes_are_those_of_the_embedded_schema() {
        let is_cluster_scoped = |gvk: &Gvk| Schemas::default().is_cluster_scoped(gvk);
        assert!(is_cluster_scoped(&Gvk::new("", "v1", "Namespace")));
        assert!(!is_cluster_scoped(&Gvk::new("", "v1", "ConfigMap")));
        // The schema ends with Kubernetes 1.21; what came later has a namespace for it.
        assert!(!is_cluster_scoped(&Gvk::new(
            "storage.k8s.io",
            "v1",
            "VolumeAttributesClass"
        )));
    }
}
