//! Semantic versions and constraints on them.
//!
//! Source: github.com/Masterminds/semver/v3 v3.3.0 `version.go`, `constraints.go`.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use super::Param::{Any, Text};
use super::arguments::{any, shared, text};
use super::{Call, Function, Ran, Vocabulary};
use crate::quote::quote;
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("semver", &[Text], None, |_, v| {
        let version = Version::parse(text(v, 0)).ok_or(INVALID)?;
        Ok(Data::Version(Rc::new(version)))
    }),
    Function::new("semverCompare", &[Text, Text], None, compare),
];

pub(super) const METHODS: &[Function] = &[
    Function::new("Compare", &[Any], None, |_, v| {
        let order = ordered(v)?;
        Ok(Data::Int(order as i64))
    }),
    Function::new("Equal", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_eq()))
    }),
    Function::new("GreaterThan", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_gt()))
    }),
    Function::new("GreaterThanEqual", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_ge()))
    }),
    Function::new("LessThan", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_lt()))
    }),
    Function::new("LessThanEqual", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_le()))
    }),
    Function::new("Major", &[], None, |_, v| {
        Ok(of(v, |version| Data::Uint64(version.numbers[0])))
    }),
    Function::new("Metadata", &[], None, |_, v| {
        Ok(of(v, |version| Data::text(&*version.metadata)))
    }),
    Function::new("Minor", &[], None, |_, v| {
        Ok(of(v, |version| Data::Uint64(version.numbers[1])))
    }),
    Function::new("Original", &[], None, |_, v| {
        Ok(of(v, |version| Data::text(&*version.original)))
    }),
    Function::new("Patch", &[], None, |_, v| {
        Ok(of(v, |version| Data::Uint64(version.numbers[2])))
    }),
    Function::new("Prerelease", &[], None, |_, v| {
        Ok(of(v, |version| Data::text(&*version.prerelease)))
    }),
    Function::new("String", &[], None, |_, v| {
        Ok(of(v, |version| shared(version.to_string())))
    }),
];

const INVALID: &str = "invalid semantic version";

/// A semantic version; what is not written of its numbers is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
}

/// How a version stands to the one that it is compared with.
fn ordered(values: &[Data]) -> Result<Ordering, String> {
    match (any(values, 0), any(values, 1)) {
        (Data::Version(left), Data::Version(right)) => Ok(left.order(right)),
        (_, other) => Err(format!(
            "wrong type for value; expected *semver.Version; got {}",
            other.type_name()
        )),
    }
}

fn of(values: &[Data], read: impl Fn(&Version) -> Data) -> Data {
    match any(values, 0) {
        Data::Version(version) => read(version),
        _ => Data::Nil,
    }
}

impl Version {
    fn parse(whole: &str) -> Option<Self> {
        let text = whole.strip_prefix('v').unwrap_or(whole);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let tail = |tail: &str| {
            tail.chars()
                .all(|one| one.is_ascii_alphanumeric() || "-.".contains(one))
        };
        if !tail(prerelease) || !tail(metadata) || text.ends_with('-') {
            return None;
        }
        let mut numbers = [0; 3];
        let mut parts = core.split('.');
        for (index, number) in numbers.iter_mut().enumerate() {
            match parts.next() {
                Some(part) if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                    *number = part.parse().ok()?;
                }
                None if index > 0 => {}
                _ => return None,
            }
        }
        parts.next().is_none().then(|| Self {
            numbers,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: whole.to_owned(),
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| order_prereleases(&self.prerelease, &other.prerelease))
    }
}

