//! Template text to tokens.
//!
//! Source: Go 1.26 `src/text/template/parse/lex.go`.

use crate::quote;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Keyword(Keyword),
}

/// A word with a meaning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

const KEYWORDS: &[(&str, Keyword)] = &[
    (".", Keyword::Dot),
    ("block", Keyword::Block),
    ("break", Keyword::Break),
    ("continue", Keyword::Continue),
    ("define", Keyword::Define),
    ("else", Keyword::Else),
    ("end", Keyword::End),
    ("if", Keyword::If),
    ("nil", Keyword::Nil),
    ("range", Keyword::Range),
    ("template", Keyword::Template),
    ("with", Keyword::With),
];

/// One token: its kind, where it starts, its text and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    /// The token as messages show it.
    pub(crate) fn shown(&self) -> String {
        match self.kind {
            Kind::End => "EOF".to_owned(),
            Kind::Error => self.text.clone(),
            Kind::Keyword(_) => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                format!("{}...", quote::quote(&start))
            }
            _ => quote::quote(&self.text),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const SPACES: &[char] = &[' ', '\t', '\r', '\n'];

/// Gives tokens one at a time; after an error there is only the end.
pub(crate) struct Lexer<'a> {
    input: &'a str,
    position: usize,
    start: usize,
    line: usize,
    inside: bool,
    parens: usize,
}

type Lexed = Result<Kind, String>;

impl<'a> Lexer<'a> {
    pub(crate) fn new(input: &'a str) -> Self {
        Self {
            input,
            position: 0,
            start: 0,
            line: 1,
            inside: false,
            parens: 0,
        }
    }

    pub(crate) fn next(&mut self) -> Token {
        loop {
            let line = self.line;
            let lexed = if self.inside {
                self.action().map(Some)
            } else {
                self.text()
            };
            match lexed {
                Ok(None) => {}
                Ok(Some(kind)) => return self.token(kind),
                Err(message) => {
                    let at = self.start;
                    self.input = "";
                    (self.start, self.position, self.inside) = (0, 0, false);
                    return Token {
                        kind: Kind::Error,
                        at,
                        text: message,
                        line,
                    };
                }
            }
        }
    }

    fn token(&mut self, kind: Kind) -> Token {
        let text = self
            .input
            .get(self.start..self.position)
            .unwrap_or_default();
        let shown = match kind {
            Kind::End => "EOF",
            Kind::RightDelimiter => RIGHT,
            _ => text,
        };
        let token = Token {
            kind,
            at: self.start,
            text: shown.to_owned(),
            line: self.line,
        };
        self.ignore();
        // Trim markers belong to the delimiters.
        if kind == Kind::RightDelimiter && text.len() > RIGHT.len() {
            self.skip_spaces();
        }
        if kind == Kind::LeftDelimiter && has_left_trim(self.rest()) {
            self.position += 2;
            self.ignore();
        }
        token
    }

