//! A place in the bytes that knows its line and column.

use memchr::memchr2;
use toft_source::Span;

/// A place: offset in bytes, line from 0, column from 0 in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) offset: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

pub(crate) struct Cursor<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) pos: usize,
    line: u32,
    /// Where the column was counted last, and what it was; moved on in `advance`.
    column: u32,
    is_ascii: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], start: usize) -> Self {
        let text = bytes.get(start..).unwrap_or_default();
        let is_ascii = text.is_ascii();
        // The reader takes a byte order mark away before anything is counted.
        let start = start
            + if text.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                0
            };
        Self {
            bytes,
            pos: start,
            line: 0,
            column: 0,
            is_ascii,
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            offset: self.offset(),
            line: self.line,
            column: self.column,
        }
    }

    pub(crate) fn offset(&self) -> u32 {
        u32::try_from(self.pos).unwrap_or(u32::MAX)
    }

    pub(crate) fn column(&self) -> u32 {
        self.column
    }

    /// The byte `ahead` of here; NUL after the end, where no text has one.
    #[inline]
    pub(crate) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or_default()
    }

    pub(crate) fn is_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    /// The bytes of the character here.
    pub(crate) fn character_span(&self) -> Span {
        let width = match self.peek(0) {
            0 => 0,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
            _ => 1,
        };
        Span::new(self.pos, (self.pos + width).min(self.bytes.len()))
    }

    /// Moves on by bytes that hold no line break.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        let end = (self.pos + count).min(self.bytes.len());
        let characters = if self.is_ascii {
            end - self.pos
        } else {
            let passed = self.bytes.get(self.pos..end).unwrap_or_default();
            passed.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
        };
        self.pos = end;
        self.column += u32::try_from(characters).unwrap_or(0);
    }

    #[inline]
    pub(crate) fn skip_spaces(&mut self) {
        let start = self.pos;
        while self.peek(0) == b' ' {
            self.pos += 1;
        }
        self.column += u32::try_from(self.pos - start).unwrap_or(0);
    }

    pub(crate) fn skip_to_break(&mut self) {
        self.advance(self.to_break());
    }

    /// How many bytes there are before the next line break or the end.
    pub(crate) fn to_break(&self) -> usize {
        let rest = self.rest();
        if self.is_ascii {
            return memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        }
        let mut from = 0;
        // Breaks beyond ASCII are rare: look for the common ones, then for others before them.
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        while let Some(found) = memchr2(0xc2, 0xe2, line.get(from..).unwrap_or_default()) {
            if break_len(line.get(from + found..).unwrap_or_default()) > 0 {
                return from + found;
            }
            from += found + 1;
        }
        end
    }

    /// Skips a line break, if there is one here.
    #[inline]
    pub(crate) fn skip_break(&mut self) -> bool {
        let len = break_len(self.rest());
        if len == 0 {
            return false;
        }
        self.pos += len;
        self.line += 1;
        self.column = 0;
        true
    }

    /// The end of the stream stands on a line of its own.
    pub(crate) fn force_new_line(&mut self) {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
    }

    /// Whether a blank, a line break or the end is `ahead` of here.
    #[inline]
    pub(crate) fn is_blankz(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            0 | b' ' | b'\t' | b'\n' | b'\r' => true,
            0xc2 | 0xe2 => break_len(self.bytes.get(self.pos + ahead..).unwrap_or_default()) > 0,
            _ => false,
        }
    }

    pub(crate) fn is_breakz(&self) -> bool {
        self.is_end() || break_len(self.rest()) > 0
    }

    /// Whether `---` or `...` stands here; the caller knows that a line begins here.
    pub(crate) fn at_marker(&self) -> bool {
        is_doc_marker(self.rest())
    }
}

/// Whether a text begins with `---` or `...` and then a blank, a line break or its end.
pub(crate) fn is_doc_marker(text: &[u8]) -> bool {
    let Some(rest) = text
        .strip_prefix(b"---")
        .or_else(|| text.strip_prefix(b"..."))
    else {
        return false;
    };
    rest.first().is_none_or(|byte| is_blank(*byte)) || break_len(rest) > 0
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The bytes of the line break that a text begins with; 0 if it does not.
#[inline]
pub(crate) fn break_len(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

pub(crate) fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
