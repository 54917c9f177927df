//! Diagnostics as JSON.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Fix, FixSafety, Label, Severity};
use crate::source::{Source, Span};

/// The version of the shape that [`render_json`] writes; a change that takes something away counts it up.
pub const DIAGNOSTICS_API_VERSION: &str = "toft.dev/diagnostics/v1";

/// Renders diagnostics as one JSON document with a final newline, in the order given.
///
/// Shape: `{apiVersion, diagnostics: [{code, severity, message, labels: [{source, start, end, text}],
/// notes, help, fix: {source, start, end, replacement, safety} | null}]}`, where `start` and `end` are
/// `{offset, line, column}`: offset in bytes from 0, line and column from 1, the column in characters.
/// Keys are sorted.
///
/// # Example
/// ```
/// use toft_source::{Diagnostic, Source, Span, render_json};
/// let source = Source::new("a.yaml", b"a: b\n".as_slice().into());
/// let diagnostic = Diagnostic::error("YML001", "no").at(&source, Span::new(3, 4), "here");
/// let json = render_json(&[diagnostic]);
/// assert!(json.contains(r#""start":{"column":4,"line":1,"offset":3}"#));
/// ```
pub fn render_json(diagnostics: &[Diagnostic]) -> String {
    let diagnostics: Vec<Value> = diagnostics.iter().map(diagnostic).collect();
    let document = json!({"apiVersion": DIAGNOSTICS_API_VERSION, "diagnostics": diagnostics});
    format!("{document}\n")
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    json!({
        "code": diagnostic.code,
        "severity": severity(diagnostic.severity),
        "message": diagnostic.message,
        "labels": diagnostic.labels.iter().map(label).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "fix": diagnostic.fix.as_ref().map(fix),
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn label(label: &Label) -> Value {
    json!({
        "source": label.source.name(),
        "start": place(&label.source, label.span.start),
        "end": place(&label.source, label.span.end),
        "text": label.text,
    })
}

fn fix(fix: &Fix) -> Value {
    let Span { start, end } = fix.span;
    json!({
        "source": fix.source.name(),
        "start": place(&fix.source, start),
        "end": place(&fix.source, end),
        "replacement": fix.replacement,
        "safety": match fix.safety {
            FixSafety::Safe => "safe",
            FixSafety::Unsafe => "unsafe",
        },
    })
}

fn place(source: &Source, offset: u32) -> Value {
    let position = source.position(offset);
    json!({"offset": offset, "line": position.line, "column": position.column})
}
