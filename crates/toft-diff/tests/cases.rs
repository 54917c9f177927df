//! Differences, case by case: two folders of manifests in, what is told about them out.

use std::collections::BTreeMap;

use toft_diff::{AppSide, ChartVersion, SecretKey, Side, diff, html, json, markdown};
use toft_object::Object;
use toft_source::{Files as _, RepoPath, Source};
use toft_testkit::{Case, Outputs};
use toft_yaml::{Resolver, values};

fn main() -> std::process::ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let (before, after) = (side(case, "before")?, side(case, "after")?);
    let difference = diff(&before, &after, &SecretKey::new([7; 32]));
    let mut outputs = Outputs::default();
    outputs.insert("expected.md".to_owned(), markdown(&difference));
    // A page says the same in more words: a few cases have one.
    if case.text("expected.html").is_some() {
        outputs.insert("expected.html".to_owned(), html(&difference));
    }
    outputs.insert(
        "expected.yaml".to_owned(),
        toft_yaml::write(&json(&difference)),
    );
    Ok(outputs)
}

/// One file per Application: its manifests. A file that is no YAML is an Application that does not render.
fn side(case: &Case, name: &str) -> Result<Side, String> {
    let files = case.files();
    let mut apps = BTreeMap::new();
    for path in files.paths() {
        let Some(app) = path.as_str().strip_prefix(&format!("{name}/")) else {
            continue;
        };
        let app = app.trim_end_matches(".yaml");
        let bytes = files.read(path).map_err(|error| error.to_string())?;
        let source = Source::new(path.as_str(), bytes);
        let parsed = values(&source, Resolver::Kubectl);
        let mut charts = Vec::new();
        let objects = if parsed.has_errors() {
            let messages = parsed.diagnostics.iter().map(|one| one.message.clone());
            Err(messages.collect::<Vec<_>>().join("; "))
        } else {
            let mut objects = Vec::new();
            for located in parsed.value {
                let value = located.value;
                if let Some(chart) = value.str_at(&["chart"]) {
                    charts.push(ChartVersion {
                        repository: value.str_at(&["repository"]).unwrap_or_default().into(),
                        name: chart.into(),
                        version: value.str_at(&["version"]).unwrap_or_default().into(),
                    });
                } else {
                    objects.push(Object::new(value).map_err(|error| error.to_string())?);
                }
            }
            Ok(objects)
        };
        apps.insert(app.into(), AppSide { objects, charts });
    }
    let root = RepoPath::parse(name).map_err(|error| error.to_string())?;
    files.kind(&root).map_err(|error| error.to_string())?;
    Ok(Side { apps })
}
