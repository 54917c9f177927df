//! Commits of other repositories, over HTTP.
//!
//! One commit is asked for, without its history: the second version of Git's protocol needs three requests
//! for that. What comes is a pack, indexed by Git's library in a folder that is gone afterwards; every
//! object is known by the hash of its content, so the tree that is taken is the tree of that commit.
//!
//! Source: Git 2.50 `Documentation/gitprotocol-v2.adoc`, `gitprotocol-http.adoc`.

mod packet;
mod tree;

use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use toft_gotmpl::{is_range, newest};

use super::address::Address;
use super::cache::Found;
use super::client::{Ask, Client};
use super::error::FetchError;
use packet::{Packet, line, packets};

/// The largest pack that is taken: one commit of the largest public repositories of manifests is a tenth of it.
const PACK_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The largest answer about branches and tags: half a million of them.
const REFS_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The header that asks for the second version of the protocol.
const PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");

/// How the names of tags begin.
const TAGS: &str = "refs/tags/";

const AGENT: &str = concat!("agent=toft/", env!("CARGO_PKG_VERSION"));

/// A repository that was found to speak the protocol.
struct Repository<'a> {
    client: &'a Client,
    /// Where packs are asked for.
    address: Address,
    /// As it is written.
    written: &'a str,
}

/// Whether a revision names one commit for ever.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Fetches the tree of a commit.
pub(super) async fn fetch(
    client: &Client,
    written: &str,
    revision: &str,
) -> Result<Found, FetchError> {
    let repository = Repository::find(client, written).await?;
    let commit = if is_commit(revision) {
        revision.to_ascii_lowercase()
    } else {
        repository.resolve(revision).await?
    };
    let pack = repository.pack(&commit).await?;
    let content = tree::archive(&pack, &commit).map_err(|cause| FetchError::Answer {
        url: repository.address.to_string(),
        cause,
    })?;
    Ok(Found {
        content,
        version: commit,
        source: written.to_owned(),
    })
}

fn address(written: &str) -> Result<Address, FetchError> {
    let wrong = |cause: &str| FetchError::Address {
        text: written.to_owned(),
        cause: cause.to_owned(),
    };
    let is_ssh = written.starts_with("ssh://")
        || (!written.contains("://")
            && written
                .split('/')
                .next()
                .is_some_and(|host| host.contains('@')));
    if is_ssh {
        return Err(wrong("ssh is not spoken"));
    }
    // A password in it would be told with it.
    let address = Address::parse(written).map_err(|cause| FetchError::Address {
        text: written
            .rsplit_once('@')
            .map_or(written, |(_, rest)| rest)
            .to_owned(),
        cause,
    })?;
    if address.is_private() {
        Ok(address)
    } else {
        Err(wrong("it is not https"))
    }
}

impl<'a> Repository<'a> {
    async fn find(client: &'a Client, written: &'a str) -> Result<Self, FetchError> {
        let at = address(written)?.below("info/refs");
        let at = at.join(&format!("{}?service=git-upload-pack", at.path));
        let at = at.map_err(|cause| FetchError::Address {
            text: written.to_owned(),
            cause,
        })?;
        let ask = Ask::get(&at, REFS_BYTES_MAX).header(PROTOCOL, "version=2");
        let answer = client.ask(&ask).await?.good()?;
        let wrong = |cause: &str| FetchError::Answer {
            url: answer.address.to_string(),
            cause: cause.to_owned(),
        };
        let told = packets(&answer.body).map_err(|_| wrong("it is no Git repository"))?;
        let told = || told.iter().filter_map(Packet::text);
        if !told().any(|line| line == "version 2") {
            return Err(wrong(
                "its server does not speak the second version of Git's protocol",
            ));
        }
        if told().any(|line| line == "object-format=sha256") {
            return Err(wrong("its objects are named by SHA-256, which is not read"));
        }
        let (path, _) = answer
            .address
            .path
            .split_once("/info/refs")
            .unwrap_or((&answer.address.path, ""));
        let address = Address {
            path: format!("{path}/git-upload-pack"),
            ..answer.address.clone()
        };
        Ok(Self {
            client,
            address,
            written,
        })
    }

    async fn ask(
        &self,
        command: &str,
        words: &[String],
        bytes_max: u64,
    ) -> Result<Vec<u8>, FetchError> {
        let mut body = line(&format!("command={command}\n"));
        body.extend(line(AGENT));
        body.extend(b"0001");
        body.extend(words.iter().flat_map(|word| line(word)));
        body.extend(b"0000");
        let ask = Ask::post(&self.address, body, bytes_max)
            .header(PROTOCOL, "version=2")
            .header(CONTENT_TYPE, "application/x-git-upload-pack-request")
            .header(ACCEPT, "application/x-git-upload-pack-result");
        Ok(self.client.ask(&ask).await?.good()?.body.into())
    }

    fn wrong(&self, cause: impl Into<String>) -> FetchError {
        FetchError::Answer {
            url: self.address.to_string(),
            cause: cause.into(),
        }
    }

