//! When Applications of a project may be synced.
//!
//! Source: Argo CD 3.2.0 `pkg/apis/application/v1alpha1/types.go`, `SyncWindows`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use smol_str::SmolStr;
use toft_object::{Schedule, Time};
use toft_value::Value;

use crate::application::Application;
use crate::glob::Glob;
use crate::read;

/// A time in which Applications may, or may not, be synced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncWindow {
    /// What it does.
    pub kind: WindowKind,
    /// When it begins: five fields of a crontab.
    pub schedule: SmolStr,
    /// How long it lasts, as Go writes durations.
    pub duration: SmolStr,
    /// Globs of Applications.
    pub applications: Vec<SmolStr>,
    /// Globs of namespaces of the destination.
    pub namespaces: Vec<SmolStr>,
    /// Globs of names and addresses of the destination.
    pub clusters: Vec<SmolStr>,
    /// Whether everything that is written has to match, and not only one of them.
    pub all_match: bool,
    /// Whether a sync that somebody asks for goes on nevertheless.
    pub manual_sync: bool,
    /// The zone of the schedule; empty means UTC.
    pub time_zone: SmolStr,
}

/// What a window does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowKind {
    /// Syncs are possible then, and only then.
    Allow,
    /// Syncs are not possible then.
    Deny,
    /// Nothing: the kind is neither.
    #[default]
    Unknown,
}

/// Who begins a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// The engine.
    Automation,
    /// Somebody.
    Person,
}

/// Whether a sync may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Granted,
    /// It may not before this time, at which it is to be asked again; `None` where no window will ever
    /// change it.
    Denied(Option<Time>),
}

impl SyncWindow {
    pub(crate) fn parse(value: &Value) -> Self {
        Self {
            kind: match value.str_at(&["kind"]) {
                Some("allow") => WindowKind::Allow,
                Some("deny") => WindowKind::Deny,
                _ => WindowKind::Unknown,
            },
            schedule: read::text(value, "schedule"),
            duration: read::text(value, "duration"),
            applications: read::texts(value, "applications"),
            namespaces: read::texts(value, "namespaces"),
            clusters: read::texts(value, "clusters"),
            all_match: read::flag(value, "andOperator"),
            manual_sync: read::flag(value, "manualSync"),
            time_zone: read::text(value, "timeZone"),
        }
    }

    /// Whether the window is about an Application.
    ///
    /// Where all have to match, the namespaces are looked at last, and a window without them is about
    /// what the rest of it is about.
    pub fn concerns(&self, app: &Application) -> bool {
        let to = &app.destination;
        let any = |patterns: &[SmolStr], texts: &[&str]| {
            patterns.iter().any(|pattern| {
                let mut texts = texts.iter();
                texts.any(|text| matches(pattern, text))
            })
        };
        let named = any(&self.applications, &[&app.name]);
        let written = [&to.name, &to.server];
        let written = written.into_iter().filter(|text| !text.is_empty());
        let written: Vec<&str> = written.map(SmolStr::as_str).collect();
        let placed = any(&self.clusters, &written);
        let inside = any(&self.namespaces, &[&to.namespace]);
        if !self.all_match {
            return named || placed || inside;
        }
        let parts = [
            (&self.applications, named),
            (&self.clusters, placed),
            (&self.namespaces, inside),
        ];
        let mut parts = parts.iter().filter(|(patterns, _)| !patterns.is_empty());
        parts.clone().count() > 0 && parts.all(|(_, matched)| *matched)
    }

