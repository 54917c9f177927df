//! A chart as it was written.

use std::sync::Arc;

use smol_str::SmolStr;
use toft_source::RepoPath;
use toft_value::{Map, Value};

/// Whose meaning holds where Helm 3 and Helm 4 differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HelmVersion {
    /// Helm 3.22.
    V3,
    /// Helm 4.3.
    #[default]
    V4,
}

/// A chart and the charts in its `charts/`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// `Chart.yaml`.
    pub metadata: Metadata,
    /// `values.yaml`.
    pub values: Map,
    /// `values.schema.json`.
    pub schema: Option<Arc<[u8]>>,
    /// The files below `templates/`.
    pub templates: Vec<ChartFile>,
    /// Every other file that templates can read.
    pub files: Vec<ChartFile>,
    /// The charts in `charts/`.
    pub charts: Vec<Self>,
}

/// A file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    /// Its path below the chart.
    pub name: SmolStr,
    /// Its content, without a byte order mark.
    pub bytes: Arc<[u8]>,
    /// Where it was read: the file itself, or the archive that holds it.
    pub path: RepoPath,
}

/// `Chart.yaml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The name of the chart.
    pub name: SmolStr,
    /// Where the project is at home.
    pub home: SmolStr,
    /// Where the sources are.
    pub sources: Vec<SmolStr>,
    /// The version of the chart.
    pub version: SmolStr,
    /// One sentence.
    pub description: SmolStr,
    /// Words to search by.
    pub keywords: Vec<SmolStr>,
    /// Who keeps it.
    pub maintainers: Vec<Maintainer>,
    /// Where the icon is.
    pub icon: SmolStr,
    /// `v1` or `v2`.
    pub api_version: SmolStr,
    /// Not used.
    pub condition: SmolStr,
    /// Not used.
    pub tags: SmolStr,
    /// The version of what it installs.
    pub app_version: SmolStr,
    /// Whether it is no longer kept.
    pub deprecated: bool,
    /// Notes that Helm does not read.
    pub annotations: Map,
    /// Which versions of Kubernetes it is for.
    pub kube_version: SmolStr,
    /// The charts that it needs.
    pub dependencies: Vec<Dependency>,
    /// `application` or `library`.
    pub kind: SmolStr,
}

/// Who keeps a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// A name.
    pub name: SmolStr,
    /// An address.
    pub email: SmolStr,
    /// A page.
    pub url: SmolStr,
}

/// A chart that another needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// Its name.
    pub name: SmolStr,
    /// A version or a range of versions.
    pub version: SmolStr,
    /// Where it is.
    pub repository: SmolStr,
    /// Paths of values that switch it on or off, separated by commas.
    pub condition: SmolStr,
    /// Names that switch it on or off.
    pub tags: Vec<SmolStr>,
    /// Whether it is on.
    pub enabled: bool,
    /// Which of its values the parent takes.
    pub import_values: Vec<ImportValues>,
    /// Another name for it.
    pub alias: SmolStr,
}

/// Which values a parent takes from a dependency.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportValues {
    /// Those below `exports.` and this name.
    Exported(SmolStr),
    /// From a path in the child to a path in the parent.
    Moved {
        /// The path in the child.
        child: SmolStr,
        /// The path in the parent.
        parent: SmolStr,
    },
    /// One of the above that was taken already.
    Noted {
        /// The path in the child.
        child: SmolStr,
        /// The path in the parent.
        parent: SmolStr,
    },
    /// Something that Helm passes over.
    Other(Value),
}

impl Chart {
    /// Whether it only holds templates for others.
    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }
}
