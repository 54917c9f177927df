//! Base64, base32 and JSON.
//!
//! Source: sprig v3.3.0 `strings.go`, `defaults.go`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toft_value::Value;

use super::Param::{Any, Text};
use super::arguments::{any, shared, text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("b32dec", &[Text], None, |_, v| {
        Ok(shared(decode32(text(v, 0))))
    }),
    Function::new("b32enc", &[Text], None, |_, v| {
        Ok(shared(encode32(text(v, 0).as_bytes())))
    }),
    Function::new("b64dec", &[Text], None, |_, v| {
        Ok(shared(decode64(text(v, 0))))
    }),
    Function::new("b64enc", &[Text], None, |_, v| {
        Ok(shared(STANDARD.encode(text(v, 0))))
    }),
    Function::new("fromJson", &[Text], None, |_, v| {
        Ok(read_json(text(v, 0)).unwrap_or(Data::Nil))
    }),
    Function::new("mustFromJson", &[Text], None, |_, v| read_json(text(v, 0))),
    Function::new("mustToJson", &[Any], None, to_json),
    Function::new("mustToPrettyJson", &[Any], None, to_pretty_json),
    Function::new("mustToRawJson", &[Any], None, to_raw_json),
    Function::new("toJson", &[Any], None, to_json),
    Function::new("toPrettyJson", &[Any], None, to_pretty_json),
    Function::new("toRawJson", &[Any], None, to_raw_json),
];

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648, section 6.
fn encode32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = group
            .iter()
            .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        let bits = bits << (8 * (5 - group.len()));
        let letters = (group.len() * 8).div_ceil(5);
        for index in 0..8 {
            let at = usize::try_from((bits >> (35 - 5 * index)) & 31).unwrap_or(0);
            let letter = ALPHABET.get(at).copied().unwrap_or(b'=');
            out.push(if index < letters {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}

/// What Go says about the first bad byte takes the place of the text, as sprig gives it.
fn decode32(text: &str) -> String {
    let clean: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let body = clean.len() - clean.iter().rev().take_while(|byte| **byte == b'=').count();
    let corrupt = |at: usize| format!("illegal base32 data at input byte {at}");
    let (mut bits, mut count, mut out) = (0_u64, 0, Vec::new());
    for (index, byte) in clean.iter().take(body).enumerate() {
        let Some(value) = ALPHABET.iter().position(|letter| letter == byte) else {
            return corrupt(index);
        };
        bits = (bits << 5) | value as u64;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).unwrap_or(0));
        }
    }
    if !clean.len().is_multiple_of(8) || clean.len() - body > 6 {
        return corrupt(body);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The bytes of a text in base64.
pub(super) fn base64_bytes(text: &str) -> Result<Vec<u8>, String> {
    let clean: String = text
        .chars()
        .filter(|one| !matches!(one, '\r' | '\n'))
        .collect();
    STANDARD.decode(&clean).map_err(|_| {
        let at = first_bad_byte(&clean);
        format!("illegal base64 data at input byte {at}")
    })
}

fn decode64(text: &str) -> String {
    match base64_bytes(text) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(message) => message,
    }
}

/// Where Go's decoder stops.
///
/// Source: Go 1.26 `src/encoding/base64/base64.go`, `decodeQuantum`.
fn first_bad_byte(text: &str) -> usize {
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let bytes = text.as_bytes();
    let body = bytes
        .iter()
        .position(|byte| !valid(byte))
        .unwrap_or(bytes.len());
    if bytes.get(body) != Some(&b'=') {
        // An alphabet error, or a last group that is cut short.
        return if body < bytes.len() {
            body
        } else {
            body - body % 4
        };
    }
    match (body % 4, bytes.len() - body) {
        (0 | 1, _) => body,
        (2, 1) => bytes.len(),
        (2, _) if bytes.get(body + 1) != Some(&b'=') => body + 1,
        (2, _) => body + 2,
        _ => body + 1,
    }
}

fn read_json(text: &str) -> Ran {
    match Value::from_json(text.as_bytes()) {
        Ok(value) => Ok(Data::from_value(&value)),
        Err(_) => Err(json_complaint(text)),
    }
}

/// The commonest of Go's complaints; the others name the offending character.
pub(super) fn json_complaint(text: &str) -> String {
    match text.trim_start().chars().next() {
        None => "unexpected end of JSON input".to_owned(),
        Some(first) if !"{[\"-0123456789tfn".contains(first) => {
            format!("invalid character '{first}' looking for beginning of value")
        }
        Some(_) => match Value::from_json(text.as_bytes()) {
            Err(error) if error.message.contains("EOF") => {
                "unexpected end of JSON input".to_owned()
            }
            Err(error) => error.message,
            Ok(_) => String::new(),
        },
    }
}

fn to_json(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let text = any(values, 0).to_value()?.to_json();
    call.budget.spend_text(text.len())?;
    Ok(shared(text))
}

fn to_pretty_json(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let text = any(values, 0).to_value()?.to_json_indented("  ");
    call.budget.spend_text(text.len())?;
    Ok(shared(text))
}

fn to_raw_json(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let text = any(values, 0).to_value()?.to_json();
    call.budget.spend_text(text.len())?;
    Ok(shared(without_html_escapes(&text)))
}

/// JSON text in which `<`, `>` and `&` stand for themselves.
fn without_html_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let plain = [("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&")];
        let found = plain
            .iter()
            .find(|(escaped, _)| escape.starts_with(escaped));
        let (taken, written) = match found {
            Some((escaped, plain)) => (escaped.len(), *plain),
            None => (2, escape.get(..2).unwrap_or(escape)),
        };
        out.push_str(written);
        rest = escape.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
