//! The value of a scalar: what its bytes say once folded and unescaped.
//!
//! Source: go.yaml.in/yaml v3.0.5 `scannerc.go`, the second halves of `yaml_parser_scan_plain_scalar`,
//! `…_flow_scalar` and `…_block_scalar`. The scanner has found these texts correct before.

use std::borrow::Cow;

use crate::scan::{Style, break_len, is_blank};
use crate::tree::{Node, NodeKind};

/// The value of a scalar, the name of an alias, nothing for lists and maps.
pub(crate) fn cook(node: Node<'_>) -> Cow<'_, str> {
    let bytes = node.tree.bytes(node.span());
    let inner = || {
        bytes
            .get(1..bytes.len().saturating_sub(1))
            .unwrap_or_default()
    };
    let cooked = match node.kind() {
        NodeKind::List(_) | NodeKind::Map(_) => return Cow::Borrowed(""),
        NodeKind::Alias => return borrowed(bytes.get(1..).unwrap_or_default()),
        NodeKind::Scalar(Style::Plain) if node.row.is_raw => return borrowed(bytes),
        NodeKind::Scalar(Style::SingleQuoted | Style::DoubleQuoted) if node.row.is_raw => {
            return borrowed(inner());
        }
        NodeKind::Scalar(Style::Plain) => Flow::new(bytes).cook(Escapes::None),
        NodeKind::Scalar(Style::SingleQuoted) => Flow::new(inner()).cook(Escapes::Doubled),
        NodeKind::Scalar(Style::DoubleQuoted) => Flow::new(inner()).cook(Escapes::Backslash),
        NodeKind::Scalar(style) => Block::new(bytes, usize::from(node.row.indent)).cook(style),
    };
    Cow::Owned(String::from_utf8(cooked).unwrap_or_default())
}

/// The scanner reads only what is UTF-8.
fn borrowed(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    Doubled,
    Backslash,
}

struct Flow<'a> {
    rest: &'a [u8],
    text: Vec<u8>,
}

impl<'a> Flow<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            text: Vec::with_capacity(bytes.len()),
        }
    }

    fn cook(mut self, escapes: Escapes) -> Vec<u8> {
        while let Some(byte) = self.rest.first().copied() {
            if is_blank(byte) || break_len(self.rest) > 0 {
                self.gap(Gap::default());
                continue;
            }
            match (byte, escapes) {
                (b'\'', Escapes::Doubled) => {
                    self.text.push(b'\'');
                    self.skip(2);
                }
                (b'\\', Escapes::Backslash) => self.escape(),
                _ => {
                    self.text.push(byte);
                    self.skip(1);
                }
            }
        }
        self.text
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Blanks and line breaks between two words: blanks stay, one break is a space, more are breaks.
    fn gap(&mut self, mut gap: Gap) {
        let start = self.rest;
        loop {
            let len = break_len(self.rest);
            if len > 0 {
                let (this_break, rest) = self.rest.split_at(len);
                if gap.has_break {
                    push_break(&mut gap.more_breaks, this_break);
                } else {
                    push_break(&mut gap.first_break, this_break);
                }
                gap.has_break = true;
                self.rest = rest;
            } else if self.rest.first().copied().is_some_and(is_blank) {
                self.skip(1);
            } else {
                break;
            }
        }
        if !gap.has_break {
            let blanks = start.len() - self.rest.len();
            self.text
                .extend_from_slice(start.get(..blanks).unwrap_or_default());
        } else if gap.first_break != b"\n" {
            self.text.append(&mut gap.first_break);
            self.text.append(&mut gap.more_breaks);
        } else if gap.more_breaks.is_empty() {
            self.text.push(b' ');
        } else {
            self.text.append(&mut gap.more_breaks);
        }
    }

    fn escape(&mut self) {
        let after = self.rest.get(1..).unwrap_or_default();
        let len = break_len(after);
        if len > 0 {
            // The break itself is nothing; what blanks follow are nothing too, more breaks stay.
            self.skip(1 + len);
            let more = Gap {
                has_break: true,
                ..Gap::default()
            };
            self.gap(more);
            return;
        }
        let (character, digits) = match after.first() {
            Some(b'0') => ('\0', 0),
            Some(b'a') => ('\u{7}', 0),
            Some(b'b') => ('\u{8}', 0),
            Some(b't' | b'\t') => ('\t', 0),
            Some(b'n') => ('\n', 0),
            Some(b'v') => ('\u{b}', 0),
            Some(b'f') => ('\u{c}', 0),
            Some(b'r') => ('\r', 0),
            Some(b'e') => ('\u{1b}', 0),
            Some(b'N') => ('\u{85}', 0),
            Some(b'_') => ('\u{a0}', 0),
            Some(b'L') => ('\u{2028}', 0),
            Some(b'P') => ('\u{2029}', 0),
            Some(b'x') => (' ', 2),
            Some(b'u') => (' ', 4),
            Some(b'U') => (' ', 8),
            Some(other) => (char::from(*other), 0),
            None => return self.skip(1),
        };
        let code = after.get(1..=digits).unwrap_or_default();
        let character = if digits == 0 {
            character
        } else {
            decoded(code)
        };
        let mut buffer = [0; 4];
        self.text
            .extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        self.skip(2 + digits);
    }
}

