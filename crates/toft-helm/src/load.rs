//! Files to a chart: a folder, or an archive.
//!
//! Source: Helm 3.22.0 `pkg/chart/loader/load.go`, `directory.go`, `archive.go`.

mod archive;
mod directory;

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;
use toft_source::{Checked, Files, ReadError, RepoPath, Source};
use toft_value::{Map, Value};

use crate::chart::{Chart, ChartFile, HelmVersion, Metadata};
use crate::metadata;
use crate::problem::{Problem, first_error};
use crate::values;

pub use archive::{ARCHIVE_BYTES_MAX, ARCHIVE_FILES_MAX, FILE_BYTES_MAX};

/// How deep charts may lie in charts: the deepest public umbrella found has four levels.
const CHART_DEPTH_MAX: usize = 32;

/// Reads the chart in a folder, without the files that its `.helmignore` names.
///
/// What is wrong with the chart is told in Helm's words, and there is no chart then.
///
/// # Errors
/// The tree cannot be read.
pub fn load(
    files: &dyn Files,
    directory: &RepoPath,
    version: HelmVersion,
) -> Result<Checked<Option<Chart>>, ReadError> {
    let read = match directory::read(files, directory)? {
        Ok(read) => assemble(read, version, CHART_DEPTH_MAX),
        Err(problem) => Err(problem),
    };
    Ok(checked(read))
}

/// Reads the chart in a `.tgz` archive; `path` is where the archive was read.
///
/// What is wrong with the archive is told in Helm's words, and there is no chart then.
pub fn load_archive(bytes: &[u8], path: &RepoPath, version: HelmVersion) -> Checked<Option<Chart>> {
    let read = archive::read(bytes, path);
    checked(read.and_then(|files| assemble(files, version, CHART_DEPTH_MAX)))
}

/// The files of a chart's archive, by their paths below the one folder in it.
///
/// # Errors
/// The archive is broken, leads out of its folder, or holds more than any chart does ([`ARCHIVE_BYTES_MAX`],
/// [`ARCHIVE_FILES_MAX`], [`FILE_BYTES_MAX`]); in Helm's words.
pub fn unpack(bytes: &[u8]) -> Result<Vec<ChartFile>, Problem> {
    archive::read(bytes, &RepoPath::root())
}

fn checked(chart: Result<Chart, Problem>) -> Checked<Option<Chart>> {
    match chart {
        Ok(chart) => Checked::clean(Some(chart)),
        Err(problem) => Checked {
            value: None,
            diagnostics: vec![problem.into()],
        },
    }
}

/// Puts the files of a chart in their places.
fn assemble(files: Vec<ChartFile>, version: HelmVersion, depth: usize) -> Result<Chart, Problem> {
    let mut chart = Chart::default();
    let mut described = false;
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        described = true;
        read_metadata(&mut chart.metadata, file, version)?;
        if chart.metadata.api_version.is_empty() {
            chart.metadata.api_version = SmolStr::new_static("v1");
        }
    }
    let mut below: BTreeMap<SmolStr, Vec<ChartFile>> = BTreeMap::new();
    for file in files {
        place(&mut chart, &mut below, file, version)?;
    }
    if !described {
        return Err(Problem::chart("Chart.yaml file is missing"));
    }
    metadata::check(&mut chart.metadata)?;
    for (name, files) in below {
        let read = sub_chart(&chart, &name, files, (version, depth));
        let what = format!("error unpacking subchart {name} in {}", chart.metadata.name);
        chart
            .charts
            .extend(read.map_err(|problem| problem.during(&what))?);
    }
    Ok(chart)
}

fn place(
    chart: &mut Chart,
    below: &mut BTreeMap<SmolStr, Vec<ChartFile>>,
    file: ChartFile,
    version: HelmVersion,
) -> Result<(), Problem> {
    match file.name.as_str() {
        "Chart.yaml" | "Chart.lock" => {}
        "values.yaml" => {
            chart.values = values::read(&file.bytes, version)
                .map_err(|problem| problem.during("cannot load values.yaml"))?;
        }
        "values.schema.json" => chart.schema = Some(file.bytes),
        "requirements.yaml" => {
            read_metadata(&mut chart.metadata, &file, version)?;
            keep_if_first(chart, file);
        }
        "requirements.lock" => keep_if_first(chart, file),
        name if name.starts_with("templates/") => chart.templates.push(file),
        name => match name.strip_prefix("charts/") {
            Some(rest) if !has_extension(rest, ".prov") => {
                let first = rest.split_once('/').map_or(rest, |(first, _)| first);
                let file = ChartFile {
                    name: rest.into(),
                    ..file.clone()
                };
                below.entry(first.into()).or_default().push(file);
            }
            _ => chart.files.push(file),
        },
    }
    Ok(())
}

/// Files of `apiVersion: v1` that templates can read.
fn keep_if_first(chart: &mut Chart, file: ChartFile) {
    if chart.metadata.api_version == "v1" {
        chart.files.push(file);
    }
}

/// Go's `filepath.Ext`.
fn has_extension(path: &str, extension: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rfind('.')
        .and_then(|dot| name.get(dot..))
        .is_some_and(|found| found == extension)
}

fn read_metadata(
    known: &mut Metadata,
    file: &ChartFile,
    version: HelmVersion,
) -> Result<(), Problem> {
    let what = format!("cannot load {}", file.name);
    let of = match version {
        HelmVersion::V3 => "chart.Metadata",
        HelmVersion::V4 => "loader.chartBase",
    };
    let map =
        parse_map(&file.bytes, of).map_err(|message| Problem::chart(message).during(&what))?;
    metadata::read(known, &map, version).map_err(|message| {
        let message = if message.starts_with("validation: ") {
            return Problem::chart(message);
        } else {
            format!("error unmarshaling JSON: while decoding JSON: {message}")
        };
        Problem::chart(message).during(&what)
    })
}

/// The first document of a YAML text, which must be a map or nothing.
///
/// `of` is Go's name of what it is read into.
pub(crate) fn parse_map(bytes: &[u8], of: &str) -> Result<Map, String> {
    let source = Source::new("", Arc::from(bytes));
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    if let Some(error) = first_error(&parsed.diagnostics) {
        let message = &error.message;
        return Err(format!("error converting YAML to JSON: {message}"));
    }
    let first = parsed.value.into_iter().next();
    match first.map(|located| located.value) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Map(map)) => Ok(map),
        Some(other) => Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type {of}",
            other.kind().go_name()
        )),
    }
}

fn sub_chart(
    parent: &Chart,
    name: &str,
    files: Vec<ChartFile>,
    (version, depth): (HelmVersion, usize),
) -> Result<Option<Chart>, Problem> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Problem::chart(format!(
            "charts lie more than {CHART_DEPTH_MAX} deep in charts"
        )));
    };
    if name.starts_with(['_', '.']) {
        return Ok(None);
    }
    if has_extension(name, ".tgz") {
        let Some(file) = files.first() else {
            return Ok(None);
        };
        if file.name != name {
            let (parent, found) = (&parent.metadata.name, &file.name);
            return Err(Problem::chart(format!(
                "error unpacking subchart tar in {parent}: expected {name}, got {found}"
            )));
        }
        let read = archive::read(&file.bytes, &file.path)?;
        return assemble(read, version, depth).map(Some);
    }
    // A file that lies in `charts/` itself is no chart, and its empty folder is none either.
    let inside = files.into_iter().filter_map(|file| {
        let (_, rest) = file.name.split_once('/')?;
        let name = SmolStr::from(rest);
        Some(ChartFile { name, ..file })
    });
    assemble(inside.collect(), version, depth).map(Some)
}
