//! What the simulation takes for granted says so where it can be seen.

/// The annotation on objects that stand for something which is not simulated: its text says what is taken
/// for granted.
pub const KEY: &str = "toft.dev/assumed";
