//! Diagnostics as text: a small letter each.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

use crate::diagnostic::{Diagnostic, Fix, FixSafety, Label, Severity};
use crate::source::Source;

/// Whether the text carries colours for a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    #[default]
    Plain,
    /// With ANSI escapes.
    Coloured,
}

/// How many columns of a source line are shown; around the label where the line is longer.
const LINE_WIDTH_MAX: usize = 120;

/// How many lines a label may span before its middle is left out.
const LABEL_LINES_MAX: usize = 4;

/// What a tab is shown as.
const TAB_WIDTH: usize = 4;

/// Renders diagnostics as text, one after another with an empty line between, ending in a newline.
///
/// The first label's place stands in the head; labels in the same file share its frame, those in other
/// files get frames of their own. Control characters in sources are shown as `�`, so that no source can
/// drive a terminal.
///
/// # Example
/// ```
/// use toft_source::{Diagnostic, Source, Span, Style, render_text};
/// let source = Source::new("a.yaml", b"app: photo\n".as_slice().into());
/// let diagnostic = Diagnostic::error("SVC001", "Service `photos` selects no pods")
///     .at(&source, Span::new(5, 10), "no pod template carries `app: photo`")
///     .help("change the selector to `app: photos`");
/// let expected = "\
/// error[SVC001]: Service `photos` selects no pods
///   ┌─ a.yaml:1:6
/// 1 │ app: photo
///   │      ^^^^^ no pod template carries `app: photo`
///   = help: change the selector to `app: photos`
/// ";
/// assert_eq!(render_text(&[diagnostic], Style::Plain), expected);
/// ```
pub fn render_text(diagnostics: &[Diagnostic], style: Style) -> String {
    let mut text = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let mut renderer = Renderer {
            text: &mut text,
            style,
            gutter: gutter_width(diagnostic),
            severity: diagnostic.severity,
        };
        renderer.diagnostic(diagnostic);
    }
    text
}

struct Renderer<'a> {
    text: &'a mut String,
    style: Style,
    /// The columns of the line numbers.
    gutter: usize,
    severity: Severity,
}

#[derive(Clone, Copy)]
enum Paint {
    Severity,
    Strong,
    Frame,
}

