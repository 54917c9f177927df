//! Where each transformer writes: upstream's defaults and what `configurations` files add.
//!
//! Source: kustomize 5.8.2, `api/internal/plugins/builtinconfig/`.

mod defaults;

use std::borrow::Cow;

use smol_str::SmolStr;
use toft_object::Gvk;

use crate::fault::Fault;
use crate::field_spec::{FieldSpec, merge_specs};
use crate::order::gvk_order;

/// Paths of one transformer.
pub(crate) type Specs = Cow<'static, [FieldSpec]>;

/// Which fields hold the name of an object of a kind.
#[derive(Clone, Debug)]
pub(crate) struct NameReference {
    /// The kind that is referred to.
    pub(crate) gvk: Gvk,
    /// The fields that refer to it.
    pub(crate) referrers: Specs,
}

/// The paths of every transformer. A clone is cheap as long as nothing was added to the defaults.
///
/// What a merge gives depends on its order: a path that is there for one kind keeps out the same path
/// for all kinds. So merges happen where upstream has them, the first ones into an empty value.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) name_prefix: Specs,
    pub(crate) name_suffix: Specs,
    pub(crate) namespace: Specs,
    pub(crate) common_labels: Specs,
    pub(crate) labels: Specs,
    pub(crate) template_labels: Specs,
    pub(crate) volume_claim_template_labels: Specs,
    pub(crate) common_annotations: Specs,
    pub(crate) name_references: Cow<'static, [NameReference]>,
    pub(crate) images: Specs,
    pub(crate) replicas: Specs,
    pub(crate) var_reference: Specs,
}

impl Config {
    /// No paths at all.
    pub(crate) fn empty() -> Self {
        const NONE: Specs = Cow::Borrowed(&[]);
        Self {
            name_prefix: NONE,
            name_suffix: NONE,
            namespace: NONE,
            common_labels: NONE,
            labels: NONE,
            template_labels: NONE,
            volume_claim_template_labels: NONE,
            common_annotations: NONE,
            name_references: Cow::Borrowed(&[]),
            images: NONE,
            replicas: NONE,
            var_reference: NONE,
        }
    }

    /// The paths that upstream has built in.
    pub(crate) fn built_in() -> Self {
        Self {
            name_prefix: Cow::Borrowed(defaults::NAME_PREFIX),
            name_suffix: Cow::Borrowed(defaults::NAME_SUFFIX),
            namespace: Cow::Borrowed(defaults::NAMESPACE),
            common_labels: Cow::Borrowed(defaults::COMMON_LABELS),
            labels: Cow::Borrowed(&[]),
            template_labels: Cow::Borrowed(defaults::TEMPLATE_LABELS),
            volume_claim_template_labels: Cow::Borrowed(defaults::VOLUME_CLAIM_TEMPLATE_LABELS),
            common_annotations: Cow::Borrowed(defaults::COMMON_ANNOTATIONS),
            name_references: Cow::Borrowed(defaults::NAME_REFERENCES),
            images: Cow::Borrowed(defaults::IMAGES),
            replicas: Cow::Borrowed(defaults::REPLICAS),
            var_reference: Cow::Borrowed(defaults::VAR_REFERENCE),
        }
    }

    /// What one file says, sorted by kind.
    pub(crate) fn of(
        paths: Vec<(SmolStr, Vec<FieldSpec>)>,
        mut references: Vec<NameReference>,
    ) -> Self {
        let mut config = Self::empty();
        for (name, mut specs) in paths {
            specs.sort_by(|left, right| gvk_order(&left.gvk, &right.gvk));
            if let Some(place) = config.specs_mut(&name) {
                *place = Cow::Owned(specs);
            }
        }
        references.sort_by(|left, right| gvk_order(&left.gvk, &right.gvk));
        config.name_references = Cow::Owned(references);
        config
    }

    /// The paths of the transformer that a configuration file calls by this name.
    pub(crate) fn specs_mut(&mut self, name: &str) -> Option<&mut Specs> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "volumeClaimTemplateLabels" => &mut self.volume_claim_template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            "varReference" => &mut self.var_reference,
            _ => return None,
        })
    }

    /// Adds what another accumulation brought along.
    ///
    /// # Errors
    /// Both configure one path differently.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Fault> {
        const NAMES: &[&str] = &[
            "namePrefix",
            "nameSuffix",
            "namespace",
            "commonAnnotations",
            "commonLabels",
            "labels",
            "templateLabels",
            "volumeClaimTemplateLabels",
            "images",
            "replicas",
            "varReference",
        ];
        let mut other = other.clone();
        for name in NAMES {
            if let (Some(mine), Some(theirs)) = (self.specs_mut(name), other.specs_mut(name)) {
                add(mine, theirs)
                    .map_err(|fault| fault.within(format_args!("merging the paths of `{name}`")))?;
            }
        }
        match (&self.name_references, &other.name_references) {
            (Cow::Borrowed([]), Cow::Borrowed(references)) => {
                self.name_references = Cow::Borrowed(references);
                Ok(())
            }
            (_, Cow::Borrowed(_)) => Ok(()),
            (_, Cow::Owned(references)) => self.add_references(references),
        }
    }

    /// Adds fields that hold names.
    ///
    /// # Errors
    /// One is there with another `create`.
    fn add_references(&mut self, more: &[NameReference]) -> Result<(), Fault> {
        let known = self.name_references.to_mut();
        for reference in more {
            match known.iter_mut().find(|known| known.gvk == reference.gvk) {
                Some(known) => merge_specs(known.referrers.to_mut(), &reference.referrers)
                    .map_err(|fault| fault.within("merging the paths of `nameReference`"))?,
                None => known.push(reference.clone()),
            }
        }
        known.sort_by(|left, right| gvk_order(&left.gvk, &right.gvk));
        Ok(())
    }
}

/// Adds paths and keeps the order by kind.
fn add(specs: &mut Specs, more: &Specs) -> Result<(), Fault> {
    match (&*specs, more) {
        (Cow::Borrowed(mine), Cow::Borrowed(theirs)) if std::ptr::eq(*mine, *theirs) => {
            return Ok(());
        }
        // What is built in has no two paths of which one keeps the other out.
        (Cow::Borrowed([]), Cow::Borrowed(theirs)) => {
            *specs = Cow::Borrowed(theirs);
            return Ok(());
        }
        _ => {}
    }
    let specs = specs.to_mut();
    merge_specs(specs, more)?;
    specs.sort_by(|left, right| gvk_order(&left.gvk, &right.gvk));
    Ok(())
}
