//! The Go template language with its own runtime values, and the functions that Argo CD offers.
