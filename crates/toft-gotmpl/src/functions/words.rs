//! Words in texts: wrapping, initials, camel and other cases.
//!
//! Source: sprig v3.3.0 `functions.go`; github.com/Masterminds/goutils v1.1.1 `wordutils.go`;
//! github.com/huandu/xstrings v1.5.0 `convert.go`.

use super::Param::{Int, Text};
use super::arguments::{int, shared, size, text};
use super::{Call, Function, Ran};

pub(super) const TABLE: &[Function] = &[
    Function::new("camelcase", &[Text], None, |_, v| {
        Ok(shared(pascal_case(text(v, 0))))
    }),
    Function::new("initials", &[Text], None, |_, v| {
        Ok(shared(initials(text(v, 0))))
    }),
    Function::new("kebabcase", &[Text], None, |_, v| {
        Ok(shared(lower_case(text(v, 0), '-')))
    }),
    Function::new("snakecase", &[Text], None, |_, v| {
        Ok(shared(lower_case(text(v, 0), '_')))
    }),
    Function::new("wrap", &[Int, Text], None, |call, v| {
        wrap(call, text(v, 1), int(v, 0), None)
    }),
    Function::new("wrapWith", &[Int, Text, Text], None, |call, v| {
        wrap(call, text(v, 2), int(v, 0), Some(text(v, 1)))
    }),
];

/// `newline` breaks long words too; without it they stay whole.
fn wrap(call: &mut Call<'_>, whole: &str, width: i64, newline: Option<&str>) -> Ran {
    let (breaks_words, newline) = (newline.is_some(), newline.unwrap_or_default());
    let newline = if newline.is_empty() { "\n" } else { newline };
    let width = size(width.max(1));
    let bytes = whole.as_bytes();
    call.budget.spend_text(
        bytes
            .len()
            .saturating_add((bytes.len() / width).saturating_mul(newline.len())),
    )?;
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut offset = 0;
    while bytes.len().saturating_sub(offset) > width {
        if bytes.get(offset) == Some(&b' ') {
            offset += 1;
            continue;
        }
        let line = bytes.get(offset..=offset + width).unwrap_or_default();
        let space = line
            .iter()
            .rposition(|byte| *byte == b' ')
            .map(|at| at + offset);
        let after = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            rest.iter()
                .position(|byte| *byte == b' ')
                .map(|at| at + from)
        };
        let (end, next) = match space {
            Some(space) => (space, space + 1),
            None if breaks_words => (offset + width, offset + width),
            None => match after(offset + width) {
                Some(space) => (space, space + 1),
                None => break,
            },
        };
        out.extend(bytes.get(offset..end).unwrap_or_default());
        out.extend(newline.as_bytes());
        offset = next;
    }
    out.extend(bytes.get(offset..).unwrap_or_default());
    Ok(shared(String::from_utf8_lossy(&out).into_owned()))
}

fn initials(whole: &str) -> String {
    let words = whole.split_whitespace();
    words.filter_map(|word| word.chars().next()).collect()
}

fn is_connector(character: char) -> bool {
    character == '-' || character == '_' || character.is_whitespace()
}

