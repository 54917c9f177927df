//! How the lab stands, for people: the table of apps, the routes, and what is not well and why.

use std::collections::BTreeMap;

use toft_value::Value;

use crate::exit::ExitStatus;
use crate::printer::{Printer, Tone, inert};
use crate::table::{Cell, Table};

/// How much is told of one app; `-o json` has everything.
const TEXTS_MAX: usize = 8;

/// The overview as text for stdout.
pub(crate) fn text(overview: &Value, printer: &Printer) -> String {
    let mut text = match overview.items_at(&["apps"]) {
        [] => String::new(),
        some => apps(some, printer),
    };
    let routes = overview.items_at(&["routes"]);
    if !routes.is_empty() {
        text.push('\n');
        text += &routes_text(routes, printer);
    }
    let sections = [
        ("Not well:", reasons(overview)),
        ("Argo CD would refuse:", refusals(overview)),
        ("Also to know:", remarks(overview)),
    ];
    for (heading, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        text.push('\n');
        text += &printer.paint_data(heading, Tone::Strong);
        text.push('\n');
        text += lines;
    }
    text
}

/// What everybody should know once: assumptions, revisions that were not honoured, what cannot be reached.
pub(crate) fn notices(overview: &Value, printer: &Printer) -> String {
    let note = printer.paint("note", Tone::Help);
    let notices = overview
        .items_at(&["notices"])
        .iter()
        .filter_map(Value::as_str);
    let lines: Vec<String> = notices
        .map(|notice| format!("{note}: {notice}\n"))
        .collect();
    lines.concat()
}

/// Whether nothing more is going to happen by itself.
pub(crate) fn is_settled(overview: &Value) -> bool {
    overview.str_at(&["settled"]).is_some()
}

/// Whether everything is Synced and Healthy.
pub(crate) fn status(overview: &Value) -> ExitStatus {
    if overview.items_at(&["apps"]).iter().all(is_well) {
        ExitStatus::Done
    } else {
        ExitStatus::Negative
    }
}

/// Whether an app is Synced and Healthy.
pub(crate) fn is_well(app: &Value) -> bool {
    app.str_at(&["sync"]) == Some("Synced") && app.str_at(&["health"]) == Some("Healthy")
}

/// Why an app is not well, in one line; empty where nothing is known.
pub(crate) fn first_reason(app: &Value) -> String {
    let first = app.items_at(&["reasons"]).first().and_then(Value::as_str);
    let line = first.and_then(|reason| reason.lines().next());
    inert(line.unwrap_or_default())
}

fn reasons(overview: &Value) -> String {
    let apps = overview.items_at(&["apps"]).iter();
    let unwell = apps.filter(|app| !is_well(app));
    let told = unwell.map(|app| {
        let reasons = app.items_at(&["reasons"]).iter().filter_map(Value::as_str);
        let reasons: Vec<&str> = reasons.collect();
        if reasons.is_empty() {
            return entry(app, &[still(app)]);
        }
        entry(app, &reasons)
    });
    told.collect()
}

/// What can be said of an app that has nothing to say.
fn still(app: &Value) -> &'static str {
    match (field(app, "sync"), field(app, "phase")) {
        ("", _) => "was not looked at yet",
        (_, "Running") => "is being synced",
        ("OutOfSync", _) => "waits to be synced",
        _ => "its objects are on their way",
    }
}

/// How a condition begins that Argo CD would stop at; here the app is brought up all the same.
const REFUSAL: &str = "InvalidSpecError: ";

/// What Argo CD would refuse, and for which apps.
fn refusals(overview: &Value) -> String {
    let mut refused: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for app in overview.items_at(&["apps"]) {
        let conditions = conditions(app);
        for refusal in conditions.filter_map(|one| one.strip_prefix(REFUSAL)) {
            refused.entry(refusal).or_default().push(field(app, "name"));
        }
    }
    let told = refused.iter().map(|(refusal, apps)| {
        let apps = inert(&apps.join(", "));
        format!("  {}\n    {apps}\n", inert(refusal))
    });
    told.collect()
}

