//! Built-in generators and transformers that are configured by an object of their own.
//!
//! Source: kustomize 5.8.2, `api/internal/builtins/`, `api/internal/plugins/builtinhelpers/builtins.go`.

use toft_value::Value;

use super::charts::{GENERATOR as CHART, HelmChart, helm_chart};
use super::decode::{
    field_spec, flag, generator, image, list, patch, records, replacement_entry, replica, selector,
    text, texts,
};
use super::fields::{
    FIELD_SPEC, GENERATOR_OPTIONS, IMAGE_FIELDS, METADATA, PATCH_FIELDS, REPLACEMENT,
    REPLICA_FIELDS, SELECTOR, TEXT_LIST,
};
use super::shape::Shape::{self, Exact, Flag, List, Number, Record, Text, Texts as TextMap};
use super::shape::{Problem, check_converting, wrong_only};
use super::{GeneratorArgs, Image, Include, Patch, ReplacementEntry, Replica, Texts};
use crate::field_spec::FieldSpec;
use crate::selector::SelectorSpec;

/// A generator.
#[derive(Debug)]
pub(crate) enum Generator {
    ConfigMap(Box<GeneratorArgs>),
    Secret(Box<GeneratorArgs>),
    /// A service account that stands for one of a cloud.
    Policy(PolicyArgs),
    Chart(Box<HelmChart>),
}

/// What `IAMPolicyGenerator` is told.
#[derive(Debug)]
pub(crate) struct PolicyArgs {
    pub(crate) cloud: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) account: String,
    pub(crate) project: String,
}

/// A transformer.
#[derive(Debug)]
pub(crate) enum Transformer {
    Annotations(Texts, Vec<FieldSpec>),
    Hash,
    Images(Image, Vec<FieldSpec>),
    Labels(Texts, Vec<FieldSpec>),
    Namespace {
        namespace: String,
        specs: Vec<FieldSpec>,
        subjects: String,
        unset_only: Include,
    },
    JsonPatch(Patch),
    StrategicMerge {
        paths: Vec<String>,
        patches: String,
    },
    Patch(Patch),
    Affixes(Vec<Affixed>),
    Replacements(Vec<ReplacementEntry>),
    Replicas(Replica, Vec<FieldSpec>),
    ValueAdd(ValueAdd),
}

/// A text at one end of names; `None` for the paths where nothing is written.
#[derive(Debug)]
pub(crate) struct Affixed {
    pub(crate) end: End,
    pub(crate) text: String,
    pub(crate) specs: Option<Vec<FieldSpec>>,
}

/// An end of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Front,
    Back,
}

/// What `ValueAddTransformer` is told.
#[derive(Debug)]
pub(crate) struct ValueAdd {
    pub(crate) value: String,
    pub(crate) targets: Vec<AddTarget>,
    /// A file with more targets.
    pub(crate) file: String,
}

/// Where a value is added.
#[derive(Debug)]
pub(crate) struct AddTarget {
    pub(crate) selector: Option<SelectorSpec>,
    pub(crate) path: String,
    pub(crate) position: i64,
}

const SPECS: (&str, Shape) = ("fieldSpecs", List(&FIELD_SPEC));

static GENERATOR: Shape = Record(&[
    ("metadata", METADATA),
    ("namespace", Exact(&Text)),
    ("name", Exact(&Text)),
    ("behavior", Exact(&Text)),
    ("literals", Exact(&TEXT_LIST)),
    ("files", Exact(&TEXT_LIST)),
    ("envs", Exact(&TEXT_LIST)),
    ("env", Exact(&Text)),
    ("options", Exact(&GENERATOR_OPTIONS)),
    ("type", Exact(&Text)),
]);

static POLICY: Shape = Exact(&Record(&[
    ("cloud", Text),
    (
        "kubernetesService",
        Record(&[("name", Text), ("namespace", Text)]),
    ),
    (
        "serviceAccount",
        Record(&[("name", Text), ("projectId", Text)]),
    ),
]));

const ADD_TARGETS: (&str, Shape) = (
    "targets",
    List(&Record(&[
        ("selector", SELECTOR),
        ("fieldPath", Text),
        ("filePathPosition", Number),
    ])),
);

/// What each transformer reads of its object.
static TRANSFORMERS: &[(&str, Shape)] = &[
    (
        "AnnotationsTransformer",
        Record(&[("annotations", TextMap), SPECS]),
    ),
    ("HashTransformer", Record(&[])),
    (
        "ImageTagTransformer",
        Record(&[("imageTag", Record(IMAGE_FIELDS)), SPECS]),
    ),
    ("LabelTransformer", Record(&[("labels", TextMap), SPECS])),
    (
        "NamespaceTransformer",
        Record(&[
            ("metadata", METADATA),
            SPECS,
            ("unsetOnly", Flag),
            ("setRoleBindingSubjects", Text),
        ]),
    ),
    (
        "PatchJson6902Transformer",
        Record(&[("target", SELECTOR), ("path", Text), ("jsonOp", Text)]),
    ),
    (
        "PatchStrategicMergeTransformer",
        Record(&[("paths", TEXT_LIST), ("patches", Text)]),
    ),
    ("PatchTransformer", Record(PATCH_FIELDS)),
    (
        "PrefixSuffixTransformer",
        Record(&[("prefix", Text), ("suffix", Text), SPECS]),
    ),
    ("PrefixTransformer", Record(&[("prefix", Text), SPECS])),
    ("SuffixTransformer", Record(&[("suffix", Text), SPECS])),
    (
        "ReplacementTransformer",
        Record(&[("replacements", List(&Exact(&REPLACEMENT)))]),
    ),
    (
        "ReplicaCountTransformer",
        Record(&[("replica", Record(REPLICA_FIELDS)), SPECS]),
    ),
    (
        "ValueAddTransformer",
        Record(&[("value", Text), ADD_TARGETS, ("targetFilePath", Text)]),
    ),
];

