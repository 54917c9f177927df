//! RSA keys and X.509 certificates, made from the seed and the clock of the rendering.
//!
//! Source: sprig v3.3.0 `crypto.go`; RFC 5280, RFC 8017.

mod der;

use std::net::IpAddr;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, LineEnding};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest as _, Sha256};

use self::der::Role;
use super::Param::{Certificate, Int, List, Text};
use super::arguments::{any, int, shared, text};
use super::{Call, Function, Ran};
use crate::runtime::{Data, Emptiness, Record, RecordField, RecordType};

pub(super) const TABLE: &[Function] = &[
    Function::new("buildCustomCert", &[Text, Text], None, |_, v| custom(v)),
    Function::new("genCA", &[Text, Int], None, |call, v| {
        let key = new_key(call, CERTIFICATE_BITS)?;
        let wanted = Wanted::authority(v);
        wanted.signed(call, &key, None)
    }),
    Function::new("genCAWithKey", &[Text, Int, Text], None, |call, v| {
        let key = given_key(text(v, 2))?;
        let wanted = Wanted::authority(v);
        wanted.signed(call, &key, None)
    }),
    Function::new("genPrivateKey", &[Text], None, |call, v| {
        private_key(call, text(v, 0))
    }),
    Function::new(
        "genSelfSignedCert",
        &[Text, List, List, Int],
        None,
        |call, v| {
            let wanted = Wanted::leaf(v)?;
            let key = new_key(call, CERTIFICATE_BITS)?;
            wanted.signed(call, &key, None)
        },
    ),
    Function::new(
        "genSelfSignedCertWithKey",
        &[Text, List, List, Int, Text],
        None,
        |call, v| {
            let key = given_key(text(v, 4))?;
            Wanted::leaf(v)?.signed(call, &key, None)
        },
    ),
    Function::new(
        "genSignedCert",
        &[Text, List, List, Int, Certificate],
        None,
        |call, v| {
            let wanted = Wanted::leaf(v)?;
            let key = new_key(call, CERTIFICATE_BITS)?;
            wanted.signed(call, &key, Some(any(v, 4)))
        },
    ),
    Function::new(
        "genSignedCertWithKey",
        &[Text, List, List, Int, Certificate, Text],
        None,
        |call, v| {
            let key = given_key(text(v, 5))?;
            Wanted::leaf(v)?.signed(call, &key, Some(any(v, 4)))
        },
    ),
];

const CERTIFICATE_BITS: usize = 2048;
const KEY_BITS: usize = 4096;

/// What making a key costs, in steps of work for each bit: a key of 2048 bits takes as long as some hundred
/// thousand steps.
const WORK_PER_BIT: usize = 250;

static CERTIFICATE: RecordType = RecordType {
    name: "sprig.certificate",
    fields: &[
        RecordField {
            name: "Cert",
            json: "Cert",
            empty: Emptiness::Kept,
        },
        RecordField {
            name: "Key",
            json: "Key",
            empty: Emptiness::Kept,
        },
    ],
};

fn certificate(cert: String, key: String) -> Data {
    Data::Record(Rc::new(Record {
        kind: &CERTIFICATE,
        fields: vec![shared(cert), shared(key)],
    }))
}

fn new_key(call: &mut Call<'_>, bits: usize) -> Result<RsaPrivateKey, String> {
    call.budget.spend(bits.saturating_mul(WORK_PER_BIT))?;
    RsaPrivateKey::new(&mut call.random, bits)
        .map_err(|error| format!("error generating rsa key: {error}"))
}

fn given_key(pem: &str) -> Result<RsaPrivateKey, String> {
    read_key(pem).map_err(|message| format!("parsing private key: {message}"))
}

fn read_key(pem: &str) -> Result<RsaPrivateKey, String> {
    let (label, bytes) = der::from_pem(pem).ok_or("no PEM data in input")?;
    match label {
        "PRIVATE KEY" => RsaPrivateKey::from_pkcs8_der(&bytes)
            .map_err(|error| format!("decoding PEM as PKCS#8: {error}")),
        "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(&bytes)
            .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
        "DSA PRIVATE KEY" | "EC PRIVATE KEY" => {
            Err(format!("Toft signs with RSA keys only; this is a {label}"))
        }
        label => Err(match label.strip_suffix(" PRIVATE KEY") {
            Some(_) => format!("invalid private key type {label}"),
            None => format!("no private key data in PEM block of type {label}"),
        }),
    }
}

fn key_text(key: &RsaPrivateKey) -> Result<String, String> {
    let pem = key.to_pkcs1_pem(LineEnding::LF);
    let pem = pem.map_err(|error| format!("error encoding key: {error}"))?;
    Ok(pem.to_string())
}

fn private_key(call: &mut Call<'_>, kind: &str) -> Ran {
    match kind {
        "" | "rsa" => {
            let key = new_key(call, KEY_BITS)?;
            key_text(&key).map(shared)
        }
        "ed25519" => {
            let mut seed = [0; 32];
            call.random.fill(&mut seed);
            Ok(shared(der::to_pem("PRIVATE KEY", &der::ed25519(&seed))))
        }
        "dsa" | "ecdsa" => Err(format!(
            "Toft makes keys of type rsa and ed25519; one of type {kind} is wanted"
        )),
        // Upstream gives this text as if it were the key.
        other => Ok(shared(format!("Unknown type {other}"))),
    }
}

