//! The values that a user gives: files, then settings.
//!
//! Source: Helm 3.22.0 `pkg/cli/values/options.go`; Helm 4.3.1 `pkg/chart/v2/loader/load.go`.

use toft_source::Source;
use toft_value::{List, Map, Value};

use crate::chart::HelmVersion;
use crate::load::parse_map;
use crate::problem::{Problem, first_error};
use crate::set;

/// What the user says about values, in the order of the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValuesInput {
    /// Each file's name and bytes; later ones win.
    pub files: Vec<(String, Vec<u8>)>,
    /// Values that are there already, as if a file had held them.
    pub values: Vec<Map>,
    /// What `--set` and its kin say.
    pub settings: Vec<Setting>,
}

/// One `--set` or one of its kin; Helm takes all of a kind before the next kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// `--set-json a={"b":1}`
    Json(String),
    /// `--set a.b=1,c=x`
    Typed(String),
    /// `--set-string a=1`
    Text(String),
    /// `--set-file a=path`: the setting up to the path, and the content of the file.
    File {
        /// What stands before the first unescaped `=`.
        key: String,
        /// The content.
        content: String,
    },
    /// `--set-literal a=anything`
    Literal(String),
}

impl ValuesInput {
    /// All of it in one map.
    ///
    /// # Errors
    /// A file is no YAML map, or a setting cannot be read; the words are Helm's.
    pub fn merged(&self, version: HelmVersion) -> Result<Map, Problem> {
        let mut all = Map::new();
        for (name, bytes) in &self.files {
            let read = read(bytes, version)
                .map_err(|problem| problem.during(&format!("failed to parse {name}")))?;
            all = merge(all, &read);
        }
        for values in &self.values {
            all = merge(all, &as_read(values));
        }
        for kind in 0..5 {
            let settings = self.settings.iter().filter(|one| one.order() == kind);
            for setting in settings {
                setting.apply(&mut all, version)?;
            }
        }
        Ok(all)
    }
}

impl Setting {
    fn order(&self) -> usize {
        match self {
            Self::Json(_) => 0,
            Self::Typed(_) => 1,
            Self::Text(_) => 2,
            Self::File { .. } => 3,
            Self::Literal(_) => 4,
        }
    }

    fn apply(&self, all: &mut Map, version: HelmVersion) -> Result<(), Problem> {
        let failed = |flag: &str, message: String| {
            Problem::values(format!("failed parsing {flag} data: {message}"))
        };
        match self {
            Self::Json(text) if version == HelmVersion::V4 && text.trim().starts_with('{') => {
                match Value::from_json(text.trim().as_bytes()) {
                    Ok(Value::Map(map)) => {
                        *all = merge(std::mem::take(all), &as_read(&map));
                        Ok(())
                    }
                    _ => Err(Problem::values(format!(
                        "failed parsing --set-json data JSON: {text}"
                    ))),
                }
            }
            Self::Json(text) => set::json(all, text)
                .map_err(|_| Problem::values(format!("failed parsing --set-json data {text}"))),
            Self::Typed(text) => set::typed(all, text).map_err(|text| failed("--set", text)),
            Self::Text(text) => set::text(all, text).map_err(|text| failed("--set-string", text)),
            Self::File { key, content } => {
                set::file(all, key, content).map_err(|text| failed("--set-file", text))
            }
            Self::Literal(text) => {
                set::literal(all, text).map_err(|text| failed("--set-literal", text))
            }
        }
    }
}

/// Reads a file of values; numbers become floats, as Go decodes them.
pub(crate) fn read(bytes: &[u8], version: HelmVersion) -> Result<Map, Problem> {
    match version {
        HelmVersion::V3 => parse_map(bytes, "map[string]interface {}")
            .map(|map| as_read(&map))
            .map_err(Problem::values),
        HelmVersion::V4 => read_all(bytes),
    }
}

/// Helm 4 merges all documents of a file.
fn read_all(bytes: &[u8]) -> Result<Map, Problem> {
    let source = Source::new("", bytes.into());
    let parsed = toft_yaml::values(&source, toft_yaml::Resolver::Kubectl);
    if let Some(error) = first_error(&parsed.diagnostics) {
        return Err(Problem::values(format!(
            "cannot unmarshal yaml document: error converting YAML to JSON: {}",
            error.message
        )));
    }
    let mut all = Map::new();
    for document in parsed.value {
        match document.value {
            Value::Null => {}
            Value::Map(map) => all = merge(all, &as_read(&map)),
            other => {
                return Err(Problem::values(format!(
                    "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    other.kind().go_name()
                )));
            }
        }
    }
    Ok(all)
}

/// A map whose numbers are floats.
pub(crate) fn as_read(map: &Map) -> Map {
    let entries = map.iter();
    entries
        .map(|(key, value)| (key.clone(), float(value)))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "Go decodes numbers as floats")]
fn float(value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Float(*number as f64),
        Value::UInt(number) => Value::Float(*number as f64),
        Value::List(list) => Value::List(list.iter().map(float).collect::<List>()),
        Value::Map(map) => Value::Map(as_read(map)),
        other => other.clone(),
    }
}

/// The second map over the first; maps in both are merged in turn.
pub(crate) fn merge(mut under: Map, over: &Map) -> Map {
    for (key, value) in over {
        let merged = match (under.get(key), value) {
            (Some(Value::Map(known)), Value::Map(new)) => Value::Map(merge(known.clone(), new)),
            _ => value.clone(),
        };
        under.insert(key.clone(), merged);
    }
    under
}
