//! The Applications and ApplicationSets that are written in a tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{Application, GROUP, RepoUrl};
use toft_object::Object;
use toft_render::ClusterSecret;
use toft_source::{EntryKind, Files, ReadError, RepoPath, Source};
use toft_value::Value;
use toft_yaml::{Resolver, values};

use super::repository_in;

use crate::clusters;

/// How deep folders are searched; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// The files that make a folder a kustomization.
const KUSTOMIZATIONS: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The setting of Argo CD that says how kustomizations are built.
const BUILD_OPTIONS: &str = "kustomize.buildOptions";

/// An Application as it is written.
pub(super) struct Candidate {
    pub(super) object: Object,
    /// The file it is written in.
    pub(super) file: RepoPath,
    pub(super) application: Application,
    /// The folders of its sources that exist in the tree.
    pub(super) folders: Vec<RepoPath>,
}

/// What a tree has to begin with.
#[derive(Default)]
pub(crate) struct Found {
    pub(super) applications: Vec<Candidate>,
    /// Name and file of each ApplicationSet.
    pub(super) sets: Vec<(String, RepoPath)>,
    /// The ApplicationSets as they are written.
    set_objects: Vec<Object>,
    /// The AppProjects, by name, and the files they are written in.
    pub(super) projects: BTreeMap<SmolStr, RepoPath>,
    /// `kustomize.buildOptions`, wherever settings of Argo CD are written; empty where nowhere.
    pub(crate) build_options: SmolStr,
    /// The clusters that Secrets in the tree describe, by the names of the Secrets.
    pub(crate) clusters: BTreeMap<SmolStr, ClusterSecret>,
    /// The folders with a kustomization.
    pub(crate) kustomizations: Vec<RepoPath>,
}

impl Found {
    /// Everything in a tree, in the order of its files.
    pub(crate) fn in_tree(tree: &dyn Files) -> Result<Self, ReadError> {
        let mut found = Self::default();
        found.search(tree, (&RepoPath::root(), 0))?;
        Ok(found)
    }

    /// The address under which most Applications know the repository: of those whose path exists in it, and of
    /// the sets where there are none.
    pub(crate) fn repository(&self) -> RepoUrl {
        let here = self.applications.iter();
        let here = here.filter(|candidate| !candidate.folders.is_empty());
        let sources = here.flat_map(|candidate| &candidate.application.sources);
        let mut counts: BTreeMap<&RepoUrl, usize> = BTreeMap::new();
        for source in sources.filter(|source| source.chart.is_empty()) {
            *counts.entry(&source.repo_url).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let of_sets = || {
            let mut sets = self.set_objects.iter();
            sets.find_map(|object| repository_in(object.value()))
        };
        match most {
            Some((address, _)) => address.clone(),
            None => RepoUrl::new(of_sets().unwrap_or_default()),
        }
    }

    /// Every Application and ApplicationSet as it is written.
    pub(crate) fn into_objects(self) -> impl Iterator<Item = Object> {
        let applications = self.applications.into_iter();
        let applications = applications.map(|candidate| candidate.object);
        applications.chain(self.set_objects)
    }

    fn search(
        &mut self,
        tree: &dyn Files,
        (at, depth): (&RepoPath, usize),
    ) -> Result<(), ReadError> {
        if depth > DEPTH_MAX {
            return Ok(());
        }
        for entry in tree.list(at)? {
            let Ok(path) = at.join(&entry.name) else {
                continue;
            };
            match entry.kind {
                // A link to a folder would be searched twice, or for ever.
                EntryKind::Directory if tree.canonical(&path)? == path => {
                    self.search(tree, (&path, depth + 1))?;
                }
                EntryKind::Directory => {}
                EntryKind::File => {
                    if KUSTOMIZATIONS.contains(&entry.name.as_str()) {
                        self.kustomizations.push(at.clone());
                    }
                    self.read(tree, &path);
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, tree: &dyn Files, path: &RepoPath) {
        let Some(bytes) = yaml(tree, path) else {
            return;
        };
        let source = Source::new(path.as_str(), bytes);
        if self.build_options.is_empty() && contains(source.bytes(), BUILD_OPTIONS.as_bytes()) {
            let located = values(&source, Resolver::Kubectl).value;
            let found = located.iter().find_map(|one| build_options(&one.value));
            self.build_options = found.unwrap_or_default();
        }
        for object in objects(&source) {
            match object.kind() {
                "Application" => self.applications.push(candidate(tree, object, path)),
                "ApplicationSet" => {
                    self.sets.push((object.name().to_owned(), path.clone()));
                    self.set_objects.push(object);
                }
                "AppProject" => {
                    let name = SmolStr::from(object.name());
                    self.projects.entry(name).or_insert_with(|| path.clone());
                }
                "Secret" => {
                    let described = clusters::described(object.value());
                    let named = described.map(|one| (SmolStr::from(object.name()), one));
                    self.clusters.extend(named);
                }
                _ => {}
            }
        }
    }
}

/// The bytes of a file that may hold YAML. What is too large or leaves the tree cannot be the root, and is
/// told when something refers to it.
fn yaml(tree: &dyn Files, path: &RepoPath) -> Option<Arc<[u8]>> {
    let name = path.file_name();
    let is_yaml = [".yaml", ".yml", ".json"]
        .iter()
        .any(|ending| name.ends_with(ending));
    is_yaml.then(|| tree.read(path).ok()).flatten()
}

/// The objects of Argo CD in one file.
fn objects(source: &Source) -> Vec<Object> {
    if !contains(source.bytes(), GROUP.as_bytes()) {
        return Vec::new();
    }
    let located = values(source, Resolver::Kubectl).value;
    let objects = located
        .into_iter()
        .filter_map(|located| Object::new(located.value).ok());
    objects
        .filter(|object| object.gvk().group == GROUP || object.kind() == "Secret")
        .collect()
}

/// The setting, in a ConfigMap, in a patch of it, or in the values of Argo CD's chart.
fn build_options(value: &Value) -> Option<SmolStr> {
    match value {
        Value::Map(map) => {
            let own = map.get(BUILD_OPTIONS).and_then(Value::as_str);
            own.map(SmolStr::from)
                .or_else(|| map.values().find_map(build_options))
        }
        Value::List(list) => list.iter().find_map(build_options),
        _ => None,
    }
}

fn candidate(tree: &dyn Files, object: Object, path: &RepoPath) -> Candidate {
    let application = Application::parse(object.value()).value;
    let paths = application
        .sources
        .iter()
        .filter(|source| !source.path.is_empty());
    let folders = paths.filter_map(|source| RepoPath::parse(&source.path).ok());
    let folders = folders
        .filter(|folder| matches!(tree.kind(folder), Ok(Some(EntryKind::Directory))))
        .collect();
    Candidate {
        object,
        file: path.clone(),
        application,
        folders,
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}
