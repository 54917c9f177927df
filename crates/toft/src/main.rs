//! The command line of Toft.

fn main() {}
