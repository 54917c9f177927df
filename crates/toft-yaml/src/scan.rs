//! The scanner: bytes to tokens, with libyaml's ideas of where a key may stand.
//!
//! This is the machine of libyaml as go-yaml carries it on: a stack of columns that opens and closes
//! blocks, and for every flow level one place where a simple key may have begun. Where YAML 1.2 says
//! otherwise, libyaml is followed. Tokens point into the bytes and own nothing.
//!
//! Source: go.yaml.in/yaml v3.0.5 and v2.4.4, `scannerc.go`. They differ in what they look ahead and
//! in one thing about tabs before comments; the scanner reads as v3 does and remembers what v2 says.

mod block;
mod cursor;
mod directive;
mod flow;
mod problem;

pub(crate) use cursor::{break_len, is_blank, is_doc_marker};
pub(crate) use problem::{Problem, Stage};

use toft_source::Span;

use cursor::{Cursor, Mark};

/// How deep collections may nest. Upstream stops at 10,000, the deepest object found in public
/// repositories is 39, and everything that walks a tree may recurse this far.
pub const DEPTH_MAX: usize = 255;

/// A simple key is not looked for any further than this; the YAML specification says so.
const SIMPLE_KEY_CHARACTERS_MAX: u32 = 1024;

/// How far v3 looks for the next comment of a group.
const COMMENT_PEEK_MAX: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar(Style),
}

/// The five styles of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// The text between the delimiters is the value as it stands.
    pub(crate) is_raw: bool,
    /// For block scalars, the column of the content.
    pub(crate) indent: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) line: u32,
}

impl Token {
    pub(crate) fn span(&self) -> Span {
        Span {
            start: self.start,
            end: self.end,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    is_possible: bool,
    is_required: bool,
    /// The queue waits while this key is its head. Upstream keeps that in a table by token, from which
    /// the end of an empty flow collection takes away what its start has put in.
    is_awaited: bool,
    token: usize,
    mark: Mark,
}

type Scan<T> = Result<T, Box<Problem>>;

/// Scans one chunk of a stream: what stands between two lines that begin with `---`.
pub(crate) struct Scanner<'a> {
    cursor: Cursor<'a>,
    /// Why the bytes end early, if they do: what follows is no text.
    unreadable: Option<Problem>,
    indent: i32,
    indents: Vec<i32>,
    keys: Vec<SimpleKey>,
    key_is_allowed: bool,
    tokens: Vec<Token>,
    head: usize,
    /// The number of `tokens[0]`, counted from the start of the chunk.
    first_number: usize,
    flow_level: usize,
    pub(crate) comments: Vec<Span>,
    /// What v2 would have stopped at where v3 goes on.
    pub(crate) strict_problem: Option<Problem>,
}

impl<'a> Scanner<'a> {
    /// A scanner for `bytes[start..]`, which are text up to `limit`; `unreadable` says why it ends there.
    pub(crate) fn new(bytes: &'a [u8], start: usize, unreadable: Option<Problem>) -> Self {
        Self {
            cursor: Cursor::new(bytes, start),
            unreadable,
            indent: -1,
            indents: Vec::new(),
            keys: vec![SimpleKey::default()],
            key_is_allowed: true,
            tokens: Vec::with_capacity(16),
            head: 0,
            first_number: 0,
            flow_level: 0,
            comments: Vec::new(),
            strict_problem: None,
        }
    }

    /// The bytes that are scanned.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.cursor.bytes
    }

    /// The next token, which stays the next.
    pub(crate) fn peek(&mut self) -> Scan<Token> {
        self.fetch_at_least(1)?;
        let token = self.tokens.get(self.head).copied();
        Ok(token.expect("fetch_at_least() leaves a token in the queue or fails"))
    }

    /// Drops the next token.
    pub(crate) fn skip(&mut self) {
        self.head += 1;
        if self.head >= self.tokens.len() {
            self.first_number += self.tokens.len();
            self.tokens.clear();
            self.head = 0;
        }
    }