    /// Whether the window is open, and when that changes.
    ///
    /// # Errors
    /// Schedule or duration cannot be read; the words are upstream's.
    fn state(&self, now: Time) -> Result<(bool, Option<Time>), String> {
        let schedule = parse_schedule(&self.schedule)
            .map_err(|why| format!("cannot parse schedule '{}': {why}", self.schedule))?;
        let duration = toft_value::parse_duration(&self.duration)
            .map_err(|why| format!("cannot parse duration '{}': {why}", self.duration))?;
        let duration = Duration::from_nanos(u64::try_from(duration).unwrap_or(0));
        // Upstream moves the clock by the offset of the zone and reads the schedule in UTC.
        let offset = offset(&self.time_zone, now);
        let local = Time::from_micros(now.micros().saturating_add(offset));
        let back = |time: Time| Time::from_micros(time.micros().saturating_sub(offset));
        // A schedule that never comes is open: upstream takes the zero time for its last beginning.
        let Some(began) = schedule.next(local - duration, &TimeZone::UTC) else {
            return Ok((true, None));
        };
        let is_open = began < local;
        let change = if is_open {
            Some(began + duration)
        } else {
            schedule.next(local, &TimeZone::UTC)
        };
        // A window that begins this very second is open from the next moment on.
        let change = change.map(|time| back(time) + Duration::from_millis(1));
        Ok((is_open, change))
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    pattern == "*" || Glob::parse(pattern, &[]).is_ok_and(|glob| glob.matches(text))
}

/// Upstream's parser of windows knows no descriptors.
fn parse_schedule(text: &str) -> Result<Schedule, String> {
    if text.starts_with('@') {
        return Err(format!("parser does not accept descriptors: {text}"));
    }
    Schedule::parse(text)
}

/// Microseconds by which a zone is ahead of UTC at a time; a zone that nobody knows is UTC.
fn offset(zone: &str, now: Time) -> i64 {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let now = Timestamp::from_second(now.seconds()).unwrap_or_default();
    i64::from(zone.to_offset(now).seconds()) * 1_000_000
}

/// Whether a sync may begin, as the windows of a project say.
///
/// An open window that denies wins; else an open one that allows; else the closed ones that allow deny.
///
/// # Errors
/// A window cannot be read: nothing is synced then.
pub(crate) fn permission(
    windows: &[&SyncWindow],
    initiator: Initiator,
    now: Time,
) -> Result<Permission, String> {
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    let mut change: Option<Time> = None;
    for window in windows {
        let (is_open, changes) = window
            .state(now)
            .map_err(|why| format!("invalid sync windows: {why}"))?;
        change = change.into_iter().chain(changes).min();
        if is_open {
            open.push(*window);
        } else {
            closed.push(*window);
        }
    }
    let of = |windows: &[&SyncWindow], kind: WindowKind| {
        let of_kind: Vec<bool> = windows
            .iter()
            .filter(|window| window.kind == kind)
            .map(|window| window.manual_sync)
            .collect();
        of_kind
    };
    let denying = of(&open, WindowKind::Deny);
    let later = of(&closed, WindowKind::Allow);
    let blocking = if !denying.is_empty() {
        denying
    } else if !of(&open, WindowKind::Allow).is_empty() {
        Vec::new()
    } else {
        later
    };
    let passes = initiator == Initiator::Person && blocking.iter().all(|manual| *manual);
    Ok(if blocking.is_empty() || passes {
        Permission::Granted
    } else {
        Permission::Denied(change)
    })
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    fn window(value: &Value) -> SyncWindow {
        SyncWindow::parse(value)
    }

    fn app() -> Application {
        Application::parse(&value!({
            "metadata": {"name": "sonarr"},
            "spec": {"destination": {"name": "in-cluster", "namespace": "media"}},
        }))
        .value
    }

    #[test]
    fn a_window_concerns_what_any_or_all_of_it_matches() {
        let cases = [
            (value!({"applications": ["son*"]}), true),
            (value!({"applications": ["radarr"]}), false),
            (value!({"clusters": ["in-*"]}), true),
            (value!({"namespaces": ["default"]}), false),
            (
                value!({"applications": ["radarr"], "namespaces": ["media"]}),
                true,
            ),
            (
                value!({"applications": ["radarr"], "namespaces": ["media"], "andOperator": true}),
                false,
            ),
            (
                value!({"applications": ["sonarr"], "clusters": ["*"], "namespaces": ["media"], "andOperator": true}),
                true,
            ),
            (
                value!({"applications": ["sonarr"], "clusters": ["other"], "andOperator": true}),
                false,
            ),
            (value!({"andOperator": true}), false),
            (value!({}), false),
        ];
        for (written, expected) in cases {
            assert_eq!(window(&written).concerns(&app()), expected, "{written:?}");
        }
    }

    #[test]
    fn windows_open_and_close_by_the_clock_of_their_zone() {
        let cases = [
            ("UTC", "2026-01-01T02:59:59Z", false, "2026-01-01T03:00:00Z"),
            ("UTC", "2026-01-01T03:00:01Z", true, "2026-01-01T04:00:00Z"),
            ("", "2026-01-01T04:00:01Z", false, "2026-01-02T03:00:00Z"),
            (
                "America/Edmonton",
                "2026-01-01T10:30:00Z",
                true,
                "2026-01-01T11:00:00Z",
            ),
            (
                "Nowhere/Else",
                "2026-01-01T03:30:00Z",
                true,
                "2026-01-01T04:00:00Z",
            ),
        ];
        for (zone, now, is_open, change) in cases {
            let window = window(
                &value!({"kind": "allow", "schedule": "0 3 * * *", "duration": "1h", "timeZone": zone}),
            );
            let (found, changes) = window.state(Time::parse(now).unwrap()).unwrap();
            assert_eq!(found, is_open, "{zone} {now}");
            assert_eq!(
                changes.unwrap().truncated().to_string(),
                change,
                "{zone} {now}"
            );
        }
    }

    fn asked(windows: &[Value], initiator: Initiator) -> Result<bool, String> {
        let windows: Vec<SyncWindow> = windows.iter().map(window).collect();
        let windows: Vec<&SyncWindow> = windows.iter().collect();
        let now = Time::parse("2026-01-01T12:30:00Z").unwrap();
        permission(&windows, initiator, now).map(|permission| permission == Permission::Granted)
    }

    fn written(kind: &str, hour: u32, manual: impl Into<Value>) -> Value {
        let manual: Value = manual.into();
        value!({"kind": kind, "schedule": format!("0 {hour} * * *"), "duration": "1h", "manualSync": manual})
    }

    #[test]
    fn who_may_sync_is_what_upstream_finds() {
        let cases = [
            (vec![], true, true),
            (vec![written("allow", 12, false)], true, true),
            (vec![written("allow", 3, false)], false, false),
            (vec![written("allow", 3, true)], false, true),
            (
                vec![written("allow", 3, true), written("allow", 4, false)],
                false,
                false,
            ),
            (vec![written("deny", 12, false)], false, false),
            (vec![written("deny", 12, true)], false, true),
            (vec![written("deny", 3, false)], true, true),
            (
                vec![written("allow", 12, false), written("deny", 12, true)],
                false,
                true,
            ),
            (
                vec![written("allow", 12, false), written("allow", 3, false)],
                true,
                true,
            ),
            (
                vec![written("deny", 12, true), written("deny", 12, false)],
                false,
                false,
            ),
            (vec![written("other", 12, false)], true, true),
        ];
        for (windows, automation, person) in cases {
            assert_eq!(
                asked(&windows, Initiator::Automation),
                Ok(automation),
                "{windows:?}"
            );
            assert_eq!(
                asked(&windows, Initiator::Person),
                Ok(person),
                "{windows:?}"
            );
        }
    }

    #[test]
    fn a_window_that_cannot_be_read_is_told_in_upstreams_words() {
        let broken = value!({"kind": "allow", "schedule": "@daily", "duration": "1h"});
        assert_eq!(
            asked(&[broken], Initiator::Person).unwrap_err(),
            "invalid sync windows: cannot parse schedule '@daily': parser does not accept descriptors: @daily"
        );
        let broken = value!({"kind": "allow", "schedule": "0 0 * * *", "duration": "1d"});
        assert_eq!(
            asked(&[broken], Initiator::Person).unwrap_err(),
            "invalid sync windows: cannot parse duration '1d': time: unknown unit \"d\" in duration \"1d\""
        );
    }
}
