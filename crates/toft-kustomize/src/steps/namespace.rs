//! `namespace`: of every object that can have one, with rules for role bindings and webhooks.
//!
//! Source: kustomize 5.8.2, `api/filters/namespace/namespace.go`,
//! `api/internal/builtins/NamespaceTransformer.go`.

use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::config::Specs;
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::{Creation, FieldSpec};
use crate::node::{Fields, Node, NodeKind, Tag};
use crate::resource::Resource;
use crate::resources::key;

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
    let mut counts = accumulator.resources.count_ids();
    for resource in accumulator.resources.iter_mut() {
        let before = key(&resource.current_id());
        resource.store_previous_id();
        set(resource, namespace, &accumulator.config.namespace).map_err(|fault| {
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
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}

fn set(resource: &mut Resource, namespace: &str, specs: &Specs) -> Result<(), Fault> {
    let gvk = resource.gvk();
    let mut change = |node: &mut Node| node.set_scalar(namespace, Tag::Str);
    if !resource.current_id().cluster_scoped {
        let metadata = FieldSpec {
            gvk: Gvk::default(),
            path: "metadata/namespace".into(),
            create: true,
        };
        metadata.apply(&mut resource.node, Some(SCALAR), &mut change)?;
    }
    let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding {
        set_subjects(&mut resource.node, namespace)?;
    }
    for spec in specs.iter() {
        let of_metadata = spec.path == "metadata/namespace";
        // Only the core kind called Namespace is one.
        let of_other_kind = spec.path == "metadata/name" && resource.api_version() != "v1";
        let of_subjects = is_binding
            && spec.path == "subjects/namespace"
            && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if of_metadata || of_other_kind || of_subjects {
            continue;
        }
        spec.apply(&mut resource.node, Some(SCALAR), &mut change)
            .map_err(|fault| fault.within("namespace transformation failed"))?;
    }
    Ok(())
}

/// Only the service account called `default` moves along; others may be in another namespace.
fn set_subjects(object: &mut Node, namespace: &str) -> Result<(), Fault> {
    let Some(subjects) = object.get_mut("subjects").filter(|node| !node.is_null()) else {
        return Ok(());
    };
    let kind = subjects.kind();
    let Node::List(subjects) = subjects else {
        let fault = Fault::wrong_kind(NodeKind::List, kind);
        return Err(fault.within("setting namespace on (cluster)role binding subjects"));
    };
    for subject in subjects {
        let is_default = subject
            .get("name")
            .is_some_and(|name| name.text() == "default");
        if let Some(fields) = subject.fields_mut().filter(|_| is_default) {
            set_namespace(fields, namespace)?;
        }
    }
    Ok(())
}

fn set_namespace(fields: &mut Fields, namespace: &str) -> Result<(), Fault> {
    fields
        .get_or_insert("namespace", NodeKind::Scalar)
        .set_scalar(namespace, Tag::Str)
}
