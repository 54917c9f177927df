//! Checksums.
//!
//! Source: sprig v3.3.0 `crypto.go`.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256, Sha512};

use super::Function;
use super::Param::Text;
use super::arguments::{shared, text};

pub(super) const TABLE: &[Function] = &[
    Function::new("adler32sum", &[Text], None, |_, v| {
        Ok(shared(adler32(text(v, 0).as_bytes()).to_string()))
    }),
    Function::new("sha1sum", &[Text], None, |_, v| {
        Ok(shared(hexadecimal(&sha1(text(v, 0).as_bytes()))))
    }),
    Function::new("sha256sum", &[Text], None, |_, v| {
        Ok(shared(hexadecimal(&Sha256::digest(text(v, 0)))))
    }),
    Function::new("sha512sum", &[Text], None, |_, v| {
        Ok(shared(hexadecimal(&Sha512::digest(text(v, 0)))))
    }),
];

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// RFC 1950, section 8.2.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}

/// FIPS 180-4, section 6.1. SHA-1 protects nothing here; it is a checksum that templates ask for.
fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    let bits = u64::try_from(bytes.len())
        .unwrap_or(u64::MAX)
        .wrapping_mul(8);
    message.extend(bits.to_be_bytes());
    for block in message.chunks_exact(64) {
        sha1_block(&mut state, block);
    }
    let mut digest = [0; 20];
    for (out, word) in digest.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

#[expect(clippy::many_single_char_names, reason = "the names of the standard")]
fn sha1_block(state: &mut [u32; 5], block: &[u8]) {
    let mut words: Vec<u32> = Vec::with_capacity(80);
    for four in block.chunks_exact(4) {
        words.push(
            four.iter()
                .fold(0, |word, byte| (word << 8) | u32::from(*byte)),
        );
    }
    while let Some(mixed) = extended(&words) {
        words.push(mixed);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (round, word) in words.iter().enumerate() {
        let (mixed, constant) = match round {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e);
        let next = next.wrapping_add(constant).wrapping_add(*word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (sum, part) in state.iter_mut().zip([a, b, c, d, e]) {
        *sum = sum.wrapping_add(part);
    }
}

/// The next word of the schedule; `None` once there are eighty.
fn extended(words: &[u32]) -> Option<u32> {
    let count = words.len();
    if count >= 80 {
        return None;
    }
    let back = |steps: usize| words.get(count.checked_sub(steps)?).copied();
    Some((back(3)? ^ back(8)? ^ back(14)? ^ back(16)?).rotate_left(1))
}
