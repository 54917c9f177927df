//! Charts from repositories over HTTP: an index, and archives that it names.
//!
//! Source: Helm 4.3.1 `pkg/repo/v1/index.go`, `IndexFile.Get`; `pkg/downloader/chart_downloader.go`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use toft_gotmpl::{is_version, newest};
use toft_source::Source;
use toft_value::Value;
use toft_yaml::{Resolver, values};

use super::address::Address;
use super::cache::{Found, digest};
use super::client::{Ask, Client};
use super::error::FetchError;

/// The largest index that is read: three times the largest public one.
const INDEX_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How many versions are told where none fits.
const TOLD_MAX: usize = 5;

/// The range that stands for no version: the newest that is no pre-release.
const NEWEST: &str = "*";

/// The indexes that were read, by the addresses of their repositories.
pub(super) type Indexes = Mutex<BTreeMap<Address, Arc<Value>>>;

/// What is asked of a repository of charts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) repository: &'a str,
    pub(super) name: &'a str,
    /// A version or a range, as written.
    pub(super) version: &'a str,
}

/// Whether a version is one version and will always be the same chart.
pub(super) fn is_exact(version: &str) -> bool {
    let (core, _) = version.split_once(['-', '+']).unwrap_or((version, ""));
    is_version(version) && core.split('.').count() == 3
}

