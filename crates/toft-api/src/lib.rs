//! Calls to the Kubernetes API as values.
//!
//! One [`Request`] type serves the live cluster and the simulated one: the engine and the simulated
//! controllers make them, the HTTP door reads them from URLs and bodies ([`http::read`]), and the API server
//! answers each with one [`Response`], which [`http::Encoding`] writes.

mod accept;
pub mod discovery;
mod error;
pub mod http;
mod json_text;
mod open_api_binary;
mod path;
mod protobuf;
mod query;
mod request;
mod response;
mod watch;

pub use accept::Format;
pub use error::{ApiError, Cause, Details, Reason};
pub use request::{
    Body, Document, IncludeObject, LogOptions, Options, PatchKind, Propagation, Representation,
    Request, ResourcePath, Target, Validation, Verb,
};
pub use response::{Response, ResponseBody};
pub use watch::{WatchEvent, WatchEventKind, WatchStart};
