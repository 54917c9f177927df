//! Oddities of real files, one folder each: what both resolvers make of `input/document.yaml`.
//!
//! `expected.kubectl` and `expected.kustomize` are recorded from upstream: the values as upstream writes
//! them, then what it refuses. `expected.diagnostics` is how this crate tells it.

use std::fmt::Write as _;
use std::process::ExitCode;

use toft_source::{Files, RepoPath, Severity, Source, Style, render_text};
use toft_testkit::{Case, Outputs};
use toft_yaml::Resolver;

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let path = RepoPath::root()
        .join("document.yaml")
        .map_err(|error| error.to_string())?;
    let bytes = case
        .files()
        .read(&path)
        .map_err(|error| error.to_string())?;
    let source = Source::new("document.yaml", bytes);
    let mut told: Vec<String> = Vec::new();
    let mut outputs = Outputs::new();
    for (name, resolver) in [
        ("expected.kustomize", Resolver::Kustomize),
        ("expected.kubectl", Resolver::Kubectl),
    ] {
        let checked = toft_yaml::values(&source, resolver);
        let documents = checked
            .value
            .iter()
            .map(|located| toft_yaml::write(&located.value));
        let mut text = documents.collect::<Vec<_>>().join("---\n");
        for diagnostic in checked.diagnostics {
            if diagnostic.severity == Severity::Error {
                let _ = writeln!(text, "error: {}", diagnostic.message);
            }
            let text = render_text(&[diagnostic], Style::Plain);
            if !told.contains(&text) {
                told.push(text);
            }
        }
        outputs.insert(name.to_owned(), text);
    }
    if !told.is_empty() {
        outputs.insert("expected.diagnostics".to_owned(), told.join("\n"));
    }
    Ok(outputs)
}
