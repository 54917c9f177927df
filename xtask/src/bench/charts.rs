//! `toft template` beside Helm 4: one chart, and an umbrella of many whose values are templates themselves.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use std::process::Command;

use anyhow::{Context, Result};

use super::compare;
use super::measure::{alternate, cost};
use crate::oracle;

/// Runs of each program; the median is told.
const RUNS: usize = 11;

/// Charts below the umbrella, and how many times faster than Helm it should be.
const UMBRELLAS: &[(usize, f64)] = &[(1, 10.0), (60, 50.0)];

/// Umbrellas of one chart and of sixty.
pub(super) fn run(ours: &Path) -> Result<()> {
    let helm = oracle::ensure("helm-4.3.1")?;
    let folder = std::env::temp_dir().join(format!("toft-bench-charts-{}", std::process::id()));
    for (subcharts, goal) in UMBRELLAS {
        let chart = folder.join(subcharts.to_string());
        write(&chart, *subcharts)?;
        let template = |program: &Path| {
            let mut command = Command::new(program);
            command.args(["template", "bench"]).arg(&chart);
            cost(command)
        };
        let [mine, theirs] = alternate(RUNS, [&|| template(ours), &|| template(&helm)])?;
        let calls = subcharts * CALLS;
        let what =
            format!("template of a chart with {subcharts} below it and {calls} calls of tpl");
        compare(&what, [&mine, &theirs], ("helm 4.3.1", *goal));
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Calls of `tpl` in each chart below the umbrella: sixty charts have six hundred.
const CALLS: usize = 10;

/// What each chart below the umbrella renders with.
const HELPERS: &str = r#"{{- define "name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
"#;

const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "name" . }}
  labels: {{- include "labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels: {{- include "labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: {{ printf "%s/%s:%s" .Values.global.registry .Values.image .Values.tag | quote }}
          env:
          {{- range $name, $text := .Values.env }}
            - name: {{ $name }}
              value: {{ tpl $text $ | quote }}
          {{- end }}
          ports:
          {{- range .Values.ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
          {{- end }}
          {{- with .Values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
"#;

const SERVICE: &str = r#"apiVersion: v1
kind: Service
metadata:
  name: {{ include "name" . }}
  labels: {{- include "labels" . | nindent 4 }}
spec:
  selector: {{- include "labels" . | nindent 4 }}
  ports:
  {{- range .Values.ports }}
    - name: {{ .name }}
      port: {{ .port }}
      targetPort: {{ .name }}
  {{- end }}
"#;

/// Writes an umbrella chart with so many charts below it into a folder.
///
/// Each of them has a Deployment, a Service and ten values that are templates. It needs nothing from outside.
fn write(folder: &Path, subcharts: usize) -> Result<()> {
    let mut chart = "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n".to_owned();
    for at in 0..subcharts {
        let _ = writeln!(
            chart,
            "  - name: app-{at}\n    version: 1.0.0\n    condition: app-{at}.enabled"
        );
        below(&folder.join(format!("charts/app-{at}")), at)?;
    }
    put(&folder.join("Chart.yaml"), &chart)?;
    let mut values = "global:\n  domain: home.example.org\n  registry: registry.example.org\n  labels: { lab: home }\n".to_owned();
    for at in 0..subcharts {
        let _ = writeln!(
            values,
            "app-{at}:\n  enabled: true\n  replicas: {}",
            at % 3 + 1
        );
    }
    put(&folder.join("values.yaml"), &values)
}

fn below(folder: &Path, at: usize) -> Result<()> {
    let chart = format!("apiVersion: v2\nname: app-{at}\nversion: 1.0.0\nappVersion: 1.2.{at}\n");
    put(&folder.join("Chart.yaml"), &chart)?;
    let mut values = format!(
        "image: apps/app-{at}\ntag: 1.2.{at}\nports:\n  - {{ name: http, port: {} }}\nresources:\n  requests: {{ cpu: 10m, memory: 64Mi }}\nenv:\n",
        8000 + at
    );
    for call in 0..CALLS {
        let _ = writeln!(
            values,
            "  TEXT_{call}: 'https://{{{{ include \"name\" . }}}}.{{{{ .Values.global.domain }}}}/{call}'"
        );
    }
    put(&folder.join("values.yaml"), &values)?;
    put(&folder.join("templates/_helpers.tpl"), HELPERS)?;
    put(&folder.join("templates/deployment.yaml"), DEPLOYMENT)?;
    put(&folder.join("templates/service.yaml"), SERVICE)
}

fn put(path: &Path, text: &str) -> Result<()> {
    let shown = || format!("cannot write `{}`", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(shown)?;
    }
    fs::write(path, text).with_context(shown)
}
