//! What was fetched, by its content.
//!
//! `blobs/` holds contents under their digests, `entries/` what each remote was when it was fetched.
//! Everything is written beside its place and moved there, so that whoever dies in the middle leaves what
//! was there before; everything is checked when it is read. The folder can be deleted at any time.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use toft_object::Time;
use toft_source::Remote;
use toft_value::{Value, value};

use super::error::FetchError;

/// The number of the format, the name of the folder below the cache: another one begins beside it.
const FORMAT: &str = "1";

/// The largest entry that is read; ours have some hundred bytes.
const ENTRY_BYTES_MAX: u64 = 64 * 1024;

/// What was fetched, on disk.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// What a remote was when it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The digest of its content: `sha256:…`.
    pub digest: String,
    /// How many bytes the content has.
    pub bytes: u64,
    /// The version of a chart or the commit of a repository; empty for a file.
    pub version: String,
    /// Where it came from.
    pub source: String,
    /// When.
    pub fetched: Time,
}

/// What came from outside: its content and what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) content: Vec<u8>,
    pub(super) version: String,
    pub(super) source: String,
}

/// The digest of a content, as registries write it.
pub(super) fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(&Sha256::digest(content)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    digits.collect()
}

impl Cache {
    /// The cache in a folder, which is made when something is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into().join(FORMAT),
        }
    }

    /// What is known of a remote, and its content; `None` where it was never fetched.
    pub(super) fn find(&self, remote: &Remote) -> Result<Option<(Entry, Vec<u8>)>, FetchError> {
        let path = self.entry(remote);
        let Some(text) = read(&path, ENTRY_BYTES_MAX)? else {
            return Ok(None);
        };
        let damaged = |what: &str| FetchError::Damaged(format!("`{}` {what}", path.display()));
        let entry = Entry::parse(&text).ok_or_else(|| damaged("is no entry"))?;
        let blob = self.blob(&entry.digest);
        let blob = blob.ok_or_else(|| damaged("names no digest"))?;
        let content = read(&blob, entry.bytes)?;
        let content = content.ok_or_else(|| damaged("names what is gone"))?;
        if digest(&content) != entry.digest {
            let blob = blob.display();
            return Err(FetchError::Damaged(format!(
                "`{blob}` is not what was written"
            )));
        }
        Ok(Some((entry, content)))
    }

    /// Keeps what came.
    pub(super) fn keep(
        &self,
        remote: &Remote,
        found: &Found,
        now: Time,
    ) -> Result<Entry, FetchError> {
        let entry = Entry {
            digest: digest(&found.content),
            bytes: found.content.len() as u64,
            version: found.version.clone(),
            source: found.source.clone(),
            fetched: now,
        };
        let blob = self.blob(&entry.digest).unwrap_or_default();
        // The content first: an entry never names what is not there.
        write(&blob, &found.content)?;
        write(&self.entry(remote), entry.text(remote).as_bytes())?;
        Ok(entry)
    }

    fn entry(&self, remote: &Remote) -> PathBuf {
        let key = Sha256::digest(described(remote).to_json());
        let name = format!("{}.json", hexadecimal(&key));
        self.folder.join("entries").join(name)
    }

    /// Where a content lies; `None` for what is no digest, and could be any path.
    fn blob(&self, digest: &str) -> Option<PathBuf> {
        let name = digest.strip_prefix("sha256:")?;
        let plain = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| self.folder.join("blobs").join(name))
    }
}

impl Entry {
    fn text(&self, remote: &Remote) -> String {
        let entry = value!({
            "remote": described(remote),
            "digest": self.digest.as_str(),
            "bytes": self.bytes,
            "version": self.version.as_str(),
            "source": self.source.as_str(),
            "fetched": self.fetched.to_string(),
        });
        entry.to_json_indented("  ") + "\n"
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let value = Value::from_json(text).ok()?;
        let text = |key: &str| value.str_at(&[key]).map(str::to_owned);
        Some(Self {
            digest: text("digest")?,
            bytes: u64::try_from(value.i64_at(&["bytes"])?).ok()?,
            version: text("version")?,
            source: text("source")?,
            fetched: Time::parse(&text("fetched")?).ok()?,
        })
    }
}

