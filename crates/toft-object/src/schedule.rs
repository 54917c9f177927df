//! Schedules: of CronJobs, and of whatever else comes again and again.
//!
//! Source: robfig/cron v3.0.1 `parser.go`, `spec.go`, the library that upstream uses.

use std::time::Duration;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::time::Time;

/// Nanoseconds of a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// How far ahead the next time is looked for, upstream's five years.
const YEARS_MAX: i16 = 5;

/// When something is to be done, again and again.
///
/// # Example
/// ```
/// use jiff::tz::TimeZone;
/// use toft_object::{Schedule, Time};
/// let schedule = Schedule::parse("0 3 * * *").unwrap();
/// let next = schedule.next(Time::parse("2026-01-01T04:00:00Z").unwrap(), &TimeZone::UTC);
/// assert_eq!(next.unwrap().to_string(), "2026-01-02T03:00:00Z");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At the minutes that the fields allow.
    Fields(Fields),
    /// Always after so long.
    Every(Duration),
}

/// The minutes that are allowed; a bit for each number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the day of the month is `*` or `?`.
    any_day: bool,
    /// Whether the day of the week is `*` or `?`.
    any_weekday: bool,
}

/// One field: its least and greatest number, and names for numbers.
struct Bounds {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds {
    least: 0,
    most: 59,
    names: &[],
};
const HOURS: Bounds = Bounds {
    least: 0,
    most: 23,
    names: &[],
};
const DAYS: Bounds = Bounds {
    least: 1,
    most: 31,
    names: &[],
};
const MONTHS: Bounds = Bounds {
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
const WEEKDAYS: Bounds = Bounds {
    least: 0,
    most: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Schedule {
    /// Reads a schedule: five fields, or `@daily` and its like, or `@every 1h30m`.
    ///
    /// # Errors
    /// What is wrong, in upstream's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        if text.starts_with('@') {
            return parse_descriptor(text);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!(
                "expected exactly 5 fields, found {}: {fields:?}",
                fields.len()
            )
            .replace('"', ""));
        };
        let (minutes, _) = parse_field(minutes, &MINUTES)?;
        let (hours, _) = parse_field(hours, &HOURS)?;
        let (days, any_day) = parse_field(days, &DAYS)?;
        let (months, _) = parse_field(months, &MONTHS)?;
        let (weekdays, any_weekday) = parse_field(weekdays, &WEEKDAYS)?;
        Ok(Self::Fields(Fields {
            minutes,
            hours,
            days,
            months,
            weekdays,
            any_day,
            any_weekday,
        }))
    }

    /// The first time after `after`; `None` where there is none within five years.
    pub fn next(&self, after: Time, zone: &TimeZone) -> Option<Time> {
        match self {
            Self::Every(delay) => Some(after.truncated() + *delay),
            Self::Fields(fields) => fields.next(after, zone),
        }
    }
}

fn parse_descriptor(text: &str) -> Result<Schedule, String> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(duration) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let parsed = toft_value::parse_duration(duration);
            let parsed =
                parsed.map_err(|error| format!("failed to parse duration {text}: {error}"))?;
            let seconds = u64::try_from(parsed / NANOSECONDS).unwrap_or(0);
            return Ok(Schedule::Every(Duration::from_secs(seconds.max(1))));
        }
    };
    Schedule::parse(fields)
}

/// The bits of a field, and whether it allows everything.
fn parse_field(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut bits = 0;
    let mut any = false;
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (part_bits, part_any) = parse_range(part, bounds)?;
        bits |= part_bits;
        any |= part_any;
    }
    Ok((bits, any))
}

fn parse_range(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut steps = text.split('/');
    let range = steps.next().unwrap_or_default();
    let step = steps.next();
    if steps.next().is_some() {
        return Err(format!("too many slashes: {text}"));
    }
    let mut ends = range.split('-');
    let first = ends.next().unwrap_or_default();
    let last = ends.next();
    if ends.next().is_some() {
        return Err(format!("too many hyphens: {text}"));
    }
    let every = first == "*" || first == "?";
    let (start, mut end) = if every {
        (bounds.least, bounds.most)
    } else {
        let start = parse_number(first, bounds)?;
        (
            start,
            last.map_or(Ok(start), |last| parse_number(last, bounds))?,
        )
    };
    let step = match step {
        None => 1,
        Some(step) => {
            let number = parse_number(
                step,
                &Bounds {
                    names: &[],
                    ..*bounds
                },
            )?;
            if last.is_none() {
                end = bounds.most;
            }
            number
        }
    };
    let problem = if start < bounds.least {
        Some(format!(
            "beginning of range ({start}) below minimum ({}): {text}",
            bounds.least
        ))
    } else if end > bounds.most {
        Some(format!(
            "end of range ({end}) above maximum ({}): {text}",
            bounds.most
        ))
    } else if start > end {
        Some(format!(
            "beginning of range ({start}) beyond end of range ({end}): {text}"
        ))
    } else if step == 0 {
        Some(format!("step of range should be a positive number: {text}"))
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(problem);
    }
    let bits = (start..=end)
        .step_by(usize::try_from(step).unwrap_or(1))
        .fold(0, |bits, number| bits | 1 << number);
    Ok((bits, every && step == 1))
}

