//! What a repository needs from outside, found by rendering all of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use toft_kustomize::{BuildOptions, HelmOptions, build};
use toft_object::Object;
use toft_render::{ClusterSecret, Read, RecordingFiles};
use toft_source::{Files, ReadError, Remote, Remotes, RepoPath, WithRemotes};

use crate::means::Means;
use crate::repository::Repository;
use crate::root::{Found, Root, root_among};
use crate::sources::{Facts, Sources};
use crate::walk::{Walk, facts};

/// What of a repository is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// What its root leads to; `wanted` as in [`find_root`](crate::find_root).
    Root(Option<&'a str>),
    /// Every Application and every kustomization in it.
    Everything,
}

/// What a repository needs from outside.
///
/// It is asked again and again, each time with what was brought: a chart in an Application of an Application
/// is seen once the first is rendered.
pub struct Needs {
    tree: Arc<dyn Files + Send + Sync>,
    sources: Sources,
    facts: Facts,
    clusters: Vec<ClusterSecret>,
    beginnings: Vec<Object>,
    /// The kustomizations that are not known to have everything yet.
    kustomizations: Vec<RepoPath>,
    asked: BTreeSet<Remote>,
}

impl Needs {
    /// What a tree needs, with nothing brought yet.
    ///
    /// # Errors
    /// The tree cannot be read.
    pub fn of(
        tree: Arc<dyn Files + Send + Sync>,
        reach: Reach<'_>,
        means: &Means,
    ) -> Result<Self, ReadError> {
        let mut found = Found::in_tree(&*tree)?;
        let clusters = std::mem::take(&mut found.clusters);
        let every = std::mem::take(&mut found.kustomizations);
        let wanted = match reach {
            Reach::Root(wanted) => wanted,
            Reach::Everything => None,
        };
        let root = root_among(&found, &*tree, wanted)?.value;
        let namespace = root.as_ref().map_or("", Root::namespace);
        let facts = facts(namespace, &found.build_options, means);
        let named = root.as_ref().map(Root::repository);
        let address = named.unwrap_or_else(|| found.repository());
        let mut beginnings = root.map(|root| root.objects).unwrap_or_default();
        let mut kustomizations = Vec::new();
        if reach == Reach::Everything {
            beginnings.extend(found.into_objects());
            kustomizations = every;
        }
        let repository = Repository {
            tree: Arc::clone(&tree),
            revision: REVISION.into(),
            remotes: Remotes::new(),
        };
        Ok(Self {
            tree,
            sources: Sources::new(repository, address, means.renderings.clone()),
            facts,
            clusters: clusters.into_values().collect(),
            beginnings,
            kustomizations,
            asked: BTreeSet::new(),
        })
    }

    /// Everything that is asked for, where this was brought: what is there and what is missing.
    pub fn asked(&mut self, remotes: &Remotes) -> BTreeSet<Remote> {
        let tree = Arc::clone(&self.tree);
        self.kustomizations(&WithRemotes::new(&*tree, remotes));
        self.sources.set_repository(Repository {
            tree,
            revision: REVISION.into(),
            remotes: remotes.clone(),
        });
        self.applications();
        self.asked.clone()
    }

    fn kustomizations(&mut self, tree: &dyn Files) {
        let options = BuildOptions {
            helm: Some(HelmOptions::default()),
            ..BuildOptions::default()
        };
        let asked = &mut self.asked;
        self.kustomizations.retain(|folder| {
            let recording = RecordingFiles::new(tree);
            let built = build(&recording, folder, &options);
            let remotes = recording.into_reads().into_iter().filter_map(remote);
            asked.extend(remotes);
            // Of what cannot be built its author is told when it is built.
            matches!(built, Err(ReadError::NotBrought(_)))
        });
    }

    fn applications(&mut self) {
        let known = (&self.facts, self.clusters.as_slice());
        Walk::new(&mut self.sources, known, &self.beginnings).for_each(drop);
        self.asked.extend(self.sources.wanted().iter().cloned());
    }
}

/// What charts see as the revision of the repository: which it is does not decide what is needed.
const REVISION: &str = "0000000000000000000000000000000000000000";

fn remote(read: Read) -> Option<Remote> {
    match read {
        Read::Remote(remote) => Some(remote),
        Read::File(_) | Read::Kind(_) | Read::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use toft_source::MemoryFiles;

    use super::*;

    fn application(name: &str, source: &str) -> String {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  project: default\n  \
             source: {{{source}}}\n  destination: {{name: in-cluster}}\n"
        )
    }

    fn asked(files: &[(&str, &str)], reach: Reach<'_>) -> Vec<String> {
        let tree = MemoryFiles::new(files.iter().copied());
        let mut needs = Needs::of(Arc::new(tree), reach, &Means::plain()).unwrap();
        let asked = needs.asked(&Remotes::new());
        asked.iter().map(ToString::to_string).collect()
    }

    const OURS: &str = "repoURL: https://git.example.org/lab.git";

    #[test]
    fn what_the_root_leads_to_is_asked_for_and_what_lies_beside_only_with_everything() {
        let root = application("root", &format!("{OURS}, path: apps"));
        let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: charts}\nspec:\n  \
             generators: [{list: {elements: [{chart: redis}, {chart: nats}]}}]\n  template:\n    metadata: {name: '{{chart}}'}\n    \
             spec: {project: default, source: {repoURL: registry.example.org/charts, chart: '{{chart}}', targetRevision: 1.x}, \
             destination: {name: in-cluster}}\n";
        let other = application(
            "other",
            "repoURL: 'https://git.example.org/other.git', targetRevision: main, path: x",
        );
        let beside = application(
            "beside",
            "repoURL: 'https://charts.example.org', chart: web, targetRevision: 1.0.0",
        );
        let kustomization = "resources: [a.yaml]\nhelmCharts: [{name: db, repo: 'https://charts.example.org', version: 2.0.0}]\n";
        let files = [
            ("root.yaml", root.as_str()),
            ("apps/set.yaml", set),
            ("apps/other.yaml", &other),
            ("old/beside.yaml", &beside),
            ("old/kustomization.yaml", kustomization),
            (
                "old/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            ),
        ];
        let led_to = [
            "the chart `nats` 1.x of oci://registry.example.org/charts",
            "the chart `redis` 1.x of oci://registry.example.org/charts",
            "the repository https://git.example.org/other.git at `main`",
        ];
        assert_eq!(asked(&files, Reach::Root(None)), led_to);
        let mut all = vec![
            "the chart `db` 2.0.0 of https://charts.example.org",
            "the chart `web` 1.0.0 of https://charts.example.org",
        ];
        all.extend(led_to);
        assert_eq!(asked(&files, Reach::Everything), all);
    }

    #[test]
    fn without_a_root_the_repository_is_the_one_that_most_applications_are_in() {
        let (one, two) = (
            application("one", &format!("{OURS}, path: x")),
            application("two", &format!("{OURS}, path: x")),
        );
        let other = application(
            "other",
            "repoURL: 'https://git.example.org/other.git', path: x",
        );
        let files = [
            ("one.yaml", one.as_str()),
            ("two.yaml", &two),
            ("other.yaml", &other),
            (
                "x/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            ),
        ];
        let asked = asked(&files, Reach::Everything);
        assert_eq!(asked, ["the repository https://git.example.org/other.git"]);
    }

    #[test]
    fn a_tree_without_anything_needs_nothing() {
        assert!(asked(&[("README.md", "x")], Reach::Everything).is_empty());
    }
}
