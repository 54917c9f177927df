//! Chart and values to objects, as `helm template` does.
//!
//! [`load`] or [`load_archive`] reads a [`Chart`]; [`ValuesInput::merged`] puts the user's values
//! together; [`template`] renders. Helm 3 and Helm 4 differ in meaning, and [`HelmVersion`] decides.
//! Nothing is downloaded: a dependency that is not in the chart is told.

mod capabilities;
mod chart;
mod coalesce;
mod dependencies;
mod family;
mod ignore;
mod load;
mod manifest;
mod metadata;
mod problem;
mod records;
mod release;
mod render;
mod schema;
mod set;
mod show;
mod template;
mod values;

pub use capabilities::{Capabilities, KubeVersion};
pub use chart::{Chart, ChartFile, Dependency, HelmVersion, ImportValues, Maintainer, Metadata};
pub use load::{ARCHIVE_BYTES_MAX, ARCHIVE_FILES_MAX, FILE_BYTES_MAX, load, load_archive, unpack};
pub use manifest::{Hook, Manifest, Manifests};
pub use problem::Problem;
pub use release::release_name;
pub use render::{ReleaseOptions, TemplateOptions, manifests, texts};
pub use template::template;
pub use values::{Setting, ValuesInput};
