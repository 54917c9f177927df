//! What templates are told about the chart and the cluster, with Go's types.
//!
//! Source: Helm 3.22.0 `pkg/engine/engine.go`, `recAllTpls`; Helm 4.3.1 hands the chart over as a map.

use std::rc::Rc;

use smol_str::SmolStr;
use toft_gotmpl::{
    Data, Dict, DictKind, Emptiness, Items, ItemsKind, Record, RecordField, RecordType,
};
use toft_value::Value;

use crate::capabilities::Capabilities;
use crate::chart::{Chart, ChartFile, Dependency, HelmVersion, ImportValues, Metadata};

/// Go's name of the type of values.
pub(crate) fn values_type(version: HelmVersion) -> DictKind {
    DictKind::Values(match version {
        HelmVersion::V3 => "chartutil.Values",
        HelmVersion::V4 => "common.Values",
    })
}

const fn field(name: &'static str, json: &'static str, empty: Emptiness) -> RecordField {
    RecordField { name, json, empty }
}

const fn optional(name: &'static str, json: &'static str) -> RecordField {
    field(name, json, Emptiness::Omitted)
}

const fn kept(name: &'static str, json: &'static str) -> RecordField {
    field(name, json, Emptiness::Kept)
}

static METADATA: RecordType = RecordType {
    name: "struct { chart.Metadata; IsRoot bool }",
    fields: &[
        optional("Name", "name"),
        optional("Home", "home"),
        optional("Sources", "sources"),
        optional("Version", "version"),
        optional("Description", "description"),
        optional("Keywords", "keywords"),
        optional("Maintainers", "maintainers"),
        optional("Icon", "icon"),
        optional("APIVersion", "apiVersion"),
        optional("Condition", "condition"),
        optional("Tags", "tags"),
        optional("AppVersion", "appVersion"),
        optional("Deprecated", "deprecated"),
        optional("Annotations", "annotations"),
        optional("KubeVersion", "kubeVersion"),
        optional("Dependencies", "dependencies"),
        optional("Type", "type"),
        kept("IsRoot", "IsRoot"),
    ],
};

static MAINTAINER: RecordType = RecordType {
    name: "*chart.Maintainer",
    fields: &[
        optional("Name", "name"),
        optional("Email", "email"),
        optional("URL", "url"),
    ],
};

static DEPENDENCY: RecordType = RecordType {
    name: "*chart.Dependency",
    fields: &[
        kept("Name", "name"),
        optional("Version", "version"),
        kept("Repository", "repository"),
        optional("Condition", "condition"),
        optional("Tags", "tags"),
        optional("Enabled", "enabled"),
        optional("ImportValues", "import-values"),
        optional("Alias", "alias"),
    ],
};

const VERSION_FIELDS: &[RecordField] = &[
    kept("Version", "Version"),
    kept("Major", "Major"),
    kept("Minor", "Minor"),
];

static KUBE_VERSION_3: RecordType = RecordType {
    name: "chartutil.KubeVersion",
    fields: VERSION_FIELDS,
};

static KUBE_VERSION_4: RecordType = RecordType {
    name: "common.KubeVersion",
    fields: &[
        kept("Version", "Version"),
        kept("Major", "Major"),
        kept("Minor", "Minor"),
        // What the version is when it is printed.
        RecordField {
            name: "normalizedVersion",
            json: "",
            empty: Emptiness::Hidden,
        },
    ],
};

static CAPABILITIES_3: RecordType = RecordType {
    name: "*chartutil.Capabilities",
    fields: CAPABILITIES_FIELDS,
};

static CAPABILITIES_4: RecordType = RecordType {
    name: "*common.Capabilities",
    fields: CAPABILITIES_FIELDS,
};

const CAPABILITIES_FIELDS: &[RecordField] = &[
    kept("KubeVersion", "KubeVersion"),
    kept("APIVersions", "APIVersions"),
    kept("HelmVersion", "HelmVersion"),
];

static BUILD_INFO: RecordType = RecordType {
    name: "version.BuildInfo",
    fields: &[
        optional("Version", "version"),
        optional("GitCommit", "git_commit"),
        optional("GitTreeState", "git_tree_state"),
        optional("GoVersion", "go_version"),
    ],
};

fn record(kind: &'static RecordType, fields: Vec<Data>) -> Data {
    Data::Record(Rc::new(Record { kind, fields }))
}

fn text(text: &SmolStr) -> Data {
    Data::Text(text.clone())
}

