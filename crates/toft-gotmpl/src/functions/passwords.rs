//! Passwords: hashed for a file, and derived from a master password.
//!
//! Source: sprig v3.3.0 `crypto.go`; golang.org/x/crypto `bcrypt`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Param::{Text, Uint32};
use super::arguments::{int, shared, text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("bcrypt", &[Text], None, |call, v| {
        hash(call, text(v, 0)).map(shared)
    }),
    Function::new(
        "derivePassword",
        &[Uint32, Text, Text, Text, Text],
        None,
        derive,
    ),
    Function::new("htpasswd", &[Text, Text], None, |call, v| {
        let user = text(v, 0);
        if user.contains(':') {
            return Ok(shared(format!("invalid username: {user}")));
        }
        let hash = hash(call, text(v, 1))?;
        Ok(shared(format!("{user}:{hash}")))
    }),
];

/// What upstream takes: 2¹⁰ rounds.
const COST: u32 = 10;

/// How long a password may be.
const PASSWORD_BYTES_MAX: usize = 72;

/// What a hash costs in steps of work: as many take as long.
const HASH_WORK: usize = 200_000;

/// What deriving a key costs in steps of work.
const DERIVE_WORK: usize = 1_000_000;

fn hash(call: &mut Call<'_>, password: &str) -> Result<String, String> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
                .to_owned(),
        );
    }
    call.budget.spend(HASH_WORK)?;
    let mut salt = [0; 16];
    call.random.fill(&mut salt);
    let parts = bcrypt::hash_with_salt(password, COST, salt);
    let parts = parts.map_err(|error| format!("failed to hash: {error}"))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

/// What a password of a kind looks like: one of these, and a letter stands for a set of characters.
const TEMPLATES: &[(&str, &[&str])] = &[
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("pin", &["nnnn"]),
    ("short", &["Cvcn"]),
];

/// What a letter of a template stands for.
const CHARACTERS: &[(char, &str)] = &[
    ('A', "AEIOUBCDFGHJKLMNPQRSTVWXYZ"),
    ('C', "BCDFGHJKLMNPQRSTVWXYZ"),
    ('V', "AEIOU"),
    ('a', "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"),
    ('c', "bcdfghjklmnpqrstvwxyz"),
    ('n', "0123456789"),
    ('o', "@&%?,=[]_:-+*$#!'^~;()/."),
    ('v', "aeiou"),
    (
        'x',
        "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    ),
];

const SCOPE: &str = "com.lyndir.masterpassword";

/// The password of a user at a site, from a master password: the same every time.
fn derive(call: &mut Call<'_>, values: &[Data]) -> Ran {
    // Go drops the upper half of a number that is too large.
    let [.., a, b, c, d] = int(values, 0).to_be_bytes();
    let counter = [a, b, c, d];
    let kind = text(values, 1);
    let Some((_, templates)) = TEMPLATES.iter().find(|(name, _)| *name == kind) else {
        return Ok(shared(format!("cannot find password template {kind}")));
    };
    call.budget.spend(DERIVE_WORK)?;
    let scoped = |word: &str| {
        let length = u32::try_from(word.len()).unwrap_or(u32::MAX).to_be_bytes();
        [SCOPE.as_bytes(), &length, word.as_bytes()].concat()
    };
    let (password, user, site) = (text(values, 2), text(values, 3), text(values, 4));
    let failed = |error: &dyn std::fmt::Display| format!("failed to derive password: {error}");
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| failed(&error))?;
    let mut key = [0; 64];
    scrypt::scrypt(password.as_bytes(), &scoped(user), &params, &mut key)
        .map_err(|error| failed(&error))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(&error))?;
    mac.update(&scoped(site));
    mac.update(&counter);
    let seed = mac.finalize().into_bytes();
    let mut seed = seed.iter().map(|byte| usize::from(*byte));
    let first = seed.next().unwrap_or_default();
    let template = templates.get(first % templates.len()).copied();
    let letters = template.unwrap_or_default().chars().zip(seed);
    let password = letters.filter_map(|(letter, number)| {
        let (_, set) = CHARACTERS.iter().find(|(known, _)| *known == letter)?;
        set.chars().nth(number % set.len())
    });
    Ok(shared(password.collect()))
}
