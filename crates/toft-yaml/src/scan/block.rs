//! Block scalars.

use super::cursor::Mark;
use super::{Scan, Scanner, Style, Token, TokenKind};

impl Scanner<'_> {
    pub(super) fn block_scalar(&mut self, style: Style) -> Scan<()> {
        self.remove_key()?;
        self.key_is_allowed = true;
        let mark = self.cursor.mark();
        self.cursor.advance(1);
        let increment = self.block_header(mark)?;
        while super::is_blank(self.cursor.peek(0)) {
            self.cursor.advance(1);
        }
        if self.cursor.peek(0) == b'#' {
            self.comment();
        }
        if !self.cursor.is_breakz() {
            return self.fail(mark, "did not find expected comment or line break");
        }
        self.cursor.skip_break();
        let parent = self.indent.max(0).unsigned_abs();
        let mut indent = if increment == 0 {
            0
        } else {
            parent + increment
        };
        let mut end = self.cursor.offset();
        self.block_breaks(mark, &mut indent, &mut end)?;
        while self.cursor.column() == indent && !self.cursor.is_end() {
            self.cursor.skip_to_break();
            self.cursor.skip_break();
            self.block_breaks(mark, &mut indent, &mut end)?;
        }
        let token = Token {
            is_raw: false,
            indent: u16::try_from(indent).unwrap_or(u16::MAX),
            end,
            ..self.token(TokenKind::Scalar(style), mark)
        };
        self.tokens.push(token);
        Ok(())
    }

    /// Skips the indicators after `|` or `>`; gives the indentation that was asked for, or 0.
    fn block_header(&mut self, mark: Mark) -> Scan<u32> {
        let mut increment = 0;
        let is_chomping = |byte: u8| byte == b'+' || byte == b'-';
        let chomps_first = is_chomping(self.cursor.peek(0));
        if chomps_first {
            self.cursor.advance(1);
        }
        if self.cursor.peek(0).is_ascii_digit() {
            if self.cursor.peek(0) == b'0' {
                return self.fail(mark, "found an indentation indicator equal to 0");
            }
            increment = u32::from(self.cursor.peek(0) - b'0');
            self.cursor.advance(1);
            if !chomps_first && is_chomping(self.cursor.peek(0)) {
                self.cursor.advance(1);
            }
        }
        Ok(increment)
    }

    /// Skips indentation and empty lines, and finds the indentation where it is not known yet.
    ///
    /// `end` becomes the end of the last line break.
    fn block_breaks(&mut self, mark: Mark, indent: &mut u32, end: &mut u32) -> Scan<()> {
        *end = self.cursor.offset();
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.cursor.column() < *indent) && self.cursor.peek(0) == b' ' {
                self.cursor.advance(1);
            }
            widest = widest.max(self.cursor.column());
            let is_short = *indent == 0 || self.cursor.column() < *indent;
            if is_short && self.cursor.peek(0) == b'\t' {
                return self.fail(
                    mark,
                    "found a tab character where an indentation space is expected",
                );
            }
            if !self.cursor.skip_break() {
                break;
            }
            *end = self.cursor.offset();
        }
        if *indent == 0 {
            let parent = (self.indent + 1).unsigned_abs();
            *indent = widest.max(parent).max(1);
        }
        Ok(())
    }
}
