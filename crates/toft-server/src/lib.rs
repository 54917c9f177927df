//! HTTP doors: the simulated cluster as a Kubernetes API over HTTPS on loopback.
//!
//! Bytes become a [`toft_api::Request`], which goes down the [`toft_host::Line`] to the thread that owns
//! the world; its answer becomes bytes again. Nothing is decided here.
mod client;
mod conversation;
mod door;
mod feed;
mod identity;
mod kubeconfig;
mod logs;
mod service;
mod signals;

pub use client::{ClientError, ask};
pub use conversation::Conversation;
pub use door::{Door, DoorError, OpenDoor};
pub use identity::{Identity, IdentityError};
pub use kubeconfig::kubeconfig;
pub use service::Service;
pub use signals::{Signal, on_signals};