    fn rest(&self) -> &'a str {
        self.input.get(self.position..).unwrap_or_default()
    }

    fn ignore(&mut self) {
        let passed = self
            .input
            .get(self.start..self.position)
            .unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.start = self.position;
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start_matches(SPACES).len();
        self.ignore();
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.position += next.len_utf8();
        Some(next)
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accept) {
            self.take();
        }
    }

    fn take_one_of(&mut self, set: &str) -> bool {
        let found = self.peek().is_some_and(|next| set.contains(next));
        if found {
            self.take();
        }
        found
    }

    /// Text up to the next action; `None` where there is none and the action is to be read.
    fn text(&mut self) -> Result<Option<Kind>, String> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(Some(Kind::End));
        }
        let Some(length) = rest.find(LEFT) else {
            self.position = self.input.len();
            return Ok(Some(Kind::Text));
        };
        if length == 0 {
            return self.left_delimiter();
        }
        let (text, action) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let trims = action.get(LEFT.len()..).is_some_and(has_left_trim);
        let kept = if trims {
            text.trim_end_matches(SPACES)
        } else {
            text
        };
        self.position += kept.len();
        if kept.is_empty() {
            self.position += length;
            self.ignore();
            return Ok(None);
        }
        Ok(Some(Kind::Text))
    }

    fn left_delimiter(&mut self) -> Result<Option<Kind>, String> {
        self.position += LEFT.len();
        let marker = if has_left_trim(self.rest()) { 2 } else { 0 };
        if self
            .rest()
            .get(marker..)
            .is_some_and(|rest| rest.starts_with("/*"))
        {
            self.position += marker;
            self.ignore();
            return self.comment().map(|()| None);
        }
        self.inside = true;
        self.parens = 0;
        Ok(Some(Kind::LeftDelimiter))
    }

    fn comment(&mut self) -> Result<(), String> {
        let Some(end) = self.rest().get(2..).and_then(|rest| rest.find("*/")) else {
            return Err("unclosed comment".to_owned());
        };
        self.position += 2 + end + 2;
        let Some(length) = self.right_delimiter() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.position += length;
        self.ignore();
        if length > RIGHT.len() {
            self.skip_spaces();
        }
        Ok(())
    }

    /// How long the right delimiter here is, with its trim marker; `None` where there is none.
    fn right_delimiter(&self) -> Option<usize> {
        let rest = self.rest();
        if has_right_trim(rest) && rest.get(2..).is_some_and(|rest| rest.starts_with(RIGHT)) {
            return Some(2 + RIGHT.len());
        }
        rest.starts_with(RIGHT).then_some(RIGHT.len())
    }

    fn action(&mut self) -> Lexed {
        if let Some(length) = self.right_delimiter() {
            if self.parens > 0 {
                return Err("unclosed left paren".to_owned());
            }
            self.position += length;
            self.inside = false;
            return Ok(Kind::RightDelimiter);
        }
        match self.take() {
            None => Err("unclosed action".to_owned()),
            Some(next) if is_space(next) => Ok(self.space()),
            Some('=') => Ok(Kind::Assign),
            Some(':') => match self.take() {
                Some('=') => Ok(Kind::Declare),
                _ => Err("expected :=".to_owned()),
            },
            Some('|') => Ok(Kind::Pipe),
            Some('"') => self.quoted('"', "unterminated quoted string", Kind::String),
            Some('`') => self.raw(),
            Some('$') => self.name(Kind::Variable),
            Some('\'') => self.quoted('\'', "unterminated character constant", Kind::CharConstant),
            Some('.') if !self.peek().is_some_and(|next| next.is_ascii_digit()) => {
                self.name(Kind::Field)
            }
            Some(next) if next == '.' || next == '+' || next == '-' || next.is_ascii_digit() => {
                self.position -= 1;
                self.number()
            }
            Some(next) if is_alphanumeric(next) => self.word(),
            Some('(') => {
                self.parens += 1;
                Ok(Kind::LeftParen)
            }
            Some(')') if self.parens == 0 => Err("unexpected right paren".to_owned()),
            Some(')') => {
                self.parens -= 1;
                Ok(Kind::RightParen)
            }
            Some(next) if (' '..='~').contains(&next) => Ok(Kind::Char),
            Some(next) => Err(format!(
                "unrecognized character in action: {}",
                unicode_name(next)
            )),
        }
    }

    fn space(&mut self) -> Kind {
        self.take_while(is_space);
        // A trim marker belongs to the right delimiter, with the last space before it.
        let before = self.input.get(self.position - 1..).unwrap_or_default();
        let trims =
            has_right_trim(before) && before.get(2..).is_some_and(|rest| rest.starts_with(RIGHT));
        if trims {
            self.position -= 1;
            if self.position == self.start {
                self.position += 2 + RIGHT.len();
                self.inside = false;
                return Kind::RightDelimiter;
            }
        }
        Kind::Space
    }

    fn quoted(&mut self, mark: char, unterminated: &str, kind: Kind) -> Lexed {
        loop {
            match self.take() {
                None | Some('\n') => return Err(unterminated.to_owned()),
                Some('\\') if matches!(self.take(), None | Some('\n')) => {
                    return Err(unterminated.to_owned());
                }
                Some(next) if next == mark => return Ok(kind),
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self) -> Lexed {
        let Some(length) = self.rest().find('`') else {
            return Err("unterminated raw quoted string".to_owned());
        };
        self.position += length + 1;
        Ok(Kind::RawString)
    }

    fn name(&mut self, kind: Kind) -> Lexed {
        if self.at_terminator() {
            return Ok(match kind {
                Kind::Variable => Kind::Variable,
                _ => Kind::Keyword(Keyword::Dot),
            });
        }
        self.take_while(is_alphanumeric);
        self.terminated(kind)
    }

    fn terminated(&self, kind: Kind) -> Lexed {
        if self.at_terminator() {
            return Ok(kind);
        }
        let next = self.peek().map_or_else(|| "-1".to_owned(), unicode_name);
        Err(format!("bad character {next}"))
    }

    fn word(&mut self) -> Lexed {
        self.take_while(is_alphanumeric);
        let word = self
            .input
            .get(self.start..self.position)
            .unwrap_or_default();
        let keyword = KEYWORDS.iter().find(|(name, _)| *name == word);
        self.terminated(match (keyword, word) {
            (Some((_, keyword)), _) => Kind::Keyword(*keyword),
            (None, "true" | "false") => Kind::Bool,
            (None, _) => Kind::Identifier,
        })
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(next) => {
                is_space(next) || ".,|:()".contains(next) || self.rest().starts_with(RIGHT)
            }
        }
    }

    fn number(&mut self) -> Lexed {
        let mut kind = Kind::Number;
        let mut good = self.scan_number();
        if good && self.peek().is_some_and(|sign| sign == '+' || sign == '-') {
            kind = Kind::Complex;
            good = self.scan_number()
                && self
                    .input
                    .get(..self.position)
                    .is_some_and(|text| text.ends_with('i'));
        }
        if good {
            return Ok(kind);
        }
        let text = self
            .input
            .get(self.start..self.position)
            .unwrap_or_default();
        Err(format!("bad number syntax: {}", quote::quote(text)))
    }

    fn scan_number(&mut self) -> bool {
        self.take_one_of("+-");
        let mut digits = "0123456789_";
        if self.take_one_of("0") {
            if self.take_one_of("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.take_one_of("oO") {
                digits = "01234567_";
            } else if self.take_one_of("bB") {
                digits = "01_";
            }
        }
        self.take_while(|next| digits.contains(next));
        if self.take_one_of(".") {
            self.take_while(|next| digits.contains(next));
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.take_one_of(exponent) {
            self.take_one_of("+-");
            self.take_while(|next| "0123456789_".contains(next));
        }
        self.take_one_of("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.take();
            return false;
        }
        true
    }
}

fn has_left_trim(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next() == Some('-') && characters.next().is_some_and(is_space)
}

fn has_right_trim(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_space) && characters.next() == Some('-')
}

fn is_space(character: char) -> bool {
    SPACES.contains(&character)
}

fn is_alphanumeric(character: char) -> bool {
    character == '_' || character.is_alphabetic() || character.is_numeric()
}

/// A character as Go's `%#U` writes it.
pub(crate) fn unicode_name(character: char) -> String {
    let code = u32::from(character);
    if quote::is_print(character) {
        format!("U+{code:04X} '{character}'")
    } else {
        format!("U+{code:04X}")
    }
}
