//! The world: engine and simulated cluster in one queue on one clock.
