//! Source to rendering: the tool chosen as Argo CD chooses it; ApplicationSets to Applications.

mod request;
mod source;

mod detect;
mod directory;
mod edit;
mod environment;
mod expand;
mod helm;
mod kustomize;
mod objects;
mod overrides;
mod recording;
mod trees;

pub use expand::{ClusterSecret, ExpandError, Expansion, Invalid, Known, expand, expand_fully};
pub use recording::{Read, RecordingFiles};
pub use request::{ArgoRelease, Request, Surroundings};
pub use source::{SourceRendering, render};
pub use trees::remote_of;
