//! An Application.

use smol_str::SmolStr;
use toft_source::{Checked, Diagnostic};
use toft_value::Value;

use crate::project::Cluster;
use crate::read;
use crate::shape::APPLICATION;
use crate::source::{ApplicationSource, Siblings};
use crate::sync_options::SyncOptions;
use crate::sync_policy::{Retry, SyncPolicy};
use crate::{
    API_VERSION, DEFAULT_PROJECT, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, RESOURCES_FINALIZER,
};

/// How many entries of history are kept unless the Application says otherwise.
///
/// Source: Argo CD 3.2.0 `types.go`, `RevisionHistoryLimit`.
const REVISION_HISTORY_LIMIT: i64 = 10;

/// An Application: what it says, and the value it was read from.
///
/// # Example
/// ```
/// use toft_argo::Application;
/// use toft_value::value;
/// let app = Application::parse(&value!({
///     "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
///     "metadata": {"name": "sonarr", "namespace": "argocd"},
///     "spec": {"project": "media", "destination": {"namespace": "media"},
///              "source": {"repoURL": "https://git.example.org/me/lab", "path": "apps/sonarr"}},
/// }));
/// assert_eq!(app.value.sources[0].path, "apps/sonarr");
/// assert!(app.diagnostics.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Application {
    /// Its name.
    pub name: SmolStr,
    /// Its namespace; empty where none is written.
    pub namespace: SmolStr,
    /// Its project; `default` where none is written.
    pub project: SmolStr,
    /// Where it goes.
    pub destination: Destination,
    /// Where its manifests come from, in order; empty where nothing is written.
    pub sources: Vec<ApplicationSource>,
    /// Whether the sources were written as `sources`.
    pub siblings: Siblings,
    /// When and how it is synced.
    pub sync_policy: SyncPolicy,
    /// Differences that do not count.
    pub ignore_differences: Vec<IgnoreDifferences>,
    /// What people should know.
    pub info: Vec<Info>,
    /// How many entries of history are kept.
    pub revision_history_limit: i64,
    /// What is to be done at once.
    pub operation: Option<Operation>,
    raw: Value,
}

/// Where an Application goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The address of the cluster.
    pub server: SmolStr,
    /// The name of the cluster.
    pub name: SmolStr,
    /// The namespace of objects that name none.
    pub namespace: SmolStr,
}

/// Differences that do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreDifferences {
    /// A glob of API groups.
    pub group: SmolStr,
    /// A glob of kinds.
    pub kind: SmolStr,
    /// The name; empty means any.
    pub name: SmolStr,
    /// The namespace; empty means any.
    pub namespace: SmolStr,
    /// Fields as JSON pointers.
    pub json_pointers: Vec<SmolStr>,
    /// Fields as jq expressions.
    pub jq_path_expressions: Vec<SmolStr>,
    /// Field managers that keep what they own.
    pub managed_fields_managers: Vec<SmolStr>,
}

/// Something people should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// What it is.
    pub name: SmolStr,
    /// What it says.
    pub value: SmolStr,
}

/// What is to be done at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// A sync.
    pub sync: Option<SyncOperation>,
    /// Who asked.
    pub initiated_by: SmolStr,
    /// Whether the engine asked by itself.
    pub automated: bool,
    /// What to do after a failure.
    pub retry: Retry,
    /// As written.
    pub raw: Value,
}

/// A sync that was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncOperation {
    /// The revision; empty means the Application's.
    pub revision: SmolStr,
    /// The revisions of several sources.
    pub revisions: Vec<SmolStr>,
    /// Whether to delete what Git no longer has.
    pub prune: bool,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
    /// How objects are written.
    pub strategy: SyncStrategy,
    /// The objects to sync; empty means all.
    pub resources: Vec<OperationResource>,
    /// Sources to use instead of the Application's.
    pub sources: Vec<ApplicationSource>,
    /// Options for every object.
    pub options: SyncOptions,
    /// How many times the engine healed in a row.
    pub self_heal_attempts: i64,
}

/// How a sync writes objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncStrategy {
    /// Whether hooks are left out.
    pub apply_only: bool,
    /// Whether objects are replaced by deleting and creating them again.
    pub force: bool,
}

/// An object to sync; `*` stands for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationResource {
    /// The API group.
    pub group: SmolStr,
    /// The kind.
    pub kind: SmolStr,
    /// The name.
    pub name: SmolStr,
    /// The namespace; empty means any.
    pub namespace: SmolStr,
}

/// How thorough a refresh is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Look at Git and the cluster.
    Normal,
    /// Render anew as well.
    Hard,
}

