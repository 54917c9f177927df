//! `labels` and `commonLabels`.
//!
//! Source: kustomize 5.8.2, `LabelTransformer` in `api/internal/target/kusttarget_configplugin.go`,
//! `api/filters/labels/labels.go`.

use toft_object::Gvk;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::config::Config;
use crate::directory::Directory;
use crate::fault::Fault;
use crate::field_spec::{Creation, FieldSpec, merge_specs};
use crate::kustomization::{Include, Label, LabelReach, Texts};
use crate::node::{Node, NodeKind, Tag};
use crate::resources::Resources;

const PLUGIN: &str = "LabelTransformer";
/// Labels stand in a map.
const MAP: Creation = Creation {
    kind: NodeKind::Map,
    tag: Tag::None,
};

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    let kustomization = &directory.kustomization;
    if kustomization.labels.is_empty() && kustomization.common_labels.is_empty() {
        return Ok(());
    }
    for (index, label) in kustomization.labels.iter().enumerate() {
        let specs = specs(label, &accumulator.config).map_err(|fault| {
            let message = format!("failed to merge labels: {fault}");
            build.refuse(directory.entry_error("KUS063", message, ("labels", index)))
        })?;
        let pairs = (&label.pairs, specs.as_slice());
        set_texts(build, directory, (&mut accumulator.resources, pairs))?;
        accumulator.transformed(directory, PLUGIN);
    }
    let specs = accumulator.config.common_labels.clone();
    let pairs = (&kustomization.common_labels, &*specs);
    set_texts(build, directory, (&mut accumulator.resources, pairs))?;
    accumulator.transformed(directory, PLUGIN);
    Ok(())
}

fn specs(label: &Label, config: &Config) -> Result<Vec<FieldSpec>, Fault> {
    let mut specs = label.fields.clone();
    merge_specs(&mut specs, &config.labels)?;
    match label.reach {
        LabelReach::Selectors => merge_specs(&mut specs, &config.common_labels)?,
        LabelReach::Others {
            templates,
            volume_claim_templates,
        } => {
            if templates == Include::Yes {
                merge_specs(&mut specs, &config.template_labels)?;
            }
            if volume_claim_templates == Include::Yes {
                merge_specs(&mut specs, &config.volume_claim_template_labels)?;
            }
            let metadata = FieldSpec {
                gvk: Gvk::default(),
                path: "metadata/labels".into(),
                create: true,
            };
            merge_specs(&mut specs, &[metadata])?;
        }
    }
    Ok(specs)
}

/// Puts texts into the maps that the paths lead to, in every object.
pub(super) fn set_texts(
    build: &mut Build<'_>,
    directory: &Directory,
    (resources, (texts, specs)): (&mut Resources, (&Texts, &[FieldSpec])),
) -> Result<(), Stop> {
    for resource in resources.iter_mut() {
        for (key, text) in texts {
            let mut change = |node: &mut Node| node.set_field(key, Node::string(text.clone()));
            let result = specs
                .iter()
                .try_for_each(|spec| spec.apply(&mut resource.node, Some(MAP), &mut change));
            result.map_err(|fault| {
                build.refuse(directory.object_error("KUS063", resource, &fault.to_string()))
            })?;
        }
    }
    Ok(())
}