impl Renderer<'_> {
    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let head = format!("{}[{}]", severity_name(self.severity), diagnostic.code);
        self.painted(Paint::Severity, &head);
        let mut lines = diagnostic.message.lines();
        let first = format!(": {}", shown(lines.next().unwrap_or_default()));
        self.painted(Paint::Strong, &first);
        self.text.push('\n');
        for line in lines {
            let _ = writeln!(self.text, "{}", shown(line));
        }
        for labels in by_source(&diagnostic.labels) {
            self.frame(&labels);
        }
        for note in &diagnostic.notes {
            self.remark("note", note, "");
        }
        let fix = diagnostic.fix.as_ref().map_or("", fix_mark);
        let (last, others) = match diagnostic.help.split_last() {
            Some((last, others)) => (Some(last), others),
            None => (None, [].as_slice()),
        };
        for help in others {
            self.remark("help", help, "");
        }
        match (last, diagnostic.fix.as_ref()) {
            (Some(help), _) => self.remark("help", help, fix),
            (None, Some(edit)) => self.remark("help", &edit_text(edit), fix),
            (None, None) => {}
        }
    }

    fn painted(&mut self, paint: Paint, text: &str) {
        let code = match (self.style, paint, self.severity) {
            (Style::Plain, ..) => return self.text.push_str(text),
            (Style::Coloured, Paint::Severity, Severity::Error) => "1;31",
            (Style::Coloured, Paint::Severity, Severity::Warning) => "1;33",
            (Style::Coloured, Paint::Severity, Severity::Note) => "1;36",
            (Style::Coloured, Paint::Strong, _) => "1",
            (Style::Coloured, Paint::Frame, _) => "34",
        };
        let _ = write!(self.text, "\u{1b}[{code}m{text}\u{1b}[0m");
    }

    /// The place, and the lines of one source with their labels.
    fn frame(&mut self, labels: &[&Label]) {
        let Some(first) = labels.first() else { return };
        let position = first.source.position(first.span.start);
        let place = format!(
            "{:gutter$} ┌─ {}:{}:{}\n",
            "",
            shown(first.source.name()),
            position.line,
            position.column,
            gutter = self.gutter
        );
        self.painted(Paint::Frame, &place);
        let mut lines: Vec<(usize, Vec<Mark<'_>>)> = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            let rank = if index == 0 {
                Rank::Primary
            } else {
                Rank::Secondary
            };
            for (line, mark) in marks(label, rank) {
                match lines.iter_mut().find(|(known, _)| *known == line) {
                    Some((_, marks)) => marks.push(mark),
                    None => lines.push((line, vec![mark])),
                }
            }
        }
        lines.sort_by_key(|(line, _)| *line);
        let mut previous = None;
        for (line, marks) in lines {
            if previous.is_some_and(|previous| previous + 1 < line) {
                self.painted(Paint::Frame, "...\n");
            }
            previous = Some(line);
            self.line(&first.source, line, marks);
        }
    }

    fn line(&mut self, source: &Source, number: usize, mut marks: Vec<Mark<'_>>) {
        let text = source.line(number).unwrap_or_default();
        marks.sort_by_key(|mark| mark.start);
        let window = Window::around(&text, &marks);
        let gutter = format!("{number:gutter$} │", gutter = self.gutter);
        self.painted(Paint::Frame, &gutter);
        let text = window.text.trim_end();
        let blank = if text.is_empty() { "" } else { " " };
        let _ = writeln!(self.text, "{blank}{text}");
        // Each mark has a line of its own where several stand on one line: texts never collide.
        for mark in marks.iter().rev() {
            let gutter = format!("{:gutter$} │ ", "", gutter = self.gutter);
            self.painted(Paint::Frame, &gutter);
            let start = window.column(mark.start);
            let width = window.column(mark.end).saturating_sub(start).max(1);
            let sign = match mark.rank {
                Rank::Primary => "^",
                Rank::Secondary => "-",
            };
            let _ = write!(self.text, "{:start$}", "");
            let underline = sign.repeat(width);
            match mark.rank {
                Rank::Primary => self.painted(Paint::Severity, &underline),
                Rank::Secondary => self.painted(Paint::Frame, &underline),
            }
            if !mark.text.is_empty() {
                let _ = write!(self.text, " {}", shown(mark.text));
            }
            self.text.push('\n');
        }
    }

    /// `= note: …`, its further lines below its first.
    fn remark(&mut self, name: &str, text: &str, mark: &str) {
        let mut lines = text.lines();
        let head = format!("{:gutter$} = ", "", gutter = self.gutter);
        self.painted(Paint::Frame, &head);
        self.painted(Paint::Strong, &format!("{name}:"));
        let _ = write!(self.text, " {}", shown(lines.next().unwrap_or_default()));
        let indent = self.gutter + 3 + name.len() + 2;
        for line in lines {
            let _ = write!(self.text, "\n{:indent$}{}", "", shown(line));
        }
        let _ = writeln!(self.text, "{mark}");
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn fix_mark(fix: &Fix) -> &'static str {
    match fix.safety {
        FixSafety::Safe => "           (safe fix)",
        FixSafety::Unsafe => "           (unsafe fix)",
    }
}

/// What an edit without words of its own does.
fn edit_text(fix: &Fix) -> String {
    let range = fix.span.start as usize..fix.span.end as usize;
    let old = fix.source.bytes().get(range).unwrap_or_default();
    let old = String::from_utf8_lossy(old);
    match (old.trim(), fix.replacement.trim()) {
        (old, "") => format!("remove `{old}`"),
        ("", new) => format!("add `{new}`"),
        (old, new) => format!("replace `{old}` by `{new}`"),
    }
}

/// The labels in groups of one source, in the order of their first.
fn by_source(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut groups: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let is_same = |group: &&mut Vec<&Label>| {
            let first = group.first();
            first.is_some_and(|first| first.source == label.source)
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups
}

fn gutter_width(diagnostic: &Diagnostic) -> usize {
    let lines = diagnostic
        .labels
        .iter()
        .map(|label| label.source.position(label.span.end).line);
    lines.max().unwrap_or(1).to_string().len()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    Primary,
    Secondary,
}

/// What is underlined on one line, in bytes of that line.
struct Mark<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    rank: Rank,
}

