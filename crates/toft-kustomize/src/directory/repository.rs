//! Addresses of Git repositories, and of a directory in them.
//!
//! Source: kustomize 5.8.2, `api/internal/git/repospec.go`.

use smol_str::SmolStr;
use toft_source::Remote;

/// A directory in a Git repository, as an entry names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The entry as it is written.
    pub(crate) raw: String,
    /// What `git clone` is given.
    pub(crate) address: String,
    /// The directory in the repository; empty for its root.
    pub(crate) directory: String,
    /// Branch, tag or commit; empty for the default branch.
    pub(crate) revision: String,
}

const SCHEMES: &[&str] = &["ssh://", "https://", "http://", FILE];
const FILE: &str = "file://";

/// How many segments the path of a repository has where nothing marks its end.
const SEGMENTS: usize = 2;

impl Repository {
    /// Reads an address; `None` where the entry is none. What `timeout` and `submodules` say is passed over.
    pub(crate) fn parse(entry: &str) -> Option<Self> {
        if entry.starts_with('/') {
            return None;
        }
        let (address, query) = entry.split_once('?').unwrap_or((entry, ""));
        let (host, rest) = host(address)?;
        let (path, directory) = split(rest, &host)?;
        let directory = directory.strip_prefix('/').unwrap_or(directory);
        if path.is_empty() || leaves(directory) {
            return None;
        }
        Some(Self {
            raw: entry.to_owned(),
            address: format!("{host}{path}"),
            directory: directory.to_owned(),
            revision: revision(query),
        })
    }

    /// What has to be brought.
    pub(crate) fn remote(&self) -> Remote {
        Remote::Git {
            repository: SmolStr::new(&self.address),
            revision: SmolStr::new(&self.revision),
        }
    }
}

/// Whether an entry is the address of a file that is fetched as it is.
pub(crate) fn is_web_address(entry: &str) -> bool {
    without_prefix(entry, "https://").is_some() || without_prefix(entry, "http://").is_some()
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Scheme, user and host, with what separates them from the path, and the path.
fn host(address: &str) -> Option<(String, &str)> {
    let address = without_prefix(address, "git::").unwrap_or(address);
    let found = SCHEMES.iter().find_map(|scheme| {
        let rest = without_prefix(address, scheme)?;
        Some((*scheme, rest))
    });
    let (scheme, rest) = found.unwrap_or(("", address));
    if scheme == FILE {
        return Some((FILE.to_owned(), rest));
    }
    let (user, rest) = user(rest);
    let is_github =
        without_prefix(rest, "github.com/").or_else(|| without_prefix(rest, "github.com:"));
    let colon_ends_host = scheme.is_empty() && (!user.is_empty() || is_github.is_some());
    if scheme.is_empty() && !colon_ends_host {
        return None;
    }
    let slash = rest.find('/');
    let colon = rest.find(':').filter(|_| colon_ends_host);
    let end = match (slash, colon) {
        (None, colon) => colon,
        (Some(slash), Some(colon)) if colon > 0 && colon < slash => Some(colon),
        (slash, _) => slash,
    };
    let (host, path) = rest.split_at_checked(end? + 1)?;
    let host = match is_github {
        Some(_) if scheme == "ssh://" || !user.is_empty() => format!("{user}github.com:"),
        Some(_) => "https://github.com/".to_owned(),
        None => format!("{scheme}{user}{host}"),
    };
    Some((host, path))
}

/// A name before `@`, the sign included, and the rest.
fn user(text: &str) -> (&str, &str) {
    let Some(at) = text.find('@') else {
        return ("", text);
    };
    let (user, _) = text.split_at(at);
    let starts = user.starts_with(|first: char| first.is_ascii_alphabetic());
    let mut bytes = user.bytes();
    if starts && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        text.split_at(at + 1)
    } else {
        ("", text)
    }
}

/// The path of the repository, and of the directory in it.
fn split<'a>(path: &'a str, host: &str) -> Option<(&'a str, &'a str)> {
    const AZURE: &str = "_git/";
    const SUFFIX: &str = ".git";
    let nth = |from: usize, count: usize| {
        let slashes = path.get(from..)?.match_indices('/');
        let end = slashes.map(|(at, _)| from + at).nth(count - 1);
        Some(match end {
            Some(end) => (path.get(..end)?, path.get(end + 1..)?),
            None => (path, ""),
        })
    };
    if let Some(at) = path.find(AZURE) {
        return nth(at + AZURE.len(), 1);
    }
    if let Some(parts) = path.split_once("//") {
        return Some(parts);
    }
    if let Some(at) = path.find(SUFFIX) {
        return path.split_at_checked(at + SUFFIX.len());
    }
    if host.starts_with(FILE) {
        return Some((path, ""));
    }
    if path.matches('/').count() + 1 < SEGMENTS {
        return None;
    }
    nth(0, SEGMENTS)
}

/// Whether a path leads out of the repository.
fn leaves(directory: &str) -> bool {
    toft_source::RepoPath::parse(directory.trim_start_matches('/')).is_err()
}

