//! Controllers, scheduler and nodes on a virtual clock, seeded.
