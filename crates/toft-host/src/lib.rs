//! The outside: disk, Git, the store, the clock, and the loop that performs effects.
//!
//! This crate decides nothing. It reads trees, keeps what it is told to keep, and hands what happened
//! to the engines below.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door to disk and clock"
)]

mod board;
mod changes;
mod clock;
mod disk;
mod drive;
mod fetch;
mod git;
mod line;
mod report;
mod shelf;
mod snapshot;
mod state;
mod store;
mod supply;
mod tree;
mod watches;

pub use board::{Board, News, Stage};
pub use changes::follow;
pub use clock::wall_clock;
pub use disk::DiskFiles;
pub use drive::{Aim, BRING_UP, Drive, OVERVIEW_NOTE};
pub use fetch::{
    Brought, Cache, CredentialFiles, Credentials, CredentialsError, Entry, FetchError, Fetcher,
    GATHER_ROUNDS_MAX, Gathered, Look, Named, News as FetchNews, Patience, Whence, gather,
};
pub use git::GitError;
pub use line::{Answer, Frame, Inbox, Line, LineError};
pub use report::report;
pub use shelf::Shelf;
pub use snapshot::SNAPSHOT_FILES_MAX;
pub use state::{Occupant, StateDir, StateError, StateLock};
pub use store::{Batch, FORMAT, Store, StoreError};
pub use supply::{Supplier, needed, repository};
pub use tree::{
    OpenError, Opened, TreeMode, head_commit, open_branch_point, open_merge_base, open_revision,
    open_tree,
};
