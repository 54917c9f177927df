//! Globs as Argo CD matches them.
//!
//! Source: github.com/gobwas/glob v0.2.3, `syntax/lexer/lexer.go`, `syntax/ast/parser.go`. A backslash
//! escapes; `*` and `?` stop at separators, `**` does not; classes hold either one range or a list of
//! characters; `{a,b}` nests.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// How many tokens a pattern may have; the longest pattern found in public repositories has 60.
pub const GLOB_TOKENS_MAX: usize = 4096;

/// Why a text is no glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GlobError(pub String);

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Single,
    Any,
    Super,
    Range {
        low: char,
        high: char,
        inside: Inside,
    },
    List {
        characters: String,
        inside: Inside,
    },
    AnyOf(Vec<Vec<Self>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Wanted,
    Refused,
}

/// A compiled pattern.
///
/// # Example
/// ```
/// use toft_argo::Glob;
/// assert!(Glob::parse("{apps,infra}/*.yaml", &[]).unwrap().matches("apps/deep/a.yaml"));
/// assert!(!Glob::parse("apps/*.yaml", &['/']).unwrap().matches("apps/deep/a.yaml"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Glob {
    tokens: Vec<Token>,
    separators: Vec<char>,
}

impl Glob {
    /// Reads a pattern; `*` and `?` do not match the separators.
    ///
    /// # Errors
    /// A class is malformed or the pattern is longer than [`GLOB_TOKENS_MAX`].
    pub fn parse(pattern: &str, separators: &[char]) -> Result<Self, GlobError> {
        let mut parser = Parser {
            rest: pattern.chars().peekable(),
            tokens: 0,
        };
        let tokens = parser.sequence(0)?;
        Ok(Self {
            tokens,
            separators: separators.to_vec(),
        })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let ends = self.advance(&self.tokens, BTreeSet::from([0]), &text);
        ends.contains(&text.len())
    }

    fn advance(&self, tokens: &[Token], starts: BTreeSet<usize>, text: &[char]) -> BTreeSet<usize> {
        tokens
            .iter()
            .fold(starts, |starts, token| self.after(token, &starts, text))
    }

    fn after(&self, token: &Token, starts: &BTreeSet<usize>, text: &[char]) -> BTreeSet<usize> {
        let one = |accept: &dyn Fn(char) -> bool| {
            let accepted = |at: &&usize| text.get(**at).is_some_and(|found| accept(*found));
            starts.iter().filter(accepted).map(|at| at + 1).collect()
        };
        match token {
            Token::Text(wanted) => {
                let wanted: Vec<char> = wanted.chars().collect();
                let found = |at: &&usize| {
                    text.get(**at..)
                        .is_some_and(|rest| rest.starts_with(&wanted))
                };
                let ends = starts.iter().filter(found);
                ends.map(|at| at + wanted.len()).collect()
            }
            Token::Single => one(&|found| !self.separators.contains(&found)),
            Token::Range { low, high, inside } => {
                one(&|found| (*low..=*high).contains(&found) == (*inside == Inside::Wanted))
            }
            Token::List { characters, inside } => {
                one(&|found| characters.contains(found) == (*inside == Inside::Wanted))
            }
            Token::Any => self.spread(starts, text, &self.separators),
            Token::Super => self.spread(starts, text, &[]),
            Token::AnyOf(choices) => {
                let ends = choices
                    .iter()
                    .map(|choice| self.advance(choice, starts.clone(), text));
                ends.flatten().collect()
            }
        }
    }

    #[expect(clippy::unused_self, reason = "reads as the other steps do")]
    fn spread(&self, starts: &BTreeSet<usize>, text: &[char], stops: &[char]) -> BTreeSet<usize> {
        let mut ends = starts.clone();
        for start in starts {
            let mut at = *start;
            while text.get(at).is_some_and(|found| !stops.contains(found)) {
                at += 1;
                if !ends.insert(at) {
                    break;
                }
            }
        }
        ends
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    tokens: usize,
}

/// How deep braces may nest; more than two were never seen.
const BRACES_DEPTH_MAX: usize = 16;

impl Parser<'_> {
    fn sequence(&mut self, depth: usize) -> Result<Vec<Token>, GlobError> {
        let mut tokens = Vec::new();
        while let Some(next) = self.rest.peek().copied() {
            if depth > 0 && (next == ',' || next == '}') {
                break;
            }
            self.tokens += 1;
            if self.tokens > GLOB_TOKENS_MAX {
                return Err(GlobError("the pattern is too long".to_owned()));
            }
            tokens.push(self.token(next, depth)?);
        }
        Ok(tokens)
    }

