//! Certificates as bytes: DER and PEM.
//!
//! Source: ITU-T X.690; RFC 5280; RFC 7468.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rsa::RsaPublicKey;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use sha2::{Digest as _, Sha256};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Whether a certificate signs others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Authority,
    Leaf,
}

/// A tag, a length and a content.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if let Some(short) = u8::try_from(length).ok().filter(|short| *short < 0x80) {
        out.push(short);
    } else {
        let bytes: Vec<u8> = length
            .to_be_bytes()
            .into_iter()
            .skip_while(|byte| *byte == 0)
            .collect();
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
        out.extend(bytes);
    }
    out.extend(content);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(SEQUENCE, &parts.concat())
}

fn bits(content: &[u8]) -> Vec<u8> {
    tagged(BIT_STRING, &[&[0], content].concat())
}

/// A number that is not negative.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let bytes: Vec<u8> = bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    let negative = bytes.first().is_none_or(|first| *first >= 0x80);
    let sign: &[u8] = if negative { &[0] } else { &[] };
    tagged(INTEGER, &[sign, &bytes].concat())
}

/// `sha256WithRSAEncryption`
pub(super) fn algorithm() -> Vec<u8> {
    let object = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    sequence(&[tagged(OBJECT, &object), vec![0x05, 0x00]])
}

/// A name that has a common name only, or nothing.
pub(super) fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return sequence(&[]);
    }
    let printable = |one: char| one.is_ascii_alphanumeric() || " '()+,-./:=?".contains(one);
    let tag = if common_name.chars().all(printable) {
        PRINTABLE_STRING
    } else {
        UTF8_STRING
    };
    let object = tagged(OBJECT, &[0x55, 0x04, 0x03]);
    let pair = sequence(&[object, tagged(tag, common_name.as_bytes())]);
    sequence(&[tagged(SET, &pair)])
}

pub(super) fn validity(start: Timestamp, end: Timestamp) -> Vec<u8> {
    sequence(&[time(start), time(end)])
}

/// Two digits of the year until 2049, four from then on.
fn time(time: Timestamp) -> Vec<u8> {
    let date = time.to_zoned(TimeZone::UTC);
    let (tag, format) = if (1950..2050).contains(&date.year()) {
        (0x17, "%y%m%d%H%M%SZ")
    } else {
        (0x18, "%Y%m%d%H%M%SZ")
    };
    tagged(tag, date.strftime(format).to_string().as_bytes())
}

/// `SubjectPublicKeyInfo`
pub(super) fn public_key(key: &RsaPublicKey) -> Result<Vec<u8>, String> {
    let object = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let encoded = key.to_pkcs1_der();
    let encoded = encoded.map_err(|error| format!("error encoding key: {error}"))?;
    Ok(sequence(&[
        sequence(&[tagged(OBJECT, &object), vec![0x05, 0x00]]),
        bits(encoded.as_bytes()),
    ]))
}

/// An extension, below `id-ce`.
fn extension(number: u8, critical: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[
        tagged(OBJECT, &[0x55, 0x1d, number]),
        critical.to_vec(),
        tagged(OCTET_STRING, value),
    ])
}

const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];

/// Signing and encrypting keys; an authority signs certificates too.
pub(super) fn key_usage(role: Role) -> Vec<u8> {
    let usage: &[u8] = match role {
        Role::Authority => &[2, 0xa4],
        Role::Leaf => &[5, 0xa0],
    };
    extension(15, CRITICAL, &tagged(BIT_STRING, usage))
}

/// Servers and clients.
pub(super) fn extended_key_usage() -> Vec<u8> {
    let purpose = |last| tagged(OBJECT, &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last]);
    extension(37, &[], &sequence(&[purpose(1), purpose(2)]))
}

pub(super) fn basic_constraints(role: Role) -> Vec<u8> {
    let content: &[u8] = match role {
        Role::Authority => CRITICAL,
        Role::Leaf => &[],
    };
    extension(19, CRITICAL, &tagged(SEQUENCE, content))
}