    /// Fills the queue with `count` tokens and until the first is no longer a possible key.
    ///
    /// v2 wants one token, v3 three; `yaml_parser_fetch_more_tokens`.
    pub(crate) fn fetch_at_least(&mut self, count: usize) -> Scan<()> {
        loop {
            if self.tokens.len() >= self.head + count && !self.head_may_be_key()? {
                return Ok(());
            }
            self.fetch_next()?;
        }
    }

    fn head_may_be_key(&mut self) -> Scan<bool> {
        let head = self.first_number + self.head;
        // Numbers grow up the stack: the first from above that is not beyond the head decides.
        let is_before = |key: &SimpleKey| key.is_possible && key.is_awaited && key.token <= head;
        let index = self.keys.iter().rposition(is_before);
        match index {
            Some(index) if self.keys.get(index).is_some_and(|key| key.token == head) => {
                self.check_key(index)
            }
            _ => Ok(false),
        }
    }

    /// Whether a simple key is still possible; forgets it if not.
    fn check_key(&mut self, index: usize) -> Scan<bool> {
        let mark = self.cursor.mark();
        let Some(key) = self.keys.get_mut(index).filter(|key| key.is_possible) else {
            return Ok(false);
        };
        let is_far = key.mark.column + SIMPLE_KEY_CHARACTERS_MAX < mark.column;
        if key.mark.line == mark.line && !is_far {
            return Ok(true);
        }
        if key.is_required {
            let context = key.mark;
            return self.fail(context, "could not find expected ':'");
        }
        key.is_possible = false;
        Ok(false)
    }

