//! Who we are, to whom: the file of credentials, and what Docker and Helm keep of registries.
//!
//! ```yaml
//! credentials:
//!   - url: https://charts.example.org/private   # everything below it
//!     username: me
//!     passwordFile: charts.password             # or password: …, or token: …, or tokenFile: …
//!   - url: https://git.example.org
//!     ca: /etc/ssl/home-ca.pem                  # trusted beside the system's own
//!     clientCertificate: me.crt
//!     clientKey: me.key
//! ```
//!
//! Paths are relative to the file. It is refused where others may read it.

mod registries;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toft_source::Source;
use toft_value::{Map, Value};
use toft_yaml::{Resolver, values};

use super::address::Address;
use super::secret::Secret;

/// The largest file of credentials, certificates, or Docker's; they have some kilobytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What an entry may say.
const KEYS: &[&str] = &[
    "url",
    "username",
    "password",
    "passwordFile",
    "token",
    "tokenFile",
    "ca",
    "clientCertificate",
    "clientKey",
];

/// Where credentials are kept.
#[derive(Clone, Debug, Default)]
pub struct CredentialFiles {
    /// Toft's own file, and whether somebody named it: then it must be there.
    pub own: Option<PathBuf>,
    /// Whether `own` was named by somebody, and not only looked for.
    pub is_named: Named,
    /// Files as Docker's `config.json`; the first that knows a registry is taken.
    pub registries: Vec<PathBuf>,
}

/// Whether somebody named a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Named {
    /// It is where such a file usually lies, and may be missing.
    #[default]
    Usual,
    /// Somebody named it; it must be there.
    Explicit,
}

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// Others may read the file.
    #[error("`{path}` holds secrets and others may read it (mode {mode:04o}): `chmod 600` it")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file says something that cannot be used.
    #[error("`{path}`: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong; never a secret.
        what: String,
    },
}

/// Who we are, to whom.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    entries: Vec<Known>,
    registries: Vec<(String, Login)>,
}

/// How somebody logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    Basic { username: String, password: Secret },
    Bearer(Secret),
}

impl Login {
    /// The value of an `Authorization` header.
    pub(crate) fn header(&self) -> Secret {
        Secret::new(match self {
            Self::Basic { username, password } => {
                let pair = format!("{username}:{}", password.reveal());
                format!("Basic {}", BASE64_STANDARD.encode(pair))
            }
            Self::Bearer(token) => format!("Bearer {}", token.reveal()),
        })
    }
}

/// Certificates for a server, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Certificates {
    /// Who is trusted beside the system's own.
    pub(crate) authority: Option<Vec<u8>>,
    /// What we show, and its key.
    pub(crate) client: Option<(Vec<u8>, Secret)>,
}

#[derive(Clone, Debug)]
struct Known {
    address: Address,
    login: Option<Login>,
    certificates: Certificates,
}

impl Known {
    /// Whether the entry is about an address: the same server, and the same path or one below it.
    fn covers(&self, address: &Address) -> bool {
        let own = self.address.path.trim_end_matches('/');
        let rest = address.path.strip_prefix(own);
        self.address.same_origin(address)
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

impl Credentials {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read, others may read it, or it says what cannot be used.
    pub fn load(files: &CredentialFiles) -> Result<Self, CredentialsError> {
        let entries = match &files.own {
            Some(path) => own(path, files.is_named)?,
            None => Vec::new(),
        };
        let registries = files.registries.iter();
        let registries: Vec<_> = registries
            .map(|path| registries::read(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            entries,
            registries: registries.into_iter().flatten().collect(),
        })
    }

    /// How we log in at an address; never where others could listen.
    pub(crate) fn login(&self, address: &Address) -> Option<&Login> {
        if !address.is_private() {
            return None;
        }
        let known = self.entries.iter().filter(|known| known.login.is_some());
        longest(known, address)?.login.as_ref()
    }

    /// How we log in at a registry.
    pub(crate) fn registry(&self, address: &Address) -> Option<&Login> {
        let known = || {
            let authority = address.authority();
            let mut all = self.registries.iter();
            all.find(|(host, _)| *host == authority)
                .map(|(_, login)| login)
        };
        self.login(address)
            .or_else(|| address.is_private().then(known).flatten())
    }

    /// The certificates for a server.
    pub(crate) fn certificates(&self, address: &Address) -> Option<&Certificates> {
        let known = self.entries.iter();
        let known = known.filter(|known| known.certificates != Certificates::default());
        longest(known, address).map(|known| &known.certificates)
    }
}

/// The entry that says most exactly what it is about.
fn longest<'a>(known: impl Iterator<Item = &'a Known>, address: &Address) -> Option<&'a Known> {
    known
        .filter(|known| known.covers(address))
        .max_by_key(|known| known.address.path.len())
}

