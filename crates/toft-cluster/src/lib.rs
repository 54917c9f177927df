//! A simulated cluster: controllers, scheduler and nodes on a virtual clock, seeded.

mod amount;
mod assumed;
mod bootstrap;
mod claim;
mod claims;
mod cluster;
mod conditions;
mod controller;
mod controllers;
mod ctx;
mod dispatch;
mod draw;
mod hash;
mod key;
mod logs;
mod meta;
mod nodes;
mod note;
mod owner_index;
mod pods;
mod queue;
mod reader;
mod requests;
mod resources;
mod revisions;
mod service_pods;
mod settings;

pub use assumed::KEY as ASSUMED;
pub use cluster::{Cluster, Flapping, RECONCILES_AT_AN_INSTANT_MAX};
pub use settings::{ClusterSettings, NodeSettings, Parts};
