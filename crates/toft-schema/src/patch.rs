//! The three patches that the API server takes: JSON patch, JSON merge patch, strategic merge patch.

mod json;
mod merge;
mod strategic;

pub use json::{OPERATIONS_MAX, json};
pub use merge::merge;
pub use strategic::strategic;

/// Why a patch does not apply; the texts are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch itself is wrong: 400.
    #[error("{0}")]
    Bad(String),
    /// A JSON patch has more than [`OPERATIONS_MAX`] operations: 413.
    #[error("The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {0}")]
    TooLong(usize),
    /// The patch does not fit the object: 422. Upstream's answer does not show the text, but
    /// [`UNPROCESSABLE`].
    #[error("{0}")]
    Unprocessable(String),
    /// Upstream has no status for it, which makes it an internal error: 500.
    #[error("{0}")]
    Internal(String),
}

/// What upstream's answer says for [`PatchError::Unprocessable`].
pub const UNPROCESSABLE: &str = "the server rejected our request due to an error in our request";

impl PatchError {
    /// The HTTP status that upstream answers with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Bad(_) => 400,
            Self::TooLong(_) => 413,
            Self::Unprocessable(_) => 422,
            Self::Internal(_) => 500,
        }
    }
}
