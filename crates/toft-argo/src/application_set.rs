//! An `ApplicationSet`.

use smol_str::SmolStr;
use toft_source::{Checked, Diagnostic};
use toft_value::{Map, Value};

use crate::read;
use crate::repo_url::RepoUrl;
use crate::shape::{APPLICATION_SET, TEMPLATE};

/// How deep generators nest: at the top, in a matrix or merge, and in a matrix or merge in that.
///
/// Source: Argo CD 3.2.0 `applicationset_types.go`, `ApplicationSetTerminalGenerator`.
pub const GENERATORS_DEPTH_MAX: usize = 3;

/// An `ApplicationSet`: what it says, and the value it was read from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplicationSet {
    /// Its name.
    pub name: SmolStr,
    /// Its namespace; empty where none is written.
    pub namespace: SmolStr,
    /// Whether templates are Go templates; otherwise the older `{{name}}` form.
    pub go_template: bool,
    /// Options of Go templates, such as `missingkey=error`.
    pub go_template_options: Vec<SmolStr>,
    /// What gives parameters, in order.
    pub generators: Vec<Generator>,
    /// The template of an Application.
    pub template: Value,
    /// A patch, as a template, for each rendered Application.
    pub template_patch: Option<SmolStr>,
    /// What happens to Applications.
    pub sync_policy: Option<ApplicationSetSyncPolicy>,
    /// How changes are rolled out, as written.
    pub strategy: Option<Value>,
    /// Annotations of Applications that others may set.
    pub preserved_annotations: Vec<SmolStr>,
    /// Labels of Applications that others may set.
    pub preserved_labels: Vec<SmolStr>,
    /// Differences of Applications that stay.
    pub ignore_differences: Vec<IgnoreApplicationDifferences>,
    raw: Value,
}

/// What an `ApplicationSet` does to its Applications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplicationSetSyncPolicy {
    /// Whether what Applications manage outlives them.
    pub preserve_resources_on_deletion: bool,
    /// What may be done to Applications.
    pub applications_sync: ApplicationsSync,
}

/// What may be done to the Applications of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplicationsSync {
    /// Everything.
    #[default]
    Sync,
    /// Only creating.
    CreateOnly,
    /// No deleting.
    CreateUpdate,
    /// No updating.
    CreateDelete,
}

/// Differences of Applications that stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreApplicationDifferences {
    /// The Application; empty means all.
    pub name: SmolStr,
    /// Fields as JSON pointers.
    pub json_pointers: Vec<SmolStr>,
    /// Fields as jq expressions.
    pub jq_path_expressions: Vec<SmolStr>,
}

/// One entry of `generators`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generator {
    /// What it generates with; more than one kind in an entry is possible, none is a mistake.
    pub kinds: Vec<GeneratorKind>,
    /// Which of the parameters are kept, as written.
    pub selector: Option<Value>,
    depth: usize,
    raw: Value,
}

/// One kind of generator.
#[derive(Clone, Debug, PartialEq)]
pub enum GeneratorKind {
    /// Parameters as written.
    List {
        /// The parameters.
        elements: Vec<Value>,
        /// More of them, as YAML text.
        elements_yaml: SmolStr,
        /// Overrides of the template.
        template: Value,
    },
    /// One set of parameters per cluster.
    Clusters {
        /// Which clusters, as written; `null` means all.
        selector: Value,
        /// Further parameters.
        values: Map,
        /// Whether all clusters are one parameter.
        flat_list: bool,
        /// Overrides of the template.
        template: Value,
    },
    /// Directories or files of a repository.
    Git(GitGenerator),
    /// Every pair of two generators.
    Matrix {
        /// The two.
        generators: Vec<Generator>,
        /// Overrides of the template.
        template: Value,
    },
    /// The first generator's parameters, overridden by those of the others with the same keys.
    Merge {
        /// The generators.
        generators: Vec<Generator>,
        /// What must be equal.
        merge_keys: Vec<SmolStr>,
        /// Overrides of the template.
        template: Value,
    },
    /// A kind that asks something outside the repository.
    Outside {
        /// Its name, such as `scmProvider`.
        name: &'static str,
        /// Overrides of the template.
        template: Value,
    },
}

/// Directories or files of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GitGenerator {
    /// The repository.
    pub repo_url: RepoUrl,
    /// The revision.
    pub revision: SmolStr,
    /// Directory patterns.
    pub directories: Vec<GitPath>,
    /// File patterns.
    pub files: Vec<GitPath>,
    /// Further parameters.
    pub values: Map,
    /// Put before the names of the path parameters.
    pub path_param_prefix: SmolStr,
    /// Overrides of the template.
    pub template: Value,
}

