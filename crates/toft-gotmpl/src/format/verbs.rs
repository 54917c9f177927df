//! `fmt.Sprintf`: verbs, flags, width, precision, argument numbers, and the complaints in the text.

use std::fmt::Write as _;

use toft_value::float_to_shortest;

use super::sprint_one;
use crate::bounds::NESTING_MAX;
use crate::quote::{Charset, is_print, quote, quote_with};
use crate::runtime::Data;

/// The largest width or precision that Go takes from a format or an argument.
const WIDTH_MAX: usize = 1_000_000;

#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each flag is a character of its own"
)]
struct Flags {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spec {
    verb: char,
    flags: Flags,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer<'a> {
    format: &'a str,
    position: usize,
    values: &'a [Data],
    next: usize,
    reordered: bool,
    good_number: bool,
    after_number: bool,
    out: String,
}

/// A format with its values filled in.
pub(crate) fn sprintf(format: &str, values: &[Data]) -> String {
    let mut printer = Printer {
        format,
        position: 0,
        values,
        next: 0,
        reordered: false,
        good_number: true,
        after_number: false,
        out: String::new(),
    };
    while printer.step() {}
    printer.extra();
    printer.out
}

impl<'a> Printer<'a> {
    fn rest(&self) -> &'a str {
        self.format.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    /// Prints text up to a verb and the verb; false at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(percent) = rest.find('%') else {
            self.out.push_str(rest);
            return false;
        };
        self.out.push_str(rest.get(..percent).unwrap_or_default());
        self.position += percent + 1;
        self.good_number = true;
        let mut spec = Spec {
            flags: self.flags(),
            ..Spec::default()
        };
        self.argument_number();
        self.width(&mut spec);
        self.precision(&mut spec);
        if !self.after_number {
            self.argument_number();
        }
        let Some(verb) = self.peek() else {
            self.out.push_str("%!(NOVERB)");
            return false;
        };
        self.position += verb.len_utf8();
        self.after_number = false;
        spec.verb = verb;
        if verb == 'v' {
            // The sign would be one of struct fields.
            spec.flags.plus = false;
        }
        self.verb(&spec);
        true
    }

    fn verb(&mut self, spec: &Spec) {
        let verb = spec.verb;
        if verb == '%' {
            self.out.push('%');
            return;
        }
        if !self.good_number {
            let _ = write!(self.out, "%!{verb}(BADINDEX)");
            return;
        }
        let Some(value) = self.values.get(self.next) else {
            let _ = write!(self.out, "%!{verb}(MISSING)");
            return;
        };
        self.next += 1;
        print(&mut self.out, value, spec);
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(flag) = self.peek() {
            match flag {
                '#' => flags.sharp = true,
                '0' => flags.zero = true,
                '+' => flags.plus = true,
                '-' => flags.minus = true,
                ' ' => flags.space = true,
                _ => break,
            }
            self.position += 1;
        }
        flags
    }

    /// `[n]`
    fn argument_number(&mut self) {
        if self.peek() != Some('[') {
            return;
        }
        self.reordered = true;
        let inside = self.rest().get(1..).unwrap_or_default();
        let Some(length) = inside.find(']') else {
            self.good_number = false;
            self.position += 1;
            return;
        };
        self.position += length + 2;
        let number = inside
            .get(..length)
            .and_then(|text| text.parse::<usize>().ok());
        match number {
            Some(number) if (1..=self.values.len()).contains(&number) => {
                self.next = number - 1;
                self.after_number = true;
            }
            _ => self.good_number = false,
        }
    }

    fn number(&mut self) -> Option<usize> {
        let rest = self.rest();
        let digits = rest.len()
            - rest
                .trim_start_matches(|digit: char| digit.is_ascii_digit())
                .len();
        let number = rest
            .get(..digits)?
            .parse()
            .ok()
            .filter(|number| *number <= WIDTH_MAX);
        self.position += digits;
        number
    }

    /// A number from an argument, for `*`.
    fn star(&mut self) -> Option<i64> {
        let number = match self.values.get(self.next) {
            Some(Data::Int(number) | Data::Int64(number)) => Some(*number),
            Some(Data::Byte(number)) => Some((*number).into()),
            Some(Data::Uint64(number)) => i64::try_from(*number).ok(),
            _ => None,
        };
        if self.next < self.values.len() {
            self.next += 1;
        }
        let small =
            |number: &i64| usize::try_from(number.abs()).is_ok_and(|size| size <= WIDTH_MAX);
        number.filter(small)
    }

    fn width(&mut self, spec: &mut Spec) {
        if self.take_if('*') {
            match self.star() {
                None => self.out.push_str("%!(BADWIDTH)"),
                Some(width) => {
                    if width < 0 {
                        spec.flags.minus = true;
                        spec.flags.zero = false;
                    }
                    spec.width = usize::try_from(width.unsigned_abs()).ok();
                }
            }
            self.after_number = false;
            return;
        }
        spec.width = self.number();
        if self.after_number && spec.width.is_some() {
            self.good_number = false;
        }
    }

    fn precision(&mut self, spec: &mut Spec) {
        if self.rest().len() < 2 || !self.take_if('.') {
            return;
        }
        if self.after_number {
            self.good_number = false;
        }
        self.after_number = false;
        self.argument_number();
        if self.take_if('*') {
            let precision = self.star();
            spec.precision = precision.and_then(|number| usize::try_from(number).ok());
            if precision.is_none() {
                self.out.push_str("%!(BADPREC)");
            }
            self.after_number = false;
            return;
        }
        spec.precision = Some(self.number().unwrap_or(0));
    }

    fn extra(&mut self) {
        let Some(extra) = self
            .values
            .get(self.next..)
            .filter(|extra| !extra.is_empty())
        else {
            return;
        };
        if self.reordered {
            return;
        }
        let texts = extra.iter().map(|value| {
            if value.is_nil() {
                "<nil>".to_owned()
            } else {
                format!("{}={}", value.type_name(), sprint_one(value))
            }
        });
        let texts: Vec<String> = texts.collect();
        let _ = write!(self.out, "%!(EXTRA {})", texts.join(", "));
    }
}

