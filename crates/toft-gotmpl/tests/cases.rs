//! Templates as Argo CD renders them.

use std::fmt::Write as _;
use std::process::ExitCode;

use toft_gotmpl::{Data, Options, Settings, Template};
use toft_testkit::{Case, Outputs};
use toft_value::Value;

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

/// Renders every section of `input/templates.txt` with `input/data.json`.
fn check(case: &Case) -> Result<Outputs, String> {
    let templates = case.required("input/templates.txt")?;
    let data = case.required("input/data.json")?;
    let data = Value::from_json(data.as_bytes()).map_err(|error| error.to_string())?;
    let mut out = String::new();
    for section in format!("\n{templates}").split("\n=== ").skip(1) {
        let (head, template) = section.split_once('\n').unwrap_or((section, ""));
        let options = head.split_once(" | ").map_or("", |(_, options)| options);
        let template = template.strip_suffix('\n').unwrap_or(template);
        let rendered = match render(template, options, &data) {
            Ok(text) => text,
            Err(message) => format!("error: {message}"),
        };
        let _ = writeln!(out, "=== {head}\n{rendered}");
    }
    Ok(Outputs::from([("expected.txt".to_owned(), out)]))
}

fn render(template: &str, options: &str, data: &Value) -> Result<String, String> {
    let parsed = Template::parse("", template);
    let parsed = parsed.map_err(|error| format!("failed to parse template {template}: {error}"))?;
    let options = options.split(", ").filter(|option| !option.is_empty());
    let options = Options::parse(options).map_err(|error| error.to_string())?;
    let settings = Settings {
        options,
        ..Settings::default()
    };
    let rendered = parsed.render(&Data::from_value(data), &settings);
    rendered.map_err(|error| format!("failed to execute go template {template}: {error}"))
}