/// One pattern of a git generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitPath {
    /// The pattern.
    pub path: SmolStr,
    /// Whether what matches is left out.
    pub exclude: bool,
}

impl ApplicationSet {
    /// Reads an `ApplicationSet`; what is wrong with it is told, and the rest is understood.
    pub fn parse(value: &Value) -> Checked<Self> {
        let mut diagnostics = APPLICATION_SET.check(value, "");
        let null = Value::Null;
        let metadata = value.get("metadata").unwrap_or(&null);
        let spec = value.get("spec").unwrap_or(&null);
        let policy = read::part(spec, "syncPolicy");
        let preserved = spec.get("preservedFields").unwrap_or(&null);
        let set = Self {
            name: read::text(metadata, "name"),
            namespace: read::text(metadata, "namespace"),
            go_template: read::flag(spec, "goTemplate"),
            go_template_options: read::texts(spec, "goTemplateOptions"),
            generators: read::list(spec, "generators", Generator::parse),
            template: TEMPLATE.canonical(spec.get("template").unwrap_or(&null)),
            template_patch: spec.str_at(&["templatePatch"]).map(SmolStr::from),
            sync_policy: policy.map(|policy| parse_policy(policy, &mut diagnostics)),
            strategy: read::part(spec, "strategy").cloned(),
            preserved_annotations: read::texts(preserved, "annotations"),
            preserved_labels: read::texts(preserved, "labels"),
            ignore_differences: read::list(spec, "ignoreApplicationDifferences", parse_ignore),
            raw: value.clone(),
        };
        diagnostics.extend(set.unrecognized());
        Checked {
            value: set,
            diagnostics,
        }
    }

    /// Source: Argo CD 3.2.0 `applicationset/utils/utils.go`, `CheckInvalidGenerators`.
    fn unrecognized(&self) -> Option<Diagnostic> {
        let empty = self.generators.iter().filter(|one| one.kinds.is_empty());
        let mut names: Vec<&str> = Vec::new();
        let mut found = false;
        for generator in empty {
            found = true;
            let first = generator.raw.as_map().and_then(|map| map.keys().next());
            names.extend(first.map(SmolStr::as_str));
        }
        names.sort_unstable();
        names.dedup();
        let mut message = format!(
            "ApplicationSet {} contains unrecognized generators",
            self.name
        );
        if !names.is_empty() {
            message = format!("{message}: {}", names.join(", "));
        }
        found.then(|| Diagnostic::warning("ARG006", message))
    }

    /// The `ApplicationSet` as written.
    pub fn value(&self) -> &Value {
        &self.raw
    }
}

