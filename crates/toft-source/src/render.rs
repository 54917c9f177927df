//! Diagnostics as people and programs read them.

mod json;
mod text;

pub use json::{DIAGNOSTICS_API_VERSION, render_json};
pub use text::{Style, render_text};
