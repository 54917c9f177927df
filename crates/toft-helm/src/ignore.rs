//! `.helmignore`: which files of a folder are no part of the chart.
//!
//! Source: Helm 3.22.0 `pkg/ignore/rules.go`; Go 1.26 `src/path/filepath/match.go`.

use toft_source::EntryKind;

/// The rules of a folder.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Vec<char>,
    /// A match keeps the file, and what does not match goes.
    negated: bool,
    /// Only folders match.
    folders_only: bool,
    /// Whether the whole path is matched, or only its last name.
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Path,
    Name,
}

impl Rules {
    /// Reads the text of a `.helmignore`; hidden files below `templates/` are always ignored.
    ///
    /// The error is Helm's.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Vec::new();
        let text = text.trim_start_matches('\u{feff}');
        for line in text.lines().chain(["templates/.?*"]) {
            rules.extend(parse_rule(line.trim())?);
        }
        Ok(Self { rules })
    }

    /// Whether a path is no part of the chart.
    pub(crate) fn ignores(&self, path: &str, kind: EntryKind) -> bool {
        let path: Vec<char> = path.chars().collect();
        let start = path.iter().rposition(|one| *one == '/');
        let name = path.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
        for rule in &self.rules {
            let subject = match rule.scope {
                Scope::Path => path.as_slice(),
                Scope::Name => name,
            };
            let folder = kind == EntryKind::Directory;
            let fits = !rule.folders_only || folder;
            let found = matches(&rule.pattern, subject);
            // A negated rule ignores whatever it does not match, as upstream has it.
            if rule.negated && (!fits || !found) {
                return true;
            }
            if !rule.negated && fits && found {
                return true;
            }
        }
        false
    }
}

fn parse_rule(line: &str) -> Result<Option<Rule>, String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains("**") {
        return Err("double-star (**) syntax is not supported".to_owned());
    }
    if !is_pattern(line) {
        return Err("syntax error in pattern".to_owned());
    }
    let (negated, rest) = match line.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (folders_only, rest) = match rest.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let scope = if rest.contains('/') {
        Scope::Path
    } else {
        Scope::Name
    };
    let pattern = rest.strip_prefix('/').unwrap_or(rest);
    Ok(Some(Rule {
        pattern: pattern.chars().collect(),
        negated,
        folders_only,
        scope,
    }))
}

/// Whether brackets and escapes are whole.
fn is_pattern(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next().is_none() => return false,
            '[' => {
                let mut length = 0;
                loop {
                    match characters.next() {
                        None => return false,
                        Some(']') if length > 0 => break,
                        Some('\\') if characters.next().is_none() => return false,
                        Some('^') if length == 0 => {}
                        Some(_) => length += 1,
                    }
                }
            }
            _ => {}
        }
    }
    true
}

/// Go's `filepath.Match`: `*` and `?` stop at a slash.
pub(crate) fn matches(pattern: &[char], text: &[char]) -> bool {
    // Where to go back to when a match fails: behind the last star, and one character further on.
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let here = text.get(at_text).copied();
        let stepped = match pattern.get(at_pattern).copied() {
            Some('*') => {
                star = Some((at_pattern + 1, at_text));
                at_pattern += 1;
                continue;
            }
            None if here.is_none() => return true,
            None => None,
            Some('?') => here.filter(|one| *one != '/').map(|_| at_pattern + 1),
            Some('[') => here.and_then(|one| class(pattern, at_pattern, one)),
            Some('\\') => here
                .filter(|one| pattern.get(at_pattern + 1) == Some(one))
                .map(|_| at_pattern + 2),
            Some(wanted) => here.filter(|one| *one == wanted).map(|_| at_pattern + 1),
        };
        if let Some(next) = stepped {
            (at_pattern, at_text) = (next, at_text + 1);
            continue;
        }
        match star {
            Some((after, from)) if text.get(from).is_some_and(|one| *one != '/') => {
                star = Some((after, from + 1));
                (at_pattern, at_text) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

/// Where the pattern goes on behind a class that has the character.
fn class(pattern: &[char], start: usize, character: char) -> Option<usize> {
    let mut at = start + 1;
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut found = false;
    let first = at;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' && at > first {
            break;
        }
        if low == '\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        let mut high = low;
        if pattern.get(at + 1) == Some(&'-') {
            at += 2;
            high = *pattern.get(at)?;
            if high == '\\' {
                at += 1;
                high = *pattern.get(at)?;
            }
        }
        found |= (low..=high).contains(&character);
        at += 1;
    }
    (found != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_upstreams() {
        let rules = Rules::parse("# comment\n*.bak\n.git/\n/docs\nci/*.yaml\n").unwrap();
        let file = |path| rules.ignores(path, EntryKind::File);
        assert!(file("a/b.bak"));
        assert!(!file(".git"));
        assert!(rules.ignores(".git", EntryKind::Directory));
        assert!(file("docs"));
        assert!(!file("a/docs"));
        assert!(file("ci/test.yaml"));
        assert!(!file("ci/a/test.yaml"));
        assert!(file("templates/.hidden"));
        assert!(Rules::parse("a/**").is_err());
        assert!(Rules::parse("[a").is_err());
        let negated = Rules::parse("!keep.txt").unwrap();
        assert!(!negated.ignores("keep.txt", EntryKind::File));
        assert!(negated.ignores("other.txt", EntryKind::File));
    }
}
