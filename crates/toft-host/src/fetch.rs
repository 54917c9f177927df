//! What lies outside the tree: charts, other repositories, files; fetched once and kept.
//!
//! A [`Fetcher`] brings one [`Remote`]; [`gather`] renders and brings until nothing new is asked for.

mod address;
mod cache;
mod chart;
mod client;
mod connect;
mod credentials;
mod error;
mod gather;
mod git;
mod oci;
mod secret;
mod unpack;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use toft_source::{FILE_BYTES_MAX, Files, Remote};
use tokio::runtime::{Builder, Runtime};

use crate::clock::wall_clock;
use address::Address;
use cache::Found;
use chart::{Indexes, Wanted};
use client::{Ask, Client};

pub use cache::{Cache, Entry};
pub use client::Patience;
pub use credentials::{CredentialFiles, Credentials, CredentialsError, Named};
pub use error::FetchError;
pub use gather::{GATHER_ROUNDS_MAX, Gathered, gather};

/// When the network is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Never: what the cache does not hold is not there.
    Offline,
    /// For what the cache does not hold.
    Missing,
    /// For that, and for everything that may be another thing by now: a range of versions, a branch, a file.
    Again,
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// It was there.
    Cache,
    /// It was fetched.
    Network,
}

/// Something that was brought.
#[derive(Clone)]
pub struct Brought {
    /// Its tree.
    pub tree: Arc<dyn Files + Send + Sync>,
    /// What is known of it.
    pub entry: Entry,
    /// Where it was found.
    pub whence: Whence,
}

/// Who wants to know what is being fetched, as it begins.
pub type News<'a> = &'a (dyn Fn(&Remote) + Sync);

/// Brings what lies outside the tree.
pub struct Fetcher {
    cache: Cache,
    client: Client,
    look: Look,
    indexes: Indexes,
    /// What this fetcher brought before: within a run, one thing stays one thing.
    brought: Mutex<BTreeMap<Remote, Brought>>,
    runtime: Runtime,
}

impl Fetcher {
    /// Whoever brings things from a cache, and from the network as far as `look` says.
    ///
    /// # Errors
    /// The system gives no means to wait for the network.
    pub fn new(cache: Cache, credentials: Credentials, look: Look) -> io::Result<Self> {
        let client = Client {
            credentials,
            ..Client::default()
        };
        Ok(Self {
            cache,
            client,
            look,
            indexes: Indexes::default(),
            brought: Mutex::default(),
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// With another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.client.patience = patience;
        self
    }

    /// Brings something: from the cache, or from where it is.
    ///
    /// # Errors
    /// It is neither here nor there, or what is there cannot be used; [`FetchError::told`] says what to do.
    pub fn bring(&self, remote: &Remote) -> Result<Brought, FetchError> {
        self.bring_telling(remote, &|_| {})
    }

    /// As [`Fetcher::bring`]; before the network is asked, `news` is told.
    ///
    /// # Errors
    /// As [`Fetcher::bring`].
    pub fn bring_telling(&self, remote: &Remote, news: News<'_>) -> Result<Brought, FetchError> {
        let known = || self.brought.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(brought) = known().get(remote) {
            return Ok(brought.clone());
        }
        let brought = self.look(remote, news)?;
        known().insert(remote.clone(), brought.clone());
        Ok(brought)
    }

    fn look(&self, remote: &Remote, news: News<'_>) -> Result<Brought, FetchError> {
        let kept = match self.cache.find(remote) {
            // It is fetched once more, as if it had been deleted.
            Err(FetchError::Damaged(what)) if self.look != Look::Offline => {
                tracing::warn!(what = %what, "the cache is damaged");
                None
            }
            found => found?,
        };
        if let Some((entry, content)) = kept
            && (self.look != Look::Again || is_fixed(remote))
        {
            let tree = unpack::tree(remote, &content).map_err(FetchError::Damaged)?;
            return Ok(Brought {
                tree: Arc::new(tree),
                entry,
                whence: Whence::Cache,
            });
        }
        if self.look == Look::Offline {
            return Err(FetchError::Offline(remote.clone()));
        }
        news(remote);
        let found = self.runtime.block_on(self.fetch(remote))?;
        // What cannot be read is not kept.
        let tree = unpack::tree(remote, &found.content).map_err(|cause| FetchError::Answer {
            url: found.source.clone(),
            cause,
        })?;
        // Whole seconds, as an entry is written.
        let now = wall_clock().truncated();
        let entry = self.cache.keep(remote, &found, now)?;
        if let Some(exact) = exactly(remote, &found.version) {
            self.cache.keep(&exact, &found, now)?;
        }
        Ok(Brought {
            tree: Arc::new(tree),
            entry,
            whence: Whence::Network,
        })
    }

    async fn fetch(&self, remote: &Remote) -> Result<Found, FetchError> {
        match remote {
            Remote::Chart {
                repository,
                name,
                version,
            } => {
                let wanted = Wanted {
                    repository,
                    name,
                    version,
                };
                if repository.starts_with("oci://") {
                    oci::fetch(&self.client, &wanted).await
                } else {
                    chart::fetch(&self.client, &self.indexes, &wanted).await
                }
            }
            Remote::Git {
                repository,
                revision,
            } => git::fetch(&self.client, repository, revision).await,
            Remote::File { url } => self.file(url).await,
        }
    }

    async fn file(&self, url: &str) -> Result<Found, FetchError> {
        let wrong = |cause: String| FetchError::Address {
            text: url.to_owned(),
            cause,
        };
        let address = Address::parse(url).map_err(wrong)?;
        if !address.is_private() {
            return Err(wrong("it is not https".to_owned()));
        }
        let answer = self.client.ask(&Ask::get(&address, FILE_BYTES_MAX)).await?;
        let answer = answer.good()?;
        Ok(Found {
            content: answer.body.into(),
            version: String::new(),
            source: answer.address.to_string(),
        })
    }
}

/// Whether a remote is one thing for ever: a version, a commit, a digest.
fn is_fixed(remote: &Remote) -> bool {
    match remote {
        Remote::Chart { version, .. } => chart::is_exact(version) || version.starts_with("sha256:"),
        Remote::Git { revision, .. } => git::is_commit(revision),
        Remote::File { .. } => false,
    }
}

/// The one thing that something which may change was when it was fetched: whoever names it finds it.
fn exactly(remote: &Remote, found: &str) -> Option<Remote> {
    if is_fixed(remote) {
        return None;
    }
    let mut exact = remote.clone();
    match &mut exact {
        Remote::Chart { version, .. } => *version = found.into(),
        Remote::Git { revision, .. } => *revision = found.into(),
        Remote::File { .. } => return None,
    }
    is_fixed(&exact).then_some(exact)
}
