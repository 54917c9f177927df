//! The last touch: what `buildMetadata` asks for, and annotations as upstream leaves them.
//!
//! Source: kustomize 5.8.2, `Run` in `api/krusty/kustomizer.go`.

use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::directory::Directory;
use crate::field_spec::{Creation, FieldSpec};
use crate::kustomization::Include;
use crate::node::{Node, NodeKind, Tag};
use crate::provenance::Metadata;
use crate::resource::Resource;

const ORIGIN: &str = "config.kubernetes.io/origin";
const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What upstream's release says about itself.
const MANAGER: &str = "kustomize-v5.8.2";

/// What upstream keeps in annotations while it builds, and takes out of every object at the end.
const BUILD_ANNOTATIONS: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/helm-generated",
];

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let metadata = build.metadata;
    for resource in accumulator.resources.iter_mut() {
        if metadata.managed_by == Include::Yes {
            let mut change = |node: &mut Node| node.set_field(MANAGED_BY, Node::string(MANAGER));
            let labels = FieldSpec {
                gvk: Gvk::default(),
                path: "metadata/labels".into(),
                create: true,
            };
            let map = Creation {
                kind: NodeKind::Map,
                tag: Tag::None,
            };
            labels
                .apply(&mut resource.node, Some(map), &mut change)
                .map_err(|fault| {
                    build.refuse(directory.object_error("KUS063", resource, &fault.to_string()))
                })?;
        }
        annotate(resource, metadata);
    }
    Ok(())
}

/// Every annotation becomes a string, an empty map goes.
fn annotate(resource: &mut Resource, metadata: Metadata) {
    let mut entries = resource.metadata_map("annotations");
    entries.retain(|(key, _)| {
        let key = key.as_str();
        !BUILD_ANNOTATIONS.contains(&key) && key != ORIGIN && key != TRANSFORMATIONS
    });
    if let (Include::Yes, Some(origin)) = (metadata.origins, &resource.provenance.origin) {
        entries.push((ORIGIN.into(), origin.annotation().into()));
    }
    let transformed = !resource.provenance.transformations.is_empty();
    if metadata.transformations == Include::Yes && transformed {
        let text = resource.provenance.transformations_annotation();
        entries.push((TRANSFORMATIONS.into(), text.into()));
    }
    resource.set_metadata_map("annotations", &entries);
}
