//! Watching a collection.

use smol_str::SmolStr;
use toft_value::Value;

use crate::request::{Options, Representation, ResourcePath};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchEventKind {
    /// It is new, or new to the selector.
    Added,
    /// It changed.
    Modified,
    /// It is gone, or gone from the selector.
    Deleted,
    /// Everything up to its `resourceVersion` was told.
    Bookmark,
    /// The watch ends; the object is a `Status`.
    Error,
}

/// One event of a watch.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchEvent {
    /// What happened.
    pub kind: WatchEventKind,
    /// The object after it happened; of a deletion, the last one, with the version of the deletion.
    pub object: Value,
}

/// Where a watch begins and what it wants.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchStart {
    /// The collection, or one object of it.
    pub path: ResourcePath,
    /// Selectors, the version to begin after, bookmarks, the time limit.
    pub options: Options,
    /// The shape of the objects.
    pub representation: Representation,
}

impl WatchEventKind {
    /// As it is written: `ADDED`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
            Self::Bookmark => "BOOKMARK",
            Self::Error => "ERROR",
        }
    }
}

impl WatchStart {
    /// A watch of a collection from after a version, without selectors.
    pub fn after(path: ResourcePath, version: impl Into<SmolStr>) -> Self {
        let options = Options {
            resource_version: Some(version.into()),
            ..Options::default()
        };
        Self {
            path,
            options,
            representation: Representation::Object,
        }
    }
}
