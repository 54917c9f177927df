//! What `docker login` and `helm registry login` keep.
//!
//! Helpers that such a file names are programs, and are never started.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toft_value::Value;

use super::{CredentialsError, Login, read as read_file};
use crate::fetch::secret::Secret;

/// The name under which Docker keeps its own registry, and the one it answers to.
const DOCKER_HUB: (&str, &str) = ("index.docker.io", "registry-1.docker.io");

/// The registries of a file, and how we log in there; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<(String, Login)>, CredentialsError> {
    let bytes = match read_file(path) {
        Ok(bytes) => bytes,
        Err(CredentialsError::Read { source, .. })
            if matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let value = Value::from_json(&bytes).map_err(|error| CredentialsError::Malformed {
        path: path.to_owned(),
        what: error.message,
    })?;
    let Some(auths) = value.get("auths").and_then(Value::as_map) else {
        return Ok(Vec::new());
    };
    let known = auths.iter().filter_map(|(key, value)| {
        let pair = BASE64_STANDARD.decode(value.str_at(&["auth"])?).ok()?;
        let pair = String::from_utf8(pair).ok()?;
        let (username, password) = pair.split_once(':')?;
        let password = Secret::new(password);
        let username = username.to_owned();
        Some((host(key), Login::Basic { username, password }))
    });
    Ok(known.collect())
}

fn host(key: &str) -> String {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    if host == DOCKER_HUB.0 || host == "docker.io" {
        DOCKER_HUB.1.to_owned()
    } else {
        host.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use crate::fetch::address::Address;
    use crate::fetch::credentials::{CredentialFiles, Credentials};

    #[test]
    fn registries_are_known_by_their_host() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let text = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6aHVi"}, "registry.example.org:5000": {"auth": "bWU6aG9tZQ=="}, "bare": {}}, "credsStore": "program"}"#;
        std::fs::write(&path, text).unwrap();
        let files = CredentialFiles {
            registries: vec![folder.path().join("missing.json"), path],
            ..CredentialFiles::default()
        };
        let known = Credentials::load(&files).unwrap();
        let sent = |url: &str| {
            let login = known.registry(&Address::parse(url).unwrap());
            login.map(|login| login.header().reveal().to_owned())
        };
        assert_eq!(
            sent("https://registry-1.docker.io/v2/"),
            Some("Basic bWU6aHVi".to_owned())
        );
        assert_eq!(
            sent("https://registry.example.org:5000/v2/"),
            Some("Basic bWU6aG9tZQ==".to_owned())
        );
        assert_eq!(sent("https://registry.example.org/v2/"), None);
        assert_eq!(sent("http://registry.example.org:5000/v2/"), None);
    }
}
