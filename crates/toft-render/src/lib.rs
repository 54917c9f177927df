//! Source to rendering: the tool chosen as Argo CD chooses it; ApplicationSets to Applications.

mod request;
mod source;

mod cache;
mod detect;
mod directory;
mod edit;
mod environment;
mod expand;
mod helm;
mod job;
mod kustomize;
mod objects;
mod overrides;
mod recording;
mod told;
mod trees;

pub use cache::{Given, Outcome, PACK_BYTES_MAX, PackError, Renderings, Seen, Unpacked};
pub use expand::{ClusterSecret, ExpandError, Expansion, Invalid, Known, expand, expand_fully};
pub use recording::{Read, RecordingFiles};
pub use request::{ArgoRelease, Request, Surroundings};
pub use source::{SourceRendering, render};
pub use told::unread;
pub use trees::remote_of;
