//! Diagnostics as people and programs see them: `input/diagnostics.json` tells about the texts beside it.
//!
//! A place is named by the text that is pointed at (`find`), the last place of it where `last` is true.
//! `expected.txt` is the plain text, `expected.coloured` the same with `␛` for the escape, `expected.json`
//! what programs read.

use std::process::ExitCode;

use serde_json::Value;
use toft_source::{
    Diagnostic, Files as _, Fix, FixSafety, RepoPath, Source, Span, Style, render_json, render_text,
};
use toft_testkit::{Case, Outputs, run};

fn main() -> ExitCode {
    run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let told: Value = serde_json::from_str(&case.required("input/diagnostics.json")?)
        .map_err(|error| error.to_string())?;
    let told = told.as_array().ok_or("a list of diagnostics")?;
    let diagnostics: Vec<Diagnostic> = told
        .iter()
        .map(|told| diagnostic(case, told))
        .collect::<Result<_, _>>()?;
    let coloured = render_text(&diagnostics, Style::Coloured).replace('\u{1b}', "␛");
    Ok(Outputs::from([
        (
            "expected.txt".to_owned(),
            render_text(&diagnostics, Style::Plain),
        ),
        ("expected.coloured".to_owned(), coloured),
        ("expected.json".to_owned(), render_json(&diagnostics)),
    ]))
}

fn text<'a>(told: &'a Value, key: &str) -> &'a str {
    told.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(told: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    told.get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn diagnostic(case: &Case, told: &Value) -> Result<Diagnostic, String> {
    let make = match text(told, "severity") {
        "error" => Diagnostic::error,
        "warning" => Diagnostic::warning,
        "note" => Diagnostic::note,
        other => return Err(format!("there is no severity `{other}`")),
    };
    // Codes are written in the code, so they live as long as the program.
    let code: &'static str = text(told, "code").to_owned().leak();
    let mut diagnostic = make(code, text(told, "message").to_owned());
    for label in list(told, "at") {
        let (source, span) = place(case, label)?;
        diagnostic = diagnostic.at(&source, span, text(label, "text"));
    }
    for note in list(told, "notes") {
        diagnostic = diagnostic.because(note.as_str().unwrap_or_default());
    }
    if let Some(help) = told.get("help").and_then(Value::as_str) {
        diagnostic = diagnostic.help(help);
    }
    if let Some(fix) = told.get("fix") {
        let (source, span) = place(case, fix)?;
        let safety = match text(fix, "safety") {
            "safe" => FixSafety::Safe,
            _ => FixSafety::Unsafe,
        };
        diagnostic = diagnostic.fix(Fix {
            source,
            span,
            replacement: text(fix, "replacement").into(),
            safety,
        });
    }
    Ok(diagnostic)
}

fn place(case: &Case, told: &Value) -> Result<(Source, Span), String> {
    let name = text(told, "source");
    let path = RepoPath::parse(name).map_err(|error| error.to_string())?;
    let bytes = case
        .files()
        .read(&path)
        .map_err(|error| error.to_string())?;
    let content = String::from_utf8_lossy(&bytes).into_owned();
    let find = text(told, "find");
    let is_last = told
        .get("last")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let found = if is_last {
        content.rfind(find)
    } else {
        content.find(find)
    };
    let start = found.ok_or_else(|| format!("`{name}` has no `{find}`"))?;
    let span = Span::new(start, start + find.len());
    Ok((Source::new(name, bytes), span))
}
