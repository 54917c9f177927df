//! What the engine asks of the repository: revisions, objects, Applications of a set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{
    Application, ApplicationSet, ApplicationSource, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, RepoUrl,
};
use toft_object::Rendering;
use toft_render::{ExpandError, Read, RecordingFiles, SourceRendering, expand_fully, render};
use toft_source::{Checked, Diagnostic, ReadError, Severity};
use toft_sync::{AppRendering, InvalidApplication, SetError, SetRendering};

use crate::repository::Repository;

/// How many renderings are kept; a lab has some dozens of Applications.
const RENDERINGS_MAX: usize = 1_000;

/// The repository, and what it gave before.
#[derive(Debug)]
pub(crate) struct Sources {
    repository: Repository,
    /// The address under which Applications know the repository.
    address: RepoUrl,
    /// What a source, as it is written, gave, and what was read for that.
    renderings: BTreeMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    given: Result<Arc<SourceRendering>, String>,
    reads: BTreeSet<Read>,
}

impl Sources {
    pub(crate) fn new(repository: Repository, address: RepoUrl) -> Self {
        Self {
            repository,
            address,
            renderings: BTreeMap::new(),
        }
    }

    /// Another tree from now on. What read nothing that changed stays as it is.
    pub(crate) fn set_repository(&mut self, repository: Repository) {
        let (before, after) = (
            Arc::clone(&self.repository.tree),
            Arc::clone(&repository.tree),
        );
        self.renderings.retain(|_, kept| {
            kept.reads
                .iter()
                .all(|read| read.is_same(&*before, &*after))
        });
        self.repository = repository;
    }

    fn is_ours(&self, address: &RepoUrl) -> bool {
        address.same_repository(&self.address)
    }

    /// The revision of a source: every one of our repository is the one that there is.
    pub(crate) fn resolve(&self, source: &ApplicationSource) -> Result<SmolStr, String> {
        if self.is_ours(&source.repo_url) {
            return Ok(self.repository.revision.clone());
        }
        Err(unreachable(source))
    }

    /// The objects of an Application.
    pub(crate) fn render(
        &mut self,
        app: &Application,
        _: &[SmolStr],
    ) -> Result<Arc<AppRendering>, String> {
        let mut whole = AppRendering::default();
        for source in &app.sources {
            if !self.is_ours(&source.repo_url) {
                return Err(unreachable(source));
            }
            let given = self.render_source(source)?;
            let Rendering { objects } = &given.rendering;
            whole.rendering.objects.extend(objects.iter().cloned());
            whole.source_types.push(given.source_type);
        }
        Ok(Arc::new(whole))
    }

    fn render_source(
        &mut self,
        source: &ApplicationSource,
    ) -> Result<Arc<SourceRendering>, String> {
        let key = source.value().to_json();
        if let Some(kept) = self.renderings.get(&key) {
            return kept.given.clone();
        }
        let tree = Arc::clone(&self.repository.tree);
        let recording = RecordingFiles::new(&*tree);
        let given = flatten(render(&recording, source)).map(Arc::new);
        let reads = recording.into_reads();
        if self.renderings.len() >= RENDERINGS_MAX {
            self.renderings.clear();
        }
        self.renderings.insert(
            key,
            Kept {
                given: given.clone(),
                reads,
            },
        );
        given
    }

    /// The Applications of a set.
    pub(crate) fn expand(&self, set: &ApplicationSet) -> Result<SetRendering, SetError> {
        let ours = |address: &RepoUrl| self.is_ours(address);
        match expand_fully(&*self.repository.tree, set, &ours) {
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
            Err(ExpandError::Read(error)) => Err(SetError::Generator(error.to_string())),
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
        let others = sources().filter(|(_, source)| !self.is_ours(&source.repo_url));
        let others: BTreeSet<&str> = others.map(|(_, source)| source.repo_url.as_str()).collect();
        if !others.is_empty() {
            notices.push(format!("not reachable from here: {}", listed(&others)));
        }
        notices
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

fn unreachable(source: &ApplicationSource) -> String {
    let what = if source.chart.is_empty() {
        String::new()
    } else {
        format!("the chart `{}` in ", source.chart)
    };
    format!(
        "{what}{} is not reachable from here: only the repository of the root Application is",
        source.repo_url.as_str()
    )
}

/// The value, or what is wrong, in one text: the facts, each with its place and what to do.
fn flatten<T>(checked: Result<Checked<T>, ReadError>) -> Result<T, String> {
    let checked = checked.map_err(|error| error.to_string())?;
    if !checked.has_errors() {
        return Ok(checked.value);
    }
    let errors = checked
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    Err(errors.map(told).collect::<Vec<_>>().join("; "))
}

fn told(diagnostic: &Diagnostic) -> String {
    let mut text = String::new();
    if let Some(label) = diagnostic.labels.first() {
        let position = label.source.position(label.span.start);
        text = format!("{}:{}: ", label.source.name(), position.line);
    }
    text.push_str(&diagnostic.message);
    for help in &diagnostic.help {
        text.push_str(" (");
        text.push_str(help);
        text.push(')');
    }
    text
}
