//! What the engine asks of the repository: revisions, objects, Applications of a set.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{
    Application, ApplicationSet, ApplicationSource, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, RepoUrl,
};
use toft_object::{Rendering, Time};
use toft_render::{
    ArgoRelease, ClusterSecret, ExpandError, Given, Known, Renderings, Request, Seen, Surroundings,
    expand_fully, remote_of, unread,
};
use toft_schema::Schemas;
use toft_source::{Files, ReadError, Remote, RepoPath, WithRemotes};
use toft_sync::{AppRendering, InvalidApplication, SetError, SetRendering};

use crate::repository::{Repository, tree_digest};

/// What renderings depend on besides the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The namespace of Argo CD.
    pub(crate) control_namespace: SmolStr,
    /// The version of the cluster: `1.36`.
    pub(crate) kube_version: SmolStr,
    /// The API versions of the cluster, in order.
    pub(crate) api_versions: Vec<SmolStr>,
    /// `kustomize.buildOptions` of Argo CD's settings.
    pub(crate) build_options: SmolStr,
    /// What random texts derive from.
    pub(crate) seed: u64,
    /// What the clock says to charts.
    pub(crate) now: Time,
}

/// The API versions that charts may ask for: `apps/v1` and `apps/v1/Deployment`, of all that can be listed.
pub(crate) fn api_versions(schemas: &Schemas) -> Vec<SmolStr> {
    let listed = schemas.resources();
    let listed = listed.filter(|resource| resource.verbs.iter().any(|verb| verb == "list"));
    let mut versions = BTreeSet::new();
    for resource in listed {
        let (group, version) = (&resource.group, &resource.version);
        let group_version = if group.is_empty() {
            version.clone()
        } else {
            SmolStr::from(format!("{group}/{version}"))
        };
        versions.insert(format!("{group_version}/{}", resource.gvk.kind).into());
        versions.insert(group_version);
    }
    versions.into_iter().collect()
}

/// The repository, and what it gave before.
#[derive(Debug)]
pub(crate) struct Sources {
    repository: Repository,
    /// The address under which Applications know the repository.
    address: RepoUrl,
    renderings: Renderings,
    seen: Seen,
    /// What was asked for outside, and is not there.
    wanted: BTreeSet<Remote>,
}

impl Sources {
    pub(crate) fn new(repository: Repository, address: RepoUrl, renderings: Renderings) -> Self {
        Self {
            repository,
            address,
            renderings,
            seen: Seen::default(),
            wanted: BTreeSet::new(),
        }
    }

    /// Another tree from now on, and what is outside. What read nothing that changed stays as it is.
    pub(crate) fn set_repository(&mut self, repository: Repository) {
        let before = std::mem::replace(&mut self.repository, repository);
        if !Arc::ptr_eq(&before.tree, &self.repository.tree) {
            self.seen.forget_tree();
        }
        let remotes = &self.repository.remotes;
        self.wanted.retain(|remote| !remotes.contains_key(remote));
    }

    /// What was asked for outside, and is not there.
    pub(crate) fn wanted(&self) -> &BTreeSet<Remote> {
        &self.wanted
    }

    fn is_ours(&self, address: &RepoUrl) -> bool {
        address.same_repository(&self.address)
    }

    /// The revision of a source: every one of our repository is the one that there is; that of a chart is
    /// its version; another repository goes by a commit, or else by its contents.
    pub(crate) fn resolve(&mut self, source: &ApplicationSource) -> Result<SmolStr, String> {
        let Some(remote) = remote_of(source, &|address| self.is_ours(address)) else {
            return Ok(self.repository.revision.clone());
        };
        let files = WithRemotes::new(&*self.repository.tree, &self.repository.remotes);
        let resolved = files
            .remote(&remote)
            .and_then(|tree| revision(&remote, &*tree));
        if let Err(ReadError::NotBrought(remote)) = &resolved {
            self.wanted.insert(remote.clone());
        }
        resolved.map_err(|error| unread(&error))
    }

    /// The revisions of the sources of an Application; empty for what is not there.
    pub(crate) fn resolve_all(&mut self, app: &Application) -> Vec<SmolStr> {
        let sources = app.sources.iter();
        let resolved = sources.map(|source| self.resolve(source).unwrap_or_default());
        resolved.collect()
    }

    /// The objects of an Application.
    pub(crate) fn render(
        &mut self,
        app: &Application,
        revisions: &[SmolStr],
        facts: &Facts,
    ) -> Result<Arc<AppRendering>, String> {
        let mut whole = AppRendering::default();
        let mut failures = Vec::new();
        for (at, source) in app.sources.iter().enumerate() {
            let revision = revisions.get(at).map_or("", SmolStr::as_str);
            // The others are rendered after one that failed, so that all that they want is known.
            match self.render_source((app, source), revision, facts) {
                Ok(given) => {
                    let Rendering { objects } = &given.rendering;
                    whole.rendering.objects.extend(objects.iter().cloned());
                    whole.source_types.push(given.source_type);
                }
                Err(failure) => failures.push(failure),
            }
        }
        match failures.into_iter().next() {
            Some(failure) => Err(failure),
            None => Ok(Arc::new(whole)),
        }
    }

