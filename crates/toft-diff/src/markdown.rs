//! A difference as the comment of a pull request.

use std::fmt::Write as _;

use crate::difference::{AppDifference, Difference, ObjectDifference};
use crate::lines::Hunk;

/// The largest comment: forges take 65,536 characters, and a marker or a greeting may be put around it.
pub const MARKDOWN_BYTES_MAX: usize = 60_000;

/// What finds the comment again, to be edited in place.
const MARKER: &str = "<!-- toft diff -->";

/// How many bytes are kept for the line that says what was left out.
const REST_BYTES: usize = 200;

/// The difference as Markdown of at most [`MARKDOWN_BYTES_MAX`] bytes.
///
/// First a line that counts, then what to look at, then the objects, folded; what does not fit is counted.
pub fn markdown(difference: &Difference) -> String {
    let mut page = Page::default();
    page.push(&format!("{MARKER}\n### {}\n", headline(difference)));
    for app in &difference.apps {
        for (side, failure) in ["before", "after"].iter().zip(&app.failures) {
            if let Some(failure) = failure {
                page.push(&format!(
                    "\n> **{}** does not render {side}: {}\n",
                    app.name,
                    one_line(failure)
                ));
            }
        }
    }
    let mut rows = difference.apps.iter().flat_map(rows).peekable();
    if rows.peek().is_some() {
        page.push("\n| | application | object | |\n|---|---|---|---|\n");
        rows.for_each(|row| page.push(&row));
    }
    let mut moves = difference
        .apps
        .iter()
        .flat_map(|app| app.moves.iter().map(move |one| (&app.name, one)))
        .peekable();
    if moves.peek().is_some() {
        page.push("\n| application | moves | before | after |\n|---|---|---|---|\n");
        for (app, one) in moves {
            let [what, before, after] =
                [&one.what, one.before.as_str(), one.after.as_str()].map(cell);
            page.push(&format!("| {app} | {what} | `{before}` | `{after}` |\n"));
        }
    }
    for app in &difference.apps {
        for object in &app.objects {
            page.push(&folded(app, object));
        }
    }
    page.end()
}

/// The sentence that counts: how many Applications and objects change.
pub fn headline(difference: &Difference) -> String {
    if difference.is_empty() {
        return format!(
            "No application changes ({} stay as they are)",
            difference.same
        );
    }
    let changed = difference.apps.len();
    let total = changed + difference.same;
    let [added, altered, removed] = difference.counts().map(|(_, count)| count);
    let objects = if added == 1 { "object" } else { "objects" };
    let counts = format!("{added} {objects} added, {altered} changed, {removed} removed");
    let (applications, verb) = if total == 1 {
        ("application", "changes")
    } else if changed == 1 {
        ("applications", "changes")
    } else {
        ("applications", "change")
    };
    format!("{changed} of {total} {applications} {verb}: {counts}")
}

fn rows(app: &AppDifference) -> Vec<String> {
    let row = |object: &ObjectDifference| {
        let sign = object.change.sign();
        let warning = object.warning();
        let warning = warning.map_or_else(String::new, |text| format!("**{}**", cell(text)));
        format!(
            "| `{sign}` | {} | {} | {warning} |\n",
            cell(&app.name),
            cell(object.title())
        )
    };
    app.objects.iter().map(row).collect()
}

fn folded(app: &AppDifference, object: &ObjectDifference) -> String {
    let sign = object.change.sign();
    let title = escape(&object.title());
    let text = object
        .hunks
        .as_deref()
        .map_or_else(|| "too long to be shown\n".to_owned(), unified);
    let fence = fence(&text);
    format!(
        "\n<details><summary><code>{sign}</code> {}: {title}</summary>\n\n{fence}diff\n{text}{fence}\n\n</details>\n",
        escape(&app.name)
    )
}

/// The hunks as `diff -u` writes them, without the names of files.
pub(crate) fn unified(hunks: &[Hunk]) -> String {
    let mut text = String::new();
    for hunk in hunks {
        if hunks.len() > 1 || hunk.before > 1 {
            let _ = writeln!(text, "@@ -{} +{} @@", hunk.before, hunk.after);
        }
        for line in &hunk.lines {
            let _ = writeln!(text, "{}{}", line.mark.sign(), line.text());
        }
    }
    text
}

/// A fence that no line of the text closes.
fn fence(text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat((longest + 1).max(3))
}

fn one_line(text: &str) -> String {
    escape(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn cell(text: impl AsRef<str>) -> String {
    one_line(text.as_ref()).replace('|', "\\|")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text that is filled as long as pieces fit; later pieces that do not fit are counted.
#[derive(Default)]
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    fn push(&mut self, piece: &str) {
        if self.left_out == 0 && self.text.len() + piece.len() + REST_BYTES <= MARKDOWN_BYTES_MAX {
            self.text.push_str(piece);
        } else {
            self.left_out += 1;
        }
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            let _ = write!(
                self.text,
                "\n{} more pieces do not fit here; `toft diff` shows them.\n",
                self.left_out
            );
        }
        self.text
    }
}
