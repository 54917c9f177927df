//! kustomization tree to objects, in upstream's order and with upstream's merge.
//!
//! [`build`] reads a directory out of a [`Files`](toft_source::Files) tree and gives the objects that
//! `kustomize build` gives; [`print()`] prints them as it does, byte for byte. The order of a build is one
//! list, in `steps.rs`; each step is a file. Upstream is kustomize 5.8.2 (api and kyaml 0.21.2).

mod accumulate;
mod build;
mod config;
mod diagnose;
mod directory;
mod fault;
mod field_spec;
mod go_json;
mod id;
mod json_patch;
mod kustomization;
mod manifest;
mod merge;
mod node;
mod order;
mod pattern;
mod print;
mod provenance;
mod resource;
mod resources;
mod schema;
mod selector;
mod steps;
mod text;

pub use build::{BuildOptions, HelmOptions, LoadRestrictor, Reorder, build};
pub use directory::BASE_DEPTH_MAX;
pub use print::print;
pub use schema::is_cluster_scoped;