fn order_prereleases(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => {
                let order = match (left.parse::<u64>(), right.parse::<u64>()) {
                    (Ok(left), Ok(right)) => left.cmp(&right),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => left.cmp(right),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(out, "{major}.{minor}.{patch}")?;
        if !self.prerelease.is_empty() {
            write!(out, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(out, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// Whether a text is a semantic version as upstream reads them, a leading `v` and missing numbers allowed.
///
/// # Example
/// ```
/// assert!(toft_gotmpl::is_version("v1.2"));
/// assert!(!toft_gotmpl::is_version("latest"));
/// ```
pub fn is_version(text: &str) -> bool {
    Version::parse(text).is_some()
}

/// Whether a version is in a range; one that cannot be read is in none, and a range has no version
/// where it cannot be read.
///
/// # Example
/// ```
/// assert!(toft_gotmpl::satisfies("^1.2", "1.9.0"));
/// assert!(!toft_gotmpl::satisfies("^1.2", "2.0.0"));
/// ```
pub fn satisfies(range: &str, version: &str) -> bool {
    let (Some(constraints), Some(version)) =
        (Constraint::parse_all(range), Version::parse(version))
    else {
        return false;
    };
    let holds = |all: &Vec<Constraint>| all.iter().all(|one| one.holds(&version));
    constraints.iter().any(holds)
}

/// Whether a text is a range of versions that upstream can read.
///
/// # Example
/// ```
/// assert!(toft_gotmpl::is_range(">=1.2 <2 || 3.x"));
/// assert!(!toft_gotmpl::is_range("main"));
/// ```
pub fn is_range(text: &str) -> bool {
    Constraint::parse_all(text).is_some()
}

/// The newest of the versions that are in a range; of equal ones the first. What is no version is left out.
///
/// A pre-release is in a range that names one, such as `>0.0.0-0`, and in no other.
///
/// # Example
/// ```
/// let there = ["1.2.0", "1.10.0", "2.0.0-rc.1", "latest"];
/// assert_eq!(toft_gotmpl::newest("*", there), Some("1.10.0"));
/// assert_eq!(toft_gotmpl::newest(">0-0", there), Some("2.0.0-rc.1"));
/// ```
pub fn newest<'v>(range: &str, versions: impl IntoIterator<Item = &'v str>) -> Option<&'v str> {
    let constraints = Constraint::parse_all(range)?;
    let mut newest: Option<(Version, &'v str)> = None;
    for written in versions {
        let Some(version) = Version::parse(written) else {
            continue;
        };
        let holds = |all: &Vec<Constraint>| all.iter().all(|one| one.holds(&version));
        let is_newer = newest
            .as_ref()
            .is_none_or(|(newest, _)| version.order(newest).is_gt());
        if is_newer && constraints.iter().any(holds) {
            newest = Some((version, written));
        }
    }
    newest.map(|(_, written)| written)
}

fn compare(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let written = text(values, 0);
    let constraints = Constraint::parse_all(written).ok_or_else(|| {
        // Argo CD 3.2.0 has v3.4.0, which does not quote.
        match call.vocabulary {
            Vocabulary::Argo => format!("improper constraint: {written}"),
            Vocabulary::Helm3 | Vocabulary::Helm4 => {
                format!("improper constraint: {}", quote(written))
            }
        }
    })?;
    let version = Version::parse(text(values, 1)).ok_or(INVALID)?;
    let holds = |all: &Vec<Constraint>| all.iter().all(|one| one.holds(&version));
    Ok(Data::Bool(constraints.iter().any(holds)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// How much of a version is written; the rest may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Written {
    Nothing,
    Major,
    Minor,
    Everything,
}

#[derive(Clone, Debug)]
struct Constraint {
    operator: Operator,
    version: Version,
    written: Written,
}

impl Constraint {
    /// Alternatives, each a list of constraints that must all hold.
    fn parse_all(text: &str) -> Option<Vec<Vec<Self>>> {
        text.split("||").map(Self::parse_list).collect()
    }

    fn parse_list(text: &str) -> Option<Vec<Self>> {
        if let Some((low, high)) = text.split_once(" - ") {
            let text = format!(">= {} <= {}", low.trim(), high.trim());
            return Self::parse_list(&text);
        }
        let mut rest = text.trim();
        let mut list = Vec::new();
        while !rest.is_empty() {
            let found = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
            let (sign, operator) =
                found.map_or(("", Operator::Equal), |(sign, operator)| (*sign, *operator));
            rest = rest.get(sign.len()..)?.trim_start();
            let end = rest.find([' ', ',']).unwrap_or(rest.len());
            let (version, tail) = rest.split_at_checked(end)?;
            list.push(Self::parse(operator, version)?);
            rest = tail.trim_start_matches([' ', ',']);
        }
        (!list.is_empty()).then_some(list)
    }

    fn parse(operator: Operator, text: &str) -> Option<Self> {
        let wild = |part: &&str| matches!(*part, "x" | "X" | "*");
        let core = text.strip_prefix('v').unwrap_or(text);
        let parts: Vec<&str> = core.splitn(3, '.').collect();
        let known = parts.iter().take_while(|part| !wild(part)).count();
        let written = match known {
            0 => Written::Nothing,
            1 => Written::Major,
            2 => Written::Minor,
            _ => Written::Everything,
        };
        let version = if known == 0 {
            parts.first().filter(|part| wild(part))?;
            Version::default()
        } else {
            Version::parse(&parts.get(..known)?.join("."))?
        };
        Some(Self {
            operator,
            version,
            written,
        })
    }

    fn holds(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let prerelease = !version.prerelease.is_empty() && wanted.prerelease.is_empty();
        if prerelease && self.operator != Operator::NotEqual {
            return false;
        }
        let order = version.order(wanted);
        let whole = self.written == Written::Everything;
        let [major, minor, patch] = version.numbers;
        let [wanted_major, wanted_minor, wanted_patch] = wanted.numbers;
        match self.operator {
            Operator::Equal if whole => order == Ordering::Equal,
            Operator::NotEqual if whole => order != Ordering::Equal,
            Operator::NotEqual => prerelease || !self.same_written(version),
            Operator::Greater if whole => order == Ordering::Greater,
            Operator::Greater => {
                major > wanted_major
                    || (self.written == Written::Minor
                        && major == wanted_major
                        && minor > wanted_minor)
            }
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual if whole => order != Ordering::Greater,
            Operator::LessOrEqual => {
                major < wanted_major
                    || (major == wanted_major
                        && (self.written < Written::Minor || minor <= wanted_minor))
            }
            Operator::Equal | Operator::Tilde => self.tilde(version, order),
            Operator::Caret if order == Ordering::Less => false,
            Operator::Caret if wanted_major > 0 || self.written < Written::Minor => {
                self.written == Written::Nothing || major == wanted_major
            }
            Operator::Caret if major > 0 => false,
            Operator::Caret if wanted_minor > 0 || !whole => minor == wanted_minor,
            Operator::Caret => minor == 0 && patch == wanted_patch,
        }
    }

    fn same_written(&self, version: &Version) -> bool {
        let [major, minor, _] = version.numbers;
        let [wanted_major, wanted_minor, _] = self.version.numbers;
        match self.written {
            Written::Nothing => true,
            Written::Major => major == wanted_major,
            Written::Minor | Written::Everything => major == wanted_major && minor == wanted_minor,
        }
    }

    fn tilde(&self, version: &Version, order: Ordering) -> bool {
        let everything = self.written == Written::Everything && self.version.numbers == [0; 3];
        order != Ordering::Less && (everything || self.same_written(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_upstream_has_it() {
        let cases = [
            ("^1.2.3", "1.9.0", true),
            ("^1.2.3", "2.0.0", false),
            ("^0.2.3", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2", "1.2.9", true),
            ("~1.2.3", "1.3.0", false),
            (">=1.0, <2.0", "1.5.0", true),
            (">=1.0 <2.0 || 3.x", "3.4.5", true),
            ("1.2 - 1.4", "1.4.5", true),
            ("*", "9.9.9", true),
            (">1.2", "1.2.5", false),
            ("!=1.2.x", "1.3.0", true),
            (">=1.0.0", "1.1.0-alpha", false),
            (">=1.0.0-0", "1.1.0-alpha", true),
        ];
        for (constraint, version, expected) in cases {
            let constraints = Constraint::parse_all(constraint).unwrap();
            let version = Version::parse(version).unwrap();
            let holds = constraints
                .iter()
                .any(|all| all.iter().all(|one| one.holds(&version)));
            assert_eq!(holds, expected, "{constraint} {version}");
        }
        assert!(Constraint::parse_all("foo").is_none());
    }
}
