//! A connection to a server: resolved, guarded, and in TLS.

use std::io::{self, Cursor};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::address::{Address, Scheme};
use super::credentials::{Certificates, Credentials};
use super::error::FetchError;

/// Bytes to and from a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to the server of an address.
///
/// Every address that the name stands for is looked at before it is connected to, so that a name cannot
/// lead to where nothing is fetched from, however often it changes.
pub(super) async fn connect(
    address: &Address,
    credentials: &Credentials,
) -> Result<Box<dyn Stream>, FetchError> {
    let unreachable = |error: &dyn std::fmt::Display| FetchError::Unreachable {
        host: address.host.clone(),
        cause: error.to_string(),
    };
    let found: Vec<SocketAddr> = match address.ip() {
        Some(ip) => vec![SocketAddr::new(ip, address.port)],
        None => lookup_host((address.host.as_str(), address.port))
            .await
            .map_err(|error| unreachable(&error))?
            .collect(),
    };
    let mut last = unreachable(&"its name stands for no address");
    for socket in found {
        if let Some(what) = guarded(socket.ip(), address) {
            last = FetchError::Guarded {
                host: address.host.clone(),
                address: format!("{what} ({})", socket.ip()),
            };
            continue;
        }
        match TcpStream::connect(socket).await {
            Ok(stream) => return secured(stream, address, credentials).await,
            Err(error) => last = unreachable(&error),
        }
    }
    Err(last)
}

/// What an address is that nothing is fetched from.
fn guarded(ip: IpAddr, address: &Address) -> Option<&'static str> {
    let ip = unwrapped(ip);
    if ip.is_loopback() {
        return (!address.is_loopback()).then_some("a name for this machine");
    }
    let (is_link_local, is_no_host) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.is_broadcast() || ip.octets()[0] == 0),
        IpAddr::V6(ip) => (
            ip.is_unicast_link_local() || ip == METADATA_V6,
            ip.is_unspecified(),
        ),
    };
    if is_link_local {
        return Some("a link-local address");
    }
    (is_no_host || ip.is_multicast()).then_some("no address of a server")
}

/// Where clouds answer with the keys of a machine, beside 169.254.169.254.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The IPv4 address that is written as an IPv6 address, where it is one: mapped, compatible, or behind NAT64.
fn unwrapped(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = ip else { return ip };
    let [first, second, .., high, low] = six.segments();
    let is_nat64 = first == 0x64 && second == 0xff9b;
    let is_compatible = six.segments()[..6] == [0; 6] && high != 0;
    if is_nat64 || is_compatible {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    ip.to_canonical()
}

async fn secured(
    stream: TcpStream,
    address: &Address,
    credentials: &Credentials,
) -> Result<Box<dyn Stream>, FetchError> {
    // Requests are small and waited for.
    drop(stream.set_nodelay(true));
    if address.scheme == Scheme::Http {
        return Ok(Box::new(stream));
    }
    let unreachable = |error: &dyn std::fmt::Display| FetchError::Unreachable {
        host: address.host.clone(),
        cause: error.to_string(),
    };
    let config =
        config(credentials.certificates(address)).map_err(|cause| FetchError::Certificates {
            host: address.host.clone(),
            cause,
        })?;
    let name = ServerName::try_from(address.host.clone()).map_err(|error| unreachable(&error))?;
    let connector = TlsConnector::from(config);
    let stream = connector.connect(name, stream).await;
    stream
        .map(|stream| Box::new(stream) as _)
        .map_err(|error| unreachable(&told(&error)))
}

/// What went wrong in TLS, with the help that it needs most often.
fn told(error: &io::Error) -> String {
    let text = error.to_string();
    if text.contains("UnknownIssuer") {
        return format!(
            "{text}; name the certificate of its authority as `ca` in the file of credentials"
        );
    }
    text
}

/// How TLS is spoken: with whom the system trusts, and what the credentials add.
fn config(certificates: Option<&Certificates>) -> Result<Arc<ClientConfig>, String> {
    static PLAIN: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let Some(certificates) = certificates else {
        if let Some(config) = PLAIN.get() {
            return Ok(Arc::clone(config));
        }
        let made = Arc::new(made(system().clone(), None)?);
        return Ok(Arc::clone(PLAIN.get_or_init(|| made)));
    };
    let mut roots = system().clone();
    if let Some(pem) = &certificates.authority {
        let before = roots.len();
        for certificate in CertificateDer::pem_reader_iter(Cursor::new(pem)) {
            let certificate = certificate.map_err(|error| format!("`ca`: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("`ca`: {error}"))?;
        }
        if roots.len() == before {
            return Err("`ca` holds no certificate".to_owned());
        }
    }
    let client = certificates.client.as_ref().map(|(certificate, key)| {
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_reader_iter(Cursor::new(certificate)).collect();
        let chain = chain.map_err(|error| format!("`clientCertificate`: {error}"))?;
        let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes());
        // The text of the error is left out: it may repeat what it read.
        let key = key.map_err(|_| "`clientKey` holds no private key".to_owned())?;
        Ok::<_, String>((chain, key))
    });
    made(roots, client.transpose()?).map(Arc::new)
}

fn made(
    roots: RootCertStore,
    client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    match client {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| format!("`clientCertificate`: {error}")),
    }
}

/// Whom the system trusts; read once.
fn system() -> &'static RootCertStore {
    static SYSTEM: OnceLock<RootCertStore> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in found.errors {
            tracing::warn!(error = %error, "a certificate of the system cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        roots
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_lead_to_this_machine_or_to_its_keys() {
        let public = Address::parse("https://charts.example.org/").unwrap();
        for ip in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
            "0.1.2.3",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ] {
            assert!(guarded(ip.parse().unwrap(), &public).is_some(), "{ip}");
        }
        // A homelab's own servers have private addresses.
        for ip in [
            "10.0.0.20",
            "192.168.1.2",
            "fd12::1",
            "93.184.216.34",
            "2606:2800::1",
        ] {
            assert_eq!(guarded(ip.parse().unwrap(), &public), None, "{ip}");
        }
        let local = Address::parse("http://localhost:5000/").unwrap();
        assert_eq!(guarded("127.0.0.1".parse().unwrap(), &local), None);
        assert!(guarded("169.254.169.254".parse().unwrap(), &local).is_some());
    }
}
