//! Go's layouts: dates written as the second of January 2006, 15:04:05 would be.
//!
//! Source: Go 1.26 `src/time/format.go`.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

use crate::quote::quote;

/// A piece of a layout that stands for a part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    LongMonth,
    Month,
    LongWeekday,
    Weekday,
    ZoneName,
    ZeroMonth,
    ZeroDay,
    ZeroHour12,
    ZeroMinute,
    ZeroSecond,
    Year2,
    ZeroYearDay,
    NumberMonth,
    Hour,
    UnderDay,
    Day,
    Year,
    Hour12,
    Minute,
    Second,
    UpperHalf,
    LowerHalf,
    Offset(&'static str),
    Fraction { digits: usize, trims: bool },
}

/// Longer ones first where one begins with another.
const PIECES: &[(&str, Piece)] = &[
    ("January", Piece::LongMonth),
    ("Jan", Piece::Month),
    ("Monday", Piece::LongWeekday),
    ("Mon", Piece::Weekday),
    ("MST", Piece::ZoneName),
    ("002", Piece::ZeroYearDay),
    ("01", Piece::ZeroMonth),
    ("02", Piece::ZeroDay),
    ("03", Piece::ZeroHour12),
    ("04", Piece::ZeroMinute),
    ("05", Piece::ZeroSecond),
    ("06", Piece::Year2),
    ("15", Piece::Hour),
    ("1", Piece::NumberMonth),
    ("2006", Piece::Year),
    ("_2006", Piece::Year),
    ("_2", Piece::UnderDay),
    ("2", Piece::Day),
    ("3", Piece::Hour12),
    ("4", Piece::Minute),
    ("5", Piece::Second),
    ("PM", Piece::UpperHalf),
    ("pm", Piece::LowerHalf),
    ("-07:00:00", Piece::Offset("-07:00:00")),
    ("-070000", Piece::Offset("-070000")),
    ("-07:00", Piece::Offset("-07:00")),
    ("-0700", Piece::Offset("-0700")),
    ("-07", Piece::Offset("-07")),
    ("Z07:00:00", Piece::Offset("Z07:00:00")),
    ("Z070000", Piece::Offset("Z070000")),
    ("Z07:00", Piece::Offset("Z07:00")),
    ("Z0700", Piece::Offset("Z0700")),
    ("Z07", Piece::Offset("Z07")),
];

/// The piece at the start of a layout, and its length.
fn piece(layout: &str) -> Option<(Piece, usize)> {
    if layout.starts_with("_2006") {
        return None;
    }
    if layout.starts_with("Jan") && !layout.starts_with("January") {
        // "Janet" is a name.
        let after = layout.chars().nth(3);
        if after.is_some_and(|next| next.is_ascii_lowercase()) {
            return None;
        }
    }
    if let Some(fraction) = fraction(layout) {
        return Some(fraction);
    }
    let found = PIECES.iter().find(|(text, _)| layout.starts_with(text))?;
    Some((found.1, found.0.len()))
}

