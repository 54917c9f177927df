//! The outside: disk, Git, the store, the clock, and the loop that performs effects.
//!
//! This crate decides nothing. It reads trees, keeps what it is told to keep, and hands what happened
//! to the engines below.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door to disk and clock"
)]

mod disk;
mod git;
mod snapshot;
mod tree;

pub use disk::DiskFiles;
pub use git::GitError;
pub use snapshot::SNAPSHOT_FILES_MAX;
pub use tree::{OpenError, Opened, TreeMode, head_commit, open_tree};
