//! Uids and name suffixes, which follow from the seed and the revision of the write that needs them.

use smol_str::SmolStr;

/// The letters of generated names: no vowels, so that no words come out, and nothing that reads alike.
///
/// Source: apimachinery 0.36.3 `pkg/util/rand/rand.go`.
const SUFFIX_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Source: apiserver 0.36.3 `pkg/storage/names/generate.go`.
const SUFFIX_LENGTH: usize = 5;

/// A name has at most 63 characters, so a base has at most 58.
const BASE_LENGTH_MAX: usize = 63 - SUFFIX_LENGTH;

/// What identities are derived from: the seed of the cluster and the revision that is written next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) seed: u64,
    pub(crate) revision: u64,
}

impl Ids {
    fn digest(self, purpose: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&self.revision.to_le_bytes());
        hasher.update(purpose.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// A uid in the form of a random UUID (version 4).
    pub(crate) fn uid(self) -> SmolStr {
        let digest = self.digest("uid");
        let mut number = digest
            .iter()
            .take(16)
            .fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        number = (number & !(0xf << 76)) | (0x4 << 76);
        number = (number & !(0x3 << 62)) | (0x2 << 62);
        let hex = format!("{number:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let parts = [
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32),
        ];
        parts.join("-").into()
    }

    /// Five letters; another attempt gives others.
    pub(crate) fn suffix(self, purpose: &str, attempt: usize) -> String {
        let digest = self.digest(&format!("{purpose}/{attempt}"));
        let letters = digest.iter().take(SUFFIX_LENGTH);
        letters
            .filter_map(|byte| SUFFIX_LETTERS.get(usize::from(*byte) % SUFFIX_LETTERS.len()))
            .map(|letter| char::from(*letter))
            .collect()
    }

    /// A name from `generateName`.
    pub(crate) fn name(self, base: &str, attempt: usize) -> String {
        let base = base.get(..BASE_LENGTH_MAX).unwrap_or(base);
        format!("{base}{}", self.suffix(base, attempt))
    }

    /// A number below `limit` (at least 1), for choices that upstream makes at random.
    pub(crate) fn number(self, purpose: &str, limit: u64) -> u64 {
        let digest = self.digest(purpose);
        let number = digest
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        number % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_have_the_form_of_a_version_4_uuid() {
        let uid = Ids {
            seed: 1,
            revision: 2,
        }
        .uid();
        assert_eq!(uid.len(), 36);
        assert_eq!(uid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uid.as_bytes()[19]));
        assert_ne!(
            uid,
            Ids {
                seed: 1,
                revision: 3
            }
            .uid()
        );
    }

    #[test]
    fn long_bases_are_cut_so_that_the_name_fits() {
        let name = Ids {
            seed: 1,
            revision: 2,
        }
        .name(&"a".repeat(80), 0);
        assert_eq!(name.len(), 63);
    }
}
