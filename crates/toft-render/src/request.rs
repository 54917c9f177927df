//! What is asked of a rendering besides the tree.

use smol_str::SmolStr;
use toft_argo::{Application, ApplicationSource, RepoUrl};
use toft_helm::HelmVersion;
use toft_object::Time;

/// One source of an Application that is to be rendered.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The Application, with the siblings of the source.
    pub application: &'a Application,
    /// The source: one of the Application's.
    pub source: &'a ApplicationSource,
    /// The revision that the source resolves to: a commit, or the version of a chart.
    pub revision: &'a str,
    /// What lies around the Application.
    pub surroundings: &'a Surroundings<'a>,
}

/// What a rendering depends on besides tree and Application.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Whether an address is that of the tree; other repositories are asked for with
    /// [`Files::remote`](toft_source::Files::remote).
    pub is_this_repository: &'a dyn Fn(&RepoUrl) -> bool,
    /// The namespace of Argo CD.
    pub control_namespace: &'a str,
    /// The version of the cluster, as Argo CD asks for it: `1.36`.
    pub kube_version: &'a str,
    /// The API versions of the cluster: `apps/v1`, `apps/v1/Deployment`, …, in order.
    pub api_versions: &'a [SmolStr],
    /// `kustomize.buildOptions` of Argo CD's settings.
    pub build_options: &'a str,
    /// Whose meaning holds.
    pub release: ArgoRelease,
    /// What random texts in charts derive from, together with the name of the Application.
    pub seed: u64,
    /// What the clock says to charts. Whoever renders again and again takes one time for all of it.
    pub now: Time,
}

/// Whose meaning holds where releases of Argo CD differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArgoRelease {
    /// Argo CD 3.2: charts with Helm 3, files of values by their names.
    #[default]
    V3_2,
    /// Argo CD 3.6: charts with Helm 4, files of values also by patterns.
    V3_6,
}

impl ArgoRelease {
    /// The Helm that the release ships.
    pub fn helm(self) -> HelmVersion {
        match self {
            Self::V3_2 => HelmVersion::V3,
            Self::V3_6 => HelmVersion::V4,
        }
    }
}

impl Surroundings<'_> {
    /// One repository and a cluster that nothing is known of, as Argo CD 3.2 takes it.
    pub fn alone() -> Self {
        Self {
            is_this_repository: &|_| true,
            control_namespace: "argocd",
            kube_version: "",
            api_versions: &[],
            build_options: "",
            release: ArgoRelease::V3_2,
            seed: 0,
            now: Time::default(),
        }
    }
}
