//! Points in time, as Kubernetes writes them.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;

/// A point in time: microseconds since 1970-01-01T00:00:00Z, the precision of `MicroTime`.
///
/// # Example
/// ```
/// use toft_object::Time;
/// let time = Time::parse("2026-01-02T03:04:05Z").unwrap();
/// assert_eq!(time.to_string(), "2026-01-02T03:04:05Z");
/// assert_eq!(time.to_micro_string(), "2026-01-02T03:04:05.000000Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no RFC 3339 time")]
pub struct TimeError(String);

impl Time {
    /// A time from microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A time from seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Reads an RFC 3339 time.
    ///
    /// # Errors
    /// The text is no such time.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let time: Timestamp = text.parse().map_err(|_| TimeError(text.to_owned()))?;
        Ok(Self(time.as_microsecond()))
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time without its fraction of a second, as `metav1.Time` stores it.
    #[must_use]
    pub const fn truncated(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// How long after `earlier` this is; zero where it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As `metav1.MicroTime` is written: six digits of a second.
    pub fn to_micro_string(self) -> String {
        let seconds = self.truncated().to_string();
        let seconds = seconds.trim_end_matches('Z');
        format!("{seconds}.{:06}Z", self.0.rem_euclid(1_000_000))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

/// As `metav1.Time` is written: whole seconds, UTC.
impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = Timestamp::from_second(self.seconds()).unwrap_or_default();
        write!(out, "{seconds}")
    }
}
