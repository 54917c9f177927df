//! Random texts and numbers, derived from a seed: the same seed gives the same.
//!
//! Source: sprig v3.3.0 `strings.go`, `crypto.go`, `functions.go`; the numbers are our own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::rand_core::{CryptoRng, RngCore};

use super::Param::{Int, Text};
use super::arguments::{int, shared, size, text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("randAlpha", &[Int], None, |call, v| pick(call, v, &LETTERS)),
    Function::new("randAlphaNum", &[Int], None, |call, v| {
        pick(call, v, &LETTERS_AND_DIGITS)
    }),
    Function::new("randAscii", &[Int], None, |call, v| {
        pick(call, v, &[(b' ', b'~')])
    }),
    Function::new("randBytes", &[Int], None, bytes),
    Function::new("randInt", &[Int, Int], None, |call, v| {
        let (low, high) = (int(v, 0), int(v, 1));
        let span = u64::try_from(high.wrapping_sub(low))
            .ok()
            .filter(|span| *span > 0);
        let span = span.ok_or("invalid argument to Intn")?;
        let offset = i64::try_from(call.random.below(span)).unwrap_or(0);
        Ok(Data::Int(low.wrapping_add(offset)))
    }),
    Function::new("randNumeric", &[Int], None, |call, v| {
        pick(call, v, &[(b'0', b'9')])
    }),
    Function::new("shuffle", &[Text], None, |call, v| {
        let mut characters: Vec<char> = text(v, 0).chars().collect();
        for at in (1..characters.len()).rev() {
            let other = call.random.below(at as u64 + 1);
            characters.swap(at, usize::try_from(other).unwrap_or(0));
        }
        Ok(shared(characters.into_iter().collect()))
    }),
    Function::new("uuidv4", &[], None, |call, _| {
        Ok(shared(uuid(&mut call.random)))
    }),
];

const LETTERS: [(u8, u8); 2] = [(b'A', b'Z'), (b'a', b'z')];
const LETTERS_AND_DIGITS: [(u8, u8); 3] = [(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')];

/// Numbers that look random: `SplitMix64`.
#[derive(Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Fills bytes.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = random;
            }
        }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

fn pick(call: &mut Call<'_>, values: &[Data], ranges: &[(u8, u8)]) -> Ran {
    let count = size(int(values, 0));
    call.budget.spend(count)?;
    let set: Vec<char> = ranges
        .iter()
        .flat_map(|(low, high)| (*low..=*high).map(char::from))
        .collect();
    let mut out = String::with_capacity(count);
    for _ in 0..count {
        let at = usize::try_from(call.random.below(set.len() as u64)).unwrap_or(0);
        out.extend(set.get(at));
    }
    Ok(shared(out))
}

fn bytes(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let count = size(int(values, 0));
    call.budget.spend(count)?;
    let bytes = (0..count).map(|_| call.random.next().to_le_bytes()[0]);
    Ok(shared(STANDARD.encode(bytes.collect::<Vec<u8>>())))
}

fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Keys are made from the same numbers, so that a rendering is repeatable.
impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    fn next_u64(&mut self) -> u64 {
        self.next()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill(bytes);
        Ok(())
    }
}

/// As hard to guess as the seed, which whoever renders chooses.
impl CryptoRng for Random {}
