//! What the project of an Application says.

use toft_argo::{AppProject, Application, Cluster, Initiator, Permission, missing_project};
use toft_object::{Object, Time};

use super::Engine;
use crate::condition::{Condition, ConditionKind};
use crate::event::{ClusterId, Destinations, ProjectRules};
use crate::kinds::Scope;
use crate::plan::Verdict;

impl Engine {
    /// What Argo CD has against the Application itself.
    pub(super) fn refusals(&self, app: &Application) -> Vec<Condition> {
        let messages = match self.projects.get(&app.project) {
            Some(project) => project.refusals(app, &self.clusters_for(app)),
            None => vec![missing_project(&app.project)],
        };
        let conditions = messages.into_iter();
        conditions
            .map(|message| Condition::new(ConditionKind::InvalidSpecError, message))
            .collect()
    }

    /// Whether the windows of the project let a sync begin now.
    ///
    /// # Errors
    /// A window cannot be read; the text is Argo CD's.
    pub(super) fn window(
        &self,
        app: &Application,
        initiator: Initiator,
        now: Time,
    ) -> Result<Permission, String> {
        match self.projects.get(&app.project) {
            Some(project) if self.settings.project_rules == ProjectRules::Enforced => {
                project.permits_sync(app, initiator, now)
            }
            _ => Ok(Permission::Granted),
        }
    }

    /// What is to be told of windows that are not observed: they keep nobody from syncing here.
    pub(super) fn not_observed(&self, app: &Application, now: Time) -> Option<Condition> {
        if self.settings.project_rules == ProjectRules::Enforced {
            return None;
        }
        let project = self.projects.get(&app.project)?;
        let message = match project.permits_sync(app, Initiator::Automation, now) {
            Ok(Permission::Granted) => return None,
            Ok(Permission::Denied(_)) => {
                let project = &app.project;
                format!("a sync window of project {project} denies syncs now; it is not observed")
            }
            Err(why) => why,
        };
        Some(Condition::new(ConditionKind::UnsupportedWarning, message))
    }

    /// The clusters that destinations are looked up in; where every destination means the home
    /// cluster, the one that is written is taken for registered.
    fn clusters_for(&self, app: &Application) -> Vec<Cluster> {
        let known = self
            .settings
            .clusters
            .iter()
            .map(|(cluster, _)| cluster.clone());
        let mut clusters: Vec<Cluster> = known.collect();
        let destination = &app.destination;
        if self.settings.destinations == Destinations::Home
            && destination.cluster(&clusters).is_err()
        {
            clusters.push(Cluster {
                name: destination.name.clone(),
                server: destination.server.clone(),
            });
        }
        clusters
    }

    /// What Argo CD has against one object.
    pub(super) fn refuses(
        &self,
        app: &Application,
        cluster: &ClusterId,
        object: &Object,
    ) -> Option<String> {
        let project = self.projects.get(&app.project)?;
        let kind = object.gvk().group_kind();
        let scope = self.clusters.get(cluster)?.kinds.scope(&kind);
        if scope == Some(Scope::Cluster) {
            return project.refuses_cluster_object(&kind);
        }
        let clusters = self.clusters_for(app);
        let destination = app.destination.cluster(&clusters).ok()?;
        project.refuses_namespaced_object(&kind, destination, object.namespace())
    }

    /// Whether a live object counts for the Application: one that the project does not permit counts as
    /// not there, and is never deleted.
    ///
    /// Source: Argo CD 3.2.0 `app_project_types.go`, `IsLiveResourcePermitted`.
    pub(super) fn permits_live(
        &self,
        app: &Application,
        cluster: &ClusterId,
        object: &Object,
    ) -> bool {
        self.settings.project_rules == ProjectRules::Told
            || self.refuses(app, cluster, object).is_none()
    }

