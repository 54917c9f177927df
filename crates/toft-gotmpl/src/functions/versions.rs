//! Semantic versions, and their methods.
//!
//! Source: github.com/Masterminds/semver/v3 v3.5.0 `version.go`.

mod ranges;

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use self::ranges::{Problem, Range};
use super::Param::{Any, Text};
use super::arguments::{any, shared, text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("semver", &[Text], None, |_, v| {
        let version = Version::parse(text(v, 0))?;
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
    Function::new("IncMajor", &[], None, |_, v| next(v, 0)),
    Function::new("IncMinor", &[], None, |_, v| next(v, 1)),
    Function::new("IncPatch", &[], None, |_, v| next(v, 2)),
    Function::new("LessThan", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_lt()))
    }),
    Function::new("LessThanEqual", &[Any], None, |_, v| {
        Ok(Data::Bool(ordered(v)?.is_le()))
    }),
    Function::new("Major", &[], None, |_, v| {
        Ok(of(v, |version| Data::Uint64(version.numbers[0])))
    }),
    Function::new("MarshalText", &[], None, |_, v| {
        Ok(of(v, |version| {
            Data::Bytes(Rc::from(version.to_string().as_bytes()))
        }))
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
    Function::new("SetMetadata", &[Text], None, |_, v| {
        let metadata = text(v, 1);
        if !metadata.is_empty() {
            check_metadata(metadata)?;
        }
        Ok(changed(v, |next| {
            metadata.clone_into(&mut next.metadata);
        }))
    }),
    Function::new("SetPrerelease", &[Text], None, |_, v| {
        let prerelease = text(v, 1);
        if !prerelease.is_empty() {
            check_prerelease(prerelease)?;
        }
        Ok(changed(v, |next| {
            prerelease.clone_into(&mut next.prerelease);
        }))
    }),
    Function::new("String", &[], None, |_, v| Ok(shown(v))),
    Function::new("Value", &[], None, |_, v| Ok(shown(v))),
];

/// The methods that only a pointer to a version has.
pub(super) const POINTER_METHODS: &[&str] = &[
    "Compare",
    "Equal",
    "GreaterThan",
    "GreaterThanEqual",
    "LessThan",
    "LessThanEqual",
    "Original",
];

/// How many bytes a version may have.
const VERSION_BYTES_MAX: usize = 256;

const INVALID: &str = "invalid semantic version";

/// A semantic version; what is not written of its numbers is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
    held: Held,
}

/// How Go would hold a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Held {
    /// `*semver.Version`, as `semver` gives it.
    #[default]
    Pointer,
    /// `semver.Version`, as the methods that change a version give it.
    Plain,
}