/// `ref`, or `version` where that is missing or empty.
fn revision(query: &str) -> String {
    let mut version = None;
    let mut reference = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A query that Go cannot read says nothing at all.
        let (Some(key), Some(value)) = (decoded(key), decoded(value)) else {
            return String::new();
        };
        match key.as_str() {
            "ref" => reference = reference.or(Some(value)),
            "version" => version = version.or(Some(value)),
            _ => {}
        }
    }
    let reference = reference.filter(|text| !text.is_empty());
    reference.or(version).unwrap_or_default()
}

/// A part of a query without its escapes.
fn decoded(text: &str) -> Option<String> {
    if text.contains(';') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let high = digit(rest.next())?;
                let low = digit(rest.next())?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::Repository;

    /// Entry, address, directory, revision; as upstream takes them apart.
    const ADDRESSES: &[[&str; 4]] = &[
        [
            "github.com/house/lab",
            "https://github.com/house/lab",
            "",
            "",
        ],
        [
            "https://github.com/house/lab",
            "https://github.com/house/lab",
            "",
            "",
        ],
        [
            "HTTPS://GitHub.com/house/lab/apps/web",
            "https://github.com/house/lab",
            "apps/web",
            "",
        ],
        [
            "http://github.com/house/lab",
            "https://github.com/house/lab",
            "",
            "",
        ],
        [
            "github.com/house/lab//apps?ref=v1.0",
            "https://github.com/house/lab",
            "apps",
            "v1.0",
        ],
        [
            "github.com:house/lab",
            "https://github.com/house/lab",
            "",
            "",
        ],
        [
            "git@github.com:house/lab.git//apps",
            "git@github.com:house/lab.git",
            "apps",
            "",
        ],
        [
            "git@github.com:house/lab.git",
            "git@github.com:house/lab.git",
            "",
            "",
        ],
        [
            "ssh://git@github.com/house/lab.git/apps",
            "git@github.com:house/lab.git",
            "apps",
            "",
        ],
        ["ssh://github.com/house/lab", "github.com:house/lab", "", ""],
        [
            "git::https://github.com/house/lab",
            "https://github.com/house/lab",
            "",
            "",
        ],
        [
            "git::git@gitlab.com:house/lab",
            "git@gitlab.com:house/lab",
            "",
            "",
        ],
        [
            "ssh://git@git.example.org:7999/house/lab.git//a?ref=x",
            "ssh://git@git.example.org:7999/house/lab.git",
            "a",
            "x",
        ],
        [
            "https://gitlab.com/group/sub/lab.git/apps",
            "https://gitlab.com/group/sub/lab.git",
            "apps",
            "",
        ],
        [
            "https://gitlab.com/group/sub/lab//apps",
            "https://gitlab.com/group/sub/lab",
            "apps",
            "",
        ],
        [
            "https://gitlab.com/group/sub/lab/apps",
            "https://gitlab.com/group/sub",
            "lab/apps",
            "",
        ],
        [
            "https://me@dev.azure.com/org/project/_git/lab/apps/web?version=GBmain",
            "https://me@dev.azure.com/org/project/_git/lab",
            "apps/web",
            "GBmain",
        ],
        [
            "https://example.org/house/lab?ref=a&version=b",
            "https://example.org/house/lab",
            "",
            "a",
        ],
        [
            "https://example.org/house/lab?ref=&version=b",
            "https://example.org/house/lab",
            "",
            "b",
        ],
        [
            "https://example.org/house/lab?ref=feat%2Fx+y",
            "https://example.org/house/lab",
            "",
            "feat/x y",
        ],
        [
            "https://example.org/house/lab?ref=%zz",
            "https://example.org/house/lab",
            "",
            "",
        ],
        [
            "https://example.org/house/lab?ref=x&timeout=5m&submodules=false",
            "https://example.org/house/lab",
            "",
            "x",
        ],
        [
            "https://example.org/house/lab/crds.yaml",
            "https://example.org/house/lab",
            "crds.yaml",
            "",
        ],
        ["file:///srv/git/lab", "file:///srv/git/lab", "", ""],
        [
            "file:///srv/git/lab//apps?ref=v1",
            "file:///srv/git/lab",
            "apps",
            "v1",
        ],
        [
            "file:///srv/git/lab.git/apps",
            "file:///srv/git/lab.git",
            "apps",
            "",
        ],
        [
            "me@host.example.org:lab/apps",
            "me@host.example.org:lab/apps",
            "",
            "",
        ],
        ["https://example.org/house/lab//../lab", "", "", ""],
        ["https://example.org/lab", "", "", ""],
        ["https://example.org", "", "", ""],
        ["base", "", "", ""],
        ["../base", "", "", ""],
        ["gitlab.com/house/lab", "", "", ""],
        ["/house/lab", "", "", ""],
        ["1me@host:house/lab", "", "", ""],
    ];

    #[test]
    fn addresses_are_taken_apart_as_upstream_does() {
        for [entry, address, directory, revision] in ADDRESSES {
            let found = Repository::parse(entry);
            let found = found.map(|found| [found.address, found.directory, found.revision]);
            let wanted = (!address.is_empty())
                .then(|| [*address, *directory, *revision].map(ToOwned::to_owned));
            assert_eq!(found, wanted, "{entry}");
        }
    }
}
