//! Source to rendering: the tool chosen as Argo CD chooses it; ApplicationSets to Applications.

mod detect;
mod directory;
mod edit;
mod expand;
mod kustomize;
mod recording;
mod source;

pub use expand::{ExpandError, Expansion, Invalid, expand, expand_fully};
pub use recording::{Read, RecordingFiles};
pub use source::{SourceRendering, render};