/// RFC 7093, section 2, the first way: as Go names keys.
pub(super) fn subject_key(key: &RsaPublicKey) -> Result<Vec<u8>, String> {
    let encoded = key.to_pkcs1_der();
    let encoded = encoded.map_err(|error| format!("error encoding key: {error}"))?;
    let digest = Sha256::digest(encoded.as_bytes());
    let short: Vec<u8> = digest.iter().copied().take(20).collect();
    Ok(extension(14, &[], &tagged(OCTET_STRING, &short)))
}

/// What the key of the issuer is called.
pub(super) fn authority_key(key_name: &[u8]) -> Vec<u8> {
    extension(35, &[], &sequence(&[tagged(0x80, key_name)]))
}

/// What a certificate calls its key.
pub(super) fn subject_key_of(certificate: &[u8]) -> Option<Vec<u8>> {
    let mark = tagged(OBJECT, &[0x55, 0x1d, 14]);
    let mut places = certificate.windows(mark.len());
    let at = places.position(|place| place == mark)?;
    let (outer, _) = content(certificate.get(at + mark.len()..)?)?;
    content(outer).map(|(name, _)| name.to_vec())
}

/// A key of Ed25519, which is its seed: RFC 8410, section 7.
pub(super) fn ed25519(seed: &[u8; 32]) -> Vec<u8> {
    sequence(&[
        tagged(INTEGER, &[0]),
        sequence(&[tagged(OBJECT, &[0x2b, 0x65, 0x70])]),
        tagged(OCTET_STRING, &tagged(OCTET_STRING, seed)),
    ])
}

pub(super) fn alternative_names(hosts: &[String], addresses: &[IpAddr]) -> Vec<u8> {
    let mut names: Vec<Vec<u8>> = hosts
        .iter()
        .map(|host| tagged(0x82, host.as_bytes()))
        .collect();
    for address in addresses {
        names.push(match address {
            IpAddr::V4(address) => tagged(0x87, &address.octets()),
            IpAddr::V6(address) => tagged(0x87, &address.octets()),
        });
    }
    sequence(&names)
}

/// Other names; critical where the name is empty, which they then stand for.
pub(super) fn alternative(names: &[u8], name: &str) -> Vec<u8> {
    extension(17, if name.is_empty() { CRITICAL } else { &[] }, names)
}

pub(super) fn extensions(all: &[Vec<u8>]) -> Vec<u8> {
    tagged(0xa3, &sequence(all))
}

/// The parts of a certificate of the third version, together.
pub(super) fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    let version = tagged(0xa0, &tagged(INTEGER, &[2]));
    tagged(SEQUENCE, &[version, parts.concat()].concat())
}

pub(super) fn signed(body: &[u8], signature: &[u8]) -> Vec<u8> {
    sequence(&[body.to_vec(), algorithm(), bits(signature)])
}

/// The subject of a certificate, as it stands there.
pub(super) fn subject_of(certificate: &[u8]) -> Option<Vec<u8>> {
    let (whole, _) = content(certificate)?;
    let (mut rest, _) = content(whole)?;
    // Version, serial number, algorithm, issuer, validity.
    for _ in 0..5 {
        rest = content(rest)?.1;
    }
    let after = content(rest)?.1;
    let length = rest.len().checked_sub(after.len())?;
    rest.get(..length).map(<[u8]>::to_vec)
}

/// The content of the first value, and what follows it.
fn content(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.get(1..)?.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let (digits, rest) = rest.split_at_checked(count)?;
        let mut length = 0_usize;
        for digit in digits {
            length = length.checked_mul(256)?.checked_add(usize::from(*digit))?;
        }
        (length, rest)
    };
    rest.split_at_checked(length)
}

pub(super) fn to_pem(label: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

/// The label and the bytes of the first block of a PEM text.
pub(super) fn from_pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, end) = rest.split_once("-----END ")?;
    if !end.starts_with(label) {
        return None;
    }
    let body: String = body.chars().filter(|one| !one.is_whitespace()).collect();
    Some((label, STANDARD.decode(body).ok()?))
}
