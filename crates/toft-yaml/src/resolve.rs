//! What an unquoted scalar means: the two resolvers.

mod number;
mod timestamp;

use std::borrow::Cow;

/// Whose reading of YAML is wanted.
///
/// | text | `Kustomize` | `Kubectl` |
/// |---|---|---|
/// | `yes`, `on`, `y` | a string | `true` |
/// | `2020-01-01` | `"2020-01-01T00:00:00Z"` | `"2020-01-01"` |
/// | a key twice in a map | an error | the last one wins |
/// | a key that is a number, below the root | an error | becomes a string |
/// | `{w: 3, <<: *x}` where x has `w` | 3 | x's |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolver {
    /// kustomize 5.8: go.yaml.in/yaml v3.0.5 behind kyaml 0.21.2, the way of every resource that it loads.
    Kustomize,
    /// kubectl, Helm and Argo CD: sigs.k8s.io/yaml 1.6.0, that is go.yaml.in/yaml v2.4.
    Kubectl,
}

/// The meaning of a plain scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 signed bits.
    Int(i64),
    /// An integer above `i64::MAX` that fits 64 bits.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A date or time; the text is RFC 3339 as Go's `time.Time` becomes JSON.
    Timestamp(String),
    /// The text itself.
    Str,
}

impl Plain {
    /// The tag as messages name it.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::UInt(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp(_) => "!!timestamp",
            Self::Str => "!!str",
        }
    }
}

/// Resolves an untagged plain scalar.
///
/// Source: go.yaml.in/yaml v2.4.4 and v3.0.5, `resolve.go`, `resolve` with an empty tag.
pub fn resolve_plain(text: &str, resolver: Resolver) -> Plain {
    let Some(first) = text.bytes().next() else {
        return Plain::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => signed_or_digit(text, resolver),
        b'.' => dot(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, resolver)
        }
        _ => Plain::Str,
    }
}

fn word(text: &str, resolver: Resolver) -> Plain {
    match text {
        "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ if resolver == Resolver::Kustomize => Plain::Str,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Plain::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Plain::Bool(false),
        _ => Plain::Str,
    }
}

fn dot(text: &str) -> Plain {
    match text {
        ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" => Plain::Float(f64::INFINITY),
        // Here the underscores are still in, and Go's parser takes them where Go itself does.
        _ => number::go_float(text).map_or(Plain::Str, Plain::Float),
    }
}

fn signed_or_digit(text: &str, resolver: Resolver) -> Plain {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if let Some(time) = timestamp::parse(text) {
        return Plain::Timestamp(time);
    }
    if text.len() > NUMBER_BYTES_MAX {
        return Plain::Str;
    }
    let digits = if text.contains('_') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    number::go_integer(&digits, resolver)
        .or_else(|| number::yaml_float(&digits).map(Plain::Float))
        .unwrap_or(Plain::Str)
}

/// A longer text is no number for us. Upstream has no limit, but a float has 17 digits that count, and
/// reading a million of them for nothing is what an attacker would ask for.
const NUMBER_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> Plain {
        let plain = resolve_plain(text, Resolver::Kubectl);
        assert_eq!(plain, resolve_plain(text, Resolver::Kustomize), "{text}");
        plain
    }

    #[test]
    fn integers_are_read_in_gos_bases() {
        let cases: [(&str, i64); 10] = [
            ("0777", 511),
            ("0o17", 15),
            ("0x1F", 31),
            ("1_000", 1000),
            ("0b101", 5),
            ("-0x10", -16),
            ("+7", 7),
            ("-0", 0),
            ("0_", 0),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, number) in cases {
            assert_eq!(both(text), Plain::Int(number), "{text}");
        }
        assert_eq!(both("18446744073709551615"), Plain::UInt(u64::MAX));
        assert_eq!(both("08"), Plain::Float(8.0));
    }

    #[test]
    fn what_go_cannot_read_is_a_string() {
        for text in [
            "1e400", "0x", "1.2.3", "12:30:45", "0b2", "+", "-", "1e", "<<", "=", "._5", "0x1.8p1",
        ] {
            assert_eq!(both(text), Plain::Str, "{text}");
        }
    }

    #[test]
    fn floats_have_optional_parts() {
        for (text, number) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("-1.5E-3", -0.0015),
            (".5_0", 0.5),
        ] {
            assert_eq!(both(text), Plain::Float(number), "{text}");
        }
    }

    #[test]
    fn only_kubectl_takes_yes_and_no_for_booleans() {
        assert_eq!(resolve_plain("yes", Resolver::Kubectl), Plain::Bool(true));
        assert_eq!(resolve_plain("n", Resolver::Kubectl), Plain::Bool(false));
        assert_eq!(resolve_plain("yes", Resolver::Kustomize), Plain::Str);
        assert_eq!(both("yEs"), Plain::Str);
    }
}
