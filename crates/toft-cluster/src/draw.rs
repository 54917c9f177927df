//! Seeded draws. Each is keyed by what it is for, so that one more app changes no other app's timings.

use std::time::Duration;

/// A number that depends on the seed and on the parts alone.
///
/// The parts say for which object and for what the draw is; the order of draws does not matter.
pub(crate) fn number(seed: u64, parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A duration between two bounds, both in milliseconds.
pub(crate) fn duration(seed: u64, parts: &[&str], bounds_ms: (u64, u64)) -> Duration {
    let (least, most) = bounds_ms;
    let span = most.saturating_sub(least).saturating_add(1);
    Duration::from_millis(least + number(seed, parts) % span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_seed_and_parts_alone() {
        assert_eq!(number(1, &["a", "b"]), number(1, &["a", "b"]));
        assert_ne!(number(1, &["a", "b"]), number(2, &["a", "b"]));
        assert_ne!(number(1, &["a", "b"]), number(1, &["ab"]));
    }

    #[test]
    fn a_duration_stays_in_its_bounds() {
        for index in 0..200 {
            let drawn = duration(7, &["pull", &index.to_string()], (10, 20));
            assert!((10..=20).contains(&u64::try_from(drawn.as_millis()).unwrap()));
        }
    }
}
