//! The two ways in which paths are matched.

/// Whether a pattern matches a whole path; `*` and `?` stop at slashes. A malformed pattern matches
/// nothing.
///
/// Source: Go 1.26 `src/path/match.go`.
pub(crate) fn is_path_match(pattern: &str, path: &str) -> bool {
    let tokens = tokens(pattern, '^');
    tokens.is_some_and(|tokens| matches(&tokens, path, Slash::Stops))
}

/// Whether `git ls-files -- PATHSPEC` lists a path: the path itself, something below it, or a match in
/// which `*` and `?` go over slashes.
///
/// Source: git 2.47 `dir.c`, `match_pathspec_item`; `wildmatch.c`. Pathspec magic (`:(…)`) is not read.
pub(super) fn is_pathspec_match(pathspec: &str, path: &str) -> bool {
    let mut pathspec = pathspec;
    while let Some(rest) = pathspec.strip_prefix("./") {
        pathspec = rest;
    }
    if pathspec.is_empty() || pathspec == "." {
        return true;
    }
    let below = path.strip_prefix(pathspec);
    if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || pathspec.ends_with('/'))
    {
        return true;
    }
    let tokens = tokens(pathspec, '!');
    tokens.is_some_and(|tokens| matches(&tokens, path, Slash::Passes))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slash {
    Stops,
    Passes,
}

#[derive(Debug)]
enum Token {
    Character(char),
    One,
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// Go negates a class with `^` only, Git with `!` as well.
fn tokens(pattern: &str, negation: char) -> Option<Vec<Token>> {
    let mut rest = pattern.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(next) = rest.next() {
        tokens.push(match next {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Character(rest.next()?),
            '[' => {
                let negated = rest
                    .next_if(|next| *next == negation || *next == '^')
                    .is_some();
                let mut ranges = Vec::new();
                loop {
                    let low = match rest.next()? {
                        ']' if !ranges.is_empty() => break,
                        '\\' => rest.next()?,
                        other => other,
                    };
                    let mut high = low;
                    if rest.next_if_eq(&'-').is_some() {
                        high = match rest.next()? {
                            '\\' => rest.next()?,
                            other => other,
                        };
                    }
                    ranges.push((low, high));
                }
                Token::Class { negated, ranges }
            }
            other => Token::Character(other),
        });
    }
    Some(tokens)
}

/// Tries the last star again with one more character, which is enough and never slow.
fn matches(tokens: &[Token], text: &str, slash: Slash) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut token, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let next = text.get(at).copied();
        match (tokens.get(token), next) {
            (Some(Token::Any), _) => {
                token += 1;
                star = Some((token, at));
                continue;
            }
            (Some(one), Some(next)) if accepts(one, next, slash) => {
                token += 1;
                at += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after, from)) = star else {
            return false;
        };
        match text.get(from) {
            Some('/') if slash == Slash::Stops => return false,
            None => return false,
            Some(_) => {
                star = Some((after, from + 1));
                (token, at) = (after, from + 1);
            }
        }
    }
}

fn accepts(token: &Token, found: char, slash: Slash) -> bool {
    let stopped = slash == Slash::Stops && found == '/';
    match token {
        Token::Character(wanted) => *wanted == found,
        Token::One => !stopped,
        Token::Any => false,
        Token::Class { negated, ranges } => {
            let inside = ranges
                .iter()
                .any(|(low, high)| (*low..=*high).contains(&found));
            !stopped && inside != *negated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_match_as_gos_path_match_does() {
        let cases = [
            ("apps/*", "apps/sonarr", true),
            ("apps/*", "apps/media/sonarr", false),
            ("apps/*/*", "apps/media/sonarr", true),
            ("*", "apps", true),
            ("apps", "apps", true),
            ("apps/**", "apps/a/b", false),
            ("apps/s?narr", "apps/sonarr", true),
            ("apps/[a-s]*", "apps/sonarr", true),
            ("apps/[^s]*", "apps/sonarr", false),
            ("apps/[", "apps/[", false),
            (r"apps/\*", "apps/*", true),
            ("a*b*c/d", "axxbyyc/d", true),
            ("a*/d", "ab/c/d", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(is_path_match(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn files_match_as_git_lists_them() {
        let cases = [
            ("apps/*/app.yaml", "apps/a/app.yaml", true),
            ("apps/*/app.yaml", "apps/a/b/app.yaml", true),
            ("apps", "apps/a/app.yaml", true),
            ("apps/", "apps/a/app.yaml", true),
            ("app", "apps/a", false),
            ("**/app.yaml", "a/b/app.yaml", true),
            ("**/app.yaml", "app.yaml", false),
            ("*.json", "a/b.json", true),
            ("./a.yaml", "a.yaml", true),
            ("a/[!x]*.yaml", "a/y.yaml", true),
            ("a/[!x]*.yaml", "a/x.yaml", false),
            (".", "anything", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(
                is_pathspec_match(pattern, path),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn many_stars_end_in_time() {
        assert!(!is_pathspec_match(&"*a".repeat(500), &"a".repeat(499)));
        assert!(is_pathspec_match(&"*a".repeat(500), &"a".repeat(500)));
    }
}
