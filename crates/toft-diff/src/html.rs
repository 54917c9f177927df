//! A difference as a page of its own.

use std::fmt::Write as _;

use crate::difference::{AppDifference, Difference, ObjectDifference};
use crate::lines::{Hunk, Line, Mark};
use crate::markdown::headline;

/// Colours that pass 4.5:1 on both grounds; signs carry the meaning too.
const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; }
summary { cursor: pointer; padding: .25rem 0; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid #8886; }
.removed { background: #f851491f; }
.added { background: #2ea0431f; }
.removed mark { background: #f8514966; color: inherit; }
.added mark { background: #2ea04366; color: inherit; }
.warning { font-weight: 600; }
";

/// The difference as an HTML page that needs nothing else: no script, no request.
pub fn html(difference: &Difference) -> String {
    let title = escape(&headline(difference));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n"
    );
    for app in &difference.apps {
        application(&mut page, app);
    }
    page.push_str("</html>\n");
    page
}

fn application(page: &mut String, app: &AppDifference) {
    let _ = writeln!(page, "<h2>{} {}</h2>", app.change.sign(), escape(&app.name));
    for (side, failure) in ["before", "after"].iter().zip(&app.failures) {
        if let Some(failure) = failure {
            let failure = escape(failure);
            let _ = writeln!(
                page,
                "<p class=\"warning\">does not render {side}: {failure}</p>"
            );
        }
    }
    if !app.moves.is_empty() {
        page.push_str("<table>\n<tr><th>moves<th>before<th>after\n");
        for one in &app.moves {
            let [what, before, after] =
                [one.what.as_str(), one.before.as_str(), one.after.as_str()].map(escape);
            let _ = writeln!(page, "<tr><td>{what}<td>{before}<td>{after}");
        }
        page.push_str("</table>\n");
    }
    for one in &app.objects {
        object(page, one);
    }
}

fn object(page: &mut String, object: &ObjectDifference) {
    let title = escape(&object.title());
    let _ = write!(page, "<details><summary>{} {title}", object.change.sign());
    if let Some(warning) = object.warning() {
        let _ = write!(page, " <span class=\"warning\">{}</span>", escape(&warning));
    }
    page.push_str("</summary>\n<pre>");
    match &object.hunks {
        Some(hunks) => hunks.iter().for_each(|one| hunk(page, one)),
        None => page.push_str("too long to be shown"),
    }
    page.push_str("</pre></details>\n");
}

fn hunk(page: &mut String, hunk: &Hunk) {
    if hunk.before > 1 {
        let _ = writeln!(page, "@@ -{} +{} @@", hunk.before, hunk.after);
    }
    for one in &hunk.lines {
        line(page, one);
    }
}

fn line(page: &mut String, line: &Line) {
    let class = match line.mark {
        Mark::Same => "same",
        Mark::Removed => "removed",
        Mark::Added => "added",
    };
    let _ = write!(page, "<span class=\"{class}\">{}", line.mark.sign());
    for part in &line.parts {
        let text = escape(&part.text);
        let _ = if part.is_changed {
            write!(page, "<mark>{text}</mark>")
        } else {
            write!(page, "{text}")
        };
    }
    page.push_str("</span>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
