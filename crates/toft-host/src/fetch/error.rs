//! Why something could not be fetched: where, why, and what to do.

use std::io;
use std::path::PathBuf;

use toft_source::Remote;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is not in the cache, and nothing is asked for.
    #[error("it is not in the cache, and nothing is fetched while offline")]
    Offline(Remote),
    /// What is written is no address that is fetched.
    #[error("`{text}` cannot be fetched: {cause}")]
    Address {
        /// The address, without what may be a secret.
        text: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The address leads to where nothing is fetched from.
    #[error("`{host}` is {address}, from where nothing is fetched")]
    Guarded {
        /// The host.
        host: String,
        /// Its address.
        address: String,
    },
    /// The server does not answer.
    #[error("`{host}` does not answer: {cause}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the network said.
        cause: String,
    },
    /// The server takes too long.
    #[error("{url} took longer than {seconds} s {doing}")]
    TimedOut {
        /// The address.
        url: String,
        /// What took so long.
        doing: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// The server refuses.
    #[error("{url} answers {status}")]
    Status {
        /// The address.
        url: String,
        /// The status, with its name.
        status: String,
        /// The number of the status.
        code: u16,
    },
    /// The server sends elsewhere, and that is not followed.
    #[error("{url} sends elsewhere: {cause}")]
    Redirect {
        /// The address.
        url: String,
        /// Why it is not followed.
        cause: String,
    },
    /// The answer is larger than any honest one.
    #[error("the answer of {url} is larger than {bytes_max} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// How much is taken.
        bytes_max: u64,
    },
    /// The answer is not what it should be.
    #[error("the answer of {url} cannot be used: {cause}")]
    Answer {
        /// The address.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
    /// What came is not what was announced.
    #[error("{url} has the digest {found}, and {expected} was announced")]
    Digest {
        /// The address.
        url: String,
        /// The digest that was announced.
        expected: String,
        /// The digest of what came.
        found: String,
    },
    /// The repository has no such chart.
    #[error("{repository} has no chart `{name}`")]
    NoChart {
        /// The repository.
        repository: String,
        /// The name.
        name: String,
    },
    /// The repository has the chart and no such version.
    #[error("{repository} has no version `{version}` of `{name}`")]
    NoVersion {
        /// The repository.
        repository: String,
        /// The name.
        name: String,
        /// The version or range.
        version: String,
        /// Some that are there, newest first.
        there: Vec<String>,
    },
    /// The repository has no such branch, tag or commit.
    #[error("{repository} has no branch, tag or commit `{revision}`")]
    NoRevision {
        /// The repository.
        repository: String,
        /// What was looked for.
        revision: String,
    },
    /// The cache does not take it, or gives it back damaged.
    #[error("failed to {doing} `{path}` in the cache: {source}")]
    Cache {
        /// What was done, as a verb.
        doing: &'static str,
        /// The path.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// What is in the cache is damaged.
    #[error("what the cache holds is damaged: {0}")]
    Damaged(String),
    /// The file of credentials names a certificate that cannot be used.
    #[error("the certificates for {host} cannot be used: {cause}")]
    Certificates {
        /// The host.
        host: String,
        /// What is wrong.
        cause: String,
    },
}

impl FetchError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Offline(_) => {
                "`toft fetch DIR` brings everything that a repository needs".to_owned()
            }
            Self::Address { .. } | Self::Redirect { .. } => {
                "name it by an https address".to_owned()
            }
            Self::Guarded { .. } => {
                "a server on this machine is named `localhost`; link-local addresses are never fetched from".to_owned()
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                "check the address and the network, then run it again".to_owned()
            }
            Self::Status { code: 401 | 403, .. } => {
                "it wants credentials, or others: write them into the file of credentials (`toft fetch --help`)".to_owned()
            }
            Self::Status { code: 404, .. } => "check the address".to_owned(),
            Self::Status { .. } => "try again later".to_owned(),
            Self::Digest { .. } => {
                "what was announced and what came differ: tell the owner of the repository".to_owned()
            }
            Self::NoVersion { there, .. } if !there.is_empty() => {
                format!("it has {}", there.join(", "))
            }
            Self::Cache { .. } => {
                "name a folder that can be written to with `--cache DIR`".to_owned()
            }
            Self::Damaged(_) => "`toft fetch DIR` brings it again".to_owned(),
            Self::Certificates { .. } => "correct the file of credentials".to_owned(),
            Self::TooLarge { .. }
            | Self::Answer { .. }
            | Self::NoChart { .. }
            | Self::NoVersion { .. }
            | Self::NoRevision { .. } => return None,
        })
    }

    /// Whether somebody did not answer, or refused: nothing is wrong with what was asked for.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Offline(_) => true,
            Self::Status { code, .. } => *code >= 500 || matches!(code, 401 | 403 | 407 | 429),
            _ => false,
        }
    }

    /// The fact and what to do, in one line.
    pub fn told(&self) -> String {
        match self.help() {
            Some(help) => format!("{self} ({help})"),
            None => self.to_string(),
        }
    }
}