fn parse_number(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let lower = text.to_lowercase();
    if let Some(at) = bounds.names.iter().position(|name| *name == lower) {
        return Ok(bounds.least + u32::try_from(at).unwrap_or(0));
    }
    text.parse().map_err(|_| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")
    })
}

impl Fields {
    fn next(&self, after: Time, zone: &TimeZone) -> Option<Time> {
        let start = Timestamp::from_second(after.seconds() + 1)
            .ok()?
            .to_zoned(zone.clone());
        let mut at = if start.second() == 0 {
            start
        } else {
            next_minute(&start)?
        };
        let last_year = at.year() + YEARS_MAX;
        while at.year() <= last_year {
            if !has(self.months, at.month()) {
                let first = at.date().first_of_month().checked_add(1.month()).ok()?;
                at = first.to_zoned(zone.clone()).ok()?;
            } else if !self.allows_day(&at) {
                let tomorrow = at.date().tomorrow().ok()?;
                at = tomorrow.to_zoned(zone.clone()).ok()?;
            } else if !has(self.hours, at.hour()) {
                at = next_hour(&at)?;
            } else if !has(self.minutes, at.minute()) {
                at = next_minute(&at)?;
            } else {
                return Some(Time::from_seconds(at.timestamp().as_second()));
            }
        }
        None
    }

    /// Where both days are restricted, one of them is enough.
    fn allows_day(&self, at: &Zoned) -> bool {
        let day = has(self.days, at.day());
        let weekday = has(self.weekdays, weekday(at.weekday()));
        if self.any_day || self.any_weekday {
            day && weekday
        } else {
            day || weekday
        }
    }
}

fn has(bits: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| bits & (1 << number) != 0)
}

fn weekday(weekday: Weekday) -> i8 {
    weekday.to_sunday_zero_offset()
}

fn next_minute(at: &Zoned) -> Option<Zoned> {
    let rest = 60 - i64::from(at.second());
    at.checked_add(rest.seconds()).ok()
}

fn next_hour(at: &Zoned) -> Option<Zoned> {
    let rest = 3_600 - i64::from(at.minute()) * 60 - i64::from(at.second());
    at.checked_add(rest.seconds()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let schedule = Schedule::parse(schedule).unwrap();
        let next = schedule.next(Time::parse(after).unwrap(), &zone);
        next.map_or_else(|| "never".to_owned(), |time| time.to_string())
    }

    #[test]
    fn the_next_time_is_what_upstream_finds() {
        let cases = [
            (
                "*/15 * * * *",
                "2026-01-01T00:00:00Z",
                "2026-01-01T00:15:00Z",
            ),
            ("0 3 * * *", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"),
            (
                "30 6-16/4 * * 1-5",
                "2026-01-02T15:00:00Z",
                "2026-01-05T06:30:00Z",
            ),
            ("0 0 13 * 5", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"),
            (
                "0 0 29 feb *",
                "2026-01-01T00:00:00Z",
                "2028-02-29T00:00:00Z",
            ),
            ("59 23 31 2 *", "2026-01-01T00:00:00Z", "never"),
            ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            (
                "@every 1h30m",
                "2026-01-01T00:00:00Z",
                "2026-01-01T01:30:00Z",
            ),
        ];
        for (schedule, after, expected) in cases {
            assert_eq!(next(schedule, after, "UTC"), expected, "{schedule}");
        }
    }

    #[test]
    fn the_zone_decides_what_midnight_is_and_a_missing_hour_is_left_out() {
        let zone = "America/Edmonton";
        assert_eq!(
            next("0 0 * * *", "2026-01-01T00:00:00Z", zone),
            "2026-01-01T07:00:00Z"
        );
        // The clocks go from two to three on 2026-03-08.
        assert_eq!(
            next("30 2 * * *", "2026-03-08T00:00:00-07:00", zone),
            "2026-03-09T08:30:00Z"
        );
    }

    #[test]
    fn what_is_wrong_is_told_in_upstreams_words() {
        let cases = [
            (
                "* * * *",
                "expected exactly 5 fields, found 4: [*, *, *, *]",
            ),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            (
                "5-2 * * * *",
                "beginning of range (5) beyond end of range (2): 5-2",
            ),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            ("@often", "unrecognized descriptor: @often"),
        ];
        for (schedule, message) in cases {
            assert_eq!(
                Schedule::parse(schedule)
                    .unwrap_err()
                    .replace("[* * * *]", "[*, *, *, *]"),
                message
            );
        }
    }
}
