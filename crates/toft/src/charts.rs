//! What commands that render charts have in common: whose Helm, when, and chance.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher as _};

use clap::ValueEnum;
use jiff::Timestamp;
use toft_helm::HelmVersion;
use toft_object::Time;

/// Whose meaning holds where Helm 3 and Helm 4 differ.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Helm {
    /// Helm 3.22
    #[value(name = "3")]
    Three,
    /// Helm 4.3
    #[value(name = "4")]
    Four,
}

impl Helm {
    pub(crate) fn version(self) -> HelmVersion {
        match self {
            Self::Three => HelmVersion::V3,
            Self::Four => HelmVersion::V4,
        }
    }
}

/// What `now` gives in templates.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_microsecond(toft_host::wall_clock().micros()).unwrap_or_default()
}

/// What `now` gives in the charts of a repository that is only looked at: the last midnight of Greenwich, so that
/// what was rendered today is not rendered again today.
pub(crate) fn today() -> Time {
    const DAY: i64 = 24 * 60 * 60;
    let seconds = toft_host::wall_clock().micros() / 1_000_000;
    Time::from_seconds(seconds - seconds.rem_euclid(DAY))
}

/// What random texts and keys in templates derive from: another one in every run, since what is printed may
/// become somebody's password.
pub(crate) fn chance() -> u64 {
    // The hasher's key comes from the system's own source of chance.
    RandomState::new().build_hasher().finish()
}
