//! Patterns of paths, as `.Files.Glob` has them.
//!
//! `*` and `?` stop at a slash, `**` does not; `[a-z]`, `[!a]` and `{a,b}` are as usual.
//!
//! Source: github.com/gobwas/glob v0.2.3.

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Character(char),
    /// `?`
    One,
    /// `*`
    Segment,
    /// `**`
    Everything,
    Class {
        excluded: bool,
        ranges: Vec<(char, char)>,
    },
    Alternatives(Vec<Vec<Self>>),
}

/// How deep `{}` may nest: the deepest pattern found in public charts has one level.
const NESTING_MAX: usize = 8;

impl Glob {
    /// Reads a pattern; `None` where it is none.
    pub(super) fn compile(text: &str) -> Option<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut rest = characters.as_slice();
        let parts = sequence(&mut rest, 0)?;
        rest.is_empty().then_some(Self { parts })
    }

    /// The pattern that everything matches.
    pub(super) fn everything() -> Self {
        Self {
            parts: vec![Part::Everything],
        }
    }

    /// Whether a whole path matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        let mut ends = vec![0];
        advance(&self.parts, &path, &mut ends);
        ends.contains(&path.len())
    }
}

fn sequence(rest: &mut &[char], depth: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some((first, tail)) = rest.split_first() {
        match first {
            ',' | '}' if depth > 0 => break,
            '*' if tail.first() == Some(&'*') => {
                *rest = tail.get(1..)?;
                parts.push(Part::Everything);
                continue;
            }
            '[' => {
                *rest = tail;
                parts.push(class(rest)?);
                continue;
            }
            '{' => {
                *rest = tail;
                parts.push(alternatives(rest, depth + 1)?);
                continue;
            }
            '\\' => {
                let (escaped, tail) = tail.split_first()?;
                *rest = tail;
                parts.push(Part::Character(*escaped));
                continue;
            }
            '*' => parts.push(Part::Segment),
            '?' => parts.push(Part::One),
            other => parts.push(Part::Character(*other)),
        }
        *rest = tail;
    }
    Some(parts)
}

fn alternatives(rest: &mut &[char], depth: usize) -> Option<Part> {
    if depth > NESTING_MAX {
        return None;
    }
    let mut all = Vec::new();
    loop {
        all.push(sequence(rest, depth)?);
        let (end, tail) = rest.split_first()?;
        *rest = tail;
        if *end == '}' {
            return Some(Part::Alternatives(all));
        }
    }
}

fn class(rest: &mut &[char]) -> Option<Part> {
    let excluded = rest.first() == Some(&'!');
    if excluded {
        *rest = rest.get(1..)?;
    }
    let mut ranges = Vec::new();
    loop {
        match rest {
            [']', tail @ ..] if !ranges.is_empty() => {
                *rest = tail;
                return Some(Part::Class { excluded, ranges });
            }
            [low, '-', high, tail @ ..] if *high != ']' => {
                ranges.push((*low, *high));
                *rest = tail;
            }
            [one, tail @ ..] => {
                ranges.push((*one, *one));
                *rest = tail;
            }
            [] => return None,
        }
    }
}

/// From where a match may go on, to where it may after `parts`.
fn advance(parts: &[Part], path: &[char], places: &mut Vec<usize>) {
    for part in parts {
        let mut next = Vec::new();
        for place in places.iter().copied() {
            step(part, path, place, &mut next);
        }
        next.sort_unstable();
        next.dedup();
        *places = next;
    }
}

fn step(part: &Part, path: &[char], place: usize, next: &mut Vec<usize>) {
    let here = path.get(place).copied();
    let one = match part {
        Part::Segment => {
            let tail = path.get(place..).unwrap_or_default();
            let segment = tail.iter().take_while(|one| **one != '/').count();
            next.extend(place..=place + segment);
            return;
        }
        Part::Everything => {
            next.extend(place..=path.len());
            return;
        }
        Part::Alternatives(all) => {
            for parts in all {
                let mut places = vec![place];
                advance(parts, path, &mut places);
                next.append(&mut places);
            }
            return;
        }
        Part::Character(wanted) => here == Some(*wanted),
        Part::One => here.is_some_and(|one| one != '/'),
        Part::Class { excluded, ranges } => here.is_some_and(|one| {
            let inside = ranges
                .iter()
                .any(|(low, high)| (*low..=*high).contains(&one));
            inside != *excluded
        }),
    };
    if one {
        next.push(place + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_upstream_has_it() {
        let cases = [
            ("config/*", "config/a.yaml", true),
            ("config/*", "config/a/b.yaml", false),
            ("config/**", "config/a/b.yaml", true),
            ("**.yaml", "a/b.yaml", true),
            ("*.{yaml,json}", "a.json", true),
            ("*.{yaml,json}", "a.toml", false),
            ("?.txt", "a.txt", true),
            ("[a-c].txt", "b.txt", true),
            ("[!a-c].txt", "b.txt", false),
            ("\\*.txt", "*.txt", true),
            ("/**", "a", false),
            ("**", "a/b", true),
        ];
        for (pattern, path, expected) in cases {
            let glob = Glob::compile(pattern).unwrap();
            assert_eq!(glob.matches(path), expected, "{pattern} {path}");
        }
        assert!(Glob::compile("[a").is_none());
        assert!(Glob::compile("{a").is_none());
    }
}