impl Application {
    /// What Argo CD says about the names under which sources refer to each other.
    ///
    /// Source: Argo CD 3.2.0 `util/argo/argo.go`, `GetRefSources`.
    pub fn references_refusal(&self) -> Option<String> {
        let sources = self.sources.as_slice();
        let named = sources.iter().map(|source| &source.reference);
        let named: Vec<&SmolStr> = named.filter(|name| !name.is_empty()).collect();
        if sources.len() < 2 {
            return None;
        }
        for (at, name) in named.iter().enumerate() {
            let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '-';
            if !name.chars().all(is_plain) {
                return Some(format!(
                    "sources.ref {name} cannot contain any special characters except '_' and '-'"
                ));
            }
            if named.iter().take(at).any(|other| other == name) {
                return Some("invalid sources: multiple sources had the same `ref` key".to_owned());
            }
        }
        None
    }

    /// Everything of an Application that its objects may depend on; the sources as each of them has it.
    ///
    /// When and how it is synced decides nothing about the objects, nor does what nobody parsed.
    pub fn rendered_by(&self) -> Vec<String> {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            name,
            namespace,
            project,
            destination,
            sources,
            siblings,
            sync_policy: _,
            ignore_differences: _,
            info: _,
            revision_history_limit: _,
            operation: _,
            raw: _,
        } = self;
        let Destination {
            server,
            name: cluster,
            namespace: goal,
        } = destination;
        let texts = [name, namespace, project, server, cluster, goal];
        let mut all: Vec<String> = texts.into_iter().map(ToString::to_string).collect();
        all.push(format!("{siblings:?}"));
        all.push(sources.len().to_string());
        all.extend(sources.iter().flat_map(ApplicationSource::rendered_by));
        all
    }

    /// Reads an Application; what is wrong with it is told, and the rest is understood.
    pub fn parse(value: &Value) -> Checked<Self> {
        let mut diagnostics = APPLICATION.check(value, "");
        let null = Value::Null;
        let metadata = value.get("metadata").unwrap_or(&null);
        let spec = value.get("spec").unwrap_or(&null);
        let (sources, siblings) = parse_sources(spec);
        let project = read::text(spec, "project");
        let operation = read::part(value, "operation");
        let application = Self {
            name: read::text(metadata, "name"),
            namespace: read::text(metadata, "namespace"),
            project: if project.is_empty() {
                SmolStr::new_static(DEFAULT_PROJECT)
            } else {
                project
            },
            destination: Destination::parse(spec.get("destination").unwrap_or(&null)),
            sources,
            siblings,
            sync_policy: SyncPolicy::parse(read::part(spec, "syncPolicy"), &mut diagnostics),
            ignore_differences: read::list(spec, "ignoreDifferences", parse_ignore_differences),
            info: read::list(spec, "info", parse_info),
            revision_history_limit: spec
                .i64_at(&["revisionHistoryLimit"])
                .unwrap_or(REVISION_HISTORY_LIMIT),
            operation: operation.map(|operation| Operation::parse(operation, &mut diagnostics)),
            raw: value.clone(),
        };
        diagnostics.extend(application.complaints());
        Checked {
            value: application,
            diagnostics,
        }
    }

    fn complaints(&self) -> Vec<Diagnostic> {
        let mut messages = Vec::new();
        if self.value().str_at(&["apiVersion"]) != Some(API_VERSION) {
            messages.push(format!("an Application has `apiVersion: {API_VERSION}`"));
        }
        if self.name.is_empty() {
            messages.push("the Application has no name".to_owned());
        }
        let refused = self
            .sources
            .iter()
            .find_map(|source| source.refusal(self.siblings));
        messages.extend(refused);
        if self.sources.is_empty() {
            messages.extend(ApplicationSource::default().refusal(Siblings::None));
        }
        let diagnostics = messages.into_iter();
        diagnostics
            .map(|message| Diagnostic::error("ARG005", message))
            .collect()
    }

    /// The Application as written.
    pub fn value(&self) -> &Value {
        &self.raw
    }

    /// The status, as written; `null` where there is none.
    pub fn status(&self) -> &Value {
        self.raw.get("status").unwrap_or(&Value::Null)
    }

    /// One annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.raw.str_at(&["metadata", "annotations", key])
    }

    /// The refresh that an annotation asks for.
    ///
    /// Source: Argo CD 3.2.0 `types.go`, `IsRefreshRequested`: anything but `hard` is a normal one.
    pub fn refresh_requested(&self) -> Option<Refresh> {
        let asked = self.annotation("argocd.argoproj.io/refresh")?;
        Some(if asked == "hard" {
            Refresh::Hard
        } else {
            Refresh::Normal
        })
    }

    /// Whether the engine leaves it alone.
    ///
    /// Source: Argo CD 3.2.0 `controller/appcontroller.go`, `canProcessApp`; Go 1.26 `strconv.ParseBool`.
    pub fn skips_reconcile(&self) -> bool {
        let written = self.annotation("argocd.argoproj.io/skip-reconcile");
        written.is_some_and(|text| ["1", "t", "T", "true", "TRUE", "True"].contains(&text))
    }

    /// Whether its objects are deleted with it.
    ///
    /// Source: Argo CD 3.2.0 `types.go`, `CascadedDeletion`: the finalizer, alone or with a policy.
    pub fn cascades(&self) -> bool {
        let finalizers = self.raw.items_at(&["metadata", "finalizers"]);
        finalizers
            .iter()
            .filter_map(Value::as_str)
            .any(|finalizer| {
                let policy = finalizer.strip_prefix(RESOURCES_FINALIZER);
                matches!(policy, Some("" | "/background" | "/foreground"))
            })
    }

    /// The first source; `None` where there is none.
    pub fn source(&self) -> Option<&ApplicationSource> {
        self.sources.first()
    }
}