/// The version that is wanted, of those that are there.
pub(super) fn choose<'v>(wanted: &Wanted<'_>, there: &[&'v str]) -> Result<&'v str, FetchError> {
    let same = there.iter().find(|version| **version == wanted.version);
    let range = if wanted.version.is_empty() {
        NEWEST
    } else {
        wanted.version
    };
    let fitting = || newest(range, there.iter().copied());
    let chosen = same.copied().or_else(fitting);
    chosen.ok_or_else(|| FetchError::NoVersion {
        repository: wanted.repository.to_owned(),
        name: wanted.name.to_owned(),
        version: wanted.version.to_owned(),
        there: some_of(there),
    })
}

/// The newest versions, newest first.
fn some_of(there: &[&str]) -> Vec<String> {
    let mut left: Vec<&str> = there.to_vec();
    let mut told = Vec::new();
    while told.len() < TOLD_MAX {
        let Some(one) = newest(">=0-0", left.iter().copied()) else {
            break;
        };
        told.push(one.to_owned());
        left.retain(|other| *other != one);
    }
    told
}

/// Fetches a chart.
pub(super) async fn fetch(
    client: &Client,
    indexes: &Indexes,
    wanted: &Wanted<'_>,
) -> Result<Found, FetchError> {
    let repository = Address::parse(wanted.repository).map_err(|cause| FetchError::Address {
        text: wanted.repository.to_owned(),
        cause,
    })?;
    let index = index(client, indexes, &repository).await?;
    let entries = index.at(&["entries", wanted.name]).and_then(Value::as_list);
    let entries = entries.ok_or_else(|| FetchError::NoChart {
        repository: wanted.repository.to_owned(),
        name: wanted.name.to_owned(),
    })?;
    let there = entries
        .iter()
        .filter_map(|entry| entry.str_at(&["version"]));
    let there: Vec<&str> = there.collect();
    let version = choose(wanted, &there)?;
    let mut entries = entries.iter();
    let entry = entries.find(|entry| entry.str_at(&["version"]) == Some(version));
    let entry = entry.unwrap_or(&Value::Null);
    let wrong = |cause: String| FetchError::Answer {
        url: repository.below("index.yaml").to_string(),
        cause: format!("`{}` {version}: {cause}", wanted.name),
    };
    let url = entry.get("urls").and_then(Value::as_list);
    let url = url.and_then(|urls| urls.iter().next()?.as_str());
    let url = url.ok_or_else(|| wrong("it names no address".to_owned()))?;
    let from = repository
        .below("")
        .join(url)
        .map_err(|cause| wrong(format!("its address: {cause}")))?;
    let expected = match entry.get("digest") {
        None | Some(Value::Null) => None,
        Some(Value::Str(digest)) if digest.is_empty() => None,
        Some(Value::Str(digest)) => Some(digest.trim_start_matches("sha256:").to_ascii_lowercase()),
        // Something was announced, and what it was cannot be compared with.
        Some(_) => return Err(wrong("its digest is no text".to_owned())),
    };
    if expected.is_none() && repository.is_private() && !from.is_private() {
        return Err(wrong(format!(
            "{from} is not https, and the index has no digest of it"
        )));
    }
    let answer = client
        .ask(&Ask::get(&from, toft_helm::ARCHIVE_BYTES_MAX as u64))
        .await?
        .good()?;
    check(&answer.body, expected.as_deref(), &from)?;
    Ok(Found {
        content: answer.body.into(),
        version: version.to_owned(),
        source: from.to_string(),
    })
}

/// Compares a content with the digest that was announced for it, in hexadecimal.
pub(super) fn check(
    content: &[u8],
    expected: Option<&str>,
    from: &Address,
) -> Result<(), FetchError> {
    let found = digest(content);
    match expected.map(|expected| format!("sha256:{expected}")) {
        Some(expected) if expected != found => Err(FetchError::Digest {
            url: from.to_string(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

async fn index(
    client: &Client,
    indexes: &Indexes,
    repository: &Address,
) -> Result<Arc<Value>, FetchError> {
    let known = || indexes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(index) = known().get(repository) {
        return Ok(Arc::clone(index));
    }
    let at = repository.below("index.yaml");
    let answer = client.ask(&Ask::get(&at, INDEX_BYTES_MAX)).await?.good()?;
    let wrong = |cause: String| FetchError::Answer {
        url: at.to_string(),
        cause,
    };
    let source = Source::new("index.yaml", answer.body.to_vec().into());
    let parsed = values(&source, Resolver::Kubectl);
    if let Some(first) = parsed.diagnostics.first().filter(|_| parsed.has_errors()) {
        return Err(wrong(format!("it is no index: {}", first.message)));
    }
    let index = parsed.value.into_iter().next().map(|located| located.value);
    let index = index.filter(|index| {
        index
            .get("entries")
            .is_some_and(|entries| entries.as_map().is_some())
    });
    let index = Arc::new(index.ok_or_else(|| wrong("it is no index of charts".to_owned()))?);
    known().insert(repository.clone(), Arc::clone(&index));
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<'v>(version: &str, there: &[&'v str]) -> Result<&'v str, String> {
        let wanted = Wanted {
            repository: "https://charts.example.org",
            name: "web",
            version,
        };
        choose(&wanted, there).map_err(|error| error.told())
    }

    #[test]
    fn versions_are_chosen_as_helm_chooses_them() {
        let there = ["1.2.3", "v1.10.0", "2.0.0-rc.1", "1.9.9+build.1", "broken"];
        assert_eq!(chosen("", &there), Ok("v1.10.0"));
        assert_eq!(chosen("1.2.3", &there), Ok("1.2.3"));
        assert_eq!(chosen("1.10.0", &there), Ok("v1.10.0"));
        assert_eq!(chosen("~1.9", &there), Ok("1.9.9+build.1"));
        assert_eq!(chosen(">1.10.0-0", &there), Ok("2.0.0-rc.1"));
        // As it is written, whatever it means.
        assert_eq!(chosen("broken", &there), Ok("broken"));
        assert_eq!(
            chosen("^3", &there).unwrap_err(),
            "https://charts.example.org has no version `^3` of `web` (it has 2.0.0-rc.1, v1.10.0, 1.9.9+build.1, 1.2.3)"
        );
    }

    #[test]
    fn one_version_is_exact_and_a_part_of_one_is_not() {
        assert!(
            ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+a.b"]
                .into_iter()
                .all(is_exact)
        );
        assert!(
            !["1.2", "1", "^1.2.3", "1.2.x", "", "main"]
                .into_iter()
                .any(is_exact)
        );
    }
}