    fn token(&mut self, next: char, depth: usize) -> Result<Token, GlobError> {
        match next {
            '?' => {
                self.rest.next();
                Ok(Token::Single)
            }
            '*' => {
                self.rest.next();
                let double = self.rest.next_if_eq(&'*').is_some();
                Ok(if double { Token::Super } else { Token::Any })
            }
            '[' => {
                self.rest.next();
                self.class()
            }
            '{' => {
                self.rest.next();
                self.choices(depth + 1)
            }
            _ => Ok(Token::Text(self.text(depth))),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        let mut text = String::new();
        while let Some(next) = self.rest.peek().copied() {
            let breaks = "?*[{".contains(next) || (depth > 0 && "},".contains(next));
            if breaks {
                break;
            }
            self.rest.next();
            if next == '\\' {
                text.extend(self.rest.next());
            } else {
                text.push(next);
            }
        }
        text
    }

    fn choices(&mut self, depth: usize) -> Result<Token, GlobError> {
        if depth > BRACES_DEPTH_MAX {
            return Err(GlobError("braces nest too deep".to_owned()));
        }
        let mut choices = vec![self.sequence(depth)?];
        while self.rest.next_if_eq(&',').is_some() {
            choices.push(self.sequence(depth)?);
        }
        // Upstream takes a brace that is never closed as closed at the end.
        self.rest.next_if_eq(&'}');
        Ok(Token::AnyOf(choices))
    }

    fn class(&mut self) -> Result<Token, GlobError> {
        let inside = if self.rest.next_if_eq(&'!').is_some() {
            Inside::Refused
        } else {
            Inside::Wanted
        };
        let unclosed = || GlobError("unexpected end of input".to_owned());
        let mut ahead = self.rest.clone();
        let low = ahead.next().ok_or_else(unclosed)?;
        if ahead.next() == Some('-') {
            let high = ahead.next().ok_or_else(unclosed)?;
            self.rest = ahead;
            if high < low {
                return Err(GlobError(format!(
                    "hi character '{high}' should be greater than lo '{low}'"
                )));
            }
            self.close()?;
            return Ok(Token::Range { low, high, inside });
        }
        let characters = self.class_characters();
        self.close()?;
        if characters.is_empty() {
            return Err(GlobError("could not parse range".to_owned()));
        }
        Ok(Token::List { characters, inside })
    }

    fn class_characters(&mut self) -> String {
        let mut characters = String::new();
        while let Some(next) = self.rest.next_if(|next| *next != ']') {
            if next == '\\' {
                characters.extend(self.rest.next());
            } else {
                characters.push(next);
            }
        }
        characters
    }

    fn close(&mut self) -> Result<(), GlobError> {
        match self.rest.next() {
            Some(']') => Ok(()),
            Some(_) => Err(GlobError("expected close range character".to_owned())),
            None => Err(GlobError("unexpected end of input".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_upstream_does() {
        let cases = [
            ("*", "", "a/b", true),
            ("*", "/", "a/b", false),
            ("**", "/", "a/b", true),
            ("a/*/c", "/", "a/b/c", true),
            ("a?c", "/", "a/c", false),
            ("[a-c]x", "", "bx", true),
            ("[!a-c]x", "", "bx", false),
            ("[abc]", "", "c", true),
            ("{a,b*}.yaml", "", "bcd.yaml", true),
            ("{a,{b,c}}d", "", "cd", true),
            (r"a\*", "", "a*", true),
            (r"a\*", "", "ab", false),
            (
                "https://git.example.org/*",
                "/",
                "https://git.example.org/me/lab",
                false,
            ),
            (
                "https://git.example.org/**",
                "/",
                "https://git.example.org/me/lab",
                true,
            ),
            ("a,b", "", "a,b", true),
        ];
        for (pattern, separators, text, expected) in cases {
            let separators: Vec<char> = separators.chars().collect();
            let glob = Glob::parse(pattern, &separators).unwrap();
            assert_eq!(glob.matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn malformed_classes_are_errors() {
        for pattern in ["[", "[a", "[c-a]", "[]", "[a-zA]"] {
            assert!(Glob::parse(pattern, &[]).is_err(), "{pattern}");
        }
    }

    #[test]
    fn many_stars_end_in_time() {
        let glob = Glob::parse(&"*a".repeat(1000), &[]).unwrap();
        assert!(!glob.matches(&"a".repeat(999)));
    }
}
