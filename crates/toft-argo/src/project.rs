//! An `AppProject`, and what it permits.
//!
//! Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/app_project_types.go`,
//! `util/argo/argo.go` (`ValidatePermissions`), `controller/sync.go` (`WithPermissionValidator`).

use smol_str::SmolStr;
use toft_object::{GroupKind, Time};
use toft_source::Checked;
use toft_value::Value;

use crate::application::Application;
use crate::glob::Glob;
use crate::read;
use crate::repo_url::RepoUrl;
use crate::shape::APP_PROJECT;
use crate::source::ApplicationSource;
use crate::sync_window::{self, Initiator, Permission, SyncWindow};
use crate::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};

/// An `AppProject`: what it says, and the value it was read from.
///
/// # Example
/// ```
/// use toft_argo::{Application, AppProject, Cluster};
/// use toft_value::value;
/// let project = AppProject::parse(&value!({"metadata": {"name": "media"}, "spec": {"sourceRepos": ["*"]}})).value;
/// let app = Application::parse(&value!({"spec": {"source": {"repoURL": "r", "path": "p"}, "destination": {"name": "in-cluster", "namespace": "media"}}})).value;
/// assert_eq!(
///     project.refusals(&app, &[Cluster::in_cluster()]),
///     ["application destination server 'in-cluster' and namespace 'media' do not match any of the allowed destinations in project 'media'"],
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppProject {
    /// Its name.
    pub name: SmolStr,
    /// Repositories that may be used: globs, `!` refuses.
    pub source_repos: Vec<SmolStr>,
    /// Where Applications may go.
    pub destinations: Vec<ProjectDestination>,
    /// Cluster-scoped kinds that are allowed; none where nothing is written.
    pub cluster_allowed: Vec<KindPattern>,
    /// Cluster-scoped kinds that are refused.
    pub cluster_refused: Vec<KindPattern>,
    /// Namespaced kinds that are allowed; all where nothing is written.
    pub namespace_allowed: Option<Vec<KindPattern>>,
    /// Namespaced kinds that are refused.
    pub namespace_refused: Vec<KindPattern>,
    /// Namespaces, besides Argo CD's own, whose Applications may name the project.
    pub source_namespaces: Vec<SmolStr>,
    /// When Applications may be synced.
    pub sync_windows: Vec<SyncWindow>,
    raw: Value,
}

/// Where Applications may go: globs, `!` refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectDestination {
    /// The address of the cluster.
    pub server: SmolStr,
    /// The name of the cluster.
    pub name: SmolStr,
    /// The namespace.
    pub namespace: SmolStr,
}

/// Globs of an API group and a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindPattern {
    /// The API group.
    pub group: SmolStr,
    /// The kind.
    pub kind: SmolStr,
}

/// A cluster that is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its name.
    pub name: SmolStr,
    /// Its address.
    pub server: SmolStr,
}

impl Cluster {
    /// The cluster that Argo CD itself runs in.
    pub fn in_cluster() -> Self {
        Self {
            name: IN_CLUSTER_NAME.into(),
            server: IN_CLUSTER_SERVER.into(),
        }
    }
}

/// What Argo CD says of an Application whose project does not exist.
///
/// Source: Argo CD 3.2.0 `controller/appcontroller.go`, `projectErrorToCondition`.
pub fn missing_project(project: &str) -> String {
    format!("Application referencing project {project} which does not exist")
}

impl AppProject {
    /// Reads an `AppProject`; what is wrong with it is told, and the rest is understood.
    pub fn parse(value: &Value) -> Checked<Self> {
        let diagnostics = APP_PROJECT.check(value, "");
        let null = Value::Null;
        let spec = value.get("spec").unwrap_or(&null);
        let kinds = |key: &str| read::list(spec, key, parse_kind);
        let written = |key: &str| spec.get(key).is_some_and(|list| list.as_list().is_some());
        let project = Self {
            name: value
                .str_at(&["metadata", "name"])
                .unwrap_or_default()
                .into(),
            source_repos: read::texts(spec, "sourceRepos"),
            destinations: read::list(spec, "destinations", parse_destination),
            cluster_allowed: kinds("clusterResourceWhitelist"),
            cluster_refused: kinds("clusterResourceBlacklist"),
            namespace_allowed: written("namespaceResourceWhitelist")
                .then(|| kinds("namespaceResourceWhitelist")),
            namespace_refused: kinds("namespaceResourceBlacklist"),
            source_namespaces: read::texts(spec, "sourceNamespaces"),
            sync_windows: read::list(spec, "syncWindows", SyncWindow::parse),
            raw: value.clone(),
        };
        Checked {
            value: project,
            diagnostics,
        }
    }

    /// The `AppProject` as written.
    pub fn value(&self) -> &Value {
        &self.raw
    }