fn own(path: &Path, named: Named) -> Result<Vec<Known>, CredentialsError> {
    let bytes = match read(path) {
        Err(CredentialsError::Read { source, .. })
            if named == Named::Usual && source.kind() == io::ErrorKind::NotFound =>
        {
            return Ok(Vec::new());
        }
        read => read?,
    };
    let mode = fs::metadata(path)
        .map_err(unread(path))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        let path = path.to_owned();
        return Err(CredentialsError::Exposed {
            path,
            mode: mode & 0o7777,
        });
    }
    let malformed = |what: String| CredentialsError::Malformed {
        path: path.to_owned(),
        what,
    };
    let source = Source::new(path.to_string_lossy(), bytes.into());
    let parsed = values(&source, Resolver::Kubectl);
    if let Some(first) = parsed.diagnostics.first().filter(|_| parsed.has_errors()) {
        return Err(malformed(first.message.clone()));
    }
    let Some(first) = parsed.value.into_iter().next() else {
        return Ok(Vec::new());
    };
    let listed = match &first.value {
        Value::Map(map) if map.keys().all(|key| key == "credentials") => map.get("credentials"),
        _ => None,
    };
    let Some(Value::List(list)) = listed else {
        return Err(malformed(
            "it must be a map with one list, `credentials`".to_owned(),
        ));
    };
    let entries = list.iter().enumerate().map(|(index, value)| {
        let place = |what: String| malformed(format!("entry {}: {what}", index + 1));
        let map = value.as_map();
        let map = map.ok_or_else(|| place("it must be a map".to_owned()))?;
        entry(map, path.parent().unwrap_or(path)).map_err(place)
    });
    entries.collect()
}

