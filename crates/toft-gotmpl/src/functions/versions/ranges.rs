//! Ranges of versions.
//!
//! Source: github.com/Masterminds/semver/v3 v3.5.0 `constraints.go`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Version, order_prereleases};
use crate::functions::Vocabulary;
use crate::quote::quote;

/// How many bytes a range may have, and how many alternatives.
const RANGE_BYTES_MAX: usize = 512;
const ALTERNATIVES_MAX: usize = 32;

/// Alternatives, each of which is a list of constraints that must all hold.
#[derive(Clone, Debug)]
pub(super) struct Range(Vec<Vec<Constraint>>);

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    TooLong,
    TooMany,
    /// The alternative that cannot be read.
    Improper(String),
    /// A version in it cannot be read.
    Version,
}

impl Problem {
    pub(super) fn told(&self, vocabulary: Vocabulary) -> String {
        match (self, vocabulary) {
            (Self::TooLong, _) => {
                format!("constraint string is too long (max {RANGE_BYTES_MAX} bytes)")
            }
            (Self::TooMany, _) => format!("too many constraint groups (max {ALTERNATIVES_MAX})"),
            // Argo CD 3.2.0 has v3.4.0, which does not quote.
            (Self::Improper(text), Vocabulary::Argo) => format!("improper constraint: {text}"),
            (Self::Improper(text), Vocabulary::Helm3 | Vocabulary::Helm4) => {
                format!("improper constraint: {}", quote(text))
            }
            (Self::Version, _) => "constraint parser error".to_owned(),
        }
    }
}

impl Range {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > RANGE_BYTES_MAX {
            return Err(Problem::TooLong);
        }
        let text = spans_as_bounds(text);
        let alternatives: Vec<&str> = text.split("||").collect();
        if alternatives.len() > ALTERNATIVES_MAX {
            return Err(Problem::TooMany);
        }
        let lists = alternatives.into_iter().map(parse_list);
        Ok(Self(lists.collect::<Result<_, _>>()?))
    }

    /// A pre-release is in an alternative only where one of its constraints names one.
    pub(super) fn holds(&self, version: &Version) -> bool {
        let names_one = |list: &[Constraint]| {
            let mut all = list.iter();
            all.any(|constraint| !constraint.version.prerelease.is_empty())
        };
        self.0.iter().any(|list| {
            (version.prerelease.is_empty() || names_one(list))
                && list.iter().all(|constraint| constraint.holds(version))
        })
    }
}

const VERSION: &str = r"v?[0-9|xX*]+(?:\.[0-9|xX*]+)?(?:\.[0-9|xX*]+)?(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";

static SPAN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        format!(r"[\t\n\f\r ]*({VERSION})[\t\n\f\r ]+-[\t\n\f\r ]+({VERSION})[\t\n\f\r ]*");
    Regex::new(&pattern).expect("the pattern is a regular expression, as the tests show")
});

/// `1.2 - 1.4` is `>= 1.2, <= 1.4`.
fn spans_as_bounds(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('-') || !text.contains(is_space) {
        return text.into();
    }
    SPAN.replace_all(text, |found: &Captures<'_>| {
        let part = |at| found.get(at).map_or("", |part| part.as_str());
        format!(">= {}, <= {} ", part(1), part(2))
    })
}

