//! How bring-up goes: one line per app on a terminal, a line per change elsewhere.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use toft_value::Value;

use crate::overview::{first_reason, is_well};
use crate::printer::{Printer, Tone};

/// How progress is shown.
pub(super) enum Progress {
    /// Lines that are drawn over.
    Live(Live),
    /// Lines that stay.
    Plain(Plain),
}

/// What was told of each app.
pub(super) struct Plain {
    told: BTreeMap<String, String>,
    news: News,
}

/// What is worth a line that stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    /// An app has come up, or its operation failed.
    Ends,
    /// An app stands otherwise than before.
    Changes,
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
            return Self::Plain(Plain {
                told: BTreeMap::new(),
                news: News::Ends,
            });
        }
        let style = ProgressStyle::with_template("{spinner} {prefix:24} {wide_msg}");
        Self::Live(Live {
            lines: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            bars: BTreeMap::new(),
            style: style.unwrap_or_else(|_| ProgressStyle::default_spinner()),
        })
    }

    /// Every change from how an overview has it.
    pub(super) fn since(overview: &Value) -> Self {
        let apps = overview.items_at(&["apps"]).iter();
        let told = apps.map(|app| (name(app).to_owned(), line(app))).collect();
        Self::Plain(Plain {
            told,
            news: News::Changes,
        })
    }

    /// Shows an overview.
    pub(super) fn show(&mut self, overview: &Value, printer: &mut Printer) {
        for app in overview.items_at(&["apps"]) {
            match self {
                Self::Live(live) => live.show(app, printer),
                Self::Plain(plain) => plain.show(app, printer),
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
    fn show(&mut self, app: &Value, printer: &Printer) {
        let name = name(app);
        let bar = self.bars.entry(name.to_owned()).or_insert_with(|| {
            let bar = self.lines.add(ProgressBar::new_spinner());
            bar.set_style(self.style.clone());
            bar.set_prefix(name.to_owned());
            bar
        });
        if is_well(app) {
            if !bar.is_finished() {
                bar.finish_with_message(printer.paint("Synced, Healthy", Tone::Good));
            }
        } else {
            bar.set_message(line(app));
            bar.tick();
        }
    }
}

impl Plain {
    fn show(&mut self, app: &Value, printer: &mut Printer) {
        let (name, line) = (name(app), line(app));
        let phase = app.str_at(&["phase"]).unwrap_or_default();
        let is_end = is_well(app) || phase == "Failed" || phase == "Error";
        if (self.news == News::Changes || is_end) && self.told.get(name) != Some(&line) {
            printer.note(&format!("{name}: {line}\n"));
            self.told.insert(name.to_owned(), line);
        }
    }
}

fn name(app: &Value) -> &str {
    app.str_at(&["name"]).unwrap_or_default()
}

/// What an app is doing, in one line.
fn line(app: &Value) -> String {
    let field = |name: &str| app.str_at(&[name]).unwrap_or_default();
    let mut line = format!("{}, {}", field("sync"), field("health"));
    let why = first_reason(app);
    if !is_well(app) && !why.is_empty() {
        line += ": ";
        line += &why;
    }
    line
}