fn custom(values: &[Data]) -> Ran {
    let decode = |index: usize, what: &str| {
        let bytes = STANDARD.decode(text(values, index));
        let bytes = bytes.map_err(|_| format!("unable to decode base64 {what}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let cert = decode(0, "certificate")?;
    let key = decode(1, "private key")?;
    let (_, bytes) = der::from_pem(&cert).ok_or("unable to decode certificate")?;
    if der::subject_of(&bytes).is_none() {
        return Err(malformed("decodedCert"));
    }
    read_key(&key).map_err(|message| format!("error parsing private key: {message}"))?;
    Ok(certificate(cert, key))
}

/// What is said of a certificate that is none; `name` is what upstream calls it.
fn malformed(name: &str) -> String {
    format!("error parsing certificate: {name}.Bytes: x509: malformed certificate")
}

/// What a certificate is to say.
struct Wanted<'a> {
    name: &'a str,
    addresses: Vec<IpAddr>,
    hosts: Vec<String>,
    days: i64,
    role: Role,
}

impl<'a> Wanted<'a> {
    fn authority(values: &'a [Data]) -> Self {
        Self {
            name: text(values, 0),
            addresses: Vec::new(),
            hosts: Vec::new(),
            days: int(values, 1),
            role: Role::Authority,
        }
    }

    fn leaf(values: &'a [Data]) -> Result<Self, String> {
        let mut addresses = Vec::new();
        for item in items(any(values, 1)) {
            let Data::Text(written) = item else {
                return Err(format!("error parsing ip: {item} is not a string"));
            };
            let address = written.parse();
            addresses.push(address.map_err(|_| format!("error parsing ip: {written}"))?);
        }
        let mut hosts = Vec::new();
        for item in items(any(values, 2)) {
            let Data::Text(host) = item else {
                return Err(format!(
                    "error processing alternate dns name: {item} is not a string"
                ));
            };
            if !host.is_ascii() {
                return Err(format!(
                    "error creating certificate: x509: {host:?} cannot be encoded as an IA5String"
                ));
            }
            hosts.push(host.to_string());
        }
        Ok(Self {
            name: text(values, 0),
            addresses,
            hosts,
            days: int(values, 3),
            role: Role::Leaf,
        })
    }

    /// The certificate for a key, signed by another or by itself.
    fn signed(&self, call: &mut Call<'_>, key: &RsaPrivateKey, by: Option<&Data>) -> Ran {
        let issuer = match by {
            None => Issuer {
                name: der::name(self.name),
                key: key.clone(),
                key_name: None,
            },
            Some(authority) => Issuer::read(authority)?,
        };
        let mut serial = [0; 16];
        call.random.fill(&mut serial);
        let life = SignedDuration::from_hours(self.days.saturating_mul(24));
        let end = call.now.checked_add(life);
        let end = end.map_err(|_| "error creating certificate: it ends too late")?;
        let body = self.body(&serial, (call.now, end), (&issuer, key))?;
        let digest = Sha256::digest(&body);
        let signature = issuer.key.sign(sha256_scheme(), &digest);
        let signature =
            signature.map_err(|error| format!("error creating certificate: {error}"))?;
        let whole = der::signed(&body, &signature);
        let key = key_text(key)?;
        Ok(certificate(der::to_pem("CERTIFICATE", &whole), key))
    }

    /// What is signed: RFC 5280, `TBSCertificate`.
    fn body(
        &self,
        serial: &[u8],
        (start, end): (Timestamp, Timestamp),
        (issuer, key): (&Issuer, &RsaPrivateKey),
    ) -> Result<Vec<u8>, String> {
        let public = der::public_key(&key.to_public_key())?;
        let mut extensions = vec![
            der::key_usage(self.role),
            der::extended_key_usage(),
            der::basic_constraints(self.role),
        ];
        if self.role == Role::Authority {
            extensions.push(der::subject_key(&key.to_public_key())?);
        }
        let subject = der::name(self.name);
        if let Some(key_name) = issuer.key_name.as_ref().filter(|_| issuer.name != subject) {
            extensions.push(der::authority_key(key_name));
        }
        if !(self.addresses.is_empty() && self.hosts.is_empty()) {
            let names = der::alternative_names(&self.hosts, &self.addresses);
            extensions.push(der::alternative(&names, self.name));
        }
        Ok(der::body(&[
            der::integer(serial),
            der::algorithm(),
            issuer.name.clone(),
            der::validity(start, end),
            subject,
            public,
            der::extensions(&extensions),
        ]))
    }
}

fn items(value: &Data) -> &[Data] {
    match value {
        Data::List(list) => &list.items,
        _ => &[],
    }
}

/// Who signs: its name, its key, and what its key is called.
struct Issuer {
    name: Vec<u8>,
    key: RsaPrivateKey,
    key_name: Option<Vec<u8>>,
}

impl Issuer {
    fn read(authority: &Data) -> Result<Self, String> {
        let Data::Record(record) = authority else {
            return Err("unable to decode certificate".to_owned());
        };
        let field = |name| record.get(name).and_then(Data::as_text).unwrap_or_default();
        let (_, cert) = der::from_pem(field("Cert")).ok_or("unable to decode certificate")?;
        let name = der::subject_of(&cert).ok_or_else(|| malformed("decodedSignerCert"))?;
        let key = read_key(field("Key"));
        Ok(Self {
            name,
            key: key.map_err(|message| format!("error parsing private key: {message}"))?,
            key_name: der::subject_key_of(&cert),
        })
    }
}

/// PKCS #1 with SHA-256: RFC 8017, section 9.2.
fn sha256_scheme() -> Pkcs1v15Sign {
    let prefix = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    Pkcs1v15Sign {
        hash_len: Some(32),
        prefix: prefix.into(),
    }
}
