//! Values: what a chart, its parts, files and flags say, put together and printed.

use anyhow::Result;
use toft_helm::{Chart, ChartFile, HelmVersion, Setting, TemplateOptions, ValuesInput, texts};
use toft_source::RepoPath;
use toft_testkit::Mutator;
use toft_value::Map;

use super::{any, any_part};
use crate::fuzz::input::{Input, cases, files_below};
use crate::fuzz::reshape::{Kind, reshaped};

const CHART: &str = "chart.yaml";
const PART: &str = "part.yaml";
const SCHEMA: &str = "schema.json";
const USER: &str = "user.yaml";
const SETTINGS: &str = "settings";

/// Prints everything that there is.
const TEMPLATE: &str = "{{ toYaml .Values }}\n{{ toJson .Subcharts }}\n{{ .Chart.Name }}";

const FLAGS: &str = "--set a.b=1,c[0].d=x\n--set-string a={x,y}\n--set-json a.b={\"c\":[1,null]}\n\
--set-literal a.b=x\n--set-file a=x\n--set a\\.b=null\n--set part.a[2][1]=5\n--set global.x=1\n";

pub(super) fn stored() -> Result<Vec<Input>> {
    let mut stored = Vec::new();
    for case in cases("crates/toft-helm/tests/cases")? {
        let files = files_below(&case.join("input"))?.parts;
        let all = |end: &str| {
            let files = files.iter().filter(move |(name, _)| name.ends_with(end));
            files.map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>()
        };
        let schema = all(".schema.json").into_iter().next().unwrap_or_default();
        let flags = all("runs.txt").into_iter().next().unwrap_or_default();
        let flags = String::from_utf8_lossy(&flags);
        let flags: String = flags
            .lines()
            .filter_map(|line| line.split_once(": "))
            .flat_map(|(_, flags)| [flags, "\n"])
            .collect();
        let flags = if flags.is_empty() {
            FLAGS.to_owned()
        } else {
            flags
        };
        let yaml = all(".yaml");
        for (index, values) in yaml.iter().enumerate() {
            let other = |step: usize| {
                let at = (index + step) % yaml.len().max(1);
                yaml.get(at).cloned().unwrap_or_default()
            };
            let part = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
            let mut input = Input::of(CHART, values.clone());
            input.parts.push(part(PART, other(1)));
            input.parts.push(part(USER, other(2)));
            input.parts.push(part(SCHEMA, schema.clone()));
            input.parts.push(part(SETTINGS, flags.clone().into_bytes()));
            stored.push(input);
        }
    }
    Ok(stored)
}

pub(super) fn change(mutator: &mut Mutator, stored: &[Input]) -> Input {
    let mut input = any(mutator, stored).clone();
    for (_, bytes) in &mut input.parts {
        if mutator.below(2) == 0 {
            let other = any_part(mutator, stored);
            *bytes = reshaped(mutator, (bytes, Kind::Yaml), other);
        }
    }
    input
}

pub(super) fn run(input: &Input) -> bool {
    let versions = [HelmVersion::V3, HelmVersion::V4];
    let taken = versions.map(|version| merged(input, version).is_some());
    taken.contains(&true)
}

fn merged(input: &Input, version: HelmVersion) -> Option<String> {
    let read = |name: &str| {
        let files = vec![(name.to_owned(), input.part(name).to_vec())];
        let values = ValuesInput {
            files,
            ..ValuesInput::default()
        };
        values.merged(version).unwrap_or_else(|_| Map::new())
    };
    let mut chart = chart("whole", read(CHART));
    chart.charts.push(self::chart("part", read(PART)));
    if !input.part(SCHEMA).is_empty() {
        chart.schema = Some(input.part(SCHEMA).into());
    }
    let user = ValuesInput {
        files: vec![(USER.to_owned(), input.part(USER).to_vec())],
        settings: input.text(SETTINGS).lines().filter_map(setting).collect(),
        ..ValuesInput::default()
    };
    let user = user.merged(version).ok()?;
    let texts = texts(&chart, &user, &TemplateOptions::new(version)).ok()?;
    texts.into_values().next()
}

fn chart(name: &str, values: Map) -> Chart {
    let mut chart = Chart {
        values,
        templates: vec![ChartFile {
            name: "templates/t.yaml".into(),
            bytes: TEMPLATE.as_bytes().into(),
            path: RepoPath::root(),
        }],
        ..Chart::default()
    };
    chart.metadata.api_version = "v2".into();
    chart.metadata.name = name.into();
    chart.metadata.version = "0.1.0".into();
    chart
}

fn setting(line: &str) -> Option<Setting> {
    let (flag, text) = line.trim().split_once(' ')?;
    let text = text.to_owned();
    Some(match flag {
        "--set-json" => Setting::Json(text),
        "--set-string" => Setting::Text(text),
        "--set-literal" => Setting::Literal(text),
        "--set-file" => {
            let (key, content) = text.split_once('=')?;
            Setting::File {
                key: key.to_owned(),
                content: content.to_owned(),
            }
        }
        _ => Setting::Typed(text),
    })
}
