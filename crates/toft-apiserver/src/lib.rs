//! The Kubernetes API as a pure machine: store, verbs, admission, watch history.
//!
//! [`ApiServer::handle`] answers one request and queues what it wrote; there is no handler per kind: one
//! generic store is driven by the schemas, and what kinds do otherwise stands in closed lists.

mod admission;
mod call;
mod check;
mod convert;
mod crd;
mod create;
mod decode;
mod delete;
mod documents;
mod fields;
mod history;
mod ids;
mod invalid;
mod managed;
mod open_api;
mod page;
mod patch;
mod prepare;
mod read;
mod represent;
mod rules;
mod select;
mod server;
mod settings;
mod store;
mod subresource;
mod table;
mod update;
mod warnings;
mod watch;
mod write;

pub use history::HISTORY_MAX;
pub use server::ApiServer;
pub use settings::Settings;
pub use store::{Change, Commit, Record, StoreKey};
pub use watch::{WatchBatch, WatchCursor};