/// Reads the object that configures a generator; `None` where there is no such generator.
pub(crate) fn generator_of(kind: &str, value: &Value) -> Option<Result<Generator, Vec<Problem>>> {
    let read =
        |shape, make: fn(&Value) -> Generator| checked(value, shape).map(|value| make(&value));
    Some(match kind {
        "ConfigMapGenerator" => read(&GENERATOR, |value| Generator::ConfigMap(generated(value))),
        "SecretGenerator" => read(&GENERATOR, |value| Generator::Secret(generated(value))),
        "IAMPolicyGenerator" => read(&POLICY, |value| Generator::Policy(policy(value))),
        "HelmChartInflationGenerator" => read(&CHART, |value| {
            let home = text(value, "chartHome");
            let chart = helm_chart(value, &home, ("generators", 0));
            Generator::Chart(Box::new(chart))
        }),
        _ => return None,
    })
}

/// Fields that nobody knows are passed over.
fn checked(value: &Value, shape: &'static Shape) -> Result<Value, Vec<Problem>> {
    let (value, problems) = check_converting(value, shape);
    let problems = wrong_only(problems);
    if problems.is_empty() {
        Ok(value)
    } else {
        Err(problems)
    }
}

/// Name and namespace come from the metadata where they are not written beside it.
fn generated(value: &Value) -> Box<GeneratorArgs> {
    let mut args = generator(value, None);
    // Only a kustomization's old `env` counts as one of the `envs`.
    args.envs = list(value, "envs");
    let metadata = |name| {
        value
            .str_at(&["metadata", name])
            .unwrap_or_default()
            .to_owned()
    };
    if args.name.is_empty() {
        args.name = metadata("name");
    }
    if args.namespace.is_empty() {
        args.namespace = metadata("namespace");
    }
    Box::new(args)
}

fn policy(value: &Value) -> PolicyArgs {
    let at = |path: &[&str]| value.str_at(path).unwrap_or_default().to_owned();
    PolicyArgs {
        cloud: at(&["cloud"]),
        name: at(&["kubernetesService", "name"]),
        namespace: at(&["kubernetesService", "namespace"]),
        account: at(&["serviceAccount", "name"]),
        project: at(&["serviceAccount", "projectId"]),
    }
}

/// Reads the object that configures a transformer; `None` where there is no such transformer.
pub(crate) fn transformer_of(
    kind: &str,
    value: &Value,
) -> Option<Result<Transformer, Vec<Problem>>> {
    let shape = TRANSFORMERS.iter().find(|(name, _)| *name == kind);
    let shape = &shape?.1;
    Some(checked(value, shape).map(|value| transformer(kind, &value)))
}

fn transformer(kind: &str, value: &Value) -> Transformer {
    let specs = || records(value, "fieldSpecs", field_spec);
    let part = |name| value.get(name).cloned().unwrap_or_default();
    match kind {
        "AnnotationsTransformer" => Transformer::Annotations(texts(value, "annotations"), specs()),
        "ImageTagTransformer" => Transformer::Images(image(&part("imageTag")), specs()),
        "LabelTransformer" => Transformer::Labels(texts(value, "labels"), specs()),
        "NamespaceTransformer" => Transformer::Namespace {
            namespace: text(&part("metadata"), "namespace"),
            specs: specs(),
            subjects: text(value, "setRoleBindingSubjects"),
            unset_only: flag(value, "unsetOnly"),
        },
        "PatchJson6902Transformer" => Transformer::JsonPatch(Patch {
            inline: text(value, "jsonOp"),
            ..patch(value)
        }),
        "PatchStrategicMergeTransformer" => Transformer::StrategicMerge {
            paths: list(value, "paths"),
            patches: text(value, "patches"),
        },
        "PatchTransformer" => Transformer::Patch(patch(value)),
        "PrefixSuffixTransformer" => {
            Transformer::Affixes(vec![affixed(value, End::Front), affixed(value, End::Back)])
        }
        "PrefixTransformer" => Transformer::Affixes(vec![affixed(value, End::Front)]),
        "SuffixTransformer" => Transformer::Affixes(vec![affixed(value, End::Back)]),
        "ReplacementTransformer" => {
            Transformer::Replacements(records(value, "replacements", replacement_entry))
        }
        "ReplicaCountTransformer" => Transformer::Replicas(replica(&part("replica")), specs()),
        "ValueAddTransformer" => Transformer::ValueAdd(ValueAdd {
            value: text(value, "value"),
            targets: add_targets(value),
            file: text(value, "targetFilePath"),
        }),
        // The one that is left reads nothing.
        _ => Transformer::Hash,
    }
}

fn affixed(value: &Value, end: End) -> Affixed {
    let field = match end {
        End::Front => "prefix",
        End::Back => "suffix",
    };
    let specs = value.get("fieldSpecs");
    Affixed {
        end,
        text: text(value, field),
        specs: specs.map(|_| records(value, "fieldSpecs", field_spec)),
    }
}

fn add_targets(value: &Value) -> Vec<AddTarget> {
    records(value, "targets", |target| AddTarget {
        selector: target.get("selector").map(selector),
        path: text(target, "fieldPath"),
        position: target.i64_at(&["filePathPosition"]).unwrap_or_default(),
    })
}

/// Reads a file of targets for values.
pub(crate) fn targets_of(value: &Value) -> Result<Vec<AddTarget>, Vec<Problem>> {
    static FILE: Shape = Record(&[ADD_TARGETS]);
    checked(value, &FILE).map(|value| add_targets(&value))
}
