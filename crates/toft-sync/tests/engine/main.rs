//! The engine against a small API: bring-up, waves, healing, pruning, faults, crashes.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect"
)]

mod bring_up;
mod fake;
mod faults;
mod sets;
mod syncs;
mod windows;
mod world;

use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
