//! `--show-only`: some manifests of a chart, by the paths of their templates.
//!
//! Source: Helm 3.22.0 `cmd/helm/template.go`; Helm 4.3.1 `pkg/cmd/template.go`.

use std::fmt::Write as _;

use crate::chart::HelmVersion;
use crate::manifest::{Manifests, split};
use crate::problem::{OPTIONS, Problem};

impl Manifests {
    /// What `helm template` prints where only some templates are asked for, pattern after pattern.
    ///
    /// # Errors
    /// A pattern matches no template that gave something; the words are Helm's.
    pub fn print_only(&self, patterns: &[String], version: HelmVersion) -> Result<String, Problem> {
        let documents = split(&self.print(), version);
        let mut text = String::new();
        for pattern in patterns {
            let of_template = documents
                .iter()
                .filter(|document| template(document).is_some_and(|name| matches(pattern, name)));
            let before = text.len();
            for document in of_template {
                let _ = writeln!(text, "---\n{document}");
            }
            if text.len() == before {
                let message = format!("could not find template {pattern} in chart");
                return Err(Problem::new(OPTIONS, message));
            }
        }
        Ok(text)
    }
}

/// The path of the template that gave a document, below its chart.
fn template(document: &str) -> Option<&str> {
    let starts = document.match_indices("# Source: ");
    let mut names = starts.filter_map(|(at, mark)| {
        let line = document.get(at + mark.len()..)?.lines().next()?;
        let (chart, name) = line.split_once('/')?;
        (!chart.is_empty() && !name.is_empty()).then_some(name)
    });
    names.next()
}

/// Go's `filepath.Match`; a pattern that is none matches nothing.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches_at(&pattern, &name)
}

fn matches_at(pattern: &[char], name: &[char]) -> bool {
    // Where the last star was, and how much of the name it has taken so far.
    let (mut rest, mut left) = (pattern, name);
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        if let Some(('*', after)) = rest.split_first().map(|(first, after)| (*first, after)) {
            star = Some((after, left));
            rest = after;
            continue;
        }
        if rest.is_empty() && left.is_empty() {
            return true;
        }
        if let Some((after, shorter)) = one(rest, left) {
            (rest, left) = (after, shorter);
            continue;
        }
        // The star takes one more character, which may not be a slash.
        match star {
            Some((after, [first, shorter @ ..])) if *first != '/' => {
                star = Some((after, shorter));
                (rest, left) = (after, shorter);
            }
            _ => return false,
        }
    }
}

/// Matches one character against what the pattern begins with; gives what is left of both.
fn one<'a>(pattern: &'a [char], name: &'a [char]) -> Option<(&'a [char], &'a [char])> {
    let (found, shorter) = name.split_first()?;
    match pattern {
        ['?', after @ ..] => (*found != '/').then_some((after, shorter)),
        ['[', after @ ..] => {
            let after = class(after, *found)?;
            Some((after, shorter))
        }
        ['\\', wanted, after @ ..] | [wanted, after @ ..] => {
            (wanted == found).then_some((after, shorter))
        }
        [] => None,
    }
}

/// Matches a character against a class; gives the pattern behind it.
fn class(pattern: &[char], found: char) -> Option<&[char]> {
    let (negated, mut rest) = match pattern {
        ['^', after @ ..] => (true, after),
        after => (false, after),
    };
    let mut matched = false;
    let mut first = true;
    loop {
        match rest {
            [']', after @ ..] if !first => return (matched != negated).then_some(after),
            _ => {}
        }
        first = false;
        let (low, after) = bound(rest)?;
        let (high, after) = match after {
            ['-', after @ ..] => bound(after)?,
            after => (low, after),
        };
        matched |= (low..=high).contains(&found);
        rest = after;
    }
}

fn bound(pattern: &[char]) -> Option<(char, &[char])> {
    match pattern {
        ['-' | ']', ..] | [] => None,
        ['\\', one, after @ ..] | [one, after @ ..] => Some((*one, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_gos_do() {
        let yes = [
            ("templates/*.yaml", "templates/a.yaml"),
            ("templates/[a-c]?.yaml", "templates/bx.yaml"),
            ("templates/[^a].yaml", "templates/b.yaml"),
            ("*/*/a*b*", "charts/x/aab.b"),
            (r"a\*", "a*"),
        ];
        for (pattern, name) in yes {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        let no = [
            ("*.yaml", "templates/a.yaml"),
            ("templates/?", "templates/ab"),
            ("templates/[a", "templates/a"),
            ("templates/[]a]", "templates/a"),
            ("templates", "templates/a"),
            ("", "a"),
        ];
        for (pattern, name) in no {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
