//! Rendering and bringing in turns, until nothing new is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::thread;

use toft_source::{Remote, Remotes};

use super::error::FetchError;
use super::{Brought, Fetcher, News};

/// How often is rendered: what a rendering needs may need more in turn. A chart in an Application in a
/// repository in an Application is four deep, and a kustomization asks for one thing at a time.
pub const GATHER_ROUNDS_MAX: usize = 64;

/// How many servers are asked at a time.
const SERVERS_MAX: usize = 8;

/// What was brought.
#[derive(Default)]
pub struct Gathered {
    /// For whoever renders.
    pub remotes: Remotes,
    /// What each thing is, or why it is not there.
    pub brought: BTreeMap<Remote, Result<Brought, FetchError>>,
    /// What was still asked for when there was no end to it.
    pub endless: BTreeSet<Remote>,
}

impl Gathered {
    /// What is needed, and what became of it.
    ///
    /// An address is asked for a file first and then taken for that of a repository, as kustomize does; where
    /// the repository is there, nobody needs the file.
    pub fn needed(&self) -> impl Iterator<Item = (&Remote, &Result<Brought, FetchError>)> {
        let repositories: Vec<&str> = self.brought.iter().filter_map(repository).collect();
        self.brought.iter().filter(move |(remote, _)| match remote {
            Remote::File { url } => !repositories.iter().any(|address| is_below(url, address)),
            Remote::Chart { .. } | Remote::Git { .. } => true,
        })
    }

    /// What could not be fetched, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&Remote, &FetchError)> {
        let needed = self.needed();
        needed.filter_map(|(remote, brought)| Some((remote, brought.as_ref().err()?)))
    }
}

/// The address of a repository that is there.
fn repository<'a>(
    (remote, brought): (&'a Remote, &'a Result<Brought, FetchError>),
) -> Option<&'a str> {
    match remote {
        Remote::Git { repository, .. } if brought.is_ok() => Some(repository),
        Remote::Git { .. } | Remote::Chart { .. } | Remote::File { .. } => None,
    }
}

/// Whether an address is that of a repository, or of something in it.
fn is_below(url: &str, repository: &str) -> bool {
    let rest = url.strip_prefix(repository.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '.']))
}

/// Renders and brings what is missing, until nothing new is asked for.
///
/// `wanted` renders with what is there, and tells what it needs; `news` is told what is asked of the network.
///
/// # Errors
/// What `wanted` says. What cannot be fetched is no error: it stands in the answer with its reason.
pub fn gather<E>(
    fetcher: &Fetcher,
    news: News<'_>,
    mut wanted: impl FnMut(&Remotes) -> Result<BTreeSet<Remote>, E>,
) -> Result<Gathered, E> {
    let mut gathered = Gathered::default();
    for _ in 0..GATHER_ROUNDS_MAX {
        let mut missing = wanted(&gathered.remotes)?;
        missing.retain(|remote| !gathered.remotes.contains_key(remote));
        if missing.is_empty() {
            return Ok(gathered);
        }
        for (remote, brought) in bring_all(fetcher, news, missing) {
            let tree = match &brought {
                Ok(brought) => Ok(brought.tree.clone()),
                Err(error) => Err(error.told()),
            };
            gathered.remotes.insert(remote.clone(), tree);
            gathered.brought.insert(remote, brought);
        }
    }
    gathered.endless = wanted(&gathered.remotes)?;
    let known = &gathered.remotes;
    gathered
        .endless
        .retain(|remote| !known.contains_key(remote));
    Ok(gathered)
}

/// Brings several things at a time; those of one repository one after the other, since they share its index.
fn bring_all(
    fetcher: &Fetcher,
    news: News<'_>,
    remotes: BTreeSet<Remote>,
) -> Vec<(Remote, Result<Brought, FetchError>)> {
    let mut by_server: BTreeMap<String, Vec<Remote>> = BTreeMap::new();
    for remote in remotes {
        by_server.entry(server(&remote)).or_default().push(remote);
    }
    let queue: Mutex<Vec<Vec<Remote>>> = Mutex::new(by_server.into_values().collect());
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(next) = next else { return };
            for remote in next {
                let brought = fetcher.bring_telling(&remote, news);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((remote, brought));
            }
        }
    };
    let workers = queue.lock().unwrap_or_else(PoisonError::into_inner).len();
    thread::scope(|scope| {
        for _ in 0..workers.min(SERVERS_MAX) {
            scope.spawn(work);
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn server(remote: &Remote) -> String {
    match remote {
        Remote::Chart { repository, .. } | Remote::Git { repository, .. } => repository.to_string(),
        Remote::File { url } => url.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_needed_where_its_address_is_a_repository() {
        let repository = "https://git.example.org/org/repo";
        for below in ["", "//base?ref=v1", "/base", "?ref=main", ".git//base"] {
            assert!(
                is_below(&format!("{repository}{below}"), repository),
                "{below}"
            );
        }
        assert!(!is_below(
            "https://git.example.org/org/repository",
            repository
        ));
        assert!(!is_below(
            "https://raw.example.org/org/repo/a.yaml",
            repository
        ));
    }
}