/// `.000` or `,999`, not followed by a digit.
fn fraction(layout: &str) -> Option<(Piece, usize)> {
    let rest = layout.strip_prefix(['.', ','])?;
    let digit = rest.chars().next().filter(|digit| "09".contains(*digit))?;
    let digits = rest.len() - rest.trim_start_matches(digit).len();
    let after = rest.get(digits..).and_then(|rest| rest.chars().next());
    if after.is_some_and(|next| next.is_ascii_digit()) {
        return None;
    }
    let piece = Piece::Fraction {
        digits,
        trims: digit == '9',
    };
    Some((piece, digits + 1))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A date in a layout.
pub(super) fn format(layout: &str, date: &Zoned) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(next) = rest.chars().next() {
        if let Some((piece, length)) = piece(rest) {
            let separator = rest.chars().next().unwrap_or('.');
            write_piece(&mut out, (piece, separator), date);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            out.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

fn write_piece(out: &mut String, (piece, separator): (Piece, char), date: &Zoned) {
    let month = MONTHS
        .get(usize::from(date.month().unsigned_abs()).saturating_sub(1))
        .copied()
        .unwrap_or_default();
    let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
    let weekday = WEEKDAYS.get(weekday).copied().unwrap_or_default();
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    let hour12 = match date.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let afternoon = date.hour() >= 12;
    let _ = match piece {
        Piece::LongMonth => write!(out, "{month}"),
        Piece::Month => write!(out, "{}", short(month)),
        Piece::LongWeekday => write!(out, "{weekday}"),
        Piece::Weekday => write!(out, "{}", short(weekday)),
        Piece::ZoneName => write!(
            out,
            "{}",
            date.time_zone()
                .to_offset_info(date.timestamp())
                .abbreviation()
        ),
        Piece::ZeroMonth => write!(out, "{:02}", date.month()),
        Piece::NumberMonth => write!(out, "{}", date.month()),
        Piece::ZeroDay => write!(out, "{:02}", date.day()),
        Piece::UnderDay => write!(out, "{:2}", date.day()),
        Piece::Day => write!(out, "{}", date.day()),
        Piece::ZeroYearDay => write!(out, "{:03}", date.day_of_year()),
        Piece::Year => write!(out, "{:04}", date.year()),
        Piece::Year2 => write!(out, "{:02}", date.year().rem_euclid(100)),
        Piece::Hour => write!(out, "{:02}", date.hour()),
        Piece::ZeroHour12 => write!(out, "{hour12:02}"),
        Piece::Hour12 => write!(out, "{hour12}"),
        Piece::ZeroMinute => write!(out, "{:02}", date.minute()),
        Piece::Minute => write!(out, "{}", date.minute()),
        Piece::ZeroSecond => write!(out, "{:02}", date.second()),
        Piece::Second => write!(out, "{}", date.second()),
        Piece::UpperHalf => write!(out, "{}", if afternoon { "PM" } else { "AM" }),
        Piece::LowerHalf => write!(out, "{}", if afternoon { "pm" } else { "am" }),
        Piece::Offset(form) => write!(out, "{}", offset_text(form, date.offset().seconds())),
        Piece::Fraction { digits, trims } => {
            let all = format!("{:09}", date.subsec_nanosecond());
            let shown = all.get(..digits.min(9)).unwrap_or_default();
            let shown = if trims {
                shown.trim_end_matches('0')
            } else {
                shown
            };
            if shown.is_empty() {
                Ok(())
            } else {
                write!(out, "{separator}{shown}")
            }
        }
    };
}

fn offset_text(form: &str, seconds: i32) -> String {
    if form.starts_with('Z') && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let total = seconds.abs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    let colon = if form.contains(':') { ":" } else { "" };
    let mut text = format!("{sign}{hours:02}");
    if form.len() > 3 {
        let _ = write!(text, "{colon}{minutes:02}");
    }
    if form.len() > 6 {
        let _ = write!(text, "{colon}{seconds:02}");
    }
    text
}

/// The parts of a date as they are read.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    offset: i64,
    afternoon: Option<bool>,
}

/// Reads a date in a layout; what the layout does not have is that of the first instant of year 0.
pub(super) fn parse(layout: &str, text: &str) -> Result<Timestamp, String> {
    let mut parts = Parts {
        year: 0,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        offset: 0,
        afternoon: None,
    };
    let (mut layout_rest, mut rest) = (layout, text);
    while let Some(next) = layout_rest.chars().next() {
        let cannot = |rest: &str, piece: &str| {
            let [text, layout] = [quote(text), quote(layout)];
            format!(
                "parsing time {text} as {layout}: cannot parse {} as {}",
                quote(rest),
                quote(piece)
            )
        };
        if let Some((piece, length)) = piece(layout_rest) {
            let shown = layout_rest.get(..length).unwrap_or_default();
            rest = read_piece(piece, rest, &mut parts).ok_or_else(|| cannot(rest, shown))?;
            layout_rest = layout_rest.get(length..).unwrap_or_default();
            if matches!(piece, Piece::ZeroSecond | Piece::Second) {
                rest = implied_fraction(layout_rest, rest, &mut parts);
            }
        } else {
            rest = rest
                .strip_prefix(next)
                .ok_or_else(|| cannot(rest, literal(layout_rest)))?;
            layout_rest = layout_rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    if !rest.is_empty() {
        let (text, rest) = (quote(text), quote(rest));
        return Err(format!("parsing time {text}: extra text: {rest}"));
    }
    parts
        .instant()
        .ok_or_else(|| format!("parsing time {}: day out of range", quote(text)))
}

/// The text of a layout up to its next piece.
fn literal(layout: &str) -> &str {
    let mut indices = layout.char_indices().map(|(at, _)| at);
    let end = indices.find(|at| layout.get(*at..).is_some_and(|rest| piece(rest).is_some()));
    layout.get(..end.unwrap_or(layout.len())).unwrap_or(layout)
}

/// A fraction of a second is read even where the layout has none.
fn implied_fraction<'a>(layout: &str, rest: &'a str, parts: &mut Parts) -> &'a str {
    if fraction(layout).is_some() {
        return rest;
    }
    let Some(digits) = rest.strip_prefix(['.', ',']) else {
        return rest;
    };
    let count = digits.len()
        - digits
            .trim_start_matches(|one: char| one.is_ascii_digit())
            .len();
    if count == 0 {
        return rest;
    }
    read_fraction(digits, count, parts).unwrap_or(rest)
}

fn read_fraction<'a>(digits: &'a str, count: usize, parts: &mut Parts) -> Option<&'a str> {
    let (number, rest) = digits.split_at_checked(count)?;
    let padded = format!("{:0<9}", number.get(..count.min(9))?);
    parts.nanosecond = padded.parse().ok()?;
    Some(rest)
}

