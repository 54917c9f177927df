//! The world: an engine and a simulated cluster in one queue on one clock.
//!
//! Everything that happens comes in through [`World::handle`] (somebody's request), [`World::advance`]
//! (time) or [`World::set_repository`] (a commit). The same sequence of these gives the same commits,
//! byte for byte: [`World::take_inputs`] is the log of them, [`replay`] makes the same run again.

mod clusters;
mod everything;
mod input;
mod live;
mod log;
mod means;
mod needs;
mod overview;
mod reasons;
mod replay;
mod repository;
mod root;
mod routes;
mod settled;
mod sources;
mod walk;
mod world;

pub use everything::{Everything, render_everything};
pub use input::{Entry, EntryError, Input};
pub use live::{Ask, LiveCluster, Standing};
pub use log::print_commits;
pub use means::Means;
pub use needs::{Needs, Reach};
pub use overview::{AppLine, Overview};
pub use replay::{ReplayError, Trees, replay};
pub use repository::Repository;
pub use root::{Root, find_root};
pub use routes::Route;
pub use settled::{QUIET, Settled};
pub use walk::Rendition;
pub use world::{INSTANT_ROUNDS_MAX, Saved, World, WorldError, WorldSettings};