    /// Whether objects of the kind count for the Application.
    pub(super) fn permits_kind(
        &self,
        app: &Application,
        cluster: &ClusterId,
        object: &Object,
    ) -> bool {
        if self.settings.project_rules == ProjectRules::Told {
            return true;
        }
        let project: Option<&AppProject> = self.projects.get(&app.project);
        let kind = object.gvk().group_kind();
        let scope = self
            .clusters
            .get(cluster)
            .and_then(|view| view.kinds.scope(&kind));
        project.is_none_or(|project| match scope {
            Some(Scope::Cluster) => project.permits_cluster_kind(&kind),
            Some(Scope::Namespaced) | None => project.permits_namespaced_kind(&kind),
        })
    }

    /// What is to be told of objects that the project does not permit and that are synced
    /// nevertheless.
    pub(super) fn told_of_objects(
        &self,
        app: &Application,
        cluster: &ClusterId,
        objects: &[Object],
    ) -> Vec<Condition> {
        if self.settings.project_rules == ProjectRules::Enforced {
            return Vec::new();
        }
        let messages = objects
            .iter()
            .filter_map(|object| self.refuses(app, cluster, object));
        let mut messages: Vec<String> = messages.collect();
        messages.sort();
        messages.dedup();
        let conditions = messages.into_iter();
        conditions
            .map(|message| Condition::new(ConditionKind::InvalidSpecError, message))
            .collect()
    }

    /// What can be said of an object before it is tried.
    pub(super) fn judge(
        &self,
        app: &Application,
        what: (&ClusterId, &[Object]),
        object: &Object,
    ) -> Verdict {
        let (cluster, wanted) = what;
        let gvk = object.gvk();
        let served = self
            .clusters
            .get(cluster)
            .and_then(|view| view.kinds.get(&gvk));
        if served.is_none() {
            return self.judge_unknown_kind(app, (cluster, wanted), object);
        }
        if self.settings.project_rules == ProjectRules::Told {
            return Verdict::Fine;
        }
        match self.refuses(app, cluster, object) {
            Some(message) => Verdict::Refused(message),
            None => Verdict::Fine,
        }
    }

    /// A kind that the cluster does not serve may come with its definition, or be expected.
    ///
    /// Source: gitops-engine b89b0871b414 `sync_context.go`, `getSyncTasks`; the words are those of
    /// Argo CD 3.2.0 `util/argo/argo.go`, `AugmentSyncMsg`.
    fn judge_unknown_kind(
        &self,
        app: &Application,
        what: (&ClusterId, &[Object]),
        object: &Object,
    ) -> Verdict {
        use toft_argo::{SyncOption, SyncOptions};
        let (cluster, wanted) = what;
        let gvk = object.gvk();
        let skip = SyncOption::SkipDryRunOnMissingResource(true);
        let defines = |crd: &Object| {
            let spec = crd.value().get("spec");
            let text = |path: &[&str]| spec.and_then(|spec| spec.str_at(path));
            crate::plan::order::is_crd(crd)
                && text(&["group"]) == Some(&gvk.group)
                && text(&["names", "kind"]) == Some(&gvk.kind)
        };
        let expected = app.sync_policy.options.has(skip)
            || SyncOptions::of(object).has(skip)
            || wanted.iter().any(defines);
        if expected {
            return Verdict::SkipDryRun;
        }
        let kind = gvk.group_kind();
        let asked = format!(
            "{}/{} for requested resource {}/{}",
            gvk.group,
            gvk.kind,
            object.namespace(),
            object.name()
        );
        let view = self.clusters.get(cluster);
        Verdict::Refused(match view.and_then(|view| view.kinds.version(&kind)) {
            Some(version) => format!(
                "The Kubernetes API could not find version {:?} of {asked}. Version {:?} of {}/{} is installed on the destination cluster.",
                gvk.version.as_str(),
                version.as_str(),
                gvk.group,
                gvk.kind
            ),
            None => format!(
                "The Kubernetes API could not find {asked}. Make sure the {:?} CRD is installed on the destination cluster.",
                gvk.kind.as_str()
            ),
        })
    }
}
