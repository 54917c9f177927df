//! Flow collections, quoted scalars, plain scalars, anchors.

use super::cursor::is_alpha;
use super::{DEPTH_MAX, Scan, Scanner, SimpleKey, Style, TOO_DEEP, Token, TokenKind};

impl Scanner<'_> {
    pub(super) fn flow_start(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_key()?;
        let mark = self.cursor.mark();
        self.keys.push(SimpleKey {
            token: self.first_number + self.tokens.len(),
            mark,
            ..SimpleKey::default()
        });
        self.flow_level += 1;
        if self.flow_level > DEPTH_MAX {
            return self.fail(mark, TOO_DEEP);
        }
        self.key_is_allowed = true;
        self.indicator(kind, mark);
        Ok(())
    }

    pub(super) fn flow_end(&mut self, kind: TokenKind) -> Scan<()> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let ended = self.keys.pop().unwrap_or_default();
            for key in self.keys.iter_mut().rev() {
                key.is_awaited &= key.token != ended.token;
            }
        }
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        self.indicator(kind, mark);
        Ok(())
    }

    pub(super) fn flow_entry(&mut self) -> Scan<()> {
        self.remove_key()?;
        self.key_is_allowed = true;
        let mark = self.cursor.mark();
        self.indicator(TokenKind::FlowEntry, mark);
        Ok(())
    }

    /// An anchor or an alias; the token's span includes the `&` or `*`.
    pub(super) fn anchor(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_key()?;
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        self.cursor.advance(1);
        let rest = self.cursor.rest();
        let count = rest.iter().take_while(|byte| is_alpha(**byte)).count();
        self.cursor.advance(count);
        let is_end = self.cursor.is_blankz(0)
            || matches!(
                self.cursor.peek(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if count == 0 || !is_end {
            return self.fail(
                mark,
                "did not find expected alphabetic or numeric character",
            );
        }
        self.push(kind, mark);
        Ok(())
    }

    pub(super) fn quoted(&mut self, style: Style) -> Scan<()> {
        self.save_key()?;
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        let quote = self.cursor.peek(0);
        self.cursor.advance(1);
        let mut is_raw = true;
        loop {
            if self.cursor.column() == 0 && self.cursor.at_marker() {
                return self.fail(mark, "found unexpected document indicator");
            }
            self.skip_plain_part(quote);
            let byte = self.cursor.peek(0);
            if byte == quote {
                if quote == b'\'' && self.cursor.peek(1) == b'\'' {
                    is_raw = false;
                    self.cursor.advance(2);
                    continue;
                }
                break;
            }
            is_raw = false;
            match byte {
                0 => {
                    self.check_readable()?;
                    return self.fail(mark, "found unexpected end of stream");
                }
                b'\\' => self.escape(mark)?,
                _ => drop(self.cursor.skip_break()),
            }
        }
        self.cursor.advance(1);
        let token = Token {
            is_raw,
            ..self.token(TokenKind::Scalar(style), mark)
        };
        self.tokens.push(token);
        Ok(())
    }

    /// Skips to a quote, a break, an escape (inside double quotes) or the end.
    fn skip_plain_part(&mut self, quote: u8) {
        let rest = self.cursor.rest();
        let is_stop = |byte: &u8| {
            *byte == quote
                || matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2)
                || (*byte == b'\\' && quote == b'"')
        };
        let mut from = 0;
        while let Some(ahead) = rest.get(from..) {
            from += ahead.iter().position(is_stop).unwrap_or(ahead.len());
            let is_letter = matches!(rest.get(from), Some(0xc2 | 0xe2));
            if !is_letter || super::break_len(rest.get(from..).unwrap_or_default()) > 0 {
                break;
            }
            from += 1;
        }
        self.cursor.advance(from);
    }

    fn escape(&mut self, mark: super::Mark) -> Scan<()> {
        let digits = match self.cursor.peek(1) {
            b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"'
            | b'\'' | b'\\' | b'N' | b'_' | b'L' | b'P' => 0,
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => {
                let after = self.cursor.rest().get(1..).unwrap_or_default();
                if super::break_len(after) > 0 {
                    self.cursor.advance(1);
                    self.cursor.skip_break();
                    return Ok(());
                }
                return self.fail(mark, "found unknown escape character");
            }
        };
        self.cursor.advance(2);
        let code = self.cursor.rest().get(..digits).unwrap_or_default();
        if code.len() < digits || !code.iter().all(u8::is_ascii_hexdigit) {
            return self.fail(mark, "did not find expected hexdecimal number");
        }
        let code = code.iter().fold(0_u32, |code, digit| {
            let digit = char::from(*digit).to_digit(16).unwrap_or(0);
            code.wrapping_shl(4) | digit
        });
        if char::from_u32(code).is_none() {
            return self.fail(mark, "found invalid Unicode character escape code");
        }
        self.cursor.advance(digits);
        Ok(())
    }

    fn check_readable(&self) -> Scan<()> {
        match &self.unreadable {
            Some(problem) => Err(Box::new(problem.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn plain(&mut self) -> Scan<()> {
        self.save_key()?;
        self.key_is_allowed = false;
        let indent = self.indent + 1;
        let mark = self.cursor.mark();
        let mut end = self.cursor.offset();
        let mut is_raw = true;
        let mut crossed_break = false;
        loop {
            let at_marker = self.cursor.column() == 0 && self.cursor.at_marker();
            if at_marker || self.cursor.peek(0) == b'#' {
                break;
            }
            let word = self.word();
            if word > 0 {
                is_raw &= !crossed_break;
                crossed_break = false;
                self.cursor.advance(word);
                end = self.cursor.offset();
            }
            if self.cursor.is_end() || !self.cursor.is_blankz(0) {
                break;
            }
            crossed_break |= self.plain_gap(mark)?;
            let column = i32::try_from(self.cursor.column()).unwrap_or(i32::MAX);
            if self.flow_level == 0 && column < indent {
                break;
            }
        }
        if crossed_break {
            self.key_is_allowed = true;
        }
        let token = Token {
            is_raw,
            end,
            ..self.token(TokenKind::Scalar(Style::Plain), mark)
        };
        self.tokens.push(token);
        Ok(())
    }

    /// The bytes from here to where a word of a plain scalar ends.
    fn word(&self) -> usize {
        let is_flow = self.flow_level > 0;
        let rest = self.cursor.rest();
        let mut count = 0;
        loop {
            let ahead = rest.get(count..).unwrap_or_default();
            let stop = ahead.iter().position(|byte| is_word_end(*byte));
            let Some(stop) = stop else {
                return rest.len();
            };
            count += stop;
            let ends = match rest.get(count) {
                Some(b':' | 0xc2 | 0xe2) => {
                    let is_colon = rest.get(count) == Some(&b':');
                    self.cursor.is_blankz(count + usize::from(is_colon))
                }
                Some(b',' | b'?' | b'[' | b']' | b'{' | b'}') => is_flow,
                _ => true,
            };
            if ends {
                return count;
            }
            count += 1;
        }
    }

    /// Skips blanks and breaks between words; says whether a break was among them.
    fn plain_gap(&mut self, mark: super::Mark) -> Scan<bool> {
        let mut has_break = false;
        loop {
            match self.cursor.peek(0) {
                b' ' => self.cursor.skip_spaces(),
                b'\t' => {
                    let column = i32::try_from(self.cursor.column()).unwrap_or(i32::MAX);
                    if has_break && column <= self.indent {
                        return self.fail(mark, "found a tab character that violates indentation");
                    }
                    self.cursor.advance(1);
                }
                _ if self.cursor.skip_break() => has_break = true,
                _ => return Ok(has_break),
            }
        }
    }
}

/// Whether a word of a plain scalar may end at this byte.
fn is_word_end(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\n' | b'\r' | b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}' | 0xc2 | 0xe2
    )
}