/// The lines that a label covers, each with its part; the text stands at the last of them.
fn marks(label: &Label, rank: Rank) -> Vec<(usize, Mark<'_>)> {
    let bytes = label.source.bytes();
    let start = (label.span.start as usize).min(bytes.len());
    let end = (label.span.end as usize).clamp(start, bytes.len());
    let covered = bytes.get(start..end).unwrap_or_default();
    // A label that ends with its line does not reach the next one.
    let covered = covered.strip_suffix(b"\n").unwrap_or(covered);
    let before = bytes.get(..start).unwrap_or_default();
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let first_line = label.source.position(label.span.start).line;
    let parts: Vec<&[u8]> = covered.split(|byte| *byte == b'\n').collect();
    let count = parts.len();
    let mut marks = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let is_last = index + 1 == count;
        let is_shown = index < LABEL_LINES_MAX - 1 || is_last;
        let blanks = part.len() - part.trim_ascii_start().len();
        let (offset, blanks) = if index == 0 {
            (start - line_start, 0)
        } else {
            (0, blanks)
        };
        if is_shown && (is_last || !part.trim_ascii().is_empty()) {
            let mark = Mark {
                start: offset + blanks,
                end: offset + part.trim_ascii_end().len().max(blanks),
                text: if is_last { &label.text } else { "" },
                rank,
            };
            marks.push((first_line + index, mark));
        }
    }
    marks
}

/// The part of a line that is shown.
struct Window {
    text: String,
    /// For each character of the line that is shown: its byte offset and its column.
    columns: Vec<(usize, usize)>,
    width: usize,
}

