//! Dates and durations. `Local` is UTC, as in Argo CD's container.
//!
//! Source: sprig v3.3.0 `date.go`.

mod layout;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use toft_value::parse_duration;

use super::Param::{Any, Text, Time};
use super::arguments::{any, shared, text};
use super::{Call, Function, Ran};
use crate::runtime::Data;

pub(super) const TABLE: &[Function] = &[
    Function::new("ago", &[Any], None, ago),
    Function::new("date", &[Text, Any], None, |call, v| {
        date(call, text(v, 0), any(v, 1), "Local")
    }),
    Function::new("dateInZone", &[Text, Any, Text], None, |call, v| {
        date(call, text(v, 0), any(v, 1), text(v, 2))
    }),
    Function::new("dateModify", &[Text, Time], None, |_, v| {
        Ok(modified(v).unwrap_or_else(|_| any(v, 1).clone()))
    }),
    Function::new("date_in_zone", &[Text, Any, Text], None, |call, v| {
        date(call, text(v, 0), any(v, 1), text(v, 2))
    }),
    Function::new("date_modify", &[Text, Time], None, |_, v| {
        Ok(modified(v).unwrap_or_else(|_| any(v, 1).clone()))
    }),
    Function::new("duration", &[Any], None, duration),
    Function::new("durationRound", &[Any], None, duration_round),
    Function::new("htmlDate", &[Any], None, |call, v| {
        date(call, "2006-01-02", any(v, 0), "Local")
    }),
    Function::new("htmlDateInZone", &[Any, Text], None, |call, v| {
        date(call, "2006-01-02", any(v, 0), text(v, 1))
    }),
    Function::new("mustDateModify", &[Text, Time], None, |_, v| modified(v)),
    Function::new("mustToDate", &[Text, Text], None, |_, v| to_date(v)),
    Function::new("must_date_modify", &[Text, Time], None, |_, v| modified(v)),
    Function::new("now", &[], None, |call, _| Ok(Data::Time(call.now))),
    Function::new("toDate", &[Text, Text], None, |_, v| {
        Ok(to_date(v).unwrap_or(Data::Time(ZERO)))
    }),
    Function::new("unixEpoch", &[Time], None, |_, v| {
        let seconds = moment(any(v, 0)).map_or(0, Timestamp::as_second);
        Ok(shared(seconds.to_string()))
    }),
];

pub(super) const METHODS: &[Function] = &[
    Function::new("Day", &[], None, |_, v| {
        Ok(part(v, |date| i64::from(date.day())))
    }),
    Function::new("Format", &[Text], None, |_, v| {
        let date = zoned(moment(any(v, 0)).unwrap_or(ZERO), "UTC");
        Ok(shared(layout::format(text(v, 1), &date)))
    }),
    Function::new("Hour", &[], None, |_, v| {
        Ok(part(v, |date| i64::from(date.hour())))
    }),
    Function::new("Minute", &[], None, |_, v| {
        Ok(part(v, |date| i64::from(date.minute())))
    }),
    Function::new("Second", &[], None, |_, v| {
        Ok(part(v, |date| i64::from(date.second())))
    }),
    Function::new("String", &[], None, |_, v| {
        Ok(shared(time_text(moment(any(v, 0)).unwrap_or(ZERO))))
    }),
    Function::new("UTC", &[], None, |_, v| Ok(any(v, 0).clone())),
    Function::new("Unix", &[], None, |_, v| {
        Ok(Data::Int64(
            moment(any(v, 0)).map_or(0, Timestamp::as_second),
        ))
    }),
    Function::new("Year", &[], None, |_, v| {
        Ok(part(v, |date| i64::from(date.year())))
    }),
];

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// Go's zero time: the first instant of year 1.
const ZERO: Timestamp = Timestamp::constant(-62_135_596_800, 0);

fn part(values: &[Data], read: impl Fn(&Zoned) -> i64) -> Data {
    let date = zoned(moment(any(values, 0)).unwrap_or(ZERO), "UTC");
    Data::Int(read(&date))
}

fn moment(value: &Data) -> Option<Timestamp> {
    match value {
        Data::Time(time) => Some(*time),
        Data::Int(seconds) | Data::Int64(seconds) => Timestamp::from_second(*seconds).ok(),
        _ => None,
    }
}