fn number(text: &str, lengths: [usize; 2]) -> Option<(i64, &str)> {
    let [least, most] = lengths;
    let digits = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if digits < least {
        return None;
    }
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

fn named<'a>(names: &[&'static str], text: &'a str, shown: usize) -> Option<(i64, &'a str)> {
    let cut = |name: &'static str| {
        if shown == 0 {
            name
        } else {
            name.get(..shown).unwrap_or(name)
        }
    };
    let starts = |name: &str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let index = names.iter().position(|name| starts(cut(name)))?;
    let length = names.get(index).map(|name| cut(name).len())?;
    Some((i64::try_from(index).ok()?, text.get(length..)?))
}

fn read_piece<'a>(piece: Piece, text: &'a str, parts: &mut Parts) -> Option<&'a str> {
    let (value, rest) = match piece {
        Piece::LongMonth => named(&MONTHS, text, 0)?,
        Piece::Month => named(&MONTHS, text, 3)?,
        Piece::LongWeekday => named(&WEEKDAYS, text, 0)?,
        Piece::Weekday => named(&WEEKDAYS, text, 3)?,
        Piece::Year => number(text, [4, 4])?,
        Piece::ZeroYearDay => number(text, [3, 3])?,
        Piece::ZeroMonth
        | Piece::ZeroDay
        | Piece::ZeroHour12
        | Piece::ZeroMinute
        | Piece::ZeroSecond
        | Piece::Year2 => number(text, [2, 2])?,
        Piece::NumberMonth
        | Piece::Day
        | Piece::Hour
        | Piece::Hour12
        | Piece::Minute
        | Piece::Second => number(text, [1, 2])?,
        Piece::UnderDay => number(text.strip_prefix(' ').unwrap_or(text), [1, 2])?,
        Piece::UpperHalf | Piece::LowerHalf => {
            let (half, rest) = text.split_at_checked(2)?;
            parts.afternoon = Some(match half.to_ascii_uppercase().as_str() {
                "AM" => false,
                "PM" => true,
                _ => return None,
            });
            return Some(rest);
        }
        Piece::ZoneName => {
            return text
                .strip_prefix("UTC")
                .or_else(|| text.strip_prefix("GMT"));
        }
        Piece::Offset(form) => return read_offset(form, text, parts),
        Piece::Fraction { digits, trims } => {
            let Some(rest) = text.strip_prefix(['.', ',']) else {
                return trims.then_some(text);
            };
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            let count = if trims { count } else { digits };
            return read_fraction(rest, count, parts);
        }
    };
    parts.take(piece, value)?;
    Some(rest)
}

fn read_offset<'a>(form: &str, text: &'a str, parts: &mut Parts) -> Option<&'a str> {
    if form.starts_with('Z')
        && let Some(rest) = text.strip_prefix('Z')
    {
        return Some(rest);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (offset, rest) = text.split_at_checked(form.len())?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let pair = |at: usize| {
        digits
            .get(at..at + 2)
            .map_or(Some(0), |pair| pair.parse::<i64>().ok())
    };
    parts.offset = sign * (pair(0)? * 3600 + pair(2)? * 60 + pair(4)?);
    Some(rest)
}

impl Parts {
    fn take(&mut self, piece: Piece, value: i64) -> Option<()> {
        let in_range = |low: i64, high: i64| (low..=high).contains(&value).then_some(value);
        match piece {
            Piece::Year => self.year = value,
            Piece::Year2 => {
                self.year = if value >= 69 {
                    1900 + value
                } else {
                    2000 + value
                }
            }
            Piece::LongMonth | Piece::Month => self.month = value + 1,
            Piece::ZeroMonth | Piece::NumberMonth => self.month = in_range(1, 12)?,
            Piece::ZeroDay | Piece::Day | Piece::UnderDay => self.day = in_range(1, 31)?,
            Piece::Hour => self.hour = in_range(0, 23)?,
            Piece::ZeroHour12 | Piece::Hour12 => self.hour = in_range(0, 12)?,
            Piece::ZeroMinute | Piece::Minute => self.minute = in_range(0, 59)?,
            Piece::ZeroSecond | Piece::Second => self.second = in_range(0, 59)?,
            _ => {}
        }
        Some(())
    }

    fn instant(&self) -> Option<Timestamp> {
        let hour = match (self.afternoon, self.hour) {
            (Some(true), hour) if hour < 12 => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let [year, month, day] = [self.year, self.month, self.day];
        let date = Date::new(
            year.try_into().ok()?,
            month.try_into().ok()?,
            day.try_into().ok()?,
        )
        .ok()?;
        let days = date.since(Date::constant(1970, 1, 1)).ok()?.get_days();
        let seconds =
            i64::from(days) * 86_400 + hour * 3600 + self.minute * 60 + self.second - self.offset;
        Timestamp::new(seconds, self.nanosecond.try_into().ok()?).ok()
    }
}
