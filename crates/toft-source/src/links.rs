//! Following symbolic links without leaving the tree.

use crate::files::{LINKS_MAX, ReadError};
use crate::path::RepoPath;

/// Where a symbolic link points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// To a path relative to the folder that holds the link, as the link says it.
    Relative(String),
    /// To a path of the tree.
    InTree(RepoPath),
    /// To a place outside the tree, as the link says it.
    Outside(String),
}

/// Follows every symbolic link on the way along `path`, and on the way along what they point to.
///
/// `link` tells of a path whose parents hold no link whether it is one. The result need not exist.
///
/// # Errors
/// A link leads out of the tree, or there are more than [`LINKS_MAX`]; what `link` fails with.
pub fn follow_links(
    path: &RepoPath,
    link: &dyn Fn(&RepoPath) -> Result<Option<LinkTarget>, ReadError>,
) -> Result<RepoPath, ReadError> {
    let mut links = 0;
    let mut rest: Vec<String> = path.segments().map(str::to_owned).collect();
    rest.reverse();
    let mut at = RepoPath::root();
    while let Some(segment) = rest.pop() {
        if segment == ".." {
            at = at.parent().ok_or_else(|| leaves(path, ".."))?;
            continue;
        }
        let next = at.join(&segment).map_err(|_| leaves(path, &segment))?;
        let Some(target) = link(&next)? else {
            at = next;
            continue;
        };
        links += 1;
        if links > LINKS_MAX {
            return Err(ReadError::LinkLoop(path.clone()));
        }
        let segments = match target {
            LinkTarget::Relative(text) if !text.starts_with('/') => text,
            LinkTarget::InTree(target) => {
                at = RepoPath::root();
                target.as_str().to_owned()
            }
            LinkTarget::Relative(text) | LinkTarget::Outside(text) => {
                return Err(leaves(path, &text));
            }
        };
        let segments = segments
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".");
        rest.extend(segments.rev().map(str::to_owned));
    }
    Ok(at)
}

fn leaves(path: &RepoPath, target: &str) -> ReadError {
    ReadError::LinkLeavesTree {
        path: path.clone(),
        target: target.to_owned(),
    }
}