fn parse_sources(spec: &Value) -> (Vec<ApplicationSource>, Siblings) {
    // Source: Argo CD 3.2.0 `types.go`, `GetSources`: the hydrator's, else `sources`, else `source`.
    if let Some(hydrator) = read::part(spec, "sourceHydrator") {
        let mut source = ApplicationSource::default();
        source.repo_url = crate::RepoUrl::new(
            hydrator
                .str_at(&["drySource", "repoURL"])
                .unwrap_or_default(),
        );
        source.path = hydrator
            .str_at(&["syncSource", "path"])
            .unwrap_or_default()
            .into();
        source.target_revision = hydrator
            .str_at(&["syncSource", "targetBranch"])
            .unwrap_or_default()
            .into();
        return (vec![source], Siblings::None);
    }
    let sources = read::list(spec, "sources", ApplicationSource::parse);
    if !sources.is_empty() {
        return (sources, Siblings::Some);
    }
    let source = read::part(spec, "source").map(ApplicationSource::parse);
    (source.into_iter().collect(), Siblings::None)
}

fn parse_ignore_differences(value: &Value) -> IgnoreDifferences {
    IgnoreDifferences {
        group: read::text(value, "group"),
        kind: read::text(value, "kind"),
        name: read::text(value, "name"),
        namespace: read::text(value, "namespace"),
        json_pointers: read::texts(value, "jsonPointers"),
        jq_path_expressions: read::texts(value, "jqPathExpressions"),
        managed_fields_managers: read::texts(value, "managedFieldsManagers"),
    }
}

fn parse_info(value: &Value) -> Info {
    Info {
        name: read::text(value, "name"),
        value: read::text(value, "value"),
    }
}

impl Destination {
    pub(crate) fn parse(value: &Value) -> Self {
        Self {
            server: read::text(value, "server"),
            name: read::text(value, "name"),
            namespace: read::text(value, "namespace"),
        }
    }

    /// The cluster that is meant, among those that are registered.
    ///
    /// Source: Argo CD 3.2.0 `util/argo/argo.go`, `GetDestinationCluster`.
    ///
    /// # Errors
    /// Both name and address are written, neither is, or no cluster has them; the text is Argo CD's.
    pub fn cluster<'a>(&self, clusters: &'a [Cluster]) -> Result<&'a Cluster, String> {
        let Self { server, name, .. } = self;
        if !name.is_empty() && !server.is_empty() {
            return Err(format!(
                "application destination can't have both name and server defined: {name} {server}"
            ));
        }
        if !server.is_empty() {
            let wanted = server.trim_end_matches('/');
            let found = clusters
                .iter()
                .find(|one| one.server.trim_end_matches('/') == wanted);
            return found.ok_or_else(|| {
                format!(
                    "error getting cluster by server {server:?}: rpc error: code = NotFound desc = cluster {server:?} not found"
                )
            });
        }
        if name.is_empty() {
            return Err("Destination server missing from app spec".to_owned());
        }
        let named: Vec<&Cluster> = clusters.iter().filter(|one| one.name == *name).collect();
        match named.as_slice() {
            [cluster] => Ok(cluster),
            [] => Err(format!("there are no clusters with this name: {name}")),
            several => {
                let servers: Vec<&str> = several.iter().map(|one| one.server.as_str()).collect();
                let (count, servers) = (several.len(), servers.join(" "));
                Err(format!(
                    "there are {count} clusters with the same name: [{servers}]"
                ))
            }
        }
    }

    /// Whether the cluster that Argo CD itself runs in is meant.
    pub fn is_in_cluster(&self) -> bool {
        self.server == IN_CLUSTER_SERVER || (self.server.is_empty() && self.name == IN_CLUSTER_NAME)
    }
}