    fn save_key(&mut self) -> Scan<()> {
        if !self.key_is_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark();
        let is_required = self.flow_level == 0 && i64::from(self.indent) == i64::from(mark.column);
        self.remove_key()?;
        let token = self.first_number + self.tokens.len();
        if let Some(key) = self.keys.last_mut() {
            *key = SimpleKey {
                is_possible: true,
                is_required,
                is_awaited: true,
                token,
                mark,
            };
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Scan<()> {
        let Some(key) = self.keys.last_mut().filter(|key| key.is_possible) else {
            return Ok(());
        };
        if key.is_required {
            let context = key.mark;
            return self.fail(context, "could not find expected ':'");
        }
        key.is_possible = false;
        Ok(())
    }

    fn push(&mut self, kind: TokenKind, mark: Mark) {
        let token = self.token(kind, mark);
        self.tokens.push(token);
    }

    fn token(&self, kind: TokenKind, mark: Mark) -> Token {
        Token {
            kind,
            is_raw: true,
            indent: 0,
            start: mark.offset,
            end: self.cursor.offset(),
            line: mark.line,
        }
    }

    /// Opens a block at `column`; the token goes to the queue's end, or before the token `number`.
    fn roll(&mut self, kind: TokenKind, mark: Mark, number: Option<usize>) -> Scan<()> {
        let column = i32::try_from(mark.column).unwrap_or(i32::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > DEPTH_MAX {
            return self.fail(mark, TOO_DEEP);
        }
        let token = Token {
            end: mark.offset,
            ..self.token(kind, mark)
        };
        self.insert(number, token);
        Ok(())
    }

    /// Puts a token before the one with this number, or at the end if that one is gone already.
    fn insert(&mut self, number: Option<usize>, token: Token) {
        let end = self.tokens.len();
        let index = number.and_then(|number| number.checked_sub(self.first_number));
        let index = index.filter(|index| (self.head..end).contains(index));
        self.tokens.insert(index.unwrap_or(end), token);
    }

    /// Closes the blocks that are deeper than `column`.
    fn unroll(&mut self, column: i64) {
        if self.flow_level > 0 || i64::from(self.indent) <= column {
            return;
        }
        let mark = self.cursor.mark();
        while i64::from(self.indent) > column {
            self.push(TokenKind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_next(&mut self) -> Scan<()> {
        self.skip_to_token();
        let mark = self.cursor.mark();
        self.unroll(i64::from(mark.column));
        let byte = self.cursor.peek(0);
        if byte == 0 {
            return self.stream_end();
        }
        if mark.column == 0 {
            match byte {
                b'%' => return self.directive(),
                b'-' | b'.' if self.cursor.at_marker() => return self.document_marker(byte),
                _ => {}
            }
        }
        let fetched = self.fetch_token(byte);
        if fetched.is_ok() && !self.ends_in_block_entry() {
            self.line_comment();
        }
        fetched
    }

    fn ends_in_block_entry(&self) -> bool {
        self.tokens
            .last()
            .is_some_and(|token| token.kind == TokenKind::BlockEntry)
    }

    fn fetch_token(&mut self, byte: u8) -> Scan<()> {
        let is_block = self.flow_level == 0;
        let before_blank = || self.cursor.is_blankz(1);
        match byte {
            b'[' => self.flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.flow_start(TokenKind::FlowMappingStart),
            b']' => self.flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.flow_end(TokenKind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if before_blank() => self.block_entry(),
            b'?' if !is_block || before_blank() => self.key(),
            b':' if !is_block || before_blank() => self.value(),
            b'*' => self.anchor(TokenKind::Alias),
            b'&' => self.anchor(TokenKind::Anchor),
            b'!' => self.tag(),
            b'|' if is_block => self.block_scalar(Style::Literal),
            b'>' if is_block => self.block_scalar(Style::Folded),
            b'\'' => self.quoted(Style::SingleQuoted),
            b'"' => self.quoted(Style::DoubleQuoted),
            // What would begin a plain scalar elsewhere begins nothing here.
            b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => self.fail_here(CANNOT_START),
            _ => self.plain(),
        }
    }

    /// Skips blanks, comments and line breaks.
    fn skip_to_token(&mut self) {
        let mut last_comment_end = None;
        loop {
            self.cursor.skip_spaces();
            while self.cursor.peek(0) == b'\t' {
                let is_indentation = self.flow_level == 0 && self.key_is_allowed;
                if is_indentation && !self.reaches_comment(last_comment_end) {
                    return;
                }
                if is_indentation {
                    self.note_tab();
                }
                self.cursor.advance(1);
                self.cursor.skip_spaces();
            }
            if self.cursor.peek(0) == b'#' {
                self.comment();
                last_comment_end = Some(self.cursor.pos);
            }
            if !self.cursor.skip_break() {
                return;
            }
            if self.flow_level == 0 {
                self.key_is_allowed = true;
            }
        }
    }

    /// Whether only blanks and line breaks stand between the end of a comment and the next one.
    fn reaches_comment(&self, comment_end: Option<usize>) -> bool {
        let Some(end) = comment_end else {
            return false;
        };
        let ahead = self.cursor.bytes.get(end..).unwrap_or_default();
        let mut ahead = ahead.iter().take(COMMENT_PEEK_MAX);
        ahead.find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) == Some(&b'#')
    }

    fn note_tab(&mut self) {
        if self.strict_problem.is_none() {
            self.strict_problem = Some(self.problem(self.cursor.mark(), CANNOT_START));
        }
    }

    fn comment(&mut self) {
        let start = self.cursor.pos;
        self.cursor.skip_to_break();
        self.comments.push(Span::new(start, self.cursor.pos));
    }

    /// Skips a comment on the same line, as v3 does right after each token.
    ///
    /// It makes a difference after `?` and after the `:` of a complex key, where v2 refuses a tab.
    fn line_comment(&mut self) {
        let rest = self.cursor.rest();
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        if blanks >= COMMENT_PEEK_MAX || rest.get(blanks) != Some(&b'#') {
            return;
        }
        // After a scalar a key is allowed only where the scalar went on to the next line.
        let last = self.tokens.last();
        if self.key_is_allowed
            && last.is_some_and(|token| matches!(token.kind, TokenKind::Scalar(_)))
        {
            return;
        }
        let has_tab = rest.iter().take(blanks).any(|byte| *byte == b'\t');
        if has_tab && self.flow_level == 0 && self.key_is_allowed {
            self.note_tab();
        }
        self.cursor.advance(blanks);
        self.comment();
    }

    fn stream_end(&mut self) -> Scan<()> {
        if let Some(problem) = &self.unreadable {
            return Err(Box::new(problem.clone()));
        }
        self.cursor.force_new_line();
        self.unroll(-1);
        self.remove_key()?;
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        self.push(TokenKind::StreamEnd, mark);
        Ok(())
    }

    fn document_marker(&mut self, byte: u8) -> Scan<()> {
        self.unroll(-1);
        self.remove_key()?;
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        self.cursor.advance(3);
        let kind = if byte == b'-' {
            TokenKind::DocumentStart
        } else {
            TokenKind::DocumentEnd
        };
        self.push(kind, mark);
        Ok(())
    }

    fn block_entry(&mut self) -> Scan<()> {
        let mark = self.cursor.mark();
        if self.flow_level == 0 {
            if !self.key_is_allowed {
                return self.fail_here("block sequence entries are not allowed in this context");
            }
            self.roll(TokenKind::BlockSequenceStart, mark, None)?;
        }
        self.remove_key()?;
        self.key_is_allowed = true;
        self.indicator(TokenKind::BlockEntry, mark);
        Ok(())
    }

    fn indicator(&mut self, kind: TokenKind, mark: Mark) {
        self.cursor.advance(1);
        self.push(kind, mark);
    }

    fn key(&mut self) -> Scan<()> {
        let mark = self.cursor.mark();
        if self.flow_level == 0 {
            if !self.key_is_allowed {
                return self.fail_here("mapping keys are not allowed in this context");
            }
            self.roll(TokenKind::BlockMappingStart, mark, None)?;
        }
        self.remove_key()?;
        self.key_is_allowed = self.flow_level == 0;
        self.indicator(TokenKind::Key, mark);
        Ok(())
    }

    fn value(&mut self) -> Scan<()> {
        let mark = self.cursor.mark();
        if self.check_key(self.keys.len() - 1)? {
            let key = self.keys.last_mut().expect("a key is kept for every level");
            key.is_possible = false;
            let (number, key_mark) = (key.token, key.mark);
            let token = Token {
                end: key_mark.offset,
                ..self.token(TokenKind::Key, key_mark)
            };
            self.insert(Some(number), token);
            self.roll(TokenKind::BlockMappingStart, key_mark, Some(number))?;
            self.key_is_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_is_allowed {
                    return self.fail_here("mapping values are not allowed in this context");
                }
                self.roll(TokenKind::BlockMappingStart, mark, None)?;
            }
            self.key_is_allowed = self.flow_level == 0;
        }
        self.indicator(TokenKind::Value, mark);
        Ok(())
    }

    fn fail_here<T>(&self, message: &'static str) -> Scan<T> {
        self.fail(self.cursor.mark(), message)
    }

    fn fail<T>(&self, context: Mark, message: &'static str) -> Scan<T> {
        Err(Box::new(self.problem(context, message)))
    }

    fn problem(&self, context: Mark, message: &'static str) -> Problem {
        Problem {
            stage: Stage::Scanner,
            message: message.into(),
            context_line: context.line,
            line: self.cursor.mark().line,
            span: self.cursor.character_span(),
            context: context.offset,
        }
    }
}

/// What libyaml says where nothing fits.
const CANNOT_START: &str = "found character that cannot start any token";

pub(crate) const TOO_DEEP: &str = "exceeded max depth of 255";
