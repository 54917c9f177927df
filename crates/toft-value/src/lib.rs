//! Values: numbers by Go's rules, shared lists and maps, JSON text in and out.
//!
//! A [`Value`] is what JSON and YAML mean. Lists and maps are shared: a clone copies a pointer, and a
//! change copies only the path from the root to what changed. Maps are sorted by key, as everything
//! upstream prints is.

mod duration;
mod json;
mod list;
mod macros;
mod map;
mod number;
mod path;
mod value;

pub use duration::{DurationError, parse_duration};
pub use json::{JSON_DEPTH_MAX, JsonError};
pub use list::List;
pub use map::{Map, MapIter};
pub use number::{float_to_json, float_to_shortest};
pub use value::{Kind, Value};

#[doc(hidden)]
pub use smol_str::SmolStr as Key;
