//! Source to rendering: the tool chosen as Argo CD chooses it; ApplicationSets to Applications.

mod detect;
mod directory;
mod edit;
mod kustomize;
mod recording;
mod source;

pub use recording::{Read, RecordingFiles};
pub use source::{SourceRendering, render};
