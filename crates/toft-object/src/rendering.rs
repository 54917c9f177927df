//! The waist of the hourglass: the objects that a source gives, each with its origin.

use std::fmt;

use toft_source::RepoPath;

use crate::object::Object;

/// Where an object was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file that holds the text of the object, or the kustomization that generated it.
    pub path: RepoPath,
    /// The line where the object begins, from 1.
    pub line: usize,
    /// The step that made it: `resources`, `configMapGenerator`, `directory`, ….
    pub step: &'static str,
}

/// One object of a rendering.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The object.
    pub object: Object,
    /// Where it was written.
    pub origin: Origin,
}

/// The objects that one application's source gives, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendering {
    /// In the order that the tool gives them.
    pub objects: Vec<Rendered>,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.path, self.line)
    }
}