fn print(out: &mut String, value: &Data, spec: &Spec) {
    match spec.verb {
        'T' => pad(out, value.type_name(), spec),
        'p' => bad_verb(out, value, spec),
        'v' if value.is_nil() => pad(out, "<nil>", spec),
        verb if value.is_nil() => {
            let _ = write!(out, "%!{verb}(<nil>)");
        }
        'v' if spec.flags.sharp => go_syntax(out, value, spec, NESTING_MAX),
        _ => print_known(out, value, spec, NESTING_MAX),
    }
}

fn print_known(out: &mut String, value: &Data, spec: &Spec, depth: usize) {
    match value {
        Data::Missing | Data::Nil => print(out, value, spec),
        Data::Bool(flag) => match spec.verb {
            't' | 'v' => pad(out, if *flag { "true" } else { "false" }, spec),
            _ => bad_verb(out, value, spec),
        },
        Data::Int(number) | Data::Int64(number) => integer(out, value, (*number).into(), spec),
        Data::Uint64(number) => integer(out, value, (*number).into(), spec),
        Data::Byte(number) => integer(out, value, (*number).into(), spec),
        Data::Bytes(bytes) if "sxXq".contains(spec.verb) => {
            string(out, value, &String::from_utf8_lossy(bytes), spec);
        }
        Data::Bytes(bytes) => {
            let items = bytes.iter().map(|byte| Data::Byte(*byte));
            sequence(out, &items.collect::<Vec<_>>(), spec, depth);
        }
        Data::Float(number) => float(out, value, *number, spec),
        Data::Text(text) => string(out, value, text, spec),
        Data::Duration(number) if !"vsq".contains(spec.verb) => {
            integer(out, value, (*number).into(), spec);
        }
        Data::Duration(_) | Data::Time(_) | Data::Version(_) => {
            string(out, value, &sprint_one(value), spec);
        }
        Data::List(list) => sequence(out, &list.items, spec, depth),
        Data::Record(_) => string(out, value, &sprint_one(value), spec),
        Data::Dict(dict) => {
            out.push_str("map[");
            for (index, (key, item)) in dict.snapshot().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                print_known(out, &Data::Text(key.clone()), spec, depth);
                out.push(':');
                nested(out, item, spec, depth);
            }
            out.push(']');
        }
    }
}

fn sequence(out: &mut String, items: &[Data], spec: &Spec, depth: usize) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        nested(out, item, spec, depth);
    }
    out.push(']');
}

fn nested(out: &mut String, item: &Data, spec: &Spec, depth: usize) {
    let verb = spec.verb;
    match depth.checked_sub(1) {
        None => out.push('…'),
        Some(_) if item.is_nil() && verb != 'v' => {
            let _ = write!(out, "%!{verb}(<nil>)");
        }
        Some(deeper) => print_known(out, item, spec, deeper),
    }
}