/// A remote as a value: what entries are found by.
pub(super) fn described(remote: &Remote) -> Value {
    match remote {
        Remote::Chart {
            repository,
            name,
            version,
        } => value!({
            "chart": name.as_str(), "repository": repository.as_str(), "version": version.as_str(),
        }),
        Remote::Git {
            repository,
            revision,
        } => value!({"git": repository.as_str(), "revision": revision.as_str()}),
        Remote::File { url } => value!({"file": url.as_str()}),
    }
}

/// The bytes of a file; `None` where there is none.
fn read(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, FetchError> {
    let failed = |source| FetchError::Cache {
        doing: "read",
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > bytes_max => {
            let path = path.display();
            Err(FetchError::Damaged(format!(
                "`{path}` is larger than what was written"
            )))
        }
        Ok(_) => fs::read(path).map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Writes a file beside its place, brings it to the disk, and moves it to its place.
fn write(path: &Path, content: &[u8]) -> Result<(), FetchError> {
    let failed = |doing: &'static str| {
        let path = path.to_owned();
        move |source| FetchError::Cache {
            doing,
            path,
            source,
        }
    };
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    let mut file = NamedTempFile::new_in(folder).map_err(failed("write"))?;
    file.write_all(content).map_err(failed("write"))?;
    file.as_file().sync_all().map_err(failed("write"))?;
    let moved = file.persist(path).map_err(|error| error.error);
    moved.map_err(failed("write"))?;
    let folder = File::open(folder).map_err(failed("write"))?;
    folder.sync_all().map_err(failed("write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: &str) -> Found {
        Found {
            content: content.into(),
            version: "1.0.0".to_owned(),
            source: "https://example.org/x".to_owned(),
        }
    }

    fn file() -> Remote {
        Remote::File {
            url: "https://example.org/x".into(),
        }
    }

    #[test]
    fn what_is_kept_is_found_and_what_is_not_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        assert!(cache.find(&file()).unwrap().is_none());
        let entry = cache
            .keep(&file(), &found("x"), Time::from_seconds(9))
            .unwrap();
        assert_eq!(cache.find(&file()).unwrap(), Some((entry, b"x".to_vec())));
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(cache.find(&file()).unwrap().is_none());
    }

    #[test]
    fn what_was_changed_on_disk_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let entry = cache
            .keep(&file(), &found("x"), Time::from_seconds(9))
            .unwrap();
        let blob = cache.blob(&entry.digest).unwrap();
        for wrong in ["y", "", "xx"] {
            fs::write(&blob, wrong).unwrap();
            let error = cache.find(&file()).unwrap_err();
            assert!(matches!(error, FetchError::Damaged(_)), "{error}");
        }
        fs::remove_file(&blob).unwrap();
        assert!(matches!(cache.find(&file()), Err(FetchError::Damaged(_))));
        cache
            .keep(&file(), &found("x"), Time::from_seconds(9))
            .unwrap();
        assert!(cache.find(&file()).unwrap().is_some());
        for text in [
            "",
            "{}",
            "{\"digest\": \"sha256:../../../etc/passwd\", \"bytes\": 9999, \"version\": \"\", \"source\": \"\", \"fetched\": \"2026-01-01T00:00:00Z\"}",
        ] {
            fs::write(cache.entry(&file()), text).unwrap();
            assert!(
                matches!(cache.find(&file()), Err(FetchError::Damaged(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn who_dies_in_the_middle_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let entry = cache
            .keep(&file(), &found("x"), Time::from_seconds(9))
            .unwrap();
        // As it lies after death: the content of the next one half written beside, its entry not begun.
        let blobs = cache.blob(&entry.digest).unwrap();
        let mut half = NamedTempFile::new_in(blobs.parent().unwrap()).unwrap();
        half.write_all(b"hal").unwrap();
        half.into_temp_path().keep().map(drop).unwrap();
        assert_eq!(cache.find(&file()).unwrap(), Some((entry, b"x".to_vec())));
    }
}