fn parse_policy(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> ApplicationSetSyncPolicy {
    let text = read::text(value, "applicationsSync");
    let applications_sync = match text.as_str() {
        "" | "sync" => ApplicationsSync::Sync,
        "create-only" => ApplicationsSync::CreateOnly,
        "create-update" => ApplicationsSync::CreateUpdate,
        "create-delete" => ApplicationsSync::CreateDelete,
        _ => {
            // The words of the API server about an enum of a CRD.
            let message = format!(
                "spec.syncPolicy.applicationsSync: Unsupported value: {text:?}: supported values: \"create-only\", \"create-update\", \"create-delete\", \"sync\""
            );
            diagnostics.push(Diagnostic::error("ARG007", message));
            ApplicationsSync::Sync
        }
    };
    ApplicationSetSyncPolicy {
        preserve_resources_on_deletion: read::flag(value, "preserveResourcesOnDeletion"),
        applications_sync,
    }
}

fn parse_ignore(value: &Value) -> IgnoreApplicationDifferences {
    IgnoreApplicationDifferences {
        name: read::text(value, "name"),
        json_pointers: read::texts(value, "jsonPointers"),
        jq_path_expressions: read::texts(value, "jqPathExpressions"),
    }
}

impl ApplicationsSync {
    /// Whether an Application may be changed.
    pub fn allows_update(self) -> bool {
        matches!(self, Self::Sync | Self::CreateUpdate)
    }

    /// Whether an Application may be deleted.
    pub fn allows_delete(self) -> bool {
        matches!(self, Self::Sync | Self::CreateDelete)
    }
}

type ReadKind = fn(&Value, usize) -> GeneratorKind;

/// Every kind, in the order in which one entry's kinds are taken.
///
/// Source: Argo CD 3.2.0 `applicationset_types.go`, `ApplicationSetGenerator`.
const KINDS: &[(&str, ReadKind)] = &[
    ("list", parse_list),
    ("clusters", parse_clusters),
    ("git", parse_git),
    ("scmProvider", |value, _| outside("scmProvider", value)),
    ("clusterDecisionResource", |value, _| {
        outside("clusterDecisionResource", value)
    }),
    ("pullRequest", |value, _| outside("pullRequest", value)),
    ("matrix", parse_matrix),
    ("merge", parse_merge),
    ("plugin", |value, _| outside("plugin", value)),
];

impl Generator {
    /// Reads one entry of `generators` at the top.
    pub fn parse(value: &Value) -> Self {
        Self::parse_at(value, 1)
    }

    /// The entry as written.
    pub fn value(&self) -> &Value {
        &self.raw
    }

    /// The same entry with another text, read at the same depth.
    #[must_use]
    pub fn with_value(&self, value: &Value) -> Self {
        Self::parse_at(value, self.depth)
    }

    fn parse_at(value: &Value, depth: usize) -> Self {
        let combines = |name: &str| name == "matrix" || name == "merge";
        let kinds = KINDS.iter().filter_map(|(name, read_kind)| {
            // Kubernetes has no recursive types: the innermost level knows no combinations.
            let known = depth < GENERATORS_DEPTH_MAX || !combines(name);
            let found = read::part(value, name).filter(|_| known)?;
            Some(read_kind(found, depth))
        });
        Self {
            kinds: kinds.collect(),
            selector: read::part(value, "selector").cloned(),
            depth,
            raw: value.clone(),
        }
    }
}

fn template(value: &Value) -> Value {
    value.get("template").cloned().unwrap_or_default()
}

fn parse_list(value: &Value, _depth: usize) -> GeneratorKind {
    GeneratorKind::List {
        elements: value.items_at(&["elements"]).to_vec(),
        elements_yaml: read::text(value, "elementsYaml"),
        template: template(value),
    }
}

fn parse_clusters(value: &Value, _depth: usize) -> GeneratorKind {
    GeneratorKind::Clusters {
        selector: value.get("selector").cloned().unwrap_or_default(),
        values: read::map(value, "values"),
        flat_list: read::flag(value, "flatList"),
        template: template(value),
    }
}

fn parse_git(value: &Value, _depth: usize) -> GeneratorKind {
    let path = |value: &Value| GitPath {
        path: read::text(value, "path"),
        exclude: read::flag(value, "exclude"),
    };
    GeneratorKind::Git(GitGenerator {
        repo_url: RepoUrl::new(read::text(value, "repoURL")),
        revision: read::text(value, "revision"),
        directories: read::list(value, "directories", path),
        files: read::list(value, "files", path),
        values: read::map(value, "values"),
        path_param_prefix: read::text(value, "pathParamPrefix"),
        template: template(value),
    })
}

fn nested(value: &Value, depth: usize) -> Vec<Generator> {
    read::list(value, "generators", |one| {
        Generator::parse_at(one, depth + 1)
    })
}

fn parse_matrix(value: &Value, depth: usize) -> GeneratorKind {
    GeneratorKind::Matrix {
        generators: nested(value, depth),
        template: template(value),
    }
}

fn parse_merge(value: &Value, depth: usize) -> GeneratorKind {
    GeneratorKind::Merge {
        generators: nested(value, depth),
        merge_keys: read::texts(value, "mergeKeys"),
        template: template(value),
    }
}

fn outside(name: &'static str, value: &Value) -> GeneratorKind {
    GeneratorKind::Outside {
        name,
        template: template(value),
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn generators_nest_three_levels_deep() {
        let list = value!({"list": {"elements": []}});
        let matrix = |inner: &Value| value!({"matrix": {"generators": [inner, inner]}});
        let deep = Generator::parse(&matrix(&matrix(&list)));
        let inner = |generator: &Generator| match &generator.kinds[0] {
            GeneratorKind::Matrix { generators, .. } => generators[0].clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(inner(&inner(&deep)).kinds.len(), 1);
        let too_deep = Generator::parse(&matrix(&matrix(&matrix(&list))));
        assert_eq!(inner(&inner(&too_deep)).kinds, []);
    }

    #[test]
    fn an_unknown_generator_is_told_with_argo_cds_words() {
        let set = value!({"metadata": {"name": "apps"}, "spec": {"generators": [{"gti": {}}], "template": {"metadata": {}, "spec": {}}}});
        let told = ApplicationSet::parse(&set).diagnostics;
        assert_eq!(
            told[0].message,
            "ApplicationSet apps contains unrecognized generators: gti"
        );
    }
}