    /// What Argo CD says against an Application, in its words; nothing where it is permitted.
    pub fn refusals(&self, application: &Application, clusters: &[Cluster]) -> Vec<String> {
        let mut refusals = Vec::new();
        let sources = &application.sources;
        let incomplete = sources
            .iter()
            .find_map(|source| source.refusal(application.siblings));
        if let Some(refusal) = incomplete {
            return vec![refusal];
        }
        let project = &self.name;
        for source in sources.iter().filter(|source| !self.permits_source(source)) {
            let repo = &source.repo_url;
            refusals.push(format!(
                "application repo {repo} is not permitted in project '{project}'"
            ));
        }
        let destination = &application.destination;
        match destination.cluster(clusters) {
            Err(refusal) => refusals.push(refusal),
            Ok(cluster) if !self.permits_destination(cluster, &destination.namespace) => {
                let by_name = !destination.name.is_empty();
                let server = if by_name {
                    &cluster.name
                } else {
                    &cluster.server
                };
                let namespace = &destination.namespace;
                refusals.push(format!("application destination server '{server}' and namespace '{namespace}' do not match any of the allowed destinations in project '{project}'"));
            }
            Ok(_) => {}
        }
        refusals
    }

    /// Whether manifests may come from there.
    pub fn permits_source(&self, source: &ApplicationSource) -> bool {
        let wanted = source.repo_url.normalized();
        let mut permitted = false;
        for pattern in &self.source_repos {
            let (deny, pattern) = match pattern.strip_prefix('!') {
                Some(pattern) => ("!", pattern),
                None => ("", pattern.as_str()),
            };
            let pattern = format!("{deny}{}", RepoUrl::new(pattern).normalized());
            if matches_with_denial(&pattern, &wanted, &['/']) {
                permitted = true;
            } else if !deny.is_empty() {
                return false;
            }
        }
        permitted
    }

    /// Whether objects may go into that namespace of that cluster.
    pub fn permits_destination(&self, cluster: &Cluster, namespace: &str) -> bool {
        let mut permitted = false;
        for item in &self.destinations {
            let name =
                !cluster.name.is_empty() && matches_with_denial(&item.name, &cluster.name, &[]);
            let server = !cluster.server.is_empty()
                && matches_with_denial(&item.server, &cluster.server, &[]);
            let in_namespace = matches_with_denial(&item.namespace, namespace, &[]);
            let denies = |pattern: &str| pattern.starts_with('!');
            let denied = (!name && denies(&item.name))
                || (!server && denies(&item.server) && in_namespace)
                || (!in_namespace && denies(&item.namespace) && server);
            if (server || name) && in_namespace {
                permitted = true;
            } else if denied {
                return false;
            }
        }
        permitted
    }

    /// Whether objects of a cluster-scoped kind are permitted.
    pub fn permits_cluster_kind(&self, kind: &GroupKind) -> bool {
        in_list(kind, &self.cluster_allowed) && !in_list(kind, &self.cluster_refused)
    }

    /// Whether objects of a namespaced kind are permitted.
    pub fn permits_namespaced_kind(&self, kind: &GroupKind) -> bool {
        let allowed = self.namespace_allowed.as_ref();
        allowed.is_none_or(|allowed| in_list(kind, allowed))
            && !in_list(kind, &self.namespace_refused)
    }

    /// What Argo CD says against a cluster-scoped object; `None` where it is permitted.
    pub fn refuses_cluster_object(&self, kind: &GroupKind) -> Option<String> {
        (!self.permits_cluster_kind(kind)).then(|| self.refused_kind(kind))
    }

    /// What Argo CD says against an object in a namespace; `None` where it is permitted.
    pub fn refuses_namespaced_object(
        &self,
        kind: &GroupKind,
        cluster: &Cluster,
        namespace: &str,
    ) -> Option<String> {
        if !self.permits_namespaced_kind(kind) {
            return Some(self.refused_kind(kind));
        }
        let permitted = self.permits_destination(cluster, namespace);
        (!permitted).then(|| {
            format!(
                "namespace {namespace} is not permitted in project '{}'",
                self.name
            )
        })
    }

    /// Whether a sync of an Application may begin now.
    ///
    /// # Errors
    /// A window cannot be read; the words are Argo CD's. Nothing is synced then.
    pub fn permits_sync(
        &self,
        application: &Application,
        initiator: Initiator,
        now: Time,
    ) -> Result<Permission, String> {
        let windows = self.sync_windows.iter();
        let concerning = windows.filter(|window| window.concerns(application));
        sync_window::permission(&concerning.collect::<Vec<_>>(), initiator, now)
    }

    fn refused_kind(&self, kind: &GroupKind) -> String {
        let GroupKind { group, kind } = kind;
        format!(
            "resource {group}:{kind} is not permitted in project {}",
            self.name
        )
    }

    /// Whether Applications of a namespace may name the project.
    ///
    /// A pattern between slashes is a regular expression upstream; here it is matched as a glob only.
    pub fn permits_namespace_of_application(
        &self,
        namespace: &str,
        control_namespace: &str,
    ) -> bool {
        namespace.is_empty()
            || namespace == control_namespace
            || self
                .source_namespaces
                .iter()
                .any(|pattern| matches(pattern, namespace, &[]))
    }
}

