//! What kyaml's embedded schema says: which lists are merged by which keys, and which kinds have no
//! namespace.

mod table;

use toft_object::Gvk;

/// A place in an object that holds merged lists somewhere below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schema(u16);

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

impl Schema {
    /// The schema of a kind.
    pub(crate) fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        let found =
            table::KINDS.binary_search_by(|entry| (entry.0, entry.1).cmp(&(api_version, kind)));
        table::KINDS.get(found.ok()?).map(|entry| Self(entry.2))
    }

    fn shape(self) -> Option<&'static Shape> {
        table::SHAPES.get(usize::from(self.0))
    }

    /// The schema of a field; the empty one where nothing below is merged.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        let Shape::Object(fields) = self.shape()? else {
            return None;
        };
        let found = fields.binary_search_by(|entry| entry.0.cmp(name)).ok()?;
        fields.get(found).map(|entry| Self(entry.1))
    }

    /// The keys of a merged list; `None` where this is none.
    pub(crate) fn merge_keys(self) -> Option<&'static [&'static str]> {
        match self.shape()? {
            Shape::List { keys, .. } => Some(keys),
            Shape::Object(_) => None,
        }
    }

    /// The schema of the items of a merged list.
    pub(crate) fn items(self) -> Option<Self> {
        match self.shape()? {
            Shape::List { items, .. } => Some(Self(*items)),
            Shape::Object(_) => None,
        }
    }
}

/// Whether the schema knows that objects of this kind have no namespace.
pub(crate) fn is_cluster_scoped(gvk: &Gvk) -> bool {
    let api_version = gvk.api_version();
    let wanted = (api_version.as_str(), gvk.kind.as_str());
    table::CLUSTER_SCOPED.binary_search(&wanted).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_merged_by_name_and_ports_by_two_keys() {
        let deployment = Schema::of_kind("apps/v1", "Deployment").unwrap();
        let path = ["spec", "template", "spec", "containers"];
        let containers = path
            .iter()
            .try_fold(deployment, |schema, name| schema.field(name))
            .unwrap();
        assert_eq!(containers.merge_keys(), Some(&["name"][..]));
        let ports = containers.items().and_then(|item| item.field("ports"));
        assert_eq!(
            ports.and_then(Schema::merge_keys),
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
