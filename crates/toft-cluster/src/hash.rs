//! Short hashes for names, in the alphabet that upstream uses.

use toft_value::Value;

/// No vowels and no characters that look alike, so that no words appear.
///
/// Source: apimachinery 0.36.3 `pkg/util/rand/rand.go`.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The hash of a pod template: equal templates give equal hashes.
///
/// Upstream hashes Go's memory layout of the template, so that its texts cannot be had without Go; ours are
/// of the same kind, a 32-bit number written in decimal, digit by digit in the safe alphabet.
/// Source: Kubernetes 1.36.3 `pkg/controller/controller_utils.go`, `ComputeHash`.
pub(crate) fn of_template(template: &Value, collisions: i64) -> String {
    let mut text = template.to_json();
    if collisions > 0 {
        text.push_str(&collisions.to_string());
    }
    safe(&fnv(text.as_bytes()).to_string())
}

/// A name of a base and five drawn characters of the safe alphabet, 63 characters at most.
///
/// Source: apiserver 0.36.3 `pkg/storage/names/generate.go`.
pub(crate) fn suffixed(base: &str, number: u64) -> String {
    const SUFFIX: usize = 5;
    const LENGTH_MAX: usize = 63;
    let mut name: String = base.chars().take(LENGTH_MAX - SUFFIX).collect();
    let mut rest = number;
    for _ in 0..SUFFIX {
        let count = ALPHABET.len() as u64;
        let at = usize::try_from(rest % count).unwrap_or(0);
        name.extend(ALPHABET.get(at).copied().map(char::from));
        rest /= count;
    }
    name
}

/// FNV-1a with 32 bits.
fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// Upstream's `SafeEncodeString`: each byte becomes a character of the safe alphabet.
fn safe(text: &str) -> String {
    let character = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied();
    text.bytes().filter_map(character).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn equal_templates_give_equal_hashes() {
        let template = value!({"spec": {"containers": [{"name": "a"}]}});
        assert_eq!(of_template(&template, 0), of_template(&template.clone(), 0));
        assert_ne!(of_template(&template, 0), of_template(&template, 1));
        assert!(of_template(&template, 0).len() <= 10);
    }

    #[test]
    fn drawn_names_fit() {
        assert_eq!(suffixed("a-", 0), "a-bbbbb");
        assert_eq!(suffixed(&"a".repeat(80), 7).len(), 63);
    }
}
