//! Kinds that CRDs add.

mod structure;

use std::cmp::Reverse;

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_value::Value;

use crate::graph::{Graph, Index};
use crate::resource::{Resource, Subresource};

/// How deep a schema may nest: eight times the deepest schema of the operators that homelabs run.
pub const CRD_DEPTH_MAX: usize = 128;

/// Why a value is no CRD that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrdError {
    /// A field that names its kinds is missing.
    #[error("the CustomResourceDefinition has no `{0}`")]
    Missing(&'static str),
    /// The schema nests deeper than [`CRD_DEPTH_MAX`].
    #[error("the schema nests deeper than {CRD_DEPTH_MAX} levels")]
    TooDeep,
}

/// What one CRD adds.
pub(crate) struct Crd {
    pub(crate) name: SmolStr,
    /// One per served version, the preferred one first.
    pub(crate) resources: Vec<Resource>,
    /// One per served version.
    pub(crate) versions: Vec<CrdVersion>,
}

/// The schema of one version.
pub(crate) struct CrdVersion {
    pub(crate) gvk: Gvk,
    pub(crate) graph: Graph,
    pub(crate) root: Index,
    /// As the CRD has it; `None` where it has none.
    pub(crate) written: Option<Value>,
}

/// What all served versions of custom resources can do.
const VERBS: &[&str] = &[
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

impl Crd {
    /// Reads a CRD; its metadata fields take their schema from the built-in types.
    pub(crate) fn read(crd: &Value, builtin: &Graph) -> Result<Self, CrdError> {
        let text = |path: &'static [&'static str]| crd.str_at(path).filter(|text| !text.is_empty());
        let group = text(&["spec", "group"]).ok_or(CrdError::Missing("spec.group"))?;
        let kind = text(&["spec", "names", "kind"]).ok_or(CrdError::Missing("spec.names.kind"))?;
        let plural =
            text(&["spec", "names", "plural"]).ok_or(CrdError::Missing("spec.names.plural"))?;
        let mut versions = crd.items_at(&["spec", "versions"]).to_vec();
        if versions.is_empty() {
            return Err(CrdError::Missing("spec.versions"));
        }
        versions.retain(|version| version.bool_at(&["served"]) == Some(true));
        versions.sort_by_cached_key(|version| Reverse(priority(name_of(version))));
        let mut graphs = Vec::new();
        for version in &versions {
            let gvk = Gvk::new(group, name_of(version), kind);
            let schema = version.at(&["schema", "openAPIV3Schema"]);
            let (graph, root) = structure::build(schema, builtin, &gvk)?;
            graphs.push(CrdVersion {
                gvk,
                graph,
                root,
                written: schema.cloned(),
            });
        }
        let resources = versions.iter().enumerate().map(|(order, version)| {
            let gvk = Gvk::new(group, name_of(version), kind);
            resource(crd, version, (gvk, plural, order))
        });
        Ok(Self {
            name: format!("{plural}.{group}").into(),
            resources: resources.collect(),
            versions: graphs,
        })
    }
}

fn name_of(version: &Value) -> &str {
    version.str_at(&["name"]).unwrap_or_default()
}

fn resource(crd: &Value, version: &Value, (gvk, plural, order): (Gvk, &str, usize)) -> Resource {
    let names = crd.at(&["spec", "names"]);
    let list = |key: &str| -> Vec<SmolStr> {
        let items = names.map_or(&[][..], |names| names.items_at(&[key]));
        items
            .iter()
            .filter_map(Value::as_str)
            .map(SmolStr::from)
            .collect()
    };
    let singular = names.and_then(|names| names.str_at(&["singular"]));
    let mut subresources = Vec::new();
    let verbs = ["get", "patch", "update"].map(SmolStr::new_static).to_vec();
    for (name, body) in [
        ("status", gvk.clone()),
        ("scale", Gvk::new("autoscaling", "v1", "Scale")),
    ] {
        if version
            .at(&["subresources", name])
            .is_some_and(|sub| !sub.is_null())
        {
            subresources.push(Subresource {
                name: name.into(),
                gvk: body,
                verbs: verbs.clone(),
            });
        }
    }
    Resource {
        group: gvk.group.clone(),
        version: gvk.version.clone(),
        plural: plural.into(),
        singular: singular.map_or_else(|| gvk.kind.to_lowercase().into(), SmolStr::from),
        gvk,
        short_names: list("shortNames"),
        categories: list("categories"),
        namespaced: crd.str_at(&["spec", "scope"]) == Some("Namespaced"),
        verbs: VERBS.iter().map(|verb| SmolStr::new_static(verb)).collect(),
        subresources,
        served: true,
        preferred: order == 0,
    }
}

/// The order of versions: stable ones first, then beta, then alpha, each by number.
///
/// Source: apimachinery 0.36.3 `pkg/version/helpers.go`, `CompareKubeAwareVersionStrings`.
fn priority(version: &str) -> (u8, u64, u64, Reverse<String>) {
    let parsed = || {
        let rest = version.strip_prefix('v')?;
        let end = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let (major, rest) = rest.split_at(end);
        let major = major.parse().ok()?;
        if rest.is_empty() {
            return Some((3, major, 0));
        }
        let (stability, minor) = match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
            (Some(minor), _) => (2, minor),
            (_, Some(minor)) => (1, minor),
            _ => return None,
        };
        Some((stability, major, minor.parse().ok()?))
    };
    match parsed() {
        Some((stability, major, minor)) => (stability, major, minor, Reverse(String::new())),
        None => (0, 0, 0, Reverse(version.to_owned())),
    }
}