fn is_space(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

/// Constraints with a comma or a space between them.
fn parse_list(text: &str) -> Result<Vec<Constraint>, Problem> {
    let improper = || Problem::Improper(text.to_owned());
    let mut list = Vec::new();
    let mut problem = None;
    let mut rest = text.trim_start_matches(is_space);
    loop {
        let (constraint, behind) = parse_one(rest).ok_or_else(improper)?;
        match constraint {
            Some(constraint) => list.push(constraint),
            None => problem = Some(Problem::Version),
        }
        let spaced = behind.trim_start_matches(is_space);
        if spaced.is_empty() {
            return problem.map_or(Ok(list), Err);
        }
        let apart = spaced.strip_prefix(',');
        if apart.is_none() && spaced.len() == behind.len() {
            return Err(improper());
        }
        rest = apart.unwrap_or(spaced).trim_start_matches(is_space);
    }
}

/// A constraint at the start of a text, if its version can be read, and what is behind it.
fn parse_one(text: &str) -> Option<(Option<Constraint>, &str)> {
    let found = OPERATORS.iter().find(|(sign, _)| text.starts_with(sign));
    let (sign, operator) = found.copied().unwrap_or(("", Operator::Equal));
    let text = text.get(sign.len()..)?.trim_start_matches(is_space);
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    let (first, behind) = taken(rest, is_number_or_wild)?;
    rest = behind;
    let mut numbers = vec![first];
    while let Some((number, behind)) = rest
        .strip_prefix('.')
        .filter(|_| numbers.len() < 3)
        .and_then(|rest| taken(rest, is_number_or_wild))
    {
        numbers.push(number);
        rest = behind;
    }
    let before = rest;
    rest = identifiers(rest, '-');
    let prerelease = before.get(..before.len() - rest.len())?;
    rest = identifiers(rest, '+');
    let whole = text.get(..text.len() - rest.len())?;
    Some((
        Constraint::new(operator, (&numbers, prerelease), whole),
        rest,
    ))
}

fn is_number_or_wild(one: char) -> bool {
    one.is_ascii_digit() || matches!(one, '|' | 'x' | 'X' | '*')
}

/// Splits behind the characters at the start, one at least.
fn taken(text: &str, wanted: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|one| !wanted(one)).unwrap_or(text.len());
    text.split_at_checked(end)
        .filter(|(taken, _)| !taken.is_empty())
}