/// `.Capabilities`
pub(crate) fn capabilities(capabilities: &Capabilities, version: HelmVersion) -> Data {
    let kube = &capabilities.kube_version;
    let mut kube_fields = vec![text(&kube.version), text(&kube.major), text(&kube.minor)];
    let (all_type, kube_type, versions_type, helm) = match version {
        HelmVersion::V3 => (
            &CAPABILITIES_3,
            &KUBE_VERSION_3,
            "chartutil.VersionSet",
            "v3.22.0",
        ),
        HelmVersion::V4 => {
            kube_fields.push(text(&kube.plain));
            (
                &CAPABILITIES_4,
                &KUBE_VERSION_4,
                "common.VersionSet",
                "v4.3.1",
            )
        }
    };
    let versions = capabilities.api_versions.iter().map(text).collect();
    let build = ["", "clean", "go1.26.8"].map(Data::text);
    let build = std::iter::once(Data::text(helm)).chain(build);
    record(
        all_type,
        vec![
            record(kube_type, kube_fields),
            Data::List(Items::new(ItemsKind::Versions(versions_type), versions)),
            record(&BUILD_INFO, build.collect()),
        ],
    )
}

/// `.Files`
pub(crate) fn files(files: &[ChartFile]) -> Data {
    let entries = files.iter().map(|file| {
        let bytes = Data::Bytes(Rc::from(&*file.bytes));
        (file.name.clone(), bytes)
    });
    Data::Dict(Dict::new(DictKind::Files, entries.collect()))
}

/// What is told about a chart: whether it is the outermost one, and what it wants.
pub(crate) struct About<'a> {
    pub(crate) chart: &'a Chart,
    /// Its name, which may be an alias.
    pub(crate) name: &'a SmolStr,
    pub(crate) is_root: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

impl About<'_> {
    /// `.Chart`
    pub(crate) fn data(&self, version: HelmVersion) -> Data {
        let fields = self.fields();
        match version {
            HelmVersion::V3 => record(&METADATA, fields),
            HelmVersion::V4 => {
                let names = METADATA.fields.iter().map(|field| field.name.into());
                Data::dict(names.zip(fields.into_iter().map(unfolded)))
            }
        }
    }

    fn fields(&self) -> Vec<Data> {
        let Metadata {
            home,
            sources,
            version,
            description,
            keywords,
            maintainers,
            icon,
            api_version,
            condition,
            tags,
            app_version,
            deprecated,
            annotations,
            kube_version,
            kind,
            name: _,
            dependencies: _,
        } = &self.chart.metadata;
        let texts = |all: &[SmolStr]| Data::texts(all.iter().cloned());
        let maintainers = maintainers.iter().map(|one| {
            let fields = vec![text(&one.name), text(&one.email), text(&one.url)];
            record(&MAINTAINER, fields)
        });
        let annotations = annotations.iter().filter_map(|(key, value)| match value {
            Value::Str(value) => Some((key.clone(), value.clone())),
            _ => None,
        });
        vec![
            text(self.name),
            text(home),
            texts(sources),
            text(version),
            text(description),
            texts(keywords),
            Data::list(maintainers.collect()),
            text(icon),
            text(api_version),
            text(condition),
            text(tags),
            text(app_version),
            Data::Bool(*deprecated),
            Data::text_dict(annotations),
            text(kube_version),
            Data::list(self.dependencies.iter().map(dependency).collect()),
            text(kind),
            Data::Bool(self.is_root),
        ]
    }
}

/// Structs as maps under Go's names, and every list as one of anything.
///
/// Source: Helm 4.3.1 `pkg/chart/common.go`, `structToMap`.
fn unfolded(value: Data) -> Data {
    match value {
        Data::List(list) => Data::list(list.items.iter().cloned().map(unfolded).collect()),
        Data::Record(record) => {
            let names = record.kind.fields.iter().map(|field| field.name.into());
            Data::dict(names.zip(record.fields.iter().cloned().map(unfolded)))
        }
        other => other,
    }
}

fn dependency(one: &Dependency) -> Data {
    let imports = one.import_values.iter().map(|import| match import {
        ImportValues::Exported(name) => text(name),
        ImportValues::Moved { child, parent } | ImportValues::Noted { child, parent } => {
            Data::text_dict([
                ("child".into(), child.clone()),
                ("parent".into(), parent.clone()),
            ])
        }
        ImportValues::Other(value) => Data::from_value(value),
    });
    let fields = vec![
        text(&one.name),
        text(&one.version),
        text(&one.repository),
        text(&one.condition),
        Data::texts(one.tags.iter().cloned()),
        Data::Bool(one.enabled),
        Data::list(imports.collect()),
        text(&one.alias),
    ];
    record(&DEPENDENCY, fields)
}
