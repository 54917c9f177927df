//! Case folders for tests: one folder per case, `case.md`, `input/`, `expected.*`.
//!
//! `BLESS=1 cargo test` writes what came out as the new expectation; the diff is the review.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]

mod case;
pub mod exchange;
mod mutate;
pub mod recorded;
mod run;
pub mod scenario;

pub use case::Case;
pub use mutate::Mutator;
pub use run::{Outputs, run};
