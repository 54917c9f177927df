//! The same run again, from what came in.

use toft_object::Time;

use crate::input::{Entry, Input};
use crate::repository::Repository;
use crate::world::{World, WorldError, WorldSettings};

/// Why a run cannot be made again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A log begins with the repository that the world was made from.
    #[error("the replay log does not begin with a repository")]
    NoBeginning,
    /// A tree that was there then is not there now.
    #[error(
        "there is no tree of the revision `{0}`, with what lay outside, which entry {1} of the replay log names"
    )]
    NoTree(String, u64),
    /// The world cannot be made.
    #[error("failed to make the world")]
    World(#[from] WorldError),
}

/// Where the trees of a log are found, by their revisions and the digests of what lay outside.
pub type Trees<'a> = &'a dyn Fn(&str, &str) -> Option<Repository>;

/// Makes the same run again: with the same settings and the same log, the world commits the same, byte for
/// byte, as [`print_commits`](crate::print_commits) shows it.
///
/// # Errors
/// The log does not begin with a repository, or a tree is missing.
pub fn replay(
    settings: WorldSettings,
    log: &[Entry],
    trees: Trees<'_>,
) -> Result<World, ReplayError> {
    let (first, rest) = log.split_first().ok_or(ReplayError::NoBeginning)?;
    let Input::Repository { revision, remotes } = &first.input else {
        return Err(ReplayError::NoBeginning);
    };
    let repository = tree(trees, (revision, remotes), first.sequence)?;
    let mut world = World::new(settings, repository, first.time)?;
    for entry in rest {
        world.repeat(entry, trees)?;
    }
    Ok(world)
}

fn tree(
    trees: Trees<'_>,
    (revision, remotes): (&str, &str),
    sequence: u64,
) -> Result<Repository, ReplayError> {
    trees(revision, remotes)
        .filter(|repository| repository.remotes_digest() == remotes)
        .ok_or_else(|| ReplayError::NoTree(revision.to_owned(), sequence))
}

impl World {
    /// Lets come in what came in once.
    ///
    /// # Errors
    /// A tree is missing.
    pub fn repeat(&mut self, entry: &Entry, trees: Trees<'_>) -> Result<(), ReplayError> {
        let at: Time = entry.time;
        match &entry.input {
            Input::Repository { revision, remotes } => {
                let repository = tree(trees, (revision, remotes), entry.sequence)?;
                self.set_repository(repository);
            }
            Input::Request(request) => drop(self.handle(at, request)),
            Input::Advance => self.advance(at),
            Input::Skip => self.skip_to(at),
        }
        Ok(())
    }
}
