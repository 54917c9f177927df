//! Where an Application's manifests come from.

use smol_str::SmolStr;
use toft_value::{Map, Value};

use crate::helm_source::HelmSource;
use crate::read;
use crate::repo_url::RepoUrl;

/// One source of an Application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplicationSource {
    /// The repository.
    pub repo_url: RepoUrl,
    /// The directory in the repository; empty for a chart or a mere reference.
    pub path: SmolStr,
    /// Branch, tag, commit or chart version; empty means `HEAD`.
    pub target_revision: SmolStr,
    /// The name of a chart in a chart repository.
    pub chart: SmolStr,
    /// The name under which sibling sources refer to this one.
    pub reference: SmolStr,
    /// The name that people see.
    pub name: SmolStr,
    /// Options for a plain directory.
    pub directory: Option<DirectorySource>,
    /// Options for a kustomization.
    pub kustomize: Option<KustomizeSource>,
    /// Options for a chart.
    pub helm: Option<HelmSource>,
    /// Options for a plugin, as written.
    pub plugin: Option<Value>,
    raw: Value,
}

/// Options for a plain directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectorySource {
    /// Whether subdirectories are read.
    pub recurse: bool,
    /// A glob of files to leave out; empty leaves none out.
    pub exclude: SmolStr,
    /// A glob of files to take; empty takes all.
    pub include: SmolStr,
    /// Options for Jsonnet files, as written; `None` where there are none.
    pub jsonnet: Option<Value>,
}

/// Options for a kustomization.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field upstream")]
pub struct KustomizeSource {
    /// Put before names.
    pub name_prefix: SmolStr,
    /// Put after names.
    pub name_suffix: SmolStr,
    /// Images as `kustomize edit set image` takes them.
    pub images: Vec<SmolStr>,
    /// Replica counts.
    pub replicas: Vec<KustomizeReplica>,
    /// Labels for every object.
    pub common_labels: Map,
    /// Annotations for every object.
    pub common_annotations: Map,
    /// The namespace of every object.
    pub namespace: SmolStr,
    /// Patches, as written in a kustomization.
    pub patches: Vec<Value>,
    /// Components, relative to the path of the source.
    pub components: Vec<SmolStr>,
    /// Whether a component that does not exist is left out.
    pub ignore_missing_components: bool,
    /// Labels that the kustomization has are overwritten.
    pub force_common_labels: bool,
    /// Labels are not added to selectors.
    pub label_without_selector: bool,
    /// Labels are added to templates.
    pub label_include_templates: bool,
    /// Annotations that the kustomization has are overwritten.
    pub force_common_annotations: bool,
    /// `$ARGOCD_APP_NAME` and its kin are replaced in annotations.
    pub common_annotations_envsubst: bool,
    /// The version of Kubernetes that charts are told; empty where it is the cluster's.
    pub kube_version: SmolStr,
    /// The API versions that charts are told; empty where they are the cluster's.
    pub api_versions: Vec<SmolStr>,
}

/// A replica count by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KustomizeReplica {
    /// The name of the workload.
    pub name: SmolStr,
    /// How many; `None` where it is no number.
    pub count: Option<i64>,
}

/// The tool that gives a source its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceType {
    /// A kustomization.
    Kustomize,
    /// A chart.
    Helm,
    /// Plain files.
    Directory,
    /// A config management plugin.
    Plugin,
}

impl SourceType {
    /// The word that Argo CD uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kustomize => "Kustomize",
            Self::Helm => "Helm",
            Self::Directory => "Directory",
            Self::Plugin => "Plugin",
        }
    }
}

