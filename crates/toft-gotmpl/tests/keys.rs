//! Keys, certificates and password hashes: what others make of them.
#![expect(clippy::unwrap_used, reason = "tests")]

use toft_gotmpl::{Data, Settings, Template};
use x509_parser::prelude::*;

/// 2026-01-02T03:04:05Z
const NOW: i64 = 1_767_323_045;

fn render_with(seed: u64, text: &str) -> Result<String, String> {
    let template = Template::parse("t", text).map_err(|error| error.0)?;
    let settings = Settings {
        now: jiff::Timestamp::from_second(NOW).unwrap(),
        seed,
        ..Settings::default()
    };
    let rendered = template.render(&Data::dict([]), &settings);
    rendered.map_err(|error| error.0)
}

fn render(text: &str) -> String {
    render_with(7, text).unwrap()
}

fn blocks(text: &str) -> Vec<Pem> {
    Pem::iter_from_buffer(text.as_bytes())
        .map(|block| block.unwrap())
        .collect()
}

#[test]
fn an_authority_signs_certificates_that_verify() {
    let text = r#"{{ $ca := genCA "The lab" 365 }}{{ $leaf := genSignedCert "nas.lan" (list "10.0.0.1" "fd00::1") (list "nas.lan" "*.nas.lan") 30 $ca }}{{ $ca.Cert }}{{ $leaf.Cert }}{{ $leaf.Key }}"#;
    let rendered = render(text);
    let blocks = blocks(&rendered);
    assert_eq!(blocks[2].label, "RSA PRIVATE KEY");
    let (ca, leaf) = (
        blocks[0].parse_x509().unwrap(),
        blocks[1].parse_x509().unwrap(),
    );
    ca.verify_signature(None).unwrap();
    leaf.verify_signature(Some(ca.public_key())).unwrap();
    assert!(leaf.verify_signature(None).is_err());
    assert_eq!(ca.subject().to_string(), "CN=The lab");
    assert_eq!(leaf.issuer(), ca.subject());
    assert_eq!(leaf.subject().to_string(), "CN=nas.lan");
    assert!(ca.is_ca() && !leaf.is_ca());
    assert_eq!(leaf.validity().not_before.timestamp(), NOW);
    assert_eq!(leaf.validity().not_after.timestamp(), NOW + 30 * 86_400);
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    let shown: Vec<String> = names
        .value
        .general_names
        .iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress(bytes) => format!("{bytes:x?}"),
            other => other.to_string(),
        })
        .collect();
    assert_eq!(shown[..2], ["nas.lan", "*.nas.lan"]);
    assert_eq!(shown[2], "[a, 0, 0, 1]");
    assert_eq!(names.value.general_names.len(), 4);
    let usage = leaf.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && usage.key_encipherment() && !usage.key_cert_sign());
    assert!(ca.key_usage().unwrap().unwrap().value.key_cert_sign());
    let purposes = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(purposes.server_auth && purposes.client_auth);
    let key_of = |cert: &X509Certificate<'_>| {
        let found = cert
            .extensions()
            .iter()
            .find_map(|one| match one.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    id.key_identifier.as_ref().map(|id| id.0.to_vec())
                }
                _ => None,
            });
        found.unwrap()
    };
    assert_eq!(key_of(&ca), key_of(&leaf));
}

#[test]
fn a_certificate_signs_itself_with_a_given_key() {
    let text = r#"{{ $first := genSelfSignedCert "a" nil nil 1 }}{{ $next := genSelfSignedCertWithKey "" nil (list "b.lan") 2 $first.Key }}{{ $first.Cert }}{{ $next.Cert }}{{ eq $first.Key $next.Key }}"#;
    let rendered = render(text);
    assert!(rendered.ends_with("true"));
    for block in blocks(&rendered) {
        let cert = block.parse_x509().unwrap();
        cert.verify_signature(None).unwrap();
    }
}

#[test]
fn what_one_makes_another_reads() {
    let text = r#"{{ $key := (genSelfSignedCert "x" nil nil 1).Key }}{{ $ca := genCAWithKey "ca" 9 $key }}{{ $leaf := genSignedCertWithKey "l" nil nil 1 $ca $key }}{{ $own := buildCustomCert ($leaf.Cert | b64enc) ($leaf.Key | b64enc) }}{{ and (eq $own.Cert $leaf.Cert) (eq $own.Key $key $ca.Key) }}"#;
    assert_eq!(render(text), "true");
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let text = r#"{{ htpasswd "me" "secret" }} {{ encryptAES "pass" "plain" }} {{ genPrivateKey "ed25519" }}"#;
    assert_eq!(render(text), render(text));
    assert_ne!(render(text), render_with(8, text).unwrap());
}

#[test]
fn keys_of_ed25519_are_seeds_in_pkcs8() {
    let rendered = render(r#"{{ genPrivateKey "ed25519" }}"#);
    let blocks = blocks(&rendered);
    assert_eq!(blocks[0].label, "PRIVATE KEY");
    assert_eq!(blocks[0].contents.len(), 48);
    let head = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    assert_eq!(blocks[0].contents[..16], head);
}

#[test]
fn password_hashes_fit_their_passwords() {
    let hash = render(r#"{{ bcrypt "secret" }}"#);
    assert!(hash.starts_with("$2a$10$"), "{hash}");
    assert!(bcrypt::verify("secret", &hash).unwrap());
    assert!(!bcrypt::verify("other", &hash).unwrap());
    let line = render(r#"{{ htpasswd "me" "secret" }}"#);
    assert!(bcrypt::verify("secret", line.strip_prefix("me:").unwrap()).unwrap());
}

#[test]
fn what_is_encrypted_is_decrypted() {
    for plain in [
        "",
        "a",
        "exactly 16 bytes",
        "more than one block of bytes, and ü",
    ] {
        let text = format!("{{{{ encryptAES \"pass\" {plain:?} | decryptAES \"pass\" }}}}");
        assert_eq!(render(&text), plain);
    }
}
