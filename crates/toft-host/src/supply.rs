//! A repository with everything that it needs from outside.

use std::sync::Arc;

use toft_rehearse::{Means, Needs, Reach, Repository};
use toft_source::{ReadError, Remotes};

use crate::fetch::{Fetcher, Gathered, News, gather};
use crate::tree::Opened;

/// Brings what a repository needs, each time it changes.
pub struct Supplier {
    fetcher: Fetcher,
    /// What everything begins with, as it was named.
    root: Option<String>,
    means: Means,
}

impl Supplier {
    /// Whoever brings what the root of a repository leads to.
    ///
    /// Whoever renders what was supplied with the same `means` finds it rendered already.
    pub fn new(fetcher: Fetcher, root: Option<String>, means: Means) -> Self {
        Self {
            fetcher,
            root,
            means,
        }
    }

    /// A tree as the world takes it, and what was brought for it.
    ///
    /// What cannot be fetched is told by the Application that needs it.
    ///
    /// # Errors
    /// The tree cannot be read.
    pub fn supply(
        &self,
        opened: &Opened,
        news: News<'_>,
    ) -> Result<(Repository, Gathered), ReadError> {
        let gathered = needed(
            &self.fetcher,
            (opened, Reach::Root(self.root.as_deref())),
            (&self.means, news),
        )?;
        let repository = Repository {
            remotes: gathered.remotes.clone(),
            ..repository(opened)
        };
        Ok((repository, gathered))
    }
}

/// A tree as the world takes it, with nothing from outside.
pub fn repository(opened: &Opened) -> Repository {
    Repository {
        tree: Arc::clone(&opened.files) as _,
        revision: opened.revision.as_str().into(),
        remotes: Remotes::new(),
    }
}

/// Brings what a tree needs.
///
/// # Errors
/// The tree cannot be read.
pub fn needed(
    fetcher: &Fetcher,
    (opened, reach): (&Opened, Reach<'_>),
    (means, news): (&Means, News<'_>),
) -> Result<Gathered, ReadError> {
    let mut needs = Needs::of(Arc::clone(&opened.files) as _, reach, means)?;
    gather(fetcher, news, |remotes| Ok(needs.asked(remotes)))
}
