//! A chart and values to objects.

use toft_object::{Object, Origin, Rendered, Rendering};
use toft_source::{Checked, Diagnostic, Source};
use toft_value::{Map, Value};

use crate::chart::Chart;
use crate::manifest::Manifest;
use crate::problem::{MANIFEST, Problem};
use crate::render::{TemplateOptions, manifests};

/// Renders a chart to objects: those of `crds/` where asked for, then what is installed, then hooks.
///
/// A hook carries its events and weight in its annotations, as Helm has them. Documents without an
/// object are left out. What is wrong is told in Helm's words where Helm has them, and there is no
/// object then.
///
/// Source: Helm 3.22.0 `cmd/helm/template.go`.
///
/// # Example
/// ```
/// use toft_helm::{HelmVersion, TemplateOptions, ValuesInput, load, template};
/// use toft_source::{MemoryFiles, RepoPath};
/// let files = MemoryFiles::new([
///     ("Chart.yaml", "{apiVersion: v2, name: nas, version: 1.0.0}"),
///     ("values.yaml", "port: 80"),
///     ("templates/a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {port: '{{ .Values.port }}'}}"),
/// ]);
/// let chart = load(&files, &RepoPath::root(), HelmVersion::V4).unwrap().value.unwrap();
/// let values = ValuesInput::default().merged(HelmVersion::V4).unwrap();
/// let rendering = template(&chart, &values, &TemplateOptions::new(HelmVersion::V4));
/// assert_eq!(rendering.value.objects[0].object.name(), "a");
/// ```
pub fn template(chart: &Chart, values: &Map, options: &TemplateOptions) -> Checked<Rendering> {
    let rendered = match manifests(chart, values, options) {
        Ok(rendered) => rendered,
        Err(problem) => {
            return Checked {
                value: Rendering::default(),
                diagnostics: vec![problem.into()],
            };
        }
    };
    let mut rendering = Rendering::default();
    let mut diagnostics = Vec::new();
    for manifest in &rendered.crds {
        read(manifest, "helm crds", &mut rendering, &mut diagnostics);
    }
    for manifest in &rendered.manifests {
        read(manifest, "helm template", &mut rendering, &mut diagnostics);
    }
    for hook in &rendered.hooks {
        read(
            &hook.manifest,
            "helm hook",
            &mut rendering,
            &mut diagnostics,
        );
    }
    Checked {
        value: rendering,
        diagnostics,
    }
}

fn read(
    manifest: &Manifest,
    step: &'static str,
    rendering: &mut Rendering,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let source = Source::new(manifest.name.clone(), manifest.text.as_bytes().into());
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    for located in parsed.take(diagnostics) {
        if located.value == Value::Null {
            continue;
        }
        match Object::new(located.value) {
            Ok(object) => rendering.objects.push(Rendered {
                object,
                origin: Origin {
                    path: manifest.path.clone(),
                    line: located.line,
                    step,
                },
            }),
            Err(error) => {
                let message = format!("{}: {error}", manifest.name);
                diagnostics.push(Problem::new(MANIFEST, message).into());
            }
        }
    }
}
