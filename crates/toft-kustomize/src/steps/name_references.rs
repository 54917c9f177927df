//! Names in other objects, mended after the names of objects have changed.
//!
//! Source: kustomize 5.8.2, `api/filters/nameref/nameref.go`,
//! `api/internal/accumulator/namereferencetransformer.go`.

mod candidates;

use rustc_hash::FxHashMap;
use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::config::NameReference;
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::FieldSpec;
use crate::id::{ResId, selects};
use crate::node::{Node, NodeKind, Tag};
use crate::resource::Resource;
use candidates::{Candidate, Candidates, Same};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let candidates = Candidates::of(&accumulator.resources);
    let references = accumulator.config.name_references.clone();
    let mut by_kind: FxHashMap<Gvk, Vec<(&Gvk, &FieldSpec)>> = FxHashMap::default();
    for resource in accumulator.resources.iter_mut() {
        let original = resource.original_id();
        let referrer = Referrer::of(resource).map_err(|fault| {
            build.refuse(directory.object_error("KUS068", resource, &fault.to_string()))
        })?;
        let found = by_kind
            .entry(original.gvk)
            .or_insert_with_key(|gvk| referring(&references, gvk));
        for (target, spec) in found {
            let search = Search {
                candidates: &candidates,
                referrer: &referrer,
                target,
                in_role_ref: spec.path.ends_with("roleRef/name"),
            };
            mend(resource, spec, &search).map_err(|fault| {
                let told = directory.object_error("KUS068", resource, &fault.to_string());
                build.refuse(told)
            })?;
        }
    }
    Ok(())
}

/// The fields of a kind that hold names, with the kinds that are named, in the order of configuration.
fn referring<'c>(references: &'c [NameReference], gvk: &Gvk) -> Vec<(&'c Gvk, &'c FieldSpec)> {
    let fields = references.iter().flat_map(|reference| {
        let specs = reference.referrers.iter();
        specs.map(|spec| (&reference.gvk, spec))
    });
    fields.filter(|(_, spec)| selects(&spec.gvk, gvk)).collect()
}

fn mend(resource: &mut Resource, spec: &FieldSpec, search: &Search<'_>) -> Result<(), Fault> {
    let mut change = |node: &mut Node| search.mend(node);
    spec.visit(&mut resource.node, None, &mut change)
        .map_err(|fault| {
            fault.within(format_args!(
                "updating name reference in '{}' field",
                spec.path
            ))
        })
}

/// The object whose fields are mended.
pub(super) struct Referrer {
    id: ResId,
    affixes: Resource,
    /// Namespaces that the service accounts of a role binding are in.
    subject_namespaces: Vec<String>,
    /// What the role reference of a binding says.
    role: Option<Gvk>,
}

impl Referrer {
    fn of(resource: &Resource) -> Result<Self, Fault> {
        let mut affixes = Resource::new(Node::null(), resource.origin.clone());
        affixes.past.prefixes.clone_from(&resource.past.prefixes);
        affixes.past.suffixes.clone_from(&resource.past.suffixes);
        Ok(Self {
            id: resource.current_id(),
            affixes,
            subject_namespaces: subject_namespaces(resource)?,
            role: role_of(resource),
        })
    }
}

fn subject_namespaces(resource: &Resource) -> Result<Vec<String>, Fault> {
    if resource.kind() != "RoleBinding" || resource.current_id().cluster_scoped {
        return Ok(Vec::new());
    }
    let subjects = resource.node.get("subjects").and_then(Node::items);
    let subjects = subjects.unwrap_or_default().iter();
    let accounts = subjects.filter(|subject| {
        let kind = subject.get("kind");
        kind.is_some_and(|kind| kind.text() == "ServiceAccount")
    });
    let namespaces = accounts.filter_map(|subject| subject.get("namespace"));
    let texts = namespaces.map(|node| {
        if node.is_null() {
            let text = "Invalid Input: namespace is blank for resource";
            return Err(Fault::new(text));
        }
        Ok(node.text().to_owned())
    });
    texts.collect()
}

fn role_of(resource: &Resource) -> Option<Gvk> {
    let text = |name| resource.node.at(&["roleRef", name]).map(Node::text);
    Some(Gvk::new(text("apiGroup")?, "", text("kind")?))
}

/// One hunt for the object that a name means.
struct Search<'a> {
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    /// The kind that the field refers to.
    target: &'a Gvk,
    in_role_ref: bool,
}

impl Search<'_> {
    fn mend(&self, node: &mut Node) -> Result<(), Fault> {
        if node.is_null() {
            return Ok(());
        }
        match node {
            Node::Scalar(_) => self.mend_name(node),
            Node::Map(_) => self.mend_map(node),
            Node::List(items) => items.iter_mut().try_for_each(|item| match item.kind() {
                _ if item.is_null() => Ok(()),
                NodeKind::Scalar => self.mend_name(item),
                NodeKind::Map => self.mend_map(item),
                NodeKind::List => Err(Fault::new(
                    "a list is expected to hold strings or maps of strings",
                )),
            }),
        }
    }

    fn mend_name(&self, node: &mut Node) -> Result<(), Fault> {
        let all = self.candidates.named(node.text(), self.referrer);
        let Some(found) = self.select(all, Same::Name)? else {
            return Ok(());
        };
        if found.name == node.text() {
            return Ok(());
        }
        node.set_scalar(found.name.clone(), Tag::None)
    }

    /// A map that holds a name and, for some references, a namespace.
    fn mend_map(&self, node: &mut Node) -> Result<(), Fault> {
        let Some(old) = node.get("name").map(|name| name.text().to_owned()) else {
            return Err(Fault::new("path config error; no 'name' field in node"));
        };
        let all = self.candidates.named(&old, self.referrer);
        let namespace = node.get("namespace").map(Node::text);
        let all = match namespace {
            Some(namespace) => self.candidates.in_namespace(all, namespace, self.referrer),
            None => all,
        };
        let Some(found) = self.select(all, Same::NameAndNamespace)? else {
            return Ok(());
        };
        if found.name == old && found.namespace.is_empty() {
            return Ok(());
        }
        node.set_field("name", Node::implicit(found.name.clone()))?;
        if found.namespace.is_empty() {
            return Ok(());
        }
        node.set_field("namespace", Node::implicit(found.namespace.clone()))
    }

    /// Source: `selectReferral`.
    fn select<'c>(
        &self,
        mut found: Vec<&'c Candidate>,
        same: Same,
    ) -> Result<Option<&'c Candidate>, Fault> {
        found.retain(|candidate| candidate.was_kind(self.target));
        if let (true, Some(role)) = (self.in_role_ref, &self.referrer.role) {
            found.retain(|candidate| candidate.was_kind(role));
        }
        found.retain(|candidate| candidate.is_reachable(&self.referrer.id));
        if let [one] = found.as_slice() {
            return Ok(Some(one));
        }
        let affixes = &self.referrer.affixes;
        found.retain(|candidate| candidate.resource.compatible_affixes(affixes));
        if found.len() > 1 {
            found.retain(|candidate| candidate.resource.same_affixes(affixes));
        }
        let Some(first) = found.first() else {
            return Ok(None);
        };
        if found.iter().all(|candidate| same.holds(first, candidate)) {
            return Ok(Some(first));
        }
        let ids: Vec<String> = found
            .iter()
            .map(|candidate| candidate.id.to_string())
            .collect();
        Err(Fault::new(format!(
            "found multiple possible referrals: {}",
            ids.join(", ")
        )))
    }
}
