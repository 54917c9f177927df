//! Quoted texts and characters, as Go writes and reads them.
//!
//! Source: Go 1.26 `src/strconv/quote.go`.

use std::fmt::Write as _;

/// A text in double quotes, as Go's `%q` writes it.
pub(crate) fn quote(text: &str) -> String {
    quote_with(text, '"', Charset::Unicode)
}

/// Which characters are printed as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Unicode,
    Ascii,
}

pub(crate) fn quote_with(text: &str, mark: char, charset: Charset) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for character in text.chars() {
        push_quoted(&mut out, character, mark, charset);
    }
    out.push(mark);
    out
}

fn push_quoted(out: &mut String, character: char, mark: char, charset: Charset) {
    let plain = match charset {
        Charset::Unicode => is_print(character),
        Charset::Ascii => (' '..='~').contains(&character),
    };
    match character {
        '\\' => out.push_str("\\\\"),
        _ if character == mark => {
            out.push('\\');
            out.push(mark);
        }
        _ if plain => out.push(character),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        _ => {
            let code = u32::from(character);
            let _ = match code {
                0..=0x1f | 0x7f => write!(out, "\\x{code:02x}"),
                0x80..=0xffff => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

/// Whether Go calls the character printable: letters, marks, numbers, punctuation, symbols, and the
/// ASCII space.
pub(crate) fn is_print(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // Rust escapes what is not printable when it prints for debugging; a leading letter keeps it from
    // escaping marks that would otherwise start the text.
    let text = format!("a{character}");
    text.escape_debug().count() == 2
}

/// Reads a quoted text: `"…"` with escapes, or between backquotes.
pub(crate) fn unquote(text: &str) -> Option<String> {
    let mark = text.chars().next()?;
    let inside = text.strip_prefix(mark)?.strip_suffix(mark)?;
    if mark == '`' {
        // A raw text loses its carriage returns.
        return (!inside.contains('`')).then(|| inside.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while !rest.is_empty() {
        let (piece, tail) = unquote_one(rest, mark)?;
        match piece {
            Piece::Character(character) => {
                bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::Byte(byte) => bytes.push(byte),
        }
        rest = tail;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What one character or escape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Character(char),
    Byte(u8),
}

/// Reads one character or escape; gives it and the rest.
pub(crate) fn unquote_one(text: &str, mark: char) -> Option<(Piece, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    if first == mark || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Piece::Character(first), characters.as_str()));
    }
    let escape = characters.next()?;
    let rest = characters.as_str();
    let simple = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        '\'' | '"' if escape == mark => escape,
        'x' => return numbered(rest, 2, 16).map(|(code, rest)| (byte(code), rest)),
        'u' => return unicode(rest, 4),
        'U' => return unicode(rest, 8),
        '0'..='7' => {
            let (code, rest) = numbered(text.get(1..)?, 3, 8)?;
            return (code <= 255).then_some((byte(code), rest));
        }
        _ => return None,
    };
    Some((Piece::Character(simple), rest))
}

fn byte(code: u32) -> Piece {
    Piece::Byte(u8::try_from(code).unwrap_or(u8::MAX))
}

fn unicode(rest: &str, digits: usize) -> Option<(Piece, &str)> {
    let (code, rest) = numbered(rest, digits, 16)?;
    Some((Piece::Character(char::from_u32(code)?), rest))
}

fn numbered(rest: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let (number, rest) = rest.split_at_checked(digits)?;
    let valid = number.chars().all(|digit| digit.is_digit(radix));
    let code = u32::from_str_radix(number, radix).ok()?;
    valid.then_some((code, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_does() {
        let cases = [
            ("a\"b", r#""a\"b""#),
            ("a\n\t\\", r#""a\n\t\\""#),
            ("é☺", "\"é☺\""),
            ("\u{1}\u{7f}\u{a0}", r#""\x01\x7f\u00a0""#),
            ("e\u{301}", "\"e\u{301}\""),
        ];
        for (text, expected) in cases {
            assert_eq!(quote(text), expected);
        }
        assert_eq!(quote_with("é", '"', Charset::Ascii), r#""\u00e9""#);
    }

    #[test]
    fn quoted_texts_are_read_back() {
        let cases = [
            (r#""a\tb\u00e9\x41\101""#, Some("a\tbéAA")),
            ("`a\\b`", Some("a\\b")),
            (r#""\q""#, None),
            (r#""\'""#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(unquote(text).as_deref(), expected, "{text}");
        }
    }
}