/// What else is to be said about apps.
fn remarks(overview: &Value) -> String {
    let told = overview.items_at(&["apps"]).iter().map(|app| {
        let remarks = conditions(app).filter(|one| !one.starts_with(REFUSAL));
        entry(app, &remarks.collect::<Vec<_>>())
    });
    told.collect()
}

fn conditions(app: &Value) -> impl Iterator<Item = &str> {
    let conditions = app.items_at(&["conditions"]).iter();
    conditions.filter_map(Value::as_str)
}

/// An app and what is said about it, a line each.
fn entry(app: &Value, texts: &[&str]) -> String {
    if texts.is_empty() {
        return String::new();
    }
    let mut entry = format!("  {}\n", inert(field(app, "name")));
    for text in texts.iter().take(TEXTS_MAX) {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        entry.extend(lines.map(|line| format!("    {}\n", inert(line))));
    }
    if texts.len() > TEXTS_MAX {
        let more = texts.len() - TEXTS_MAX;
        entry.extend([format!("    … and {more} more\n")]);
    }
    entry
}

fn apps(apps: &[Value], printer: &Printer) -> String {
    let mut table = Table::new(&["APP", "SYNC", "HEALTH", "OBJECTS", "REVISION", "DURATION"]);
    for app in apps {
        table.row([
            field(app, "name").into(),
            toned(field(app, "sync")),
            toned(field(app, "health")),
            app.i64_at(&["objects"])
                .unwrap_or_default()
                .to_string()
                .into(),
            short(field(app, "revision")).into(),
            app.i64_at(&["durationSeconds"])
                .map_or_else(|| "-".to_owned(), duration)
                .into(),
        ]);
    }
    table.text(printer)
}

fn routes_text(routes: &[Value], printer: &Printer) -> String {
    let mut table = Table::new(&["ROUTE", "SERVICE", "READY"]);
    for route in routes {
        let ready = route.bool_at(&["ready"]).unwrap_or_default();
        let ready = if ready {
            Cell::toned("yes", Some(Tone::Good))
        } else {
            Cell::toned("no", Some(Tone::Warning))
        };
        let address = format!("{}{}", field(route, "host"), field(route, "path"));
        let service = format!("{}/{}", field(route, "namespace"), field(route, "service"));
        table.row([address.into(), service.into(), ready]);
    }
    table.text(printer)
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.str_at(&[name]).unwrap_or_default()
}

/// A word of sync or health in its tone.
fn toned(word: &str) -> Cell {
    let tone = match word {
        "Synced" | "Healthy" => Some(Tone::Good),
        "OutOfSync" | "Progressing" | "Suspended" => Some(Tone::Warning),
        "Degraded" | "Missing" => Some(Tone::Error),
        _ => None,
    };
    Cell::toned(word, tone)
}

/// A revision as people quote it.
fn short(revision: &str) -> String {
    revision.chars().take(7).collect()
}

/// A duration as kubectl writes ages: the two largest units.
pub(crate) fn duration(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        (_, _) => format!("{hours}h{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::*;

    #[test]
    fn what_is_not_well_is_told_with_its_reason() {
        let overview = value!({
            "apps": [
                {"name": "sonarr", "sync": "Synced", "health": "Healthy", "objects": 5, "revision": "0123456789", "durationSeconds": 75},
                {"name": "radarr", "sync": "Unknown", "health": "Missing", "objects": 0, "revision": "", "reasons": ["path does not exist", "and\u{1b}[2Jmore"]},
            ],
            "routes": [{"host": "nas.local", "path": "/sonarr", "namespace": "media", "service": "sonarr", "ready": true}],
        });
        let text = text(&overview, &Printer::plain());
        let expected = "\
APP      SYNC      HEALTH    OBJECTS   REVISION   DURATION
sonarr   Synced    Healthy   5         0123456    1m15s
radarr   Unknown   Missing   0                    -

ROUTE              SERVICE        READY
nas.local/sonarr   media/sonarr   yes

Not well:
  radarr
    path does not exist
    and\\u{1b}[2Jmore
";
        assert_eq!(text, expected);
        assert_eq!(status(&overview), ExitStatus::Negative);
    }
}