impl Window {
    fn around(line: &str, marks: &[Mark<'_>]) -> Self {
        let first = marks.first().map_or(0, |mark| mark.start);
        let total: usize = line.chars().map(width_of).sum();
        let before: usize = line
            .char_indices()
            .take_while(|(at, _)| *at < first)
            .map(|(_, character)| width_of(character))
            .sum();
        let skip = if total <= LINE_WIDTH_MAX {
            0
        } else {
            before.saturating_sub(LINE_WIDTH_MAX / 3)
        };
        let mut window = Self {
            text: String::new(),
            columns: Vec::new(),
            width: 0,
        };
        if skip > 0 {
            window.text.push('…');
            window.width = 1;
        }
        let mut passed = 0;
        for (at, character) in line.char_indices() {
            let width = width_of(character);
            passed += width;
            if passed <= skip {
                continue;
            }
            if window.width + width > LINE_WIDTH_MAX {
                window.text.push('…');
                break;
            }
            window.columns.push((at, window.width));
            window.width += width;
            match character {
                '\t' => window.text.push_str("    "),
                other => window.text.push(printable(other)),
            }
        }
        window
    }

    /// The column at which the character at a byte offset of the line is shown.
    fn column(&self, offset: usize) -> usize {
        let found = self.columns.iter().find(|(at, _)| *at >= offset);
        found.map_or(self.width, |(_, column)| *column)
    }
}

fn width_of(character: char) -> usize {
    match character {
        '\t' => TAB_WIDTH,
        other => printable(other).width().unwrap_or(1),
    }
}

/// Control characters, and those that turn the direction of text, must not reach a terminal.
fn printable(character: char) -> char {
    let is_hidden = character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{2028}' | '\u{2029}');
    if is_hidden { '\u{fffd}' } else { character }
}

fn shown(text: &str) -> String {
    text.chars().map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn source(name: &str, text: &str) -> Source {
        Source::new(name, text.as_bytes().into())
    }

    fn span_of(source: &Source, part: &str) -> Span {
        let text = std::str::from_utf8(source.bytes()).unwrap();
        let start = text.find(part).unwrap();
        Span::new(start, start + part.len())
    }

    fn rendered(diagnostic: Diagnostic) -> String {
        render_text(&[diagnostic], Style::Plain)
    }

    #[test]
    fn several_places_share_a_frame_and_other_files_get_their_own() {
        let lab = source("lab.yaml", "a: 1\nb:\n  c: 2\nd: 3\n\n\n\n\n\n  last: 4\n");
        let other = source("other.yaml", "x: y\n");
        let diagnostic = Diagnostic::warning("T1", "three places")
            .at(&lab, span_of(&lab, "last"), "used here")
            .at(&lab, span_of(&lab, "c"), "set here")
            .at(&other, span_of(&other, "y"), "and here")
            .because("one\ntwo");
        let expected = "\
warning[T1]: three places
   ┌─ lab.yaml:10:3
 3 │   c: 2
   │   - set here
...
10 │   last: 4
   │   ^^^^ used here
   ┌─ other.yaml:1:4
 1 │ x: y
   │    ^ and here
   = note: one
           two
";
        assert_eq!(rendered(diagnostic), expected);
    }

    #[test]
    fn labels_on_one_line_stand_below_each_other() {
        let source = source("a", "key: value\n");
        let diagnostic = Diagnostic::note("T2", "two")
            .at(&source, span_of(&source, "key"), "first")
            .at(&source, span_of(&source, "value"), "second");
        let expected = "\
note[T2]: two
  ┌─ a:1:1
1 │ key: value
  │      ----- second
  │ ^^^ first
";
        assert_eq!(rendered(diagnostic), expected);
    }

    #[test]
    fn wide_characters_and_tabs_move_the_underline() {
        let source = source("a", "日本:\tx\n");
        let diagnostic = Diagnostic::error("T3", "wide").at(&source, span_of(&source, "x"), "");
        let expected = "error[T3]: wide\n  ┌─ a:1:5\n1 │ 日本:    x\n  │          ^\n";
        assert_eq!(rendered(diagnostic), expected);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}HERE{}\n", "a".repeat(5000), "b".repeat(5000));
        let source = source("a", &text);
        let text =
            rendered(Diagnostic::error("T4", "long").at(&source, span_of(&source, "HERE"), "!"));
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[2].chars().count() < 130 && lines[2].contains("aHEREb"),
            "{text}"
        );
        let underline = lines[3].chars().position(|c| c == '^');
        assert_eq!(underline, lines[2].chars().position(|c| c == 'H'));
    }

    #[test]
    fn a_label_over_many_lines_shows_its_ends() {
        let source = source("a", "a:\n  b\n  c\n  d\n  e\n  f\ng\n");
        let span = Span::new(0, 23);
        let expected = "\
error[T5]: many
  ┌─ a:1:1
1 │ a:
  │ ^^
2 │   b
  │   ^
3 │   c
  │   ^
...
6 │   f
  │   ^ all
";
        assert_eq!(
            rendered(Diagnostic::error("T5", "many").at(&source, span, "all")),
            expected
        );
    }

    #[test]
    fn a_source_cannot_drive_the_terminal() {
        let source = source("a\u{1b}[2J", "x: \u{1b}]8;;evil\u{7}\u{202e}y\n");
        let diagnostic =
            Diagnostic::error("T6", "\u{1b}[31m").at(&source, Span::new(0, 1), "\u{9b}");
        let text = rendered(diagnostic);
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn a_fix_is_marked_and_told_where_no_help_does() {
        let source = source("a", "x: y\n");
        let fix = Fix {
            source: source.clone(),
            span: span_of(&source, "y"),
            replacement: "z".into(),
            safety: FixSafety::Safe,
        };
        let expected = "error[T7]: no\n  = help: replace `y` by `z`           (safe fix)\n";
        assert_eq!(rendered(Diagnostic::error("T7", "no").fix(fix)), expected);
    }

    #[test]
    fn the_end_of_the_file_can_be_pointed_at() {
        let source = source("a", "x: [\n");
        let text = rendered(Diagnostic::error("T8", "end").at(&source, Span::new(5, 5), "here"));
        assert_eq!(text, "error[T8]: end\n  ┌─ a:2:1\n2 │\n  │ ^ here\n");
    }

    #[test]
    fn colour_is_escapes_around_the_same_text() {
        let source = source("a", "x: y\n");
        let diagnostic = Diagnostic::error("T9", "no")
            .at(&source, span_of(&source, "y"), "here")
            .help("h");
        let plain = render_text(std::slice::from_ref(&diagnostic), Style::Plain);
        let coloured = render_text(&[diagnostic], Style::Coloured);
        assert!(coloured.starts_with("\u{1b}[1;31merror[T9]\u{1b}[0m"));
        let mut parts = coloured.split('\u{1b}');
        let first = parts.next().unwrap().to_owned();
        let stripped = parts.fold(first, |text, part| text + part.split_once('m').unwrap().1);
        assert_eq!(stripped, plain);
    }
}
