//! How the lab stands, for people: the table of apps, the routes, and what is not well and why.

use toft_value::Value;

use crate::exit::ExitStatus;
use crate::printer::{Printer, Tone};
use crate::table::{Cell, Table};

/// The overview as text for stdout.
pub(crate) fn text(overview: &Value, printer: &Printer) -> String {
    let mut text = apps(overview.items_at(&["apps"]), printer);
    let routes = overview.items_at(&["routes"]);
    if !routes.is_empty() {
        text.push('\n');
        text += &routes_text(routes, printer);
    }
    let troubles = troubles(overview);
    if !troubles.is_empty() {
        let heading = printer.paint_data("Not well:", Tone::Strong);
        let lines = troubles
            .iter()
            .map(|(name, why)| format!("  {name}: {why}\n"));
        text.extend(["\n", &heading, "\n"]);
        text.extend(lines);
    }
    let remarks = remarks(overview);
    if !remarks.is_empty() {
        let heading = printer.paint_data("Well, but:", Tone::Strong);
        text.extend(["\n", &heading, "\n", &remarks]);
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

fn troubles(overview: &Value) -> Vec<(&str, &str)> {
    let apps = overview
        .items_at(&["apps"])
        .iter()
        .filter(|app| !is_well(app));
    apps.map(|app| {
        let message = app
            .str_at(&["message"])
            .filter(|message| !message.is_empty());
        (
            field(app, "name"),
            message.unwrap_or("nothing is known yet"),
        )
    })
    .collect()
}

/// What is to be said about apps that are well: above all what Argo CD would refuse.
fn remarks(overview: &Value) -> String {
    let apps = overview
        .items_at(&["apps"])
        .iter()
        .filter(|app| is_well(app));
    let remarks = apps.flat_map(|app| {
        let conditions = app
            .items_at(&["conditions"])
            .iter()
            .filter_map(Value::as_str);
        conditions.map(|condition| format!("  {}: {condition}\n", field(app, "name")))
    });
    remarks.collect()
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
                {"name": "radarr", "sync": "Unknown", "health": "Missing", "objects": 0, "revision": "", "message": "path does not exist"},
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
  radarr: path does not exist
";
        assert_eq!(text, expected);
        assert_eq!(status(&overview), ExitStatus::Negative);
    }
}