/// How a version stands to the one that it is compared with.
fn ordered(values: &[Data]) -> Result<Ordering, String> {
    match (any(values, 0), any(values, 1)) {
        (Data::Version(left), Data::Version(right)) if right.held == Held::Pointer => {
            Ok(left.order(right))
        }
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

fn shown(values: &[Data]) -> Data {
    of(values, |version| shared(version.to_string()))
}

/// The version after this one, in one of its numbers.
fn next(values: &[Data], place: usize) -> Ran {
    let Data::Version(version) = any(values, 0) else {
        return Ok(Data::Nil);
    };
    let mut numbers = version.numbers;
    let is_before = place == 2 && !version.prerelease.is_empty();
    if !is_before {
        let name = ["major", "minor", "patch"].get(place).unwrap_or(&"");
        let overflow = || format!("{name} version increment would overflow uint64");
        for (at, number) in numbers.iter_mut().enumerate() {
            match at.cmp(&place) {
                Ordering::Less => {}
                Ordering::Equal => *number = number.checked_add(1).ok_or_else(overflow)?,
                Ordering::Greater => *number = 0,
            }
        }
    }
    Ok(changed(values, |next| {
        next.numbers = numbers;
        next.prerelease.clear();
        next.metadata.clear();
    }))
}

/// A copy of a version with a change.
fn changed(values: &[Data], change: impl FnOnce(&mut Version)) -> Data {
    let Data::Version(version) = any(values, 0) else {
        return Data::Nil;
    };
    let mut next = Version::clone(version);
    change(&mut next);
    let prefix = if version.original.starts_with('v') {
        "v"
    } else {
        ""
    };
    next.original = format!("{prefix}{next}");
    next.held = Held::Plain;
    Data::Version(Rc::new(next))
}

fn check_prerelease(text: &str) -> Result<(), String> {
    for part in text.split('.') {
        if !is_identifier(part) {
            return Err("invalid prerelease string".to_owned());
        }
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && part.len() > 1 && part.starts_with('0') {
            return Err("version segment starts with 0".to_owned());
        }
    }
    Ok(())
}

fn check_metadata(text: &str) -> Result<(), String> {
    if text.split('.').all(is_identifier) {
        return Ok(());
    }
    Err("invalid metadata string".to_owned())
}

fn is_identifier(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !part.is_empty() && part.bytes().all(allowed)
}

impl Version {
    /// Source: `coerceNewVersion`.
    fn parse(whole: &str) -> Result<Self, String> {
        if whole.len() > VERSION_BYTES_MAX {
            return Err(format!(
                "version string is too long (max {VERSION_BYTES_MAX} bytes)"
            ));
        }
        let text = whole.strip_prefix('v').unwrap_or(whole);
        let (text, metadata) = optional(text, '+');
        let (core, prerelease) = optional(text, '-');
        let tails = [prerelease, metadata];
        let mut tails = tails.into_iter().flatten().flat_map(|tail| tail.split('.'));
        let mut parts = core.split('.');
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
        if !tails.all(is_identifier) || parts.clone().count() > 3 || !parts.clone().all(digits) {
            return Err(INVALID.to_owned());
        }
        let mut numbers = [0; 3];
        for number in &mut numbers {
            let Some(part) = parts.next() else { break };
            *number = part.parse().map_err(|_| {
                format!("error parsing version segment: strconv.ParseUint: parsing \"{part}\": value out of range")
            })?;
        }
        let prerelease = prerelease.unwrap_or_default();
        if !prerelease.is_empty() {
            check_prerelease(prerelease)?;
        }
        Ok(Self {
            numbers,
            prerelease: prerelease.to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: whole.to_owned(),
            held: Held::Pointer,
        })
    }

    /// Whether a template would say `*semver.Version`.
    pub(crate) fn held(&self) -> Held {
        self.held
    }

    fn order(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| order_prereleases(&self.prerelease, &other.prerelease))
    }
}

/// What stands before a mark, and what stands behind it if it is there.
fn optional(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
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
    Version::parse(text).is_ok()
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
    let (Ok(range), Ok(version)) = (Range::parse(range), Version::parse(version)) else {
        return false;
    };
    range.holds(&version)
}

/// Whether a text is a range of versions that upstream can read.
///
/// # Example
/// ```
/// assert!(toft_gotmpl::is_range(">=1.2 <2 || 3.x"));
/// assert!(!toft_gotmpl::is_range("main"));
/// ```
pub fn is_range(text: &str) -> bool {
    Range::parse(text).is_ok()
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
    let range = Range::parse(range).ok()?;
    let mut newest: Option<(Version, &'v str)> = None;
    for written in versions {
        let Ok(version) = Version::parse(written) else {
            continue;
        };
        let is_newer = newest
            .as_ref()
            .is_none_or(|(newest, _)| version.order(newest).is_gt());
        if is_newer && range.holds(&version) {
            newest = Some((version, written));
        }
    }
    newest.map(|(_, written)| written)
}

fn compare(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let range = Range::parse(text(values, 0));
    let range = range.map_err(|problem: Problem| problem.told(call.vocabulary))?;
    let version = Version::parse(text(values, 1))?;
    Ok(Data::Bool(range.holds(&version)))
}
