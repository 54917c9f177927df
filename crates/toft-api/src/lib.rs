//! Kubernetes API calls as values.
//!
//! One [`Request`] type serves the live cluster and the simulated one: the engine and the simulated
//! controllers make them, the HTTP door reads them from URLs and bodies, and the API server answers
//! each with one [`Response`].

mod error;
mod request;
mod response;
mod watch;

pub use error::{ApiError, Cause, Details, Reason};
pub use request::{
    Body, Document, IncludeObject, LogOptions, Options, PatchKind, Propagation, Representation,
    Request, ResourcePath, Target, Validation, Verb,
};
pub use response::{Response, ResponseBody};
pub use watch::{WatchEvent, WatchEventKind, WatchStart};
