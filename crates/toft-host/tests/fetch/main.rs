//! Fetching from servers on this machine: what works, and everything that goes wrong.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests write files, serve, and know what they asked for"
)]

mod charts;
mod git;
mod registry;
mod server;
mod trust;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use toft_host::{Brought, Cache, CredentialFiles, Credentials, Fetcher, Look, Named, Patience};
use toft_source::{Remote, RepoPath};

/// A cache in a folder of its own.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fetcher(&self, look: Look) -> Fetcher {
        self.fetcher_with(look, Credentials::default())
    }

    fn fetcher_with(&self, look: Look, credentials: Credentials) -> Fetcher {
        let cache = Cache::new(self.path().join("cache"));
        let patience = Patience {
            connect: Duration::from_secs(5),
            next: Duration::from_millis(500),
            whole: Duration::from_secs(2),
            pause: Duration::from_millis(1),
        };
        let fetcher = Fetcher::new(cache, credentials, look).unwrap();
        fetcher.with_patience(patience)
    }

    fn credentials(&self, text: &str) -> Credentials {
        let own = self.path().join("credentials.yaml");
        fs::write(&own, text).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).unwrap();
        let files = CredentialFiles {
            own: Some(own),
            is_named: Named::Explicit,
            registries: Vec::new(),
        };
        Credentials::load(&files).unwrap()
    }

    /// What goes wrong, in one line.
    fn error(&self, remote: &Remote) -> String {
        let brought = self.fetcher(Look::Missing).bring(remote);
        brought.err().expect("it must not be fetched").told()
    }
}

fn text(brought: &Brought, path: &str) -> String {
    let bytes = brought.tree.read(&RepoPath::parse(path).unwrap()).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    digits.collect()
}

/// An archive of files, by path and content.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // Written by hand: the library refuses paths that lead elsewhere, which is what some tests are about.
        let name = &mut header.as_gnu_mut().unwrap().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// A chart as an archive.
fn packed(name: &str, version: &str) -> Vec<u8> {
    let described = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    archive(&[
        (&format!("{name}/Chart.yaml"), &described),
        (&format!("{name}/templates/a.yaml"), "kind: ConfigMap\n"),
    ])
}