impl ApplicationSource {
    /// Everything of a source that its objects may depend on.
    pub fn rendered_by(&self) -> Vec<String> {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            repo_url,
            path,
            target_revision,
            chart,
            reference,
            name,
            directory: _, // as it is written in `raw`
            kustomize: _, // as it is written in `raw`
            helm: _,      // as it is written in `raw`
            plugin: _,    // as it is written in `raw`
            raw,
        } = self;
        let texts = [
            repo_url.as_str(),
            path,
            target_revision,
            chart,
            reference,
            name,
        ];
        let mut all: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        all.push(raw.to_json());
        all
    }

    /// Reads a source.
    pub fn parse(value: &Value) -> Self {
        Self {
            repo_url: RepoUrl::new(read::text(value, "repoURL")),
            path: read::text(value, "path"),
            target_revision: read::text(value, "targetRevision"),
            chart: read::text(value, "chart"),
            reference: read::text(value, "ref"),
            name: read::text(value, "name"),
            directory: read::part(value, "directory").map(parse_directory),
            kustomize: read::part(value, "kustomize").map(parse_kustomize),
            helm: read::part(value, "helm").map(HelmSource::parse),
            plugin: read::part(value, "plugin").cloned(),
            raw: value.clone(),
        }
    }

    /// The source as written.
    pub fn value(&self) -> &Value {
        &self.raw
    }

    /// The revision that is asked for.
    pub fn revision(&self) -> &str {
        if self.target_revision.is_empty() {
            "HEAD"
        } else {
            &self.target_revision
        }
    }

    /// The namespace that the options of the tool name; empty where they name none.
    ///
    /// Source: Argo CD 3.2.0 `types.go`, `GetNamespaceOrDefault`, as are the two below.
    pub fn tool_namespace(&self) -> &str {
        self.of_tool(|helm| &helm.namespace, |kustomize| &kustomize.namespace)
    }

    /// The version of Kubernetes that the options of the tool name; empty where they name none.
    pub fn tool_kube_version(&self) -> &str {
        self.of_tool(
            |helm| &helm.kube_version,
            |kustomize| &kustomize.kube_version,
        )
    }

    /// The API versions that the options of the tool name; empty where they name none.
    pub fn tool_api_versions(&self) -> &[SmolStr] {
        let helm = self.helm.as_ref().map(|helm| &helm.api_versions);
        let kustomize = self.kustomize.as_ref().map(|one| &one.api_versions);
        let mut named = helm.into_iter().chain(kustomize);
        named
            .find(|named| !named.is_empty())
            .map_or(&[], |named| named)
    }

    fn of_tool(
        &self,
        helm: fn(&HelmSource) -> &SmolStr,
        kustomize: fn(&KustomizeSource) -> &SmolStr,
    ) -> &str {
        let helm = self.helm.as_ref().map(helm);
        let mut named = helm
            .into_iter()
            .chain(self.kustomize.as_ref().map(kustomize));
        named
            .find(|named| !named.is_empty())
            .map_or("", SmolStr::as_str)
    }

    /// The tool that the source names, if it names one.
    ///
    /// Source: Argo CD 3.2.0 `types.go`, `ExplicitType`.
    ///
    /// # Errors
    /// It names several; the text is Argo CD's.
    pub fn explicit_type(&self) -> Result<Option<SourceType>, String> {
        let named = [
            (self.kustomize.is_some(), SourceType::Kustomize),
            (self.helm.is_some(), SourceType::Helm),
            (self.directory.is_some(), SourceType::Directory),
            (self.plugin.is_some(), SourceType::Plugin),
        ];
        let named: Vec<SourceType> = named
            .into_iter()
            .filter_map(|(there, named)| there.then_some(named))
            .collect();
        if named.len() > 1 {
            let names: Vec<&str> = named.iter().map(|one| one.as_str()).collect();
            let names = names.join(",");
            return Err(format!("multiple application sources defined: {names}"));
        }
        Ok(named.first().copied())
    }

    /// What Argo CD says about a source that lacks something.
    ///
    /// Source: Argo CD 3.2.0 `util/argo/argo.go`, `validateSourcePermissions`.
    pub fn refusal(&self, siblings: Siblings) -> Option<String> {
        let nothing = self.path.is_empty() && self.chart.is_empty();
        let no_repository = self.repo_url.as_str().is_empty();
        match siblings {
            Siblings::Some if no_repository || (nothing && self.reference.is_empty()) => {
                return Some(format!(
                    "spec.source.repoURL and either source.path, source.chart, or source.ref are required for source {}",
                    self.raw.to_json()
                ));
            }
            Siblings::None if no_repository || nothing => {
                let text = "spec.source.repoURL and either spec.source.path or spec.source.chart are required";
                return Some(text.to_owned());
            }
            Siblings::Some | Siblings::None => {}
        }
        let unpinned = !self.chart.is_empty() && self.target_revision.is_empty();
        unpinned.then(|| {
            "spec.source.targetRevision is required if the manifest source is a helm chart"
                .to_owned()
        })
    }
}

/// Whether a source is one of `spec.sources`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Siblings {
    /// It is `spec.source`.
    #[default]
    None,
    /// It is one of `spec.sources`.
    Some,
}

fn parse_directory(value: &Value) -> DirectorySource {
    let jsonnet = read::part(value, "jsonnet");
    let written = |jsonnet: &&Value| jsonnet.as_map().is_some_and(|map| !map.is_empty());
    DirectorySource {
        recurse: read::flag(value, "recurse"),
        exclude: read::text(value, "exclude"),
        include: read::text(value, "include"),
        jsonnet: jsonnet.filter(written).cloned(),
    }
}

fn parse_kustomize(value: &Value) -> KustomizeSource {
    KustomizeSource {
        name_prefix: read::text(value, "namePrefix"),
        name_suffix: read::text(value, "nameSuffix"),
        images: read::texts(value, "images"),
        replicas: read::list(value, "replicas", parse_replica),
        common_labels: read::map(value, "commonLabels"),
        common_annotations: read::map(value, "commonAnnotations"),
        namespace: read::text(value, "namespace"),
        patches: value.items_at(&["patches"]).to_vec(),
        components: read::texts(value, "components"),
        ignore_missing_components: read::flag(value, "ignoreMissingComponents"),
        force_common_labels: read::flag(value, "forceCommonLabels"),
        label_without_selector: read::flag(value, "labelWithoutSelector"),
        label_include_templates: read::flag(value, "labelIncludeTemplates"),
        force_common_annotations: read::flag(value, "forceCommonAnnotations"),
        common_annotations_envsubst: read::flag(value, "commonAnnotationsEnvsubst"),
        kube_version: read::text(value, "kubeVersion"),
        api_versions: read::texts(value, "apiVersions"),
    }
}

fn parse_replica(value: &Value) -> KustomizeReplica {
    let count = value.get("count");
    let text = count.and_then(Value::as_str);
    KustomizeReplica {
        name: read::text(value, "name"),
        count: match text {
            Some(text) => text.parse().ok(),
            None => count.and_then(Value::as_i64),
        },
    }
}