fn upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn pascal_case(whole: &str) -> String {
    let mut out = String::with_capacity(whole.len());
    let mut rest = whole.chars().peekable();
    while let Some(connector) = rest.next_if(|next| is_connector(*next)) {
        out.push(connector);
    }
    let Some(first) = rest.next() else {
        return out;
    };
    let mut all_upper = first.is_uppercase();
    let mut current = upper(first);
    for next in rest {
        let previous = current;
        current = next;
        if is_connector(current) && is_connector(previous) {
            out.push(previous);
            continue;
        }
        if is_connector(previous) {
            all_upper = current.is_uppercase();
            current = upper(current);
            continue;
        }
        if all_upper {
            if current.is_uppercase() {
                current = lower(current);
            } else {
                all_upper = false;
            }
        }
        out.push(previous);
    }
    out.push(current);
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordKind {
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn is_punctuation(character: char) -> bool {
    // Go's `unicode.IsPunct` leaves symbols out; beyond ASCII we take general punctuation only.
    if character.is_ascii() {
        return character.is_ascii_punctuation() && !"$+<=>^`|~".contains(character);
    }
    ('\u{2010}'..='\u{2027}').contains(&character) || ('\u{3001}'..='\u{3003}').contains(&character)
}

/// Letters that have no upper case count as alphabet too.
fn is_alphabet(character: char) -> bool {
    character.is_alphabetic()
}

fn kind_of(character: char) -> WordKind {
    if is_connector(character) {
        WordKind::Connector
    } else if is_punctuation(character) {
        WordKind::Punctuation
    } else if character.is_uppercase() {
        WordKind::Upper
    } else if is_alphabet(character) {
        WordKind::Alphabet
    } else if character.is_numeric() {
        WordKind::Number
    } else {
        WordKind::Other
    }
}

/// Splits a text as xstrings does: `HTTPServer2x` is `HTTP`, `Server`, `2`, `x`.
fn words(whole: &str) -> Vec<(WordKind, String)> {
    let mut words = Vec::new();
    let mut rest: Vec<char> = whole.chars().collect();
    rest.reverse();
    while let Some(first) = rest.pop() {
        let kind = kind_of(first);
        let mut word = String::from(first);
        let continues = |word: &mut String, rest: &mut Vec<char>, accept: &dyn Fn(char) -> bool| {
            while let Some(next) = rest.pop_if(|next| accept(*next)) {
                word.push(next);
            }
        };
        let small = |next: char| is_alphabet(next) && !next.is_uppercase();
        match kind {
            WordKind::Upper if rest.last().is_some_and(|next| next.is_uppercase()) => {
                continues(&mut word, &mut rest, &char::is_uppercase);
                // The last capital of `HTTPStatus` begins the next word.
                if rest.last().is_some_and(|next| is_alphabet(*next)) {
                    rest.extend(word.pop());
                }
            }
            WordKind::Upper | WordKind::Alphabet => continues(&mut word, &mut rest, &small),
            other => continues(&mut word, &mut rest, &|next| kind_of(next) == other),
        }
        words.push((kind, word));
    }
    words
}

/// Source: xstrings `camelCaseToLowerCase`.
fn lower_case(whole: &str, connector: char) -> String {
    let mut out = String::with_capacity(whole.len() + 8);
    let mut pieces = words(whole).into_iter().peekable();
    let write = |out: &mut String, kind: WordKind, word: &str| match kind {
        WordKind::Connector => word.chars().for_each(|_| out.push(connector)),
        _ => out.push_str(&word.to_lowercase()),
    };
    let joins = |next: Option<&(WordKind, String)>| {
        next.is_some_and(|(kind, _)| !matches!(kind, WordKind::Connector | WordKind::Punctuation))
    };
    let sticks =
        |(kind, _): &(WordKind, String)| matches!(kind, WordKind::Alphabet | WordKind::Number);
    while let Some((kind, word)) = pieces.next() {
        write(&mut out, kind, &word);
        match kind {
            WordKind::Connector | WordKind::Punctuation => {}
            WordKind::Number => {
                while let Some((kind, word)) = pieces.next_if(sticks) {
                    write(&mut out, kind, &word);
                }
                if joins(pieces.peek()) {
                    out.push(connector);
                }
            }
            WordKind::Upper | WordKind::Alphabet | WordKind::Other => {
                let Some((_, number)) = pieces.next_if(|(kind, _)| *kind == WordKind::Number)
                else {
                    if joins(pieces.peek()) {
                        out.push(connector);
                    }
                    continue;
                };
                // Small letters after a number keep it together: `HTTP2xx` is `http_2xx`.
                let together = pieces
                    .peek()
                    .is_some_and(|(kind, _)| *kind == WordKind::Alphabet);
                if together {
                    out.push(connector);
                }
                write(&mut out, WordKind::Number, &number);
                while let Some((kind, word)) = pieces.next_if(|next| together && sticks(next)) {
                    write(&mut out, kind, &word);
                }
                if joins(pieces.peek()) {
                    out.push(connector);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_change_as_upstream_changes_them() {
        let cases = [
            ("FirstName", "first_name"),
            ("HTTPServer", "http_server"),
            ("NoHTTPS", "no_https"),
            ("GO PATH", "go_path"),
            ("http2xx", "http_2xx"),
            ("HTTP20xOK", "http_20x_ok"),
            ("Duration2m3s", "duration_2m3s"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
        ];
        for (text, expected) in cases {
            assert_eq!(lower_case(text, '_'), expected);
        }
        let cases = [
            ("some_words", "SomeWords"),
            ("_complex__case_", "_Complex_Case_"),
            ("GOLANG_IS_GREAT", "GolangIsGreat"),
            ("no_https", "NoHttps"),
        ];
        for (text, expected) in cases {
            assert_eq!(pascal_case(text), expected);
        }
    }
}