fn parse_kind(value: &Value) -> KindPattern {
    KindPattern {
        group: read::text(value, "group"),
        kind: read::text(value, "kind"),
    }
}

fn parse_destination(value: &Value) -> ProjectDestination {
    ProjectDestination {
        server: read::text(value, "server"),
        name: read::text(value, "name"),
        namespace: read::text(value, "namespace"),
    }
}

fn in_list(kind: &GroupKind, patterns: &[KindPattern]) -> bool {
    patterns.iter().any(|pattern| {
        matches(&pattern.group, &kind.group, &[]) && matches(&pattern.kind, &kind.kind, &[])
    })
}

fn matches(pattern: &str, text: &str, separators: &[char]) -> bool {
    // A pattern that does not compile matches nothing.
    Glob::parse(pattern, separators).is_ok_and(|glob| glob.matches(text))
}

fn matches_with_denial(pattern: &str, text: &str, separators: &[char]) -> bool {
    match pattern.strip_prefix('!') {
        Some(pattern) => !matches(pattern, text, separators),
        None => pattern == "*" || matches(pattern, text, separators),
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn project(spec: Value) -> AppProject {
        AppProject::parse(&value!({"metadata": {"name": "p"}, "spec": spec})).value
    }

    fn source(repo: &str) -> ApplicationSource {
        ApplicationSource::parse(&value!({"repoURL": repo, "path": "p"}))
    }

    #[test]
    fn repositories_match_after_normalisation_and_denial_wins() {
        let cases = [
            (value!(["*"]), "https://a/b", true),
            (
                value!(["https://GitHub.com/me/*"]),
                "https://github.com/me/lab.git",
                true,
            ),
            (
                value!(["https://github.com/*"]),
                "https://github.com/me/lab",
                false,
            ),
            (
                value!(["https://github.com/**"]),
                "https://github.com/me/lab",
                true,
            ),
            (
                value!(["*", "!https://github.com/me/lab.git"]),
                "https://github.com/me/lab",
                false,
            ),
            (
                value!(["!https://github.com/me/other"]),
                "https://github.com/me/lab",
                true,
            ),
            (value!([]), "https://a/b", false),
            (
                value!(["https://github.com/me/lab"]),
                "git@github.com:me/lab",
                false,
            ),
        ];
        for (repos, repo, expected) in cases {
            let project = project(value!({"sourceRepos": repos}));
            assert_eq!(project.permits_source(&source(repo)), expected, "{repo}");
        }
    }

    #[test]
    fn destinations_match_by_name_or_address_and_namespace() {
        let cases = [
            (value!([{"server": "*", "namespace": "*"}]), "media", true),
            (
                value!([{"name": "in-cluster", "namespace": "media"}]),
                "media",
                true,
            ),
            (
                value!([{"server": "https://kubernetes.default.svc", "namespace": "med*"}]),
                "media",
                true,
            ),
            (
                value!([{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!kube-system"}]),
                "kube-system",
                false,
            ),
            (
                value!([{"server": "*", "namespace": "!kube-system"}]),
                "media",
                true,
            ),
            (value!([{"namespace": "*"}]), "media", false),
            (
                value!([{"server": "https://other", "namespace": "*"}]),
                "media",
                false,
            ),
        ];
        for (destinations, namespace, expected) in cases {
            let project = project(value!({"destinations": destinations}));
            let permitted = project.permits_destination(&Cluster::in_cluster(), namespace);
            assert_eq!(
                permitted, expected,
                "{:?} {namespace}",
                project.destinations
            );
        }
    }

    #[test]
    fn kinds_are_refused_with_argo_cds_words() {
        let closed = project(value!({"destinations": [{"server": "*", "namespace": "a"}]}));
        let role = GroupKind::new("rbac.authorization.k8s.io", "ClusterRole");
        let expected =
            "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project p";
        assert_eq!(
            closed.refuses_cluster_object(&role).as_deref(),
            Some(expected)
        );
        let pod = GroupKind::new("", "Pod");
        assert_eq!(
            closed.refuses_namespaced_object(&pod, &Cluster::in_cluster(), "a"),
            None
        );
        let expected = "namespace b is not permitted in project 'p'";
        assert_eq!(
            closed
                .refuses_namespaced_object(&pod, &Cluster::in_cluster(), "b")
                .as_deref(),
            Some(expected)
        );
        let nothing = project(value!({"namespaceResourceWhitelist": []}));
        let expected = "resource :Pod is not permitted in project p";
        assert_eq!(
            nothing
                .refuses_namespaced_object(&pod, &Cluster::in_cluster(), "a")
                .as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn a_missing_project_is_told_with_argo_cds_words() {
        assert_eq!(
            missing_project("media"),
            "Application referencing project media which does not exist"
        );
    }
}