/// What is behind a mark and identifiers with dots between them; all of it, where they are not there.
fn identifiers(text: &str, mark: char) -> &str {
    let allowed = |one: char| one.is_ascii_alphanumeric() || one == '-';
    let (mut rest, mut mark) = (text, mark);
    while let Some((_, behind)) = rest
        .strip_prefix(mark)
        .and_then(|inside| taken(inside, allowed))
    {
        (rest, mark) = (behind, '.');
    }
    rest
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

/// Longer signs come first.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Source: `parseConstraint`.
    fn new(operator: Operator, parts: (&[&str], &str), whole: &str) -> Option<Self> {
        let (numbers, prerelease) = parts;
        let known = |at: usize| {
            let number = numbers.get(at).copied();
            number.filter(|number| !matches!(*number, "x" | "X" | "*"))
        };
        let (written, text) = match (known(0), known(1), known(2)) {
            (None, _, _) => (Written::Nothing, format!("0.0.0{prerelease}")),
            (Some(major), None, _) => (Written::Major, format!("{major}.0.0{prerelease}")),
            (Some(major), Some(minor), None) => {
                (Written::Minor, format!("{major}.{minor}.0{prerelease}"))
            }
            (Some(_), Some(_), Some(_)) => (Written::Everything, whole.to_owned()),
        };
        Some(Self {
            operator,
            version: Version::parse(&text).ok()?,
            written,
        })
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.order(&self.version);
        let whole = self.written == Written::Everything;
        match self.operator {
            Operator::Equal if whole => order == Ordering::Equal,
            Operator::NotEqual => self.differs(version, order),
            Operator::Greater => self.is_below(version, order),
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual if whole => order != Ordering::Greater,
            Operator::LessOrEqual => self.reaches(version),
            Operator::Equal | Operator::Tilde => order != Ordering::Less && self.tilde(version),
            Operator::Caret => order != Ordering::Less && self.caret(version),
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        let [major, minor, patch] = version.numbers;
        let [own_major, own_minor, own_patch] = self.version.numbers;
        let numbers_differ = match self.written {
            Written::Everything => return order != Ordering::Equal,
            Written::Major => return major != own_major,
            Written::Minor => {
                let prereleases = order_prereleases(&version.prerelease, &self.version.prerelease);
                return (major, minor) != (own_major, own_minor) || prereleases != Ordering::Equal;
            }
            Written::Nothing => (major, minor, patch) != (own_major, own_minor, own_patch),
        };
        numbers_differ || order != Ordering::Equal
    }

    fn is_below(&self, version: &Version, order: Ordering) -> bool {
        let [major, minor, _] = version.numbers;
        let [own_major, own_minor, _] = self.version.numbers;
        match (self.written, major.cmp(&own_major)) {
            (Written::Everything, _) | (Written::Nothing, Ordering::Equal) => {
                order == Ordering::Greater
            }
            (_, Ordering::Greater) => true,
            (_, Ordering::Less) | (Written::Major, Ordering::Equal) => false,
            (Written::Minor, Ordering::Equal) => minor > own_minor,
        }
    }

    fn reaches(&self, version: &Version) -> bool {
        let [major, minor, _] = version.numbers;
        let [own_major, own_minor, _] = self.version.numbers;
        let minor_fits = self.written == Written::Major || minor <= own_minor;
        major < own_major || (major == own_major && minor_fits)
    }

    fn tilde(&self, version: &Version) -> bool {
        let [major, minor, _] = version.numbers;
        let [own_major, own_minor, _] = self.version.numbers;
        let free = matches!(self.written, Written::Nothing | Written::Everything);
        if free && self.version.numbers == [0; 3] {
            return true;
        }
        major == own_major && (self.written == Written::Major || minor == own_minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let [major, minor, patch] = version.numbers;
        let [own_major, own_minor, own_patch] = self.version.numbers;
        if own_major > 0 || self.written == Written::Major {
            return major == own_major;
        }
        if own_minor > 0 || self.written == Written::Minor {
            return major == 0 && minor == own_minor;
        }
        (major, minor, patch) == (0, 0, own_patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        let version = Version::parse(version).unwrap();
        Range::parse(range).unwrap().holds(&version)
    }

    #[test]
    fn constraints_hold_as_upstream_has_it() {
        let yes = [
            ("^1.2.3", "1.9.0"),
            ("^0.2.3", "0.2.9"),
            ("~1.2", "1.2.9"),
            (">=1.0, <2.0", "1.5.0"),
            (">=1.0 <2.0 || 3.x", "3.4.5"),
            ("1.2 - 1.4", "1.4.5"),
            ("*", "9.9.9"),
            ("!=1.2.x", "1.3.0"),
            (">=1.0.0-0", "1.1.0-alpha"),
            (">=1.0.0 <=2.0.0-beta", "1.0.1-beta"),
            ("^1.2.x-alpha", "1.2.3"),
            ("!=4.1-alpha", "4.1.0"),
        ];
        for (range, version) in yes {
            assert!(holds(range, version), "{range} {version}");
        }
        let no = [
            ("^1.2.3", "2.0.0"),
            ("^0.2.3", "0.3.0"),
            ("~1.2.3", "1.3.0"),
            (">1.2", "1.2.5"),
            (">=1.0.0", "1.1.0-alpha"),
            (">=1.0.0 || >=2.0.0-0", "1.1.0-alpha"),
            ("!=1.2.3", "1.1.0-alpha"),
        ];
        for (range, version) in no {
            assert!(!holds(range, version), "{range} {version}");
        }
    }

    #[test]
    fn what_is_no_range_is_told_with_the_alternative_that_is_wrong() {
        let problem = |text: &str| Range::parse(text).err();
        let improper = |text: &str| Some(Problem::Improper(text.to_owned()));
        assert_eq!(problem("foo"), improper("foo"));
        assert_eq!(problem(">1 || foo"), improper(" foo"));
        assert_eq!(problem("1.2>1"), improper("1.2>1"));
        assert_eq!(problem(""), improper(""));
        assert_eq!(problem("v1.2.3-beta.01"), Some(Problem::Version));
        assert_eq!(problem(&"1 ".repeat(300)), Some(Problem::TooLong));
        assert_eq!(problem(&["1"; 33].join("||")), Some(Problem::TooMany));
    }
}
