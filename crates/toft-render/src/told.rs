//! What is wrong with a rendering, in one text.

use toft_source::{Checked, Diagnostic, ReadError, Severity};

/// What keeps a tree from being read, with what brings it where that is a way.
pub fn unread(error: &ReadError) -> String {
    match error {
        ReadError::NotBrought(_) => format!("{error}: run `toft fetch`"),
        error => error.to_string(),
    }
}

/// The value, or what is wrong, in one text: the facts, each with its place and what to do.
pub(crate) fn flatten<T>(checked: Result<Checked<T>, ReadError>) -> Result<T, String> {
    let checked = checked.map_err(|error| unread(&error))?;
    if !checked.has_errors() {
        return Ok(checked.value);
    }
    let errors = checked
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    Err(errors.map(told).collect::<Vec<_>>().join("; "))
}

fn told(diagnostic: &Diagnostic) -> String {
    let mut text = String::new();
    if let Some(label) = diagnostic.labels.first() {
        let position = label.source.position(label.span.start);
        text = format!("{}:{}: ", label.source.name(), position.line);
    }
    text.push_str(&diagnostic.message);
    for help in &diagnostic.help {
        text.push_str(" (");
        text.push_str(help);
        text.push(')');
    }
    text
}
