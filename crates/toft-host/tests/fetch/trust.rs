//! Whom is believed, and who is told what: redirects, credentials, certificates.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use toft_host::Look;
use toft_source::Remote;

use crate::server::{Reply, Server};
use crate::{Home, text};

fn file(url: String) -> Remote {
    Remote::File { url: url.into() }
}

#[test]
fn credentials_are_for_the_server_that_they_are_for() {
    let home = Home::new();
    let other = Server::start(|_| Reply::ok("from the other one\n"));
    let elsewhere = other.url("/moved/a.yaml").replace("127.0.0.1", "localhost");
    let server = Server::start(move |asked| {
        if asked.header("authorization") != Some("Basic bWU6aHVudGVyMg==") {
            return Reply::code(401);
        }
        Reply::to(302, &elsewhere)
    });
    let wanted = file(server.url("/private/a.yaml"));
    assert!(home.error(&wanted).contains("answers 401"));
    let text_of = format!(
        "credentials:\n- {{url: '{}', username: me, password: hunter2}}\n",
        server.url("/private")
    );
    let known = home.credentials(&text_of);
    let brought = home
        .fetcher_with(Look::Missing, known)
        .bring(&wanted)
        .unwrap();
    assert_eq!(text(&brought, "a.yaml"), "from the other one\n");
    assert_eq!(other.asked()[0].header("authorization"), None);
    assert!(server.asked()[0].header("authorization").is_none());
}

#[test]
fn nobody_is_followed_to_where_nothing_is_fetched_from() {
    for (location, why) in [
        ("http://charts.example.org/a.yaml", "is not https"),
        ("file:///etc/passwd", "`file` is not spoken"),
        ("http://169.254.169.254/latest/meta-data", "is not https"),
        (
            "https://169.254.169.254/latest/meta-data",
            "is a link-local address",
        ),
        ("https://[fe80::1]/a", "is a link-local address"),
    ] {
        let home = Home::new();
        let server = Server::start(move |_| Reply::to(301, location));
        let error = home.error(&file(server.url("/a.yaml")));
        assert!(error.contains(why), "{location}: {error}");
    }
}

#[test]
fn nobody_is_followed_in_a_circle() {
    let home = Home::new();
    let server = Server::start(|_| Reply::to(302, "/a.yaml"));
    let error = home.error(&file(server.url("/a.yaml")));
    assert!(error.contains("more than 5 times"), "{error}");
    assert_eq!(server.asked().len(), 6);
}

/// An authority, a server that it vouches for, and how the server speaks.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    fn server(&self) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.allow_unauthenticated().build().unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let config = Arc::new(config);
        let wrap = move |stream: TcpStream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // The handshake, so that the answer can say who asked.
            drop(stream.flush());
            Box::new(stream) as _
        };
        Server::with(wrap, |_| Reply::ok("in private\n"))
    }

    fn client(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

#[test]
fn an_authority_of_our_own_is_believed_where_the_credentials_say_so() {
    let home = Home::new();
    let authority = Authority::new();
    let server = authority.server();
    let wanted = file(format!("https://localhost:{}/a.yaml", server.port()));
    let error = home.error(&wanted);
    assert!(
        error.contains("UnknownIssuer; name the certificate of its authority as `ca`"),
        "{error}"
    );
    fs::write(home.path().join("ca.pem"), authority.issuer.pem()).unwrap();
    let (certificate, key) = authority.client();
    fs::write(home.path().join("me.crt"), certificate).unwrap();
    fs::write(home.path().join("me.key"), key).unwrap();
    let entry = format!(
        "credentials:\n- {{url: 'https://localhost:{}', ca: ca.pem, clientCertificate: me.crt, clientKey: me.key}}\n",
        server.port()
    );
    let known = home.credentials(&entry);
    let brought = home
        .fetcher_with(Look::Missing, known)
        .bring(&wanted)
        .unwrap();
    assert_eq!(text(&brought, "a.yaml"), "in private\n");
    // It vouches for that server and for no other.
    let other = Authority::new().server();
    let known = home.credentials(&entry);
    let elsewhere = file(format!("https://localhost:{}/a.yaml", other.port()));
    let error = home
        .fetcher_with(Look::Missing, known)
        .bring(&elsewhere)
        .err()
        .unwrap();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}
