//! How bring-up goes: one line per app on a terminal, a line per change elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use toft_value::Value;

use crate::overview::is_well;
use crate::printer::{Printer, Tone};

/// How progress is shown.
pub(super) enum Progress {
    /// Lines that are drawn over.
    Live(Live),
    /// One line for each app that has come up, or has a new trouble.
    Plain(BTreeMap<String, String>),
}

/// The lines on the terminal, by app.
pub(super) struct Live {
    lines: MultiProgress,
    bars: BTreeMap<String, ProgressBar>,
    style: ProgressStyle,
}

impl Progress {
    /// Progress for whoever is at the other end of stderr.
    pub(super) fn new(printer: &Printer) -> Self {
        if !printer.is_live() {
            return Self::plain();
        }
        let style = ProgressStyle::with_template("{spinner} {prefix:24} {msg}");
        Self::Live(Live {
            lines: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            bars: BTreeMap::new(),
            style: style.unwrap_or_else(|_| ProgressStyle::default_spinner()),
        })
    }

    /// Progress in lines that stay.
    pub(super) fn plain() -> Self {
        Self::Plain(BTreeMap::new())
    }

    /// Takes an overview as told already.
    pub(super) fn know(&mut self, overview: &Value) {
        if let Self::Plain(told) = self {
            for app in overview.items_at(&["apps"]) {
                let name = app.str_at(&["name"]).unwrap_or_default();
                told.insert(name.to_owned(), line(app));
            }
        }
    }

    /// Shows an overview.
    pub(super) fn show(&mut self, overview: &Value, printer: &mut Printer) {
        for app in overview.items_at(&["apps"]) {
            let name = app.str_at(&["name"]).unwrap_or_default();
            match self {
                Self::Live(live) => live.show(name, app, printer),
                Self::Plain(told) => tell(told, name, app, printer),
            }
        }
    }

    /// Takes the lines away; what stays is printed by others.
    pub(super) fn end(self) {
        if let Self::Live(live) = self {
            for bar in live.bars.values() {
                bar.finish_and_clear();
            }
            drop(live.lines.clear());
        }
    }
}

impl Live {
    fn show(&mut self, name: &str, app: &Value, printer: &Printer) {
        let bar = self.bars.entry(name.to_owned()).or_insert_with(|| {
            let bar = self.lines.add(ProgressBar::new_spinner());
            bar.set_style(self.style.clone());
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if is_well(app) {
            if !bar.is_finished() {
                bar.finish_with_message(printer.paint("Synced, Healthy", Tone::Good));
            }
        } else {
            bar.set_message(line(app));
        }
    }
}

fn tell(told: &mut BTreeMap<String, String>, name: &str, app: &Value, printer: &mut Printer) {
    let phase = app.str_at(&["phase"]).unwrap_or_default();
    let line = line(app);
    if !(is_well(app) || phase == "Failed" || phase == "Error") || told.get(name) == Some(&line) {
        return;
    }
    printer.talk(&format!("{name}: {line}\n"));
    told.insert(name.to_owned(), line);
}

/// What an app is doing, in one line.
fn line(app: &Value) -> String {
    let field = |name: &str| app.str_at(&[name]).unwrap_or_default();
    let mut line = format!("{}, {}", field("sync"), field("health"));
    if !is_well(app) && !field("message").is_empty() {
        line += ": ";
        line += field("message").lines().next().unwrap_or_default();
    }
    line
}
