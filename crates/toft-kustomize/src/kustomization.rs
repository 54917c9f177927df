//! What a kustomization file says.
//!
//! Source: kustomize 5.8.2, `api/types/kustomization.go` and its neighbours.

mod charts;
mod decode;
mod fields;
mod plugins;
mod shape;

use smol_str::SmolStr;
use toft_object::Gvk;

use crate::field_spec::FieldSpec;
use crate::resource::Behavior;
use crate::selector::SelectorSpec;

pub(crate) use charts::HelmChart;
pub(crate) use decode::{configuration, kustomization, replacements};
pub(crate) use fields::{CONFIGURATION, KUSTOMIZATION, REPLACEMENTS};
pub(crate) use plugins::{
    AddTarget, Affixed, End, Generator, PolicyArgs, Transformer, ValueAdd, generator_of,
    targets_of, transformer_of,
};
pub(crate) use shape::{Problem, Segment, check, check_converting, wrong_only};

/// Names and texts, sorted by name.
pub(crate) type Texts = Vec<(SmolStr, SmolStr)>;

/// A kustomization after upstream's fixes of old fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) namespace: String,
    pub(crate) common_labels: Texts,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: Texts,
    pub(crate) patches_strategic_merge: Vec<String>,
    pub(crate) patches_json: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replacements: Vec<ReplacementEntry>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) sort: Option<SortOptions>,
    pub(crate) resources: Vec<Entry>,
    pub(crate) components: Vec<Entry>,
    pub(crate) config_maps: Vec<GeneratorArgs>,
    pub(crate) secrets: Vec<GeneratorArgs>,
    pub(crate) configurations: Vec<Entry>,
    pub(crate) build_metadata: Vec<String>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) crds: Vec<Entry>,
    pub(crate) generators: Vec<Entry>,
    pub(crate) transformers: Vec<Entry>,
    pub(crate) validators: Vec<Entry>,
    pub(crate) openapi: OpenApi,
    pub(crate) charts: Vec<HelmChart>,
}

/// `openapi`: another schema than the one that is built in.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenApi {
    pub(crate) path: Option<String>,
    pub(crate) version: Option<String>,
}

/// One entry of `vars`.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: SmolStr,
    pub(crate) gvk: Gvk,
    pub(crate) object: SmolStr,
    pub(crate) namespace: SmolStr,
    pub(crate) field: String,
}

/// An entry of a list of paths, with the field and index where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) text: String,
    pub(crate) field: &'static str,
    pub(crate) index: usize,
}

/// One entry of `labels`.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) pairs: Texts,
    pub(crate) reach: LabelReach,
    pub(crate) fields: Vec<FieldSpec>,
}

/// Where labels go beside the metadata.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LabelReach {
    Selectors,
    Others {
        templates: Include,
        volume_claim_templates: Include,
    },
}

/// Whether something is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    Yes,
    No,
}

/// One entry of `patches` or `patchesJson6902`.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    pub(crate) path: String,
    /// The patch itself, where it is no file.
    pub(crate) inline: String,
    pub(crate) target: Option<SelectorSpec>,
    pub(crate) changes: AllowedChanges,
}

/// What a patch may change beside its own fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllowedChanges {
    pub(crate) name: Include,
    pub(crate) kind: Include,
}

/// One entry of `images`.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
}

/// One entry of `replicas`.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

/// `sortOptions`.
#[derive(Clone, Debug)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    pub(crate) legacy: Option<LegacyOrder>,
}

/// `sortOptions.legacySortOptions`.
#[derive(Clone, Debug)]
pub(crate) struct LegacyOrder {
    pub(crate) first: Vec<String>,
    pub(crate) last: Vec<String>,
}

/// One entry of `configMapGenerator` or `secretGenerator`, the global options already in it.
#[derive(Clone, Debug)]
pub(crate) struct GeneratorArgs {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: Behavior,
    pub(crate) envs: Vec<String>,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) options: GeneratorOptions,
    /// The type of a Secret; empty for the default and for a ConfigMap.
    pub(crate) secret_type: String,
}

/// `generatorOptions` and the `options` of one generator.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Texts,
    pub(crate) annotations: Texts,
    pub(crate) name_hash: NameHash,
    pub(crate) mutability: Mutability,
}

/// Whether a generated name gets a hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NameHash {
    #[default]
    Added,
    Disabled,
}

/// Whether a generated object says that it never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mutability {
    #[default]
    Unsaid,
    Immutable,
}

/// One entry of `replacements`: in place, or in a file.
#[derive(Clone, Debug)]
pub(crate) enum ReplacementEntry {
    Inline(Box<Replacement>),
    File(String),
    /// Both at once, which upstream refuses.
    Both,
}

/// A value and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    pub(crate) source: Option<ReplacementSource>,
    pub(crate) source_value: Option<String>,
    /// `None` where nothing was written.
    pub(crate) targets: Option<Vec<ReplacementTarget>>,
}

/// Where a replacement reads.
#[derive(Clone, Debug)]
pub(crate) struct ReplacementSource {
    pub(crate) selector: SelectorSpec,
    pub(crate) field_path: String,
    pub(crate) options: FieldOptions,
}

/// Where a replacement writes.
#[derive(Clone, Debug)]
pub(crate) struct ReplacementTarget {
    pub(crate) select: Option<SelectorSpec>,
    pub(crate) reject: Vec<SelectorSpec>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: FieldOptions,
}

/// How a field of a replacement is read.
#[derive(Clone, Debug)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: Include,
}
