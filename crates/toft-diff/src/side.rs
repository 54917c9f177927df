//! One side of a comparison.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toft_object::Object;

/// What a repository renders to at one revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// The Applications by name, as people tell them apart.
    pub apps: BTreeMap<SmolStr, AppSide>,
}

/// What one Application renders to.
#[derive(Clone, Debug, PartialEq)]
pub struct AppSide {
    /// The objects, or why there are none: a rendering that fails is never taken for an empty one.
    pub objects: Result<Vec<Object>, String>,
    /// The charts that its sources name.
    pub charts: Vec<ChartVersion>,
}

/// A chart that a source names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChartVersion {
    /// The repository.
    pub repository: SmolStr,
    /// The name of the chart.
    pub name: SmolStr,
    /// The version, as written.
    pub version: SmolStr,
}
