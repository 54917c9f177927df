//! All Applications of a repository and what they render to, without a cluster.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toft_source::{Checked, ReadError, Remote};

use crate::means::Means;
use crate::repository::Repository;
use crate::root::{Found, root_among};
use crate::sources::Sources;
use crate::walk::{Passed, Rendition, Walk, facts};

/// All that a repository leads to.
#[derive(Clone, Debug, Default)]
pub struct Everything {
    /// The Applications, by name. A second one of a name in another namespace is `namespace/name`.
    pub applications: BTreeMap<SmolStr, Rendition>,
    /// The ApplicationSets that give nothing because they fail, by name, and why.
    pub failed_sets: BTreeMap<SmolStr, String>,
    /// What was asked for outside the tree, and was not brought.
    pub wanted: BTreeSet<Remote>,
    /// The namespace of Argo CD.
    pub control_namespace: SmolStr,
}

/// Renders a repository from its root on: what the root renders to is followed, and so on.
///
/// Nothing is brought up: what only a cluster would know (who is synced by whom, when) plays no part. `root` is
/// as in [`find_root`](crate::find_root).
///
/// # Errors
/// The tree cannot be read. That there is no root, or more than one, is a diagnostic.
pub fn render_everything(
    repository: Repository,
    root: Option<&str>,
    means: &Means,
) -> Result<Checked<Everything>, ReadError> {
    let found = Found::in_tree(&*repository.tree)?;
    let chosen = root_among(&found, &*repository.tree, root)?;
    let Some(root) = chosen.value else {
        return Ok(Checked {
            value: Everything::default(),
            diagnostics: chosen.diagnostics,
        });
    };
    let facts = facts(root.namespace(), &found.build_options, means);
    let clusters: Vec<_> = found.clusters.into_values().collect();
    let mut sources = Sources::new(repository, root.repository(), means.renderings.clone());
    let mut everything = Everything::default();
    for passed in Walk::new(&mut sources, (&facts, &clusters), &root.objects) {
        match passed {
            Passed::Application(rendition) => everything.add(*rendition),
            Passed::Set(name, Some(failure)) => {
                let told = failure.message().to_owned();
                everything.failed_sets.insert(name, told);
            }
            Passed::Set(_, None) => {}
        }
    }
    everything.control_namespace = root.namespace().into();
    everything.wanted.clone_from(sources.wanted());
    Ok(Checked::clean(everything))
}

impl Everything {
    /// Keeps an Application under the first of its names that is free; another one of both names is not told.
    fn add(&mut self, rendition: Rendition) {
        let (name, namespace) = (
            &rendition.application.name,
            &rendition.application.namespace,
        );
        let full: SmolStr = format!("{namespace}/{name}").into();
        let names = [name.clone(), full];
        let free = names
            .into_iter()
            .find(|name| !self.applications.contains_key(name));
        if let Some(name) = free {
            self.applications.insert(name, rendition);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use toft_source::{MemoryFiles, Remotes};

    use super::*;

    fn application(name: &str, path: &str) -> String {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec: {{project: default, source: {{repoURL: https://git.example.org/lab.git, path: {path}}}, destination: {{namespace: x, server: https://kubernetes.default.svc}}}}\n"
        )
    }

    #[test]
    fn what_the_root_leads_to_is_followed_and_a_failure_stops_nobody_else() {
        let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: broken, namespace: argocd}\nspec: {generators: [{git: {repoURL: https://elsewhere.example.org/x.git, directories: [{path: '*'}]}}], template: {metadata: {name: x}, spec: {project: default, source: {repoURL: x, path: x}, destination: {}}}}\n";
        let files = MemoryFiles::new([
            ("root.yaml", application("root", "apps").as_str()),
            ("apps/sonarr.yaml", application("sonarr", "sonarr").as_str()),
            ("apps/gone.yaml", application("gone", "nowhere").as_str()),
            ("apps/set.yaml", set),
            (
                "sonarr/config.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sonarr}\n",
            ),
        ]);
        let repository = Repository {
            tree: Arc::new(files),
            revision: "1".into(),
            remotes: Remotes::new(),
        };
        let everything = render_everything(repository, None, &Means::plain())
            .unwrap()
            .value;
        let counts: Vec<(&str, Option<usize>)> = everything
            .applications
            .iter()
            .map(|(name, one)| {
                let objects = one.rendering.as_ref().ok();
                (
                    name.as_str(),
                    objects.map(|whole| whole.rendering.objects.len()),
                )
            })
            .collect();
        assert_eq!(
            counts,
            [("gone", None), ("root", Some(3)), ("sonarr", Some(1))]
        );
        assert!(everything.failed_sets.contains_key("broken"));
    }
}
