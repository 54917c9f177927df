//! How a string is written: the choice of style, and the styles.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{INDENT, Place, WIDTH, Writer};
use crate::resolve::{Plain, Resolver, resolve_plain};

/// What the characters of a string allow.
///
/// Source: go.yaml.in/yaml v2.4.4 `emitterc.go`, `yaml_emitter_analyze_scalar`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent permissions"
)]
struct Analysis {
    is_multiline: bool,
    may_be_plain: bool,
    may_be_single_quoted: bool,
    may_be_literal: bool,
}

/// What the loop over the characters collects.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact about the text"
)]
struct Facts {
    indicators: bool,
    breaks: bool,
    special: bool,
    edge: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

impl Writer {
    pub(super) fn string(&mut self, text: &str, place: Place) {
        let bytes = Bytes::of(text);
        let through;
        let text = if bytes.are_plain_ascii() {
            text
        } else {
            through = through_json(text);
            through.as_ref()
        };
        let style = choose((text, bytes), place);
        let outer = self.indent;
        self.indent = if outer < 0 { 2 } else { outer + 2 };
        match style {
            Style::Plain => self.plain((text, bytes), place),
            Style::SingleQuoted => self.single_quoted(text, place),
            Style::DoubleQuoted => self.double_quoted(text, place),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    /// Writes a plain scalar; a value that is too wide goes on below itself.
    pub(super) fn plain(&mut self, (text, bytes): (&str, Bytes), place: Place) {
        if !self.whitespace {
            self.character(' ');
        }
        if place == Place::Key || self.fits((text, bytes)) {
            self.out.push_str(text);
            self.column += if bytes.are_plain_ascii() {
                text.len()
            } else {
                text.chars().count()
            };
        } else {
            self.folded(text, Fold::Plain);
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// Whether no space of the text can stand right of the width.
    fn fits(&self, (text, bytes): (&str, Bytes)) -> bool {
        self.column + text.len() <= WIDTH && (bytes.are_plain_ascii() || !has_break(text))
    }

    fn character(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn single_quoted(&mut self, text: &str, place: Place) {
        self.open_quote('\'');
        self.folded(
            text,
            if place == Place::Key {
                Fold::QuotedKey
            } else {
                Fold::Quoted
            },
        );
        self.close_quote('\'');
    }

    fn open_quote(&mut self, quote: char) {
        if !self.whitespace {
            self.character(' ');
        }
        self.character(quote);
        self.indention = false;
    }

    fn close_quote(&mut self, quote: char) {
        self.character(quote);
        self.whitespace = false;
        self.indention = false;
    }

    /// The loop that plain and single-quoted scalars share.
    ///
    /// Source: `emitterc.go`, `yaml_emitter_write_plain_scalar` and `…_single_quoted_scalar`.
    fn folded(&mut self, text: &str, fold: Fold) {
        let mut after_space = false;
        let mut after_break = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if character == ' ' {
                let may_fold = fold.allows(at, text.len()) && !after_space && next != Some(' ');
                if may_fold && self.column > WIDTH {
                    self.start_line();
                } else {
                    self.character(' ');
                }
                after_space = true;
            } else if is_break(character) {
                if !after_break && character == '\n' {
                    self.line_break();
                }
                self.break_character(character);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.start_line();
                }
                if character == '\'' && fold != Fold::Plain {
                    self.character('\'');
                }
                self.character(character);
                self.indention = false;
                after_space = false;
                after_break = false;
            }
        }
    }

    fn break_character(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
    }

    /// Source: `emitterc.go`, `yaml_emitter_write_double_quoted_scalar`.
    fn double_quoted(&mut self, text: &str, place: Place) {
        self.open_quote('"');
        // `is_bom` looks at the start of the string, wherever the character stands: in a string
        // that begins with a byte order mark every character is escaped.
        let escape_all = text.starts_with('\u{feff}');
        let mut after_space = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if escape_all || needs_escape(character) {
                self.escape(character);
                after_space = false;
            } else if character == ' ' {
                let may_fold = place != Place::Key && at > 0 && at + 1 < text.len();
                let next = characters.peek().map(|(_, next)| *next);
                match (may_fold && !after_space && self.column > WIDTH, next) {
                    (false, _) => self.character(' '),
                    (true, Some(' ')) => {
                        self.start_line();
                        self.character('\\');
                    }
                    (true, _) => self.start_line(),
                }
                after_space = true;
            } else {
                self.character(character);
                after_space = false;
            }
        }
        self.close_quote('"');
    }

    fn escape(&mut self, character: char) {
        let before = self.out.len();
        let short = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            other => {
                let code = u32::from(other);
                let _ = match code {
                    0..=0xff => write!(self.out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(self.out, "\\u{code:04X}"),
                    _ => write!(self.out, "\\U{code:08X}"),
                };
                self.column += self.out.len() - before;
                return;
            }
        };
        self.out.push('\\');
        self.out.push(short);
        self.column += 2;
    }

    /// Source: `emitterc.go`, `yaml_emitter_write_literal_scalar` and `…_block_scalar_hints`.
    fn literal(&mut self, text: &str) {
        if !self.whitespace {
            self.character(' ');
        }
        self.character('|');
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            let _ = write!(self.out, "{INDENT}");
        }
        let mut from_end = text.chars().rev();
        let last = from_end.next().is_some_and(is_break);
        match (last, from_end.next().map(is_break)) {
            (false, _) => self.out.push('-'),
            (true, None | Some(true)) => self.out.push('+'),
            (true, Some(false)) => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        for character in text.chars() {
            if is_break(character) {
                self.break_character(character);
                self.indention = true;
                after_break = true;
                continue;
            }
            if after_break {
                self.start_line();
            }
            self.character(character);
            self.indention = false;
            after_break = false;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fold {
    Plain,
    Quoted,
    QuotedKey,
}

impl Fold {
    fn allows(self, at: usize, len: usize) -> bool {
        match self {
            Self::Plain => true,
            Self::Quoted => at > 0 && at + 1 < len,
            Self::QuotedKey => false,
        }
    }
}

/// Which sorts of bytes a text holds: for most texts that settles how they are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes(u8);

impl Bytes {
    /// Letters, digits and what stands between them: no style cares about these.
    const WORD: u8 = 0;
    /// Other characters of ASCII that can be printed.
    const SIGN: u8 = 1;
    /// Breaks, control characters, and everything beyond ASCII.
    const FAR: u8 = 2;

    #[expect(
        clippy::indexing_slicing,
        reason = "it is evaluated by the compiler, and has an entry for every byte"
    )]
    const SORTS: [u8; 256] = {
        let mut sorts = [Self::FAR; 256];
        let mut byte = b' ';
        while byte <= b'~' {
            let is_word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
            sorts[byte as usize] = if is_word { Self::WORD } else { Self::SIGN };
            byte += 1;
        }
        sorts
    };

    pub(super) fn of(text: &str) -> Self {
        let sort = |byte: u8| Self::SORTS.get(usize::from(byte)).copied();
        let sorts = text.bytes().map(|byte| sort(byte).unwrap_or(Self::FAR));
        Self(sorts.fold(Self::WORD, |all, sort| all | sort))
    }

    /// Whether there is nothing but printable characters of ASCII.
    pub(super) fn are_plain_ascii(self) -> bool {
        self.0 & Self::FAR == 0
    }
}

/// Source: `encode.go`, `stringv`, then `emitterc.go`, `yaml_emitter_select_scalar_style`.
fn choose((text, bytes): (&str, Bytes), place: Place) -> Style {
    let is_str = resolve_plain(text, Resolver::Kubectl) == Plain::Str;
    let begins_word = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if bytes.0 == Bytes::WORD && begins_word {
        return if is_str {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
    }
    let facts = if bytes.are_plain_ascii() {
        Facts::of_ascii(text.as_bytes())
    } else {
        Facts::of(text)
    };
    let analysis = Analysis::of(text, &facts);
    let wanted = if facts.breaks && text.contains('\n') {
        Style::Literal
    } else if is_str && !is_base_60(text) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    };
    let is_key = place == Place::Key;
    match wanted {
        Style::Plain if analysis.may_be_plain && !(is_key && analysis.is_multiline) => Style::Plain,
        Style::Plain if analysis.may_be_single_quoted && !(is_key && analysis.is_multiline) => {
            Style::SingleQuoted
        }
        Style::Literal if analysis.may_be_literal && !is_key => Style::Literal,
        _ => Style::DoubleQuoted,
    }
}

/// Whether go-yaml writes a text of several lines with `|`, as it stands.
pub(crate) fn may_be_literal(text: &str) -> bool {
    Analysis::of(text, &Facts::of(text)).may_be_literal
}

impl Analysis {
    fn of(text: &str, facts: &Facts) -> Self {
        let unquotable = facts.space_break || facts.special;
        Self {
            is_multiline: facts.breaks,
            may_be_plain: !(facts.edge
                || facts.break_space
                || unquotable
                || facts.breaks
                || facts.indicators),
            may_be_single_quoted: !(facts.break_space || unquotable),
            may_be_literal: !(text.is_empty() || facts.trailing_space || unquotable),
        }
    }
}

impl Facts {
    /// The same as [`Facts::of`], of a text with nothing but printable characters of ASCII.
    fn of_ascii(text: &[u8]) -> Self {
        let begins = match text {
            [b'?' | b'-'] | [b'?' | b'-', b' ', ..] => true,
            [first, ..] => begins_something(char::from(*first)) || *first == b'#',
            [] => false,
        };
        let is_indicator = |pair: &[u8]| matches!(pair, [b':', b' '] | [b' ', b'#']);
        let trailing_space = text.ends_with(b" ");
        Self {
            indicators: begins
                || text.starts_with(b"---")
                || text.starts_with(b"...")
                || text.ends_with(b":")
                || text.windows(2).any(is_indicator),
            edge: trailing_space || text.starts_with(b" "),
            trailing_space,
            ..Self::default()
        }
    }

    fn of(text: &str) -> Self {
        let mut facts = Self {
            indicators: text.starts_with("---") || text.starts_with("..."),
            ..Self::default()
        };
        let mut previous = None;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            let before_blank = next.is_none_or(|next| next == ' ' || next == '\t');
            let after_blank = previous
                .is_none_or(|previous| matches!(previous, ' ' | '\t' | '\0') || is_break(previous));
            facts.indicators |= match character {
                ':' => before_blank,
                '#' => after_blank,
                '?' | '-' => at == 0 && before_blank,
                _ => at == 0 && begins_something(character),
            };
            facts.special |= !is_printable(character);
            let is_edge = at == 0 || next.is_none();
            if character == ' ' {
                facts.edge |= is_edge;
                facts.trailing_space |= next.is_none();
                facts.break_space |= previous.is_some_and(is_break);
            } else if is_break(character) {
                facts.breaks = true;
                facts.edge |= is_edge;
                facts.space_break |= previous == Some(' ');
            }
            previous = Some(character);
        }
        facts
    }
}

pub(super) fn has_break(text: &str) -> bool {
    let may_begin_break = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0xc2 | 0xe2);
    text.as_bytes().iter().any(may_begin_break) && text.contains(is_break)
}

/// Whether a character at the start of a text begins something else than a plain scalar.
fn begins_something(character: char) -> bool {
    matches!(
        character,
        ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
    )
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Source: go.yaml.in/yaml v2.4.4 `yamlprivateh.go`, `is_printable`: nothing beyond the basic plane.
fn is_printable(character: char) -> bool {
    match character {
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        '\n' | ' '..='~' | '\u{a0}'..='\u{ffff}' => true,
        _ => false,
    }
}

fn needs_escape(character: char) -> bool {
    !is_printable(character) || is_break(character) || matches!(character, '"' | '\\')
}

/// Whether YAML 1.1 would read a number of base 60: `1:30`, `-12:00:00.5`.
///
/// Source: `encode.go`, `base60float`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let is_first = first.starts_with(|digit: char| digit.is_ascii_digit())
        && first
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_');
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    let is_sixty =
        |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let is_fraction = fraction
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'_');
    is_first && middle.iter().all(|part| is_sixty(part)) && is_sixty(last) && is_fraction
}

/// What a string is after `encoding/json` has written it and go-yaml has read that.
///
/// JSON leaves U+0085 alone, and YAML folds it as a line break inside quotes; everything else survives.
fn through_json(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{85}') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split('\u{85}');
    let mut result = parts
        .next()
        .unwrap_or_default()
        .trim_end_matches(' ')
        .to_owned();
    let mut breaks = 0;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        breaks += 1;
        let part = part.trim_start_matches(' ');
        if part.is_empty() && parts.peek().is_some() {
            continue;
        }
        if breaks == 1 {
            result.push(' ');
        } else {
            (1..breaks).for_each(|_| result.push('\n'));
        }
        breaks = 0;
        result.push_str(if parts.peek().is_some() {
            part.trim_end_matches(' ')
        } else {
            part
        });
    }
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_ascii_are_analysed_as_all_others() {
        let signs = [" ", "a", "b", ":", "#", "-", "?", "'", "%", ".", "{", "0"];
        let pairs = signs
            .iter()
            .flat_map(|first| signs.map(|second| [*first, second].concat()));
        let texts = pairs.flat_map(|pair| signs.map(|third| format!("{pair}{third}")));
        for text in texts {
            let inner = text.replace('a', "x y");
            for text in [text, inner] {
                assert_eq!(
                    Facts::of_ascii(text.as_bytes()),
                    Facts::of(&text),
                    "{text:?}"
                );
            }
        }
        assert_eq!(Facts::of_ascii(b""), Facts::of(""));
        assert_eq!(Facts::of_ascii(b"---"), Facts::of("---"));
    }

    #[test]
    fn next_line_characters_are_folded_by_the_way_through_json() {
        assert_eq!(through_json("a \u{85} b"), "a b");
        assert_eq!(through_json("a\u{85}\u{85}b\u{85}"), "a\nb ");
    }

    #[test]
    fn times_of_the_day_are_numbers_of_base_60() {
        assert!(is_base_60("12:30:45") && is_base_60("-1_0:5.5_"));
        assert!(
            !is_base_60("12:60") && !is_base_60("a:1") && !is_base_60("1") && !is_base_60("1:")
        );
    }
}