    /// The commit that a revision names: as Git looks for it, tags before branches; then the newest tag of a range.
    async fn resolve(&self, revision: &str) -> Result<String, FetchError> {
        let revision = if revision.is_empty() {
            "HEAD"
        } else {
            revision
        };
        let names = [
            revision.to_owned(),
            format!("refs/{revision}"),
            format!("refs/tags/{revision}"),
            format!("refs/heads/{revision}"),
        ];
        let refs = self.refs(&names).await?;
        let mut found = names.iter().filter_map(|name| {
            let mut refs = refs.iter();
            refs.find(|one| one.name == *name)
        });
        if let Some(found) = found.next() {
            return Ok(found.commit.clone());
        }
        let missing = || FetchError::NoRevision {
            repository: self.written.to_owned(),
            revision: revision.to_owned(),
        };
        if !is_range(revision) {
            return Err(missing());
        }
        let refs = self.refs(&[TAGS.to_owned()]).await?;
        let tags = refs.iter().filter_map(|one| one.name.strip_prefix(TAGS));
        let tag = newest(revision, tags).ok_or_else(missing)?;
        let mut refs = refs.iter();
        let found = refs.find(|one| one.name.strip_prefix(TAGS) == Some(tag));
        found.map(|one| one.commit.clone()).ok_or_else(missing)
    }

    /// The branches and tags whose names begin so.
    async fn refs(&self, prefixes: &[String]) -> Result<Vec<Ref>, FetchError> {
        let mut words = vec!["peel\n".to_owned()];
        words.extend(
            prefixes
                .iter()
                .map(|prefix| format!("ref-prefix {prefix}\n")),
        );
        let answer = self.ask("ls-refs", &words, REFS_BYTES_MAX).await?;
        let told = packets(&answer).map_err(|cause| self.wrong(cause))?;
        let mut refs = Vec::new();
        for line in told.iter().filter_map(Packet::text) {
            if let Some(error) = line.strip_prefix("ERR ") {
                return Err(self.wrong(error));
            }
            refs.extend(Ref::parse(line));
        }
        Ok(refs)
    }

    /// The pack with everything that a commit needs, and no other commit.
    async fn pack(&self, commit: &str) -> Result<Vec<u8>, FetchError> {
        let words = [
            "no-progress\n",
            "ofs-delta\n",
            "deepen 1\n",
            &format!("want {commit}\n"),
            "done\n",
        ];
        let words = words.map(str::to_owned);
        let answer = self.ask("fetch", &words, PACK_BYTES_MAX).await?;
        let told = packets(&answer).map_err(|cause| self.wrong(cause))?;
        let mut pack = Vec::new();
        let mut is_pack = false;
        for packet in &told {
            match (packet, packet.text()) {
                (_, Some(text)) if !is_pack && text.starts_with("ERR ") => {
                    return Err(self.refused(text, commit));
                }
                (_, Some("packfile")) if !is_pack => is_pack = true,
                (Packet::Data([1, data @ ..]), _) if is_pack => pack.extend_from_slice(data),
                (Packet::Data([3, data @ ..]), _) if is_pack => {
                    return Err(self.refused(&String::from_utf8_lossy(data), commit));
                }
                (Packet::Data(_) | Packet::Mark, _) => {}
            }
        }
        if pack.is_empty() {
            return Err(self.wrong("it sends no objects"));
        }
        Ok(pack)
    }

    fn refused(&self, text: &str, commit: &str) -> FetchError {
        if text.contains("not our ref") || text.contains("bad object") {
            return FetchError::NoRevision {
                repository: self.written.to_owned(),
                revision: commit.to_owned(),
            };
        }
        self.wrong(text.trim_start_matches("ERR ").trim())
    }
}

/// A branch or tag, and the commit it names.
#[derive(Debug, PartialEq, Eq)]
struct Ref {
    name: String,
    commit: String,
}

impl Ref {
    /// Reads `ID NAME`, of a tag with words of its own also `peeled:ID`, which is the commit then.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (id, name) = (words.next()?, words.next()?);
        let peeled = words.find_map(|word| word.strip_prefix("peeled:"));
        let commit = peeled.unwrap_or(id);
        is_commit(commit).then(|| Self {
            name: name.to_owned(),
            commit: commit.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_spoken_and_nothing_is_run() {
        for (text, why) in [
            ("git@git.example.org:me/lab.git", "ssh is not spoken"),
            ("ssh://-oProxyCommand=x/lab", "ssh is not spoken"),
            ("ext::sh -c x", "it has no scheme"),
            ("file:///etc", "`file` is not spoken"),
            ("http://git.example.org/me/lab", "it is not https"),
        ] {
            let error = address(text).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(error.help().as_deref(), Some("name it by an https address"));
        }
        let error = address("https://me:hunter2@git.example.org/lab").unwrap_err();
        assert!(!error.told().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_tag_with_words_of_its_own_is_the_commit_that_it_names() {
        let (tag, commit) = ("a".repeat(40), "b".repeat(40));
        let read = Ref::parse(&format!("{tag} refs/tags/v1 peeled:{commit}")).unwrap();
        assert_eq!(
            read,
            Ref {
                name: "refs/tags/v1".to_owned(),
                commit
            }
        );
        assert_eq!(
            Ref::parse("unborn HEAD symref-target:refs/heads/main"),
            None
        );
    }
}
