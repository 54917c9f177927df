//! Templates and charts as Helm 3 and Helm 4 render them.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use toft_helm::{
    Chart, ChartFile, HelmVersion, KubeVersion, Setting, TemplateOptions, ValuesInput, load,
    manifests,
};
use toft_source::{Files, RepoPath};
use toft_testkit::{Case, Outputs};

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let mut outputs = Outputs::new();
    for (version, name) in [
        (HelmVersion::V3, "expected.3.txt"),
        (HelmVersion::V4, "expected.4.txt"),
    ] {
        let text = match case.text("input/templates.txt") {
            Some(templates) => {
                let values = case.required("input/values.yaml")?;
                sections(&templates, &values, version)?
            }
            None => runs(case, version)?,
        };
        outputs.insert(name.to_owned(), text);
    }
    Ok(outputs)
}

/// Renders every section of `input/templates.txt` as the one template of a chart.
fn sections(templates: &str, values: &str, version: HelmVersion) -> Result<String, String> {
    let mut out = String::new();
    for section in format!("\n{templates}").split("\n=== ").skip(1) {
        let (head, template) = section.split_once('\n').unwrap_or((section, ""));
        let template = template.strip_suffix('\n').unwrap_or(template);
        let rendered = render(template, values, version)?;
        let _ = writeln!(out, "=== {head}\n{rendered}");
    }
    Ok(out)
}

fn file(name: &str, text: &str) -> ChartFile {
    ChartFile {
        name: name.into(),
        bytes: Arc::from(text.as_bytes()),
        path: RepoPath::root(),
    }
}

fn render(template: &str, values: &str, version: HelmVersion) -> Result<String, String> {
    let mut chart = Chart {
        templates: vec![file("templates/t.yaml", template)],
        files: vec![
            file("config/a.txt", "one\ntwo\n"),
            file("config/b.yaml", "b: 2\n"),
        ],
        ..Chart::default()
    };
    chart.metadata.api_version = "v2".into();
    chart.metadata.name = "case".into();
    chart.metadata.version = "0.1.0".into();
    chart.metadata.app_version = "1.16.0".into();
    let values = ValuesInput {
        files: vec![("values.yaml".to_owned(), values.as_bytes().to_vec())],
        ..ValuesInput::default()
    };
    chart.values = values.merged(version).map_err(|error| error.message)?;
    let options = options(version)?;
    let given = toft_value::Map::new();
    Ok(match toft_helm::texts(&chart, &given, &options) {
        Ok(texts) => texts
            .get("case/templates/t.yaml")
            .cloned()
            .unwrap_or_default(),
        Err(problem) => format!("error: {problem}"),
    })
}

fn options(version: HelmVersion) -> Result<TemplateOptions, String> {
    let mut options = TemplateOptions::new(version);
    let parsed = KubeVersion::parse("v1.31.2", version);
    options.capabilities.kube_version = parsed.map_err(|error| error.message)?;
    options.release.name = "demo".into();
    options.release.namespace = "home".into();
    Ok(options)
}

/// Renders the chart in `input/chart` once for each line of `input/runs.txt`.
fn runs(case: &Case, version: HelmVersion) -> Result<String, String> {
    let files = case.files();
    let folder = RepoPath::parse("chart").map_err(|error| error.to_string())?;
    let mut out = String::new();
    for line in case.required("input/runs.txt")?.lines() {
        let (name, flags) = line.split_once(':').unwrap_or((line, ""));
        let text = match run(&files, &folder, (flags, version)) {
            Ok(text) => text,
            Err(message) => format!("error: {}\n", message.trim()),
        };
        let _ = write!(out, "=== {name}\n{text}");
    }
    Ok(out)
}

fn run(
    files: &dyn Files,
    folder: &RepoPath,
    (flags, version): (&str, HelmVersion),
) -> Result<String, String> {
    let mut options = TemplateOptions::new(version);
    options.release.name = "demo".into();
    let mut values = ValuesInput::default();
    let mut words = flags.split_whitespace();
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_default().to_owned();
        match word {
            "-f" => {
                let name = next();
                let path = RepoPath::parse(&name).map_err(|error| error.to_string())?;
                let bytes = files.read(&path).map_err(|error| error.to_string())?;
                values.files.push((name, bytes.to_vec()));
            }
            "--set" => values.settings.push(Setting::Typed(next())),
            "--set-string" => values.settings.push(Setting::Text(next())),
            "--set-json" => values.settings.push(Setting::Json(next())),
            "--set-literal" => values.settings.push(Setting::Literal(next())),
            "-n" => options.release.namespace = next().into(),
            "-a" => {
                let versions = next();
                let versions = versions.split(',').map(Into::into);
                options.capabilities.api_versions.extend(versions);
            }
            "--kube-version" => {
                let parsed = KubeVersion::parse(&next(), version);
                options.capabilities.kube_version = parsed.map_err(|error| error.message)?;
            }
            "--include-crds" => options.include_crds = true,
            "--is-upgrade" => options.release.upgrade = true,
            "--no-hooks" => options.skip_hooks = true,
            "--skip-schema-validation" => options.skip_schema = true,
            "--skip-tests" => options.skip_tests = true,
            other => return Err(format!("the flag `{other}` is not known here")),
        }
    }
    let loaded = load(files, folder, version).map_err(|error| error.to_string())?;
    let chart = loaded.value.ok_or_else(|| {
        let first = loaded.diagnostics.first();
        first.map(|one| one.message.clone()).unwrap_or_default()
    })?;
    let values = values.merged(version).map_err(|error| error.message)?;
    let rendered = manifests(&chart, &values, &options).map_err(|error| error.message)?;
    Ok(rendered.print())
}
