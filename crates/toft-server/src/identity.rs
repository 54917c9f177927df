//! Who the door is: its own certificate authority, a certificate for loopback, and the token that opens it.

use std::fmt;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use toft_host::{StateDir, StateError};
use toft_value::{Value, value};

/// The file of the state that holds the identity.
const FILE: &str = "identity.json";

/// The names under which the door may be reached.
const NAMES: &[&str] = &["localhost", "127.0.0.1", "kubernetes.default.svc"];

/// 256 bits: as many as a SHA-256 has, so guessing is not the weakest way in.
const TOKEN_BYTES: usize = 32;

/// Who the door is; made once per state, so that a kubeconfig stays good over restarts.
#[derive(Clone)]
pub struct Identity {
    authority: String,
    certificate: String,
    key: String,
    token: String,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The state could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The certificate could not be made.
    #[error("failed to make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// What was kept is no longer good.
    #[error("`{FILE}` in the state is damaged: {0}")]
    Damaged(String),
    /// TLS refused what we made.
    #[error("failed to set up TLS")]
    Tls(#[from] rustls::Error),
    /// The machine has no randomness to give.
    #[error("the operating system gives no randomness")]
    Randomness,
}

/// A secret never prints.
impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Identity(***)")
    }
}

impl Identity {
    /// The identity of a state; a new one is made and kept where there is none.
    ///
    /// # Errors
    /// The state cannot be read or written, or its identity is damaged.
    pub fn of(state: &StateDir) -> Result<Self, IdentityError> {
        if let Some(identity) = Self::find(state)? {
            return Ok(identity);
        }
        let identity = Self::make()?;
        let kept = value!({
            "authority": identity.authority.as_str(), "certificate": identity.certificate.as_str(),
            "key": identity.key.as_str(), "token": identity.token.as_str(),
        });
        state.write(FILE, kept.to_json().as_bytes())?;
        Ok(identity)
    }

    /// The identity of a state; `None` where there is none.
    ///
    /// # Errors
    /// The state cannot be read, or its identity is damaged.
    pub fn find(state: &StateDir) -> Result<Option<Self>, IdentityError> {
        let Some(text) = state.read(FILE)? else {
            return Ok(None);
        };
        let damaged = |what: &str| IdentityError::Damaged(what.to_owned());
        let kept = Value::from_json(&text).map_err(|error| damaged(&error.message))?;
        let part = |name: &str| {
            let part = kept.str_at(&[name]).map(str::to_owned);
            part.ok_or_else(|| damaged(&format!("it has no {name}")))
        };
        Ok(Some(Self {
            authority: part("authority")?,
            certificate: part("certificate")?,
            key: part("key")?,
            token: part("token")?,
        }))
    }

    fn make() -> Result<Self, IdentityError> {
        let authority = CertifiedIssuer::self_signed(authority_params(), KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let mut params = dated(CertificateParams::new(names)?);
        params.distinguished_name.push(DnType::CommonName, "toft");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &authority)?;
        // The key of the authority is dropped here: it signs this one certificate and nothing ever again.
        Ok(Self {
            authority: authority.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            token: random_token()?,
        })
    }

    /// The certificate of the authority, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The token that opens the door.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// TLS for the door: HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// The identity is damaged.
    pub fn server_config(&self) -> Result<Arc<rustls::ServerConfig>, IdentityError> {
        let damaged = |what: &str| IdentityError::Damaged(format!("its {what} cannot be read"));
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .map_err(|_| damaged("certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|_| damaged("key"))?;
        let builder = rustls::ServerConfig::builder_with_provider(provider());
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// TLS for a client of the door, which trusts the authority of this identity and no other.
    ///
    /// # Errors
    /// The identity is damaged.
    pub fn client_config(&self) -> Result<Arc<rustls::ClientConfig>, IdentityError> {
        let authority = CertificateDer::from_pem_slice(self.authority.as_bytes())
            .map_err(|_| IdentityError::Damaged("its authority cannot be read".to_owned()))?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority)?;
        let builder = rustls::ClientConfig::builder_with_provider(provider());
        let config = builder
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn authority_params() -> CertificateParams {
    let mut params = dated(CertificateParams::default());
    params
        .distinguished_name
        .push(DnType::CommonName, "toft authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// The certificates are never renewed: they are good for as long as any state is kept.
fn dated(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params
}

fn random_token() -> Result<String, IdentityError> {
    let mut bytes = [0; TOKEN_BYTES];
    let filled = provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| IdentityError::Randomness)?;
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    Ok(digits.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, StateDir) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::create(folder.path().join(".toft")).unwrap();
        (folder, state)
    }

    #[test]
    fn an_identity_stays_the_same_over_restarts_and_differs_between_states() {
        let (_a, first) = state();
        let (_b, second) = state();
        let token = Identity::of(&first).unwrap().token().to_owned();
        assert_eq!(Identity::of(&first).unwrap().token(), token);
        assert_ne!(Identity::of(&second).unwrap().token(), token);
        assert_eq!(token.len(), 2 * TOKEN_BYTES);
    }

    #[test]
    fn an_identity_never_prints_its_secrets() {
        let (_folder, state) = state();
        let identity = Identity::of(&state).unwrap();
        assert_eq!(format!("{identity:?}"), "Identity(***)");
    }

    #[test]
    fn both_sides_of_tls_can_be_set_up() {
        let (_folder, state) = state();
        let identity = Identity::of(&state).unwrap();
        identity.server_config().unwrap();
        identity.client_config().unwrap();
    }
}
