//! `namespace`: of every object that can have one, with rules for role bindings and webhooks.
//!
//! Source: kustomize 5.8.2, `api/filters/namespace/namespace.go`,
//! `api/internal/builtins/NamespaceTransformer.go`.

use smol_str::SmolStr;
use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::{Creation, FieldSpec};
use crate::node::{Node, NodeKind, Tag};
use crate::resource::Scope;
use crate::resources::{Resources, key};

const PLUGIN: &str = "NamespaceTransformer";
const SCALAR: Creation = Creation {
    kind: NodeKind::Scalar,
    tag: Tag::Str,
};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let namespace = &directory.kustomization.namespace;
    if namespace.is_empty() {
        return Ok(());
    }
    let specs = accumulator.config.namespace.clone();
    let change = NamespaceChange {
        namespace,
        specs: &specs,
        subjects: Subjects::Default,
        over: Over::Everything,
    };
    apply(build, directory, (&mut accumulator.resources, &change))?;
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}

/// What becomes of the namespaces.
#[derive(Debug)]
pub(crate) struct NamespaceChange<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) specs: &'a [FieldSpec],
    pub(crate) subjects: Subjects,
    pub(crate) over: Over,
}

/// Which subjects of role bindings move along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those called `default`.
    Default,
    /// Every service account.
    ServiceAccounts,
    None,
}

/// Which namespaces are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Everything,
    /// Those that are not there, or empty.
    Nothing,
}

/// Sets the namespace of every object that can have one.
pub(super) fn apply(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, change): (&mut Resources, &NamespaceChange<'_>),
) -> Result<(), Stop> {
    let mut counts = resources.count_ids();
    for resource in resources.iter_mut() {
        if resource.node.is_empty() || resource.is_from_chart() {
            continue;
        }
        let before = key(&resource.current_id());
        resource.store_previous_id();
        let scope = resource.scope();
        change.object(&mut resource.node, scope).map_err(|fault| {
            build.refuse(directory.object_error("KUS060", resource, &fault.to_string()))
        })?;
        let id = resource.current_id();
        if let Some(count) = counts.get_mut(&before) {
            *count -= 1;
        }
        let count = counts.entry(key(&id)).or_default();
        *count += 1;
        if *count > 1 {
            let message = format!("namespace transformation produces ID conflict: {id}");
            let told = directory.error("KUS061", message, &["namespace"]);
            return Err(build.refuse(told));
        }
    }
    Ok(())
}

fn is_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

impl NamespaceChange<'_> {
    /// Sets the namespace of one object.
    pub(crate) fn object(&self, object: &mut Node, scope: Scope) -> Result<(), Fault> {
        let text = |name| SmolStr::from(object.get(name).map_or("", Node::text));
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let mut change = |node: &mut Node| self.set(node);
        if scope == Scope::Namespaced {
            let metadata = FieldSpec {
                gvk: Gvk::default(),
                path: "metadata/namespace".into(),
                create: true,
            };
            metadata.apply(object, Some(SCALAR), &mut change)?;
        }
        if is_binding(&kind) {
            self.set_subjects(object)?;
        }
        for spec in self.specs {
            let of_metadata = spec.path == "metadata/namespace";
            // Only the core kind called Namespace is one.
            let of_other_kind = spec.path == "metadata/name" && api_version != "v1";
            let of_subjects = is_binding(&kind)
                && spec.path == "subjects/namespace"
                && is_binding(&spec.gvk.kind);
            if of_metadata || of_other_kind || of_subjects {
                continue;
            }
            spec.apply(object, Some(SCALAR), &mut change)
                .map_err(|fault| fault.within("namespace transformation failed"))?;
        }
        Ok(())
    }

    fn set(&self, node: &mut Node) -> Result<(), Fault> {
        let is_there =
            node.kind() == NodeKind::Scalar && !node.is_null() && !node.text().is_empty();
        if self.over == Over::Nothing && is_there {
            return Ok(());
        }
        node.set_scalar(self.namespace, Tag::Str)
    }

    /// Other service accounts than `default` may be in another namespace, so they stay unless told.
    fn set_subjects(&self, object: &mut Node) -> Result<(), Fault> {
        let (field, wanted) = match self.subjects {
            Subjects::None => return Ok(()),
            Subjects::Default => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        };
        let Some(subjects) = object.get_mut("subjects").filter(|node| !node.is_null()) else {
            return Ok(());
        };
        let kind = subjects.kind();
        let Node::List(subjects) = subjects else {
            let fault = Fault::wrong_kind(NodeKind::List, kind);
            return Err(fault.within("setting namespace on (cluster)role binding subjects"));
        };
        for subject in subjects {
            let moves = subject
                .get(field)
                .is_some_and(|value| value.text() == wanted);
            if let Some(fields) = subject.fields_mut().filter(|_| moves) {
                self.set(fields.get_or_insert("namespace", NodeKind::Scalar))?;
            }
        }
        Ok(())
    }
}
