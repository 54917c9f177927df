//! The outside: disk, git, store, clock, and the loop that performs effects.