fn zoned(time: Timestamp, zone: &str) -> Zoned {
    let zone = match zone {
        "Local" | "UTC" | "" => TimeZone::UTC,
        name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
    };
    time.to_zoned(zone)
}

/// A time as Go prints it.
pub(crate) fn time_text(time: Timestamp) -> String {
    layout::format(
        "2006-01-02 15:04:05.999999999 -0700 MST",
        &zoned(time, "UTC"),
    )
}

#[expect(clippy::unnecessary_wraps, reason = "every function gives a result")]
fn date(call: &mut Call<'_>, layout: &str, value: &Data, zone: &str) -> Ran {
    // What is no time counts as now, as upstream has it.
    let time = moment(value).unwrap_or(call.now);
    Ok(shared(layout::format(layout, &zoned(time, zone))))
}

fn modified(values: &[Data]) -> Ran {
    let (written, time) = (text(values, 0), moment(any(values, 1)).unwrap_or(ZERO));
    let duration = parse_duration(written).map_err(|error| error.to_string())?;
    let duration = SignedDuration::from_nanos(duration);
    let moved = time
        .checked_add(duration)
        .map_err(|_| "time is out of range")?;
    Ok(Data::Time(moved))
}

fn to_date(values: &[Data]) -> Ran {
    let (layout, written) = (text(values, 0), text(values, 1));
    layout::parse(layout, written).map(Data::Time)
}

/// Nanoseconds as Go prints a duration: `1h2m3.5s`.
///
/// Source: Go 1.26 `src/time/time.go`, `Duration.String`.
pub(crate) fn duration_text(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let fraction = |value: u64, size: u64, unit: &str| {
        let digits = size.to_string().len() - 1;
        let rest = format!("{:0digits$}", value % size);
        let rest = rest.trim_end_matches('0');
        let dot = if rest.is_empty() || digits == 0 {
            ""
        } else {
            "."
        };
        let rest = if digits == 0 { "" } else { rest };
        format!("{sign}{}{dot}{rest}{unit}", value / size)
    };
    match total {
        0 => return "0s".to_owned(),
        1..1_000 => return format!("{sign}{total}ns"),
        1_000..1_000_000 => return fraction(total, 1_000, "µs"),
        1_000_000..1_000_000_000 => return fraction(total, 1_000_000, "ms"),
        _ => {}
    }
    let minutes = total / 60_000_000_000;
    let seconds = fraction(total % 60_000_000_000, 1_000_000_000, "s");
    let seconds = seconds.trim_start_matches('-');
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{sign}{seconds}"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}"),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every function gives a result")]
fn ago(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let since = moment(any(values, 0)).unwrap_or(call.now);
    let elapsed = call.now.duration_since(since);
    let half = i32::from(elapsed.subsec_millis() >= 500);
    let seconds = elapsed.as_secs() + i64::from(half);
    Ok(shared(duration_text(seconds.saturating_mul(SECOND))))
}

#[expect(clippy::unnecessary_wraps, reason = "every function gives a result")]
fn duration(_: &mut Call<'_>, values: &[Data]) -> Ran {
    let seconds = match any(values, 0) {
        Data::Text(text) => text.parse().unwrap_or(0),
        Data::Int64(seconds) => *seconds,
        _ => 0,
    };
    Ok(shared(duration_text(seconds.wrapping_mul(SECOND))))
}

#[expect(clippy::unnecessary_wraps, reason = "every function gives a result")]
fn duration_round(call: &mut Call<'_>, values: &[Data]) -> Ran {
    let duration = match any(values, 0) {
        Data::Text(text) => SignedDuration::from_nanos(parse_duration(text).unwrap_or(0)),
        Data::Int64(nanoseconds) => SignedDuration::from_nanos(*nanoseconds),
        Data::Time(time) => call.now.duration_since(*time),
        _ => SignedDuration::ZERO,
    };
    let nanoseconds = duration.as_nanos().unsigned_abs();
    let second = 1_000_000_000;
    let units = [
        (second * 3600 * 24 * 365, "y"),
        (second * 3600 * 24 * 30, "mo"),
        (second * 3600 * 24, "d"),
        (second * 3600, "h"),
        (second * 60, "m"),
        (second, "s"),
    ];
    let found = units.iter().find(|(size, _)| nanoseconds > *size);
    Ok(match found {
        Some((size, name)) => shared(format!("{}{name}", nanoseconds / size)),
        None => Data::text("0s"),
    })
}
