//! The sync engine: compare, plan, step, health, status.