fn bad_verb(out: &mut String, value: &Data, spec: &Spec) {
    let verb = spec.verb;
    let _ = write!(out, "%!{verb}({}={})", value.type_name(), sprint_one(value));
}

/// Pads to the width, by characters.
fn pad(out: &mut String, text: &str, spec: &Spec) {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    if spec.flags.minus {
        out.push_str(text);
        out.extend(std::iter::repeat_n(' ', missing));
    } else {
        let fill = if spec.flags.zero { '0' } else { ' ' };
        out.extend(std::iter::repeat_n(fill, missing));
        out.push_str(text);
    }
}

fn integer(out: &mut String, value: &Data, number: i128, spec: &Spec) {
    let verb = spec.verb;
    let magnitude = number.unsigned_abs();
    let (digits, prefix) = match verb {
        'd' | 'v' => (magnitude.to_string(), ""),
        'b' => (format!("{magnitude:b}"), "0b"),
        'o' => (format!("{magnitude:o}"), "0"),
        'O' => (format!("0o{magnitude:o}"), ""),
        'x' => (format!("{magnitude:x}"), "0x"),
        'X' => (format!("{magnitude:X}"), "0X"),
        'c' | 'q' | 'U' => return character(out, number, spec),
        _ => return bad_verb(out, value, spec),
    };
    let mut digits = digits;
    if spec.precision == Some(0) && number == 0 {
        return pad(
            out,
            "",
            &Spec {
                flags: Flags {
                    zero: false,
                    ..spec.flags
                },
                ..*spec
            },
        );
    }
    let sign = if number < 0 {
        "-"
    } else {
        spec.flags.positive()
    };
    let prefix = if spec.flags.sharp { prefix } else { "" };
    let wanted = match (spec.precision, spec.width) {
        (Some(precision), _) => precision,
        (None, Some(width)) if spec.flags.zero && !spec.flags.minus => {
            width.saturating_sub(sign.len())
        }
        _ => 0,
    };
    let missing = wanted.saturating_sub(digits.len());
    digits.insert_str(0, &"0".repeat(missing));
    let flags = Flags {
        zero: false,
        ..spec.flags
    };
    pad(
        out,
        &format!("{sign}{prefix}{digits}"),
        &Spec { flags, ..*spec },
    );
}

impl Flags {
    fn positive(self) -> &'static str {
        match (self.plus, self.space) {
            (true, _) => "+",
            (false, true) => " ",
            (false, false) => "",
        }
    }
}

fn character(out: &mut String, number: i128, spec: &Spec) {
    let verb = spec.verb;
    let found = u32::try_from(number).ok().and_then(char::from_u32);
    let shown = found.unwrap_or(char::REPLACEMENT_CHARACTER);
    match verb {
        'c' => pad(out, &shown.to_string(), spec),
        'q' => {
            let charset = if spec.flags.plus {
                Charset::Ascii
            } else {
                Charset::Unicode
            };
            pad(out, &quote_with(&shown.to_string(), '\'', charset), spec);
        }
        _ => {
            let mut text = format!("U+{number:04X}");
            if spec.flags.sharp && is_print(shown) {
                let _ = write!(text, " '{shown}'");
            }
            pad(out, &text, spec);
        }
    }
}

fn float(out: &mut String, value: &Data, number: f64, spec: &Spec) {
    let verb = spec.verb;
    let magnitude = number.abs();
    let digits = match verb {
        _ if !number.is_finite() && "vgGeEfF".contains(verb) => {
            if number.is_nan() {
                "NaN".to_owned()
            } else {
                "Inf".to_owned()
            }
        }
        'v' | 'g' => general(magnitude, spec.precision),
        'G' => general(magnitude, spec.precision).to_uppercase(),
        'e' => scientific(magnitude, spec.precision.unwrap_or(6)),
        'E' => scientific(magnitude, spec.precision.unwrap_or(6)).to_uppercase(),
        'f' | 'F' => format!("{magnitude:.*}", spec.precision.unwrap_or(6)),
        _ => return bad_verb(out, value, spec),
    };
    let negative = number.is_sign_negative() && !number.is_nan();
    let mut sign = if negative { "-" } else { spec.flags.positive() };
    if number.is_infinite() && sign.is_empty() {
        sign = "+";
    }
    let zeros = spec.flags.zero && !spec.flags.minus && number.is_finite();
    let width = spec.width.unwrap_or(0).saturating_sub(sign.len());
    let missing = if zeros {
        width.saturating_sub(digits.len())
    } else {
        0
    };
    let flags = Flags {
        zero: false,
        ..spec.flags
    };
    let text = format!("{sign}{}{digits}", "0".repeat(missing));
    pad(out, &text, &Spec { flags, ..*spec });
}

