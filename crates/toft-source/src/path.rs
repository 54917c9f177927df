//! Paths inside a tree: relative, normalised, with `/` between segments.

use std::fmt;

use smol_str::SmolStr;

/// A normalised path inside a [`Files`](crate::Files) tree.
///
/// Segments are separated by `/`; there is no leading or trailing slash, no empty segment, no `.`
/// and no `..`. The root of the tree is the empty path and prints as `.`.
///
/// # Example
/// ```
/// use toft_source::RepoPath;
/// let base = RepoPath::parse("apps/sonarr/overlays/prod").unwrap();
/// assert_eq!(base.join("../../base").unwrap().as_str(), "apps/sonarr/base");
/// assert!(base.join("../../../../..").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(SmolStr);

/// Why a text is no path inside a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is absolute.
    #[error("path `{0}` is absolute")]
    Absolute(String),
    /// The path climbs above the root of the tree.
    #[error("path `{0}` leaves the tree")]
    OutsideTree(String),
}

impl RepoPath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a relative path and normalises it.
    ///
    /// # Errors
    /// The text is absolute or climbs above the root.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::root().join(text)
    }

    /// The path that `text`, relative to this directory, means.
    ///
    /// # Errors
    /// The text is absolute or climbs above the root.
    pub fn join(&self, text: &str) -> Result<Self, PathError> {
        if text.starts_with('/') {
            return Err(PathError::Absolute(text.to_owned()));
        }
        let mut segments: Vec<&str> = self.segments().collect();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    if segments.pop().is_none() {
                        return Err(PathError::OutsideTree(text.to_owned()));
                    }
                }
                name => segments.push(name),
            }
        }
        Ok(Self(segments.join("/").into()))
    }

    /// The directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let text = self.0.rsplit_once('/').map_or("", |(parent, _)| parent);
        Some(Self(text.into()))
    }

    /// The last segment; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The segments, outermost first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether this is the root of the tree.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this path is `directory` or lies below it.
    pub fn starts_with(&self, directory: &Self) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(directory.0.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The text without a leading slash; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.is_root() { "." } else { &self.0 })
    }
}