fn entry(map: &Map, folder: &Path) -> Result<Known, String> {
    for (key, _) in map {
        if !KEYS.contains(&key.as_str()) {
            return Err(format!(
                "`{key}` is not known; known are {}",
                KEYS.join(", ")
            ));
        }
    }
    let text = |key: &str| -> Result<Option<String>, String> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let text = value.as_str().map(str::to_owned);
                text.map(Some)
                    .ok_or_else(|| format!("`{key}` must be a text"))
            }
        }
    };
    let file = |key: &str| -> Result<Option<Vec<u8>>, String> {
        let Some(name) = text(key)? else {
            return Ok(None);
        };
        let bytes = read(&folder.join(&name));
        bytes
            .map(Some)
            .map_err(|_| format!("`{key}`: failed to read `{name}`"))
    };
    let secret = |key: &str| -> Result<Option<Secret>, String> {
        let in_file = format!("{key}File");
        let Some(bytes) = file(&in_file)? else {
            return Ok(text(key)?.map(Secret::new));
        };
        let read = String::from_utf8(bytes).map_err(|_| format!("`{in_file}` is not UTF-8"))?;
        Ok(Some(Secret::new(read.trim_end_matches(['\r', '\n']))))
    };
    let url = text("url")?.ok_or("`url` is missing")?;
    let address = Address::parse(&url).map_err(|cause| format!("`url`: {cause}"))?;
    let login = match (text("username")?, secret("password")?, secret("token")?) {
        (None, None, None) => None,
        (Some(username), Some(password), None) => Some(Login::Basic { username, password }),
        (None, None, Some(token)) => Some(Login::Bearer(token)),
        _ => return Err("it must have `username` and `password`, or `token` alone".to_owned()),
    };
    let key = file("clientKey")?.and_then(|key| String::from_utf8(key).ok());
    let client = match (file("clientCertificate")?, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, Secret::new(key))),
        _ => return Err("`clientCertificate` and `clientKey` go together".to_owned()),
    };
    let authority = file("ca")?;
    Ok(Known {
        address,
        login,
        certificates: Certificates { authority, client },
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CredentialsError> {
    let length = fs::metadata(path).map_err(unread(path))?.len();
    if length > FILE_BYTES_MAX {
        let what = format!("it is larger than {FILE_BYTES_MAX} bytes");
        let path = path.to_owned();
        return Err(CredentialsError::Malformed { path, what });
    }
    fs::read(path).map_err(unread(path))
}

fn unread(path: &Path) -> impl FnOnce(io::Error) -> CredentialsError + use<> {
    let path = path.to_owned();
    move |source| CredentialsError::Read { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, CredentialFiles) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.yaml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let files = CredentialFiles {
            own: Some(path),
            is_named: Named::Explicit,
            registries: Vec::new(),
        };
        (folder, files)
    }

    fn at(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    const TWO: &str = "credentials:
- {url: https://example.org, username: me, password: outer}
- {url: https://example.org/private, token: inner}
- {url: http://example.org, token: plain}
";

    #[test]
    fn the_entry_that_is_nearest_to_an_address_is_taken() {
        let (_folder, files) = written(TWO, 0o600);
        let known = Credentials::load(&files).unwrap();
        let sent = |url: &str| {
            let login = known.login(&at(url));
            login.map(|login| login.header().reveal().to_owned())
        };
        assert_eq!(
            sent("https://example.org/a"),
            Some("Basic bWU6b3V0ZXI=".to_owned())
        );
        assert_eq!(
            sent("https://example.org/privateer"),
            Some("Basic bWU6b3V0ZXI=".to_owned())
        );
        assert_eq!(
            sent("https://example.org/private/x"),
            Some("Bearer inner".to_owned())
        );
        assert_eq!(sent("https://example.org:8443/private"), None);
        assert_eq!(sent("https://example.org.evil.example/"), None);
        // Anybody on the way could read it.
        assert_eq!(sent("http://example.org/a"), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let (_folder, files) = written(TWO, 0o640);
        let error = Credentials::load(&files).unwrap_err().to_string();
        assert!(error.contains("others may read it (mode 0640)"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secret() {
        for (entry, what) in [
            (
                "{url: 'https://example.org', pasword: hunter2}",
                "entry 1: `pasword` is not known",
            ),
            (
                "{url: 'https://me:hunter2@example.org'}",
                "entry 1: `url`: it holds a password",
            ),
            (
                "{url: 'https://example.org', password: hunter2}",
                "entry 1: it must have `username` and",
            ),
            ("{token: hunter2}", "entry 1: `url` is missing"),
            ("hunter2", "entry 1: it must be a map"),
        ] {
            let (_folder, files) = written(&format!("credentials:\n- {entry}\n"), 0o600);
            let error = Credentials::load(&files).unwrap_err().to_string();
            assert!(
                error.contains(what) && !error.contains("hunter2"),
                "{error}"
            );
        }
        assert!(!format!("{:?}", Credentials::load(&written(TWO, 0o600).1)).contains("inner"));
    }

    #[test]
    fn a_secret_may_lie_in_a_file_beside() {
        let text =
            "credentials:\n- {url: https://example.org, username: me, passwordFile: secret}\n";
        let (folder, files) = written(text, 0o600);
        fs::write(folder.path().join("secret"), "outer\n").unwrap();
        let known = Credentials::load(&files).unwrap();
        let login = known.login(&at("https://example.org/")).unwrap();
        assert_eq!(login.header().reveal(), "Basic bWU6b3V0ZXI=");
    }

    #[test]
    fn a_usual_file_may_be_missing_and_a_named_one_may_not() {
        let own = Some(PathBuf::from("/nonexistent/credentials.yaml"));
        let of = |is_named| CredentialFiles {
            own: own.clone(),
            is_named,
            registries: Vec::new(),
        };
        assert!(Credentials::load(&of(Named::Usual)).is_ok());
        assert!(Credentials::load(&of(Named::Explicit)).is_err());
    }
}