fn decoded(digits: &[u8]) -> char {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    let code = u32::from_str_radix(text, 16).ok();
    code.and_then(char::from_u32).unwrap_or('\u{fffd}')
}

#[derive(Default)]
struct Gap {
    has_break: bool,
    first_break: Vec<u8>,
    more_breaks: Vec<u8>,
}

/// A line break as it gets into a value: LS and PS as they are, all others as a line feed.
fn push_break(text: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        [0xe2, ..] => text.extend_from_slice(bytes),
        _ => text.push(b'\n'),
    }
}

struct Block<'a> {
    rest: &'a [u8],
    indent: usize,
    chomping: Chomping,
    column: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Clip,
    Strip,
    Keep,
}

impl<'a> Block<'a> {
    fn new(bytes: &'a [u8], indent: usize) -> Self {
        let header_end = (0..bytes.len())
            .find(|at| break_len(bytes.get(*at..).unwrap_or_default()) > 0)
            .unwrap_or(bytes.len());
        let (header, rest) = bytes.split_at(header_end);
        let indicators = header.get(1..3.min(header.len())).unwrap_or_default();
        let indicators = indicators
            .iter()
            .take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'));
        let chomping = indicators.fold(Chomping::Clip, |chomping, byte| match byte {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => chomping,
        });
        Self {
            rest: rest.get(break_len(rest)..).unwrap_or_default(),
            indent,
            chomping,
            column: 0,
        }
    }

    fn cook(mut self, style: Style) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.rest.len());
        let mut leading_break = Vec::new();
        let mut trailing_breaks = Vec::new();
        let mut after_blank = false;
        self.breaks(&mut trailing_breaks);
        while self.column == self.indent && !self.rest.is_empty() {
            let starts_blank = self.rest.first().copied().is_some_and(is_blank);
            let folds = style == Style::Folded && !after_blank && !starts_blank;
            if folds && leading_break == b"\n" {
                if trailing_breaks.is_empty() {
                    text.push(b' ');
                }
                leading_break.clear();
            } else {
                text.append(&mut leading_break);
            }
            text.append(&mut trailing_breaks);
            after_blank = starts_blank;
            self.line(&mut text, &mut leading_break);
            self.breaks(&mut trailing_breaks);
        }
        if self.chomping != Chomping::Strip {
            text.append(&mut leading_break);
        }
        if self.chomping == Chomping::Keep {
            text.append(&mut trailing_breaks);
        }
        text
    }

    /// Takes the rest of the line, its break apart.
    fn line(&mut self, text: &mut Vec<u8>, line_break: &mut Vec<u8>) {
        let is_stop = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2);
        loop {
            let count = self
                .rest
                .iter()
                .position(is_stop)
                .unwrap_or(self.rest.len());
            let (part, rest) = self.rest.split_at(count);
            text.extend_from_slice(part);
            self.rest = rest;
            let len = break_len(rest);
            let Some((first, after)) = rest.split_first() else {
                return;
            };
            if len > 0 {
                let (this_break, rest) = rest.split_at(len);
                push_break(line_break, this_break);
                self.rest = rest;
                self.column = 0;
                return;
            }
            text.push(*first);
            self.rest = after;
        }
    }

    /// Takes indentation and empty lines.
    fn breaks(&mut self, breaks: &mut Vec<u8>) {
        loop {
            while self.column < self.indent && self.rest.first() == Some(&b' ') {
                self.rest = self.rest.get(1..).unwrap_or_default();
                self.column += 1;
            }
            let len = break_len(self.rest);
            if len == 0 {
                return;
            }
            let (this_break, rest) = self.rest.split_at(len);
            push_break(breaks, this_break);
            self.rest = rest;
            self.column = 0;
        }
    }
}
