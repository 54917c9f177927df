//! Directives and tags.

use super::cursor::is_alpha;
use super::{Mark, Scan, Scanner, TokenKind};

impl Scanner<'_> {
    /// `%YAML 1.1` and `%TAG !x! prefix`; the parser reads the parts again from the token's text.
    pub(super) fn directive(&mut self) -> Scan<()> {
        self.unroll(-1);
        self.remove_key()?;
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        self.cursor.advance(1);
        let count = self.alpha_count();
        let name = self.cursor.rest().get(..count).unwrap_or_default();
        self.cursor.advance(count);
        if name.is_empty() {
            return self.fail(mark, "could not find expected directive name");
        }
        if !self.cursor.is_blankz(0) {
            return self.fail(mark, "found unexpected non-alphabetical character");
        }
        let kind = match name {
            b"YAML" => {
                self.version(mark)?;
                TokenKind::VersionDirective
            }
            b"TAG" => {
                self.tag_directive(mark)?;
                TokenKind::TagDirective
            }
            _ => return self.fail(mark, "found unknown directive name"),
        };
        self.push(kind, mark);
        self.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.comment();
        }
        if !self.cursor.is_breakz() {
            return self.fail(mark, "did not find expected comment or line break");
        }
        self.cursor.skip_break();
        Ok(())
    }

    fn alpha_count(&self) -> usize {
        let rest = self.cursor.rest();
        rest.iter().take_while(|byte| is_alpha(**byte)).count()
    }

    fn skip_blanks(&mut self) {
        while super::is_blank(self.cursor.peek(0)) {
            self.cursor.advance(1);
        }
    }

    fn version(&mut self, mark: Mark) -> Scan<()> {
        self.skip_blanks();
        self.version_number(mark)?;
        if self.cursor.peek(0) != b'.' {
            return self.fail(mark, "did not find expected digit or '.' character");
        }
        self.cursor.advance(1);
        self.version_number(mark)
    }

    fn version_number(&mut self, mark: Mark) -> Scan<()> {
        let rest = self.cursor.rest();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count > 2 {
            return self.fail(mark, "found extremely long version number");
        }
        if count == 0 {
            return self.fail(mark, "did not find expected version number");
        }
        self.cursor.advance(count);
        Ok(())
    }

    fn tag_directive(&mut self, mark: Mark) -> Scan<()> {
        self.skip_blanks();
        let handle = self.tag_handle(mark)?;
        if handle > 1 && self.byte_before() != b'!' {
            return self.fail(mark, "did not find expected '!'");
        }
        if !super::is_blank(self.cursor.peek(0)) {
            return self.fail(mark, "did not find expected whitespace");
        }
        self.skip_blanks();
        self.tag_uri(mark, 0)?;
        if !self.cursor.is_blankz(0) {
            return self.fail(mark, "did not find expected whitespace or line break");
        }
        Ok(())
    }

    fn byte_before(&self) -> u8 {
        let before = self.cursor.pos.checked_sub(1);
        before
            .and_then(|before| self.cursor.bytes.get(before).copied())
            .unwrap_or(0)
    }

    /// `!`, `!word` or `!word!`; gives how many bytes it has.
    fn tag_handle(&mut self, mark: Mark) -> Scan<usize> {
        if self.cursor.peek(0) != b'!' {
            return self.fail(mark, "did not find expected '!'");
        }
        let start = self.cursor.pos;
        self.cursor.advance(1);
        self.cursor.advance(self.alpha_count());
        if self.cursor.peek(0) == b'!' {
            self.cursor.advance(1);
        }
        Ok(self.cursor.pos - start)
    }

    /// The rest of a tag, of which `head` bytes are known.
    fn tag_uri(&mut self, mark: Mark, head: usize) -> Scan<()> {
        let start = self.cursor.pos;
        loop {
            match self.cursor.peek(0) {
                b'%' => self.uri_escape(mark)?,
                byte if is_alpha(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    self.cursor.advance(1);
                }
                _ => break,
            }
        }
        if head == 0 && self.cursor.pos == start {
            return self.fail(mark, "did not find expected tag URI");
        }
        Ok(())
    }

    /// One character in `%XX` form, which may have several octets.
    fn uri_escape(&mut self, mark: Mark) -> Scan<()> {
        let mut left = 0;
        let mut is_first = true;
        while is_first || left > 0 {
            let digits = [self.cursor.peek(1), self.cursor.peek(2)];
            let is_octet = self.cursor.peek(0) == b'%' && digits.iter().all(u8::is_ascii_hexdigit);
            if !is_octet {
                return self.fail(mark, "did not find URI escaped octet");
            }
            let octet = digits.iter().fold(0_u32, |octet, digit| {
                octet << 4 | char::from(*digit).to_digit(16).unwrap_or(0)
            });
            if is_first {
                left = match octet {
                    0..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => return self.fail(mark, "found an incorrect leading UTF-8 octet"),
                };
            } else if octet & 0xc0 != 0x80 {
                return self.fail(mark, "found an incorrect trailing UTF-8 octet");
            }
            is_first = false;
            left -= 1;
            self.cursor.advance(3);
        }
        Ok(())
    }

    pub(super) fn tag(&mut self) -> Scan<()> {
        self.save_key()?;
        self.key_is_allowed = false;
        let mark = self.cursor.mark();
        if self.cursor.peek(1) == b'<' {
            self.cursor.advance(2);
            self.tag_uri(mark, 0)?;
            if self.cursor.peek(0) != b'>' {
                return self.fail(mark, "did not find the expected '>'");
            }
            self.cursor.advance(1);
        } else {
            let handle = self.tag_handle(mark)?;
            let is_handle = handle > 1 && self.byte_before() == b'!';
            self.tag_uri(mark, if is_handle { 0 } else { handle })?;
        }
        if !self.cursor.is_blankz(0) {
            return self.fail(mark, "did not find expected whitespace or line break");
        }
        self.push(TokenKind::Tag, mark);
        Ok(())
    }
}
