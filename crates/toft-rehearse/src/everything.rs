//! All Applications of a repository and what they render to, without a cluster.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSet, GROUP};
use toft_object::Object;
use toft_schema::{Schemas, argo_crds};
use toft_source::{Checked, ReadError, Remote};
use toft_sync::{AppRendering, SetError, SetRendering};

use crate::repository::Repository;
use crate::root::{find_root, survey};
use crate::sources::{Facts, Sources, api_versions};
use crate::world::KUBE_VERSION;

/// How many Applications and ApplicationSets a repository may lead to; the largest public homelab has 300.
const LED_TO_MAX: usize = 10_000;

/// All that a repository leads to.
#[derive(Clone, Debug, Default)]
pub struct Everything {
    /// The Applications, by name. A second one of a name in another namespace is `namespace/name`.
    pub applications: BTreeMap<SmolStr, Rendition>,
    /// The ApplicationSets that give nothing because they fail, by name, and why.
    pub failed_sets: BTreeMap<SmolStr, String>,
    /// What was asked for outside the tree, and was not brought.
    pub wanted: BTreeSet<Remote>,
}

/// An Application and what it renders to.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// The Application.
    pub application: Application,
    /// Its objects, or why there are none.
    pub rendering: Result<Arc<AppRendering>, String>,
}

/// Renders a repository from its root on: what the root renders to is followed, and so on.
///
/// Nothing is brought up: what only a cluster would know (who is synced by whom, when) plays no part. `root` is
/// as in [`find_root`].
///
/// # Errors
/// The tree cannot be read. That there is no root, or more than one, is a diagnostic.
pub fn render_everything(
    repository: Repository,
    root: Option<&str>,
) -> Result<Checked<Everything>, ReadError> {
    let found = find_root(&*repository.tree, root)?;
    let Some(root) = found.value else {
        return Ok(Checked {
            value: Everything::default(),
            diagnostics: found.diagnostics,
        });
    };
    let survey = survey(&*repository.tree, &root)?;
    let facts = facts(root.namespace(), &survey.build_options);
    let mut everything = Everything::default();
    let mut sources = Sources::new(repository, root.repository());
    let mut queue: VecDeque<Lead> = root.objects.iter().filter_map(Lead::of).collect();
    for _ in 0..LED_TO_MAX {
        match queue.pop_front() {
            Some(Lead::Application(one)) => {
                queue.extend(everything.add(*one, &mut sources, &facts));
            }
            Some(Lead::Set(set)) => {
                let given = sources.expand(&set, &survey.clusters);
                queue.extend(everything.add_set(&set, given));
            }
            None => break,
        }
    }
    everything.wanted.clone_from(sources.wanted());
    everything.wanted.clone_from(sources.wanted());
    Ok(Checked::clean(everything))
}

/// What is known where there is no cluster: its API by default, and what a tree says of Argo CD's settings.
pub(crate) fn facts(control_namespace: &str, build_options: &str) -> Facts {
    Facts {
        kube_version: KUBE_VERSION.into(),
        api_versions: api_versions(&schemas()),
        build_options: build_options.into(),
        control_namespace: control_namespace.into(),
        seed: 0,
    }
}

/// What a fresh cluster with Argo CD knows; what the Applications bring is not counted.
fn schemas() -> Schemas {
    let mut schemas = Schemas::builtin();
    for crd in argo_crds() {
        // Our own definitions are well-formed; a chart that asks for one of them is told no otherwise.
        drop(schemas.add_crd(crd));
    }
    schemas
}

/// What leads on.
enum Lead {
    Application(Box<Application>),
    Set(Box<ApplicationSet>),
}

impl Lead {
    fn of(object: &Object) -> Option<Self> {
        let id = object.id();
        match id.kind.as_str() {
            _ if id.group != GROUP => None,
            "Application" => {
                let application = Application::parse(object.value()).value;
                Some(Self::Application(application.into()))
            }
            "ApplicationSet" => {
                let set = ApplicationSet::parse(object.value()).value;
                Some(Self::Set(set.into()))
            }
            _ => None,
        }
    }
}

impl Everything {
    /// Renders an Application, and tells what it leads to.
    fn add(&mut self, application: Application, sources: &mut Sources, facts: &Facts) -> Vec<Lead> {
        let Some(name) = self.free_name(&application) else {
            return Vec::new();
        };
        let revisions = application.sources.iter();
        let revisions = revisions.map(|source| sources.resolve(source).unwrap_or_default());
        let revisions: Vec<SmolStr> = revisions.collect();
        let rendering = sources.render(&application, &revisions, facts);
        let objects = rendering.iter().flat_map(|whole| &whole.rendering.objects);
        let leads = objects.filter_map(|rendered| Lead::of(&rendered.object));
        let leads = leads.collect();
        let rendition = Rendition {
            application,
            rendering,
        };
        self.applications.insert(name, rendition);
        leads
    }

    /// The name under which an Application is kept; `None` where it is there already.
    fn free_name(&self, application: &Application) -> Option<SmolStr> {
        let (name, namespace) = (&application.name, &application.namespace);
        let Some(there) = self.applications.get(name) else {
            return Some(name.clone());
        };
        let full: SmolStr = format!("{namespace}/{name}").into();
        let is_other = there.application.namespace != *namespace;
        (is_other && !self.applications.contains_key(&full)).then_some(full)
    }

    /// Takes what an ApplicationSet gives, and tells what it leads to.
    fn add_set(
        &mut self,
        set: &ApplicationSet,
        given: Result<SetRendering, SetError>,
    ) -> Vec<Lead> {
        match given {
            Ok(given) => {
                let applications = given.applications.into_iter();
                applications
                    .map(|one| Lead::Application(one.into()))
                    .collect()
            }
            Err(error) => {
                let told = error.message().to_owned();
                self.failed_sets.insert(set.name.clone(), told);
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
        let everything = render_everything(repository, None).unwrap().value;
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