/// `%e`: two digits of exponent at least.
fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `%g`: the shorter of `%e` and `%f`, without trailing zeros.
fn general(number: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        return float_to_shortest(number);
    };
    let precision = precision.max(1);
    let rounded = scientific(number, precision - 1);
    let exponent: i32 = rounded
        .split_once('e')
        .and_then(|(_, text)| text.parse().ok())
        .unwrap_or(0);
    let digits = i32::try_from(precision).unwrap_or(i32::MAX);
    let strip = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if number != 0.0 && (exponent < -4 || exponent >= digits) {
        let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "+00"));
        return format!("{}e{exponent}", strip(mantissa));
    }
    let decimals = usize::try_from(digits - 1 - exponent).unwrap_or(0);
    strip(&format!("{number:.decimals$}"))
}

fn string(out: &mut String, value: &Data, text: &str, spec: &Spec) {
    let verb = spec.verb;
    let cut = |limit: Option<usize>| match limit {
        Some(limit) => text.chars().take(limit).collect::<String>(),
        None => text.to_owned(),
    };
    match verb {
        's' | 'v' => pad(out, &cut(spec.precision), spec),
        'q' => {
            let text = cut(spec.precision);
            let plain = !text.contains('`') && text.chars().all(|one| one == '\t' || is_print(one));
            let quoted = match (spec.flags.sharp && plain, spec.flags.plus) {
                (true, _) => format!("`{text}`"),
                (false, true) => quote_with(&text, '"', Charset::Ascii),
                (false, false) => quote(&text),
            };
            pad(out, &quoted, spec);
        }
        'x' | 'X' => hexadecimal(out, text, spec),
        _ => bad_verb(out, value, spec),
    }
}

fn hexadecimal(out: &mut String, text: &str, spec: &Spec) {
    let verb = spec.verb;
    let limit = spec.precision.unwrap_or(text.len()).min(text.len());
    let bytes = text.as_bytes().get(..limit).unwrap_or_default();
    let prefix = match (spec.flags.sharp, verb) {
        (false, _) => "",
        (true, 'x') => "0x",
        (true, _) => "0X",
    };
    let pairs = bytes.iter().map(|byte| match verb {
        'x' => format!("{byte:02x}"),
        _ => format!("{byte:02X}"),
    });
    let pairs: Vec<String> = pairs.collect();
    let shown = match (pairs.is_empty(), spec.flags.space) {
        (true, _) => String::new(),
        (false, true) => format!("{prefix}{}", pairs.join(&format!(" {prefix}"))),
        (false, false) => format!("{prefix}{}", pairs.concat()),
    };
    pad(out, &shown, spec);
}

/// `%#v`
fn go_syntax(out: &mut String, value: &Data, spec: &Spec, depth: usize) {
    let Some(deeper) = depth.checked_sub(1) else {
        out.push('…');
        return;
    };
    match value {
        Data::Missing | Data::Nil => out.push_str("interface {}(nil)"),
        Data::Text(text) => pad(out, &quote(text), spec),
        Data::Byte(number) => pad(out, &format!("0x{number:x}"), spec),
        Data::List(list) => {
            let _ = write!(out, "{}{{", value.type_name());
            for (index, item) in list.items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                go_syntax(out, item, spec, deeper);
            }
            out.push('}');
        }
        Data::Dict(dict) => {
            let _ = write!(out, "{}{{", value.type_name());
            for (index, (key, item)) in dict.snapshot().iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                let _ = write!(out, "{}:", quote(key));
                go_syntax(out, item, spec, deeper);
            }
            out.push('}');
        }
        Data::Bool(_)
        | Data::Int(_)
        | Data::Int64(_)
        | Data::Uint64(_)
        | Data::Duration(_)
        | Data::Bytes(_)
        | Data::Record(_)
        | Data::Float(_)
        | Data::Time(_)
        | Data::Version(_) => {
            let flags = Flags {
                sharp: false,
                ..spec.flags
            };
            print_known(out, value, &Spec { flags, ..*spec }, deeper);
        }
    }
}
