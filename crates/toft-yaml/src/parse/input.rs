//! Bytes to text: encodings, and what no YAML text may hold.
//!
//! Source: go.yaml.in/yaml v3.0.5 and v2.4.4 `readerc.go`, equal in both.

use std::sync::Arc;

use toft_source::{Diagnostic, Source, Span};

use crate::scan::{Problem, Stage};

/// Upstream decodes this many bytes at once, and complains about all of them before it reads the first.
const READ_BYTES: usize = 512;

/// A source in UTF-8, and where it was cut off in the middle of a character of UTF-16.
pub(super) struct Decoded {
    pub(super) source: Source,
    /// It was not UTF-8.
    pub(super) is_recoded: bool,
    cut_off: Option<usize>,
}

/// The source in UTF-8; a text in UTF-16 is recoded and told.
pub(super) fn decode(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Decoded {
    let bytes = source.bytes();
    let (name, units): (_, Vec<u16>) = match bytes {
        [0xff, 0xfe, rest @ ..] => ("UTF-16LE", units(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => ("UTF-16BE", units(rest, u16::from_be_bytes)),
        _ => {
            return Decoded {
                source: source.clone(),
                is_recoded: false,
                cut_off: None,
            };
        }
    };
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffe}'));
    let text: String = text.collect();
    let recoded = Source::new(source.name(), Arc::from(text.into_bytes()));
    let message = format!("the file is {name}, not UTF-8");
    let note = "kustomize reads it, kubectl and most other tools do not; the places told are those of the text in UTF-8";
    let diagnostic = Diagnostic::warning("YML004", message)
        .at(&recoded, Span::new(0, 0), "")
        .because(note)
        .help("save the file as UTF-8");
    diagnostics.push(diagnostic);
    let is_odd = bytes.len() % 2 == 1;
    let last = recoded.bytes().len().checked_sub('\u{fffe}'.len_utf8());
    Decoded {
        source: recoded,
        is_recoded: true,
        cut_off: last.filter(|_| is_odd),
    }
}

fn units(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u16> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    // An odd byte at the end is no character; U+FFFE is one that no text may hold.
    units.chain(rest.iter().map(|_| 0xfffe)).collect()
}

/// Finds the first byte that is no text, chunk by chunk, reading everything once.
pub(super) struct TextCheck<'a> {
    bytes: &'a [u8],
    /// Everything before is text, or was told.
    checked: usize,
    bad: Option<Bad>,
    cut_off: Option<usize>,
}

#[derive(Clone, Copy)]
struct Bad {
    at: usize,
    message: &'static str,
}

impl<'a> TextCheck<'a> {
    pub(super) fn new(decoded: &'a Decoded) -> Self {
        Self {
            bytes: decoded.source.bytes(),
            checked: 0,
            bad: None,
            cut_off: decoded.cut_off,
        }
    }

    /// How far a chunk can be read, and why no further.
    pub(super) fn limit(&mut self, start: usize, end: usize) -> (usize, Option<Problem>) {
        let is_stale = self.bad.is_none_or(|bad| bad.at < start);
        if is_stale && self.checked < self.bytes.len() {
            self.bad = first_bad(self.bytes, self.checked.max(start));
            self.checked = self.bad.map_or(self.bytes.len(), |bad| bad.at + 1);
        }
        let Some(bad) = self.bad.filter(|bad| (start..end).contains(&bad.at)) else {
            return (end, None);
        };
        let before = bad.at - start;
        let message = match self.cut_off {
            Some(at) if at == bad.at => "incomplete UTF-16 character",
            _ => bad.message,
        };
        // What is only cut off at the end is noticed when everything before it has been read.
        let read = if bad.message == INCOMPLETE {
            before
        } else {
            before / READ_BYTES * READ_BYTES
        };
        let problem = Problem {
            stage: Stage::Reader,
            message: message.into(),
            context_line: 0,
            line: 0,
            span: Span::new(bad.at, bad.at + 1),
            context: u32::try_from(bad.at).unwrap_or(u32::MAX),
        };
        (start + read, Some(problem))
    }
}

const CONTROL: &str = "control characters are not allowed";

const INCOMPLETE: &str = "incomplete UTF-8 octet sequence";

fn first_bad(bytes: &[u8], from: usize) -> Option<Bad> {
    let mut at = from;
    while at < bytes.len() {
        let block = bytes.get(at..(at + 64).min(bytes.len()))?;
        // Most blocks hold plain ASCII; this loop has no branch and becomes vector code.
        let is_suspect = |byte: u8| byte >= 0x7f || (byte < 0x20 && !matches!(byte, 9 | 10 | 13));
        let suspects = block
            .iter()
            .fold(false, |any, byte| any | is_suspect(*byte));
        if !suspects {
            at += block.len();
            continue;
        }
        let block_end = at + block.len();
        while at < block_end {
            match character(bytes.get(at..)?) {
                Ok(width) => at += width,
                Err(message) => return Some(Bad { at, message }),
            }
        }
    }
    None
}

/// The width of the character that a text begins with, or what is wrong with it.
fn character(text: &[u8]) -> Result<usize, &'static str> {
    let (first, width) = match text.first().copied().unwrap_or(0) {
        byte @ 0..=0x7f => (u32::from(byte), 1),
        byte @ 0xc0..=0xdf => (u32::from(byte & 0x1f), 2),
        byte @ 0xe0..=0xef => (u32::from(byte & 0x0f), 3),
        byte @ 0xf0..=0xf7 => (u32::from(byte & 0x07), 4),
        _ => return Err("invalid leading UTF-8 octet"),
    };
    let octets = text.get(1..width).ok_or(INCOMPLETE)?;
    let mut code = first;
    for octet in octets {
        if octet & 0xc0 != 0x80 {
            return Err("invalid trailing UTF-8 octet");
        }
        code = code << 6 | u32::from(octet & 0x3f);
    }
    let shortest = match code {
        0..=0x7f => 1,
        0x80..=0x7ff => 2,
        0x800..=0xffff => 3,
        _ => 4,
    };
    if width != shortest {
        return Err("invalid length of a UTF-8 sequence");
    }
    let Some(character) = char::from_u32(code) else {
        return Err("invalid Unicode character");
    };
    let is_allowed = matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    if is_allowed { Ok(width) } else { Err(CONTROL) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_text_may_hold_is_found_and_named() {
        let cases: [(&[u8], Option<&str>); 8] = [
            (b"a\x80", Some("invalid leading UTF-8 octet")),
            (b"a\xc3", Some("incomplete UTF-8 octet sequence")),
            (b"a\xc3a", Some("invalid trailing UTF-8 octet")),
            (b"a\xc1\x81", Some("invalid length of a UTF-8 sequence")),
            (b"a\xed\xa0\x80", Some("invalid Unicode character")),
            (b"a\0", Some(CONTROL)),
            (b"a\xc2\x81", Some(CONTROL)),
            ("a\u{85}é😀\t".as_bytes(), None),
        ];
        for (bytes, message) in cases {
            assert_eq!(
                first_bad(bytes, 0).map(|bad| bad.message),
                message,
                "{bytes:?}"
            );
        }
    }
}