impl Operation {
    fn parse(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let null = Value::Null;
        let initiator = value.get("initiatedBy").unwrap_or(&null);
        Self {
            sync: read::part(value, "sync").map(SyncOperation::parse),
            initiated_by: read::text(initiator, "username"),
            automated: read::flag(initiator, "automated"),
            retry: Retry::parse(value.get("retry").unwrap_or(&null), diagnostics),
            raw: value.clone(),
        }
    }
}

impl SyncOperation {
    fn parse(value: &Value) -> Self {
        let strategy = |name: &str| {
            value
                .at(&["syncStrategy", name])
                .filter(|one| !one.is_null())
        };
        let apply = strategy("apply");
        let mut sources = read::list(value, "sources", ApplicationSource::parse);
        if sources.is_empty() {
            sources.extend(read::part(value, "source").map(ApplicationSource::parse));
        }
        let options = read::texts(value, "syncOptions");
        Self {
            revision: read::text(value, "revision"),
            revisions: read::texts(value, "revisions"),
            prune: read::flag(value, "prune"),
            dry_run: read::flag(value, "dryRun"),
            strategy: SyncStrategy {
                apply_only: apply.is_some(),
                force: apply
                    .or_else(|| strategy("hook"))
                    .is_some_and(|one| read::flag(one, "force")),
            },
            resources: read::list(value, "resources", OperationResource::parse),
            sources,
            options: SyncOptions::parse(options.iter().map(SmolStr::as_str)),
            self_heal_attempts: value.i64_at(&["autoHealAttemptsCount"]).unwrap_or_default(),
        }
    }
}

impl OperationResource {
    fn parse(value: &Value) -> Self {
        Self {
            group: read::text(value, "group"),
            kind: read::text(value, "kind"),
            name: read::text(value, "name"),
            namespace: read::text(value, "namespace"),
        }
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn parse(spec: Value) -> Checked<Application> {
        let application = value!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a"}, "spec": spec});
        Application::parse(&application)
    }

    #[test]
    fn several_sources_win_over_one() {
        let app = parse(
            value!({"source": {"repoURL": "r", "path": "p"}, "sources": [{"repoURL": "r", "ref": "values"}, {"repoURL": "r", "chart": "c", "targetRevision": "1"}]}),
        );
        assert_eq!(app.value.sources.len(), 2);
        assert_eq!(app.diagnostics, []);
        assert_eq!(app.value.source().unwrap().reference, "values");
    }

    #[test]
    fn a_source_without_a_path_is_refused_with_argo_cds_words() {
        let app = parse(value!({"source": {"repoURL": "r"}}));
        let told: Vec<_> = app
            .diagnostics
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(
            told,
            ["spec.source.repoURL and either spec.source.path or spec.source.chart are required"]
        );
    }

    #[test]
    fn destinations_are_found_by_address_or_name() {
        let clusters = [Cluster::in_cluster()];
        let destination = |server: &str, name: &str| {
            let destination = Destination {
                server: server.into(),
                name: name.into(),
                namespace: "".into(),
            };
            destination
                .cluster(&clusters)
                .map(|cluster| cluster.name.clone())
        };
        assert_eq!(
            destination("https://kubernetes.default.svc", ""),
            Ok("in-cluster".into())
        );
        assert_eq!(destination("", "in-cluster"), Ok("in-cluster".into()));
        assert_eq!(
            destination("", ""),
            Err("Destination server missing from app spec".to_owned())
        );
        assert_eq!(
            destination("", "nas"),
            Err("there are no clusters with this name: nas".to_owned())
        );
        let both = "application destination can't have both name and server defined: n s";
        assert_eq!(destination("s", "n"), Err(both.to_owned()));
    }

    #[test]
    fn finalizers_refresh_and_operation_are_read() {
        let value = value!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "a", "finalizers": ["resources-finalizer.argocd.argoproj.io/background"],
                "annotations": {"argocd.argoproj.io/refresh": "hard"}},
            "spec": {"source": {"repoURL": "r", "path": "p"}},
            "operation": {"sync": {"revision": "abc", "syncStrategy": {"hook": {"force": true}}, "resources": [{"kind": "Pod", "name": "p"}]}, "initiatedBy": {"username": "me"}}});
        let app = Application::parse(&value).value;
        assert!(app.cascades());
        assert_eq!(app.refresh_requested(), Some(Refresh::Hard));
        let operation = app.operation.unwrap();
        assert_eq!(operation.initiated_by, "me");
        let sync = operation.sync.unwrap();
        assert!(sync.strategy.force && !sync.strategy.apply_only);
        assert_eq!(sync.resources[0].kind, "Pod");
    }
}
