//! The fields of the files that kustomize reads.
//!
//! Source: kustomize 5.8.2, the JSON tags in `api/types/*.go`.

use toft_value::Value;

use super::charts::{CHARTS, GLOBALS, OLD_CHARTS};
use super::shape::Shape::{self, Exact, Flag, List, Number, Record, Text, Texts};

pub(super) const TEXT_LIST: Shape = List(&Text);
const NAME: Shape = Exact(&Text);

/// `kustomization.yaml`.
pub(crate) static KUSTOMIZATION: Shape = Record(&[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", METADATA),
    ("openapi", Texts),
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("namespace", Text),
    ("commonLabels", Texts),
    ("labels", List(&LABEL)),
    ("commonAnnotations", Texts),
    ("patchesStrategicMerge", TEXT_LIST),
    ("patchesJson6902", List(&PATCH)),
    ("patches", List(&PATCH)),
    ("images", List(&IMAGE)),
    ("imageTags", List(&IMAGE)),
    ("replacements", List(&REPLACEMENT)),
    ("replicas", List(&REPLICA)),
    ("vars", List(&VARIABLE)),
    ("sortOptions", SORT_OPTIONS),
    ("resources", TEXT_LIST),
    ("components", TEXT_LIST),
    ("crds", TEXT_LIST),
    ("bases", TEXT_LIST),
    ("configMapGenerator", List(&CONFIG_MAP_ARGS)),
    ("secretGenerator", List(&SECRET_ARGS)),
    ("helmGlobals", GLOBALS),
    ("helmCharts", Exact(&CHARTS)),
    ("helmChartInflationGenerator", Exact(&OLD_CHARTS)),
    ("generatorOptions", GENERATOR_OPTIONS),
    ("configurations", TEXT_LIST),
    ("generators", TEXT_LIST),
    ("transformers", TEXT_LIST),
    ("validators", TEXT_LIST),
    ("buildMetadata", TEXT_LIST),
]);

static LABEL: Shape = Record(&[
    ("pairs", Texts),
    ("includeSelectors", Flag),
    ("includeTemplates", Flag),
    ("includeVolumeClaimTemplates", Flag),
    ("fields", List(&FIELD_SPEC)),
]);

pub(super) const METADATA: Shape = Record(&[
    ("name", Text),
    ("namespace", Text),
    ("labels", Texts),
    ("annotations", Texts),
]);

pub(super) static FIELD_SPEC: Shape = Record(&[
    ("group", NAME),
    ("version", NAME),
    ("kind", NAME),
    ("path", Text),
    ("create", Flag),
]);

static PATCH: Shape = Record(PATCH_FIELDS);

pub(super) const PATCH_FIELDS: &[(&str, Shape)] = &[
    ("path", Text),
    ("patch", Text),
    ("target", SELECTOR),
    (
        "options",
        Record(&[("allowNameChange", Flag), ("allowKindChange", Flag)]),
    ),
];

pub(super) const SELECTOR: Shape = Record(&[
    ("group", NAME),
    ("version", NAME),
    ("kind", NAME),
    ("name", NAME),
    ("namespace", NAME),
    ("annotationSelector", Text),
    ("labelSelector", Text),
]);

static IMAGE: Shape = Record(IMAGE_FIELDS);

pub(super) const IMAGE_FIELDS: &[(&str, Shape)] = &[
    ("name", Text),
    ("newName", Text),
    ("tagSuffix", Text),
    ("newTag", Text),
    ("digest", Text),
];

static REPLICA: Shape = Record(REPLICA_FIELDS);

pub(super) const REPLICA_FIELDS: &[(&str, Shape)] = &[("name", Text), ("count", Number)];

static VARIABLE: Shape = Record(&[
    ("name", Text),
    (
        "objref",
        Record(&[
            ("apiVersion", Text),
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("name", Text),
            ("namespace", Text),
        ]),
    ),
    ("fieldref", Record(&[("fieldPath", Text)])),
]);

/// What a file of replacements may be: one, or a list.
#[derive(Debug)]
pub(crate) struct OneOrMany {
    one: &'static Shape,
    many: &'static Shape,
}

impl OneOrMany {
    /// The shape for a value.
    pub(crate) fn of(&self, value: &Value) -> &'static Shape {
        match value {
            Value::List(_) => self.many,
            _ => self.one,
        }
    }
}

/// A file that an entry of `replacements` names.
pub(crate) static REPLACEMENTS: OneOrMany = OneOrMany {
    one: &REPLACEMENT,
    many: &List(&REPLACEMENT),
};

pub(super) static REPLACEMENT: Shape = Record(&[
    ("path", Text),
    (
        "source",
        Record(&[
            ("group", NAME),
            ("version", NAME),
            ("kind", NAME),
            ("name", NAME),
            ("namespace", NAME),
            ("fieldPath", Text),
            ("options", FIELD_OPTIONS),
        ]),
    ),
    (
        "targets",
        List(&Record(&[
            ("select", SELECTOR),
            ("reject", List(&SELECTOR)),
            ("fieldPaths", TEXT_LIST),
            ("options", FIELD_OPTIONS),
        ])),
    ),
    ("sourceValue", Text),
]);

const FIELD_OPTIONS: Shape = Record(&[
    ("delimiter", Text),
    ("index", Number),
    ("encoding", Text),
    ("create", Flag),
]);

const SORT_OPTIONS: Shape = Record(&[
    ("order", Text),
    (
        "legacySortOptions",
        Record(&[("orderFirst", TEXT_LIST), ("orderLast", TEXT_LIST)]),
    ),
]);

static CONFIG_MAP_ARGS: Shape = Record(&[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", TEXT_LIST),
    ("files", TEXT_LIST),
    ("envs", TEXT_LIST),
    ("env", Text),
    ("options", GENERATOR_OPTIONS),
]);

static SECRET_ARGS: Shape = Record(&[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", TEXT_LIST),
    ("files", TEXT_LIST),
    ("envs", TEXT_LIST),
    ("env", Text),
    ("options", GENERATOR_OPTIONS),
    ("type", Text),
]);

pub(super) const GENERATOR_OPTIONS: Shape = Record(&[
    ("labels", Texts),
    ("annotations", Texts),
    ("disableNameSuffixHash", Flag),
    ("immutable", Flag),
]);

/// A file of `configurations`.
pub(crate) static CONFIGURATION: Shape = Record(&[
    ("namePrefix", List(&FIELD_SPEC)),
    ("nameSuffix", List(&FIELD_SPEC)),
    ("namespace", List(&FIELD_SPEC)),
    ("commonLabels", List(&FIELD_SPEC)),
    ("labels", List(&FIELD_SPEC)),
    ("templateLabels", List(&FIELD_SPEC)),
    ("volumeClaimTemplateLabels", List(&FIELD_SPEC)),
    ("commonAnnotations", List(&FIELD_SPEC)),
    (
        "nameReference",
        List(&Record(&[
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("fieldSpecs", List(&FIELD_SPEC)),
        ])),
    ),
    ("varReference", List(&FIELD_SPEC)),
    ("images", List(&FIELD_SPEC)),
    ("replicas", List(&FIELD_SPEC)),
]);
