//! Two renderings of a repository to what changes between them.
//!
//! [`diff`] pairs the Applications and their objects and gives a [`Difference`]: which Applications change,
//! and per object what is added, changed and removed, the gravest first. [`markdown`], [`html`] and [`json`]
//! tell it to a pull request, a browser and a program. What is in a Secret is told as a keyed hash only.

mod difference;
mod html;
mod importance;
mod json;
mod lines;
mod markdown;
mod moves;
mod pods;
mod secret;
mod side;

pub use difference::{AppDifference, Change, Difference, ObjectDifference, diff};
pub use html::html;
pub use importance::Importance;
pub use json::{DIFF_API_VERSION, json};
pub use lines::{CONTEXT_LINES, Hunk, LINES_MAX, Line, Mark, Part};
pub use markdown::{MARKDOWN_BYTES_MAX, headline, markdown};
pub use moves::Move;
pub use secret::SecretKey;
pub use side::{AppSide, ChartVersion, Side};