    fn render_source(
        &mut self,
        (app, source): (&Application, &ApplicationSource),
        revision: &str,
        facts: &Facts,
    ) -> Given {
        let Self {
            repository,
            address,
            renderings,
            seen,
            wanted,
        } = self;
        let files = WithRemotes::new(&*repository.tree, &repository.remotes);
        let surroundings = Surroundings {
            is_this_repository: &|other| other.same_repository(address),
            control_namespace: &facts.control_namespace,
            kube_version: &facts.kube_version,
            api_versions: &facts.api_versions,
            build_options: &facts.build_options,
            release: ArgoRelease::V3_2,
            seed: facts.seed,
            now: facts.now,
        };
        let request = Request {
            application: app,
            source,
            revision,
            surroundings: &surroundings,
        };
        let outcome = renderings.render(&files, &request, seen);
        wanted.extend(outcome.wanted);
        outcome.given
    }

    /// The Applications of a set.
    pub(crate) fn expand(
        &mut self,
        set: &ApplicationSet,
        clusters: &[ClusterSecret],
    ) -> Result<SetRendering, SetError> {
        let ours = |address: &RepoUrl| self.is_ours(address);
        let files = WithRemotes::new(&*self.repository.tree, &self.repository.remotes);
        let known = Known {
            is_this_repository: &ours,
            clusters,
        };
        let expanded = expand_fully(&files, set, &known);
        if let Err(ExpandError::Read(ReadError::NotBrought(remote))) = &expanded {
            self.wanted.insert(remote.clone());
        }
        match expanded {
            Ok(given) => {
                let invalid = given.invalid.into_iter().map(|one| InvalidApplication {
                    name: one.name,
                    reason: one.reason,
                });
                Ok(SetRendering {
                    applications: given.applications,
                    invalid: invalid.collect(),
                })
            }
            Err(ExpandError::Params(message)) => Err(SetError::Generator(message)),
            Err(ExpandError::Template(message)) => Err(SetError::Template(message)),
            Err(ExpandError::Read(error)) => Err(SetError::Generator(unread(&error))),
        }
    }

    /// What the owner should know once about what the Applications ask for and do not get.
    pub(crate) fn notices(&self, apps: &[Application]) -> Vec<String> {
        let sources = || {
            apps.iter()
                .flat_map(|app| app.sources.iter().map(move |source| (app, source)))
        };
        let ours = sources().filter(|(_, source)| self.is_ours(&source.repo_url));
        let revisions: BTreeSet<&str> = ours.map(|(_, source)| source.revision()).collect();
        let mut notices = Vec::new();
        if !revisions.is_empty() {
            let (listed, at) = (listed(&revisions), short(&self.repository.revision));
            notices.push(format!(
                "every revision that an Application names ({listed}) is this folder at {at}"
            ));
        }
        let elsewhere = apps.iter().map(|app| &app.destination);
        let elsewhere =
            elsewhere.filter(|to| to.server != IN_CLUSTER_SERVER && to.name != IN_CLUSTER_NAME);
        let places = elsewhere.map(|to| {
            if to.server.is_empty() {
                to.name.as_str()
            } else {
                to.server.as_str()
            }
        });
        let places: BTreeSet<&str> = places.filter(|place| !place.is_empty()).collect();
        if !places.is_empty() {
            notices.push(format!(
                "every destination ({}) is the simulated cluster",
                listed(&places)
            ));
        }
        if !self.wanted.is_empty() {
            let wanted: Vec<String> = self.wanted.iter().map(ToString::to_string).collect();
            notices.push(format!(
                "not fetched: {} (run `toft fetch`)",
                wanted.join(", ")
            ));
        }
        notices
    }
}

/// What a remote resolves to.
fn revision(remote: &Remote, tree: &dyn Files) -> Result<SmolStr, ReadError> {
    match remote {
        Remote::Chart { version, .. } => {
            let path = RepoPath::root().join("Chart.yaml").unwrap_or_default();
            let source = toft_source::Source::new("Chart.yaml", tree.read(&path)?);
            let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
            let first = parsed.value.first();
            let found = first.and_then(|located| located.value.str_at(&["version"]));
            Ok(found.map_or_else(|| version.clone(), SmolStr::from))
        }
        Remote::Git { revision, .. } => {
            let is_commit =
                revision.len() == 40 && revision.chars().all(|one| one.is_ascii_hexdigit());
            Ok(if is_commit {
                revision.clone()
            } else {
                tree_digest(tree).into()
            })
        }
        Remote::File { .. } => Ok(tree_digest(tree).into()),
    }
}

fn listed(words: &BTreeSet<&str>) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or(revision)
}
