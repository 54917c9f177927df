//! What renderings are made with, besides a repository.

use smol_str::SmolStr;
use toft_object::Time;
use toft_render::Renderings;

/// What renderings are made with, besides a repository. Two of the same give the same.
#[derive(Clone, Debug)]
pub struct Means {
    /// What was rendered before.
    pub renderings: Renderings,
    /// What random texts derive from.
    pub seed: u64,
    /// What the clock says to charts.
    pub now: Time,
    /// The API versions of the cluster; `None` for those of a fresh one.
    pub api_versions: Option<Vec<SmolStr>>,
}

impl Means {
    /// Nothing rendered before, in 1970, without chance.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self {
            renderings: Renderings::new(""),
            seed: 0,
            now: Time::default(),
            api_versions: None,
        }
    }
}
