//! `Chart.yaml` to [`Metadata`], checked as Helm checks it.
//!
//! Source: Helm 3.22.0 `pkg/chart/metadata.go`, `dependency.go`; sigs.k8s.io/yaml v1.6.0 `yaml.go`,
//! which turns scalars into strings where strings are wanted.

use smol_str::SmolStr;
use toft_value::{Map, Value, float_to_shortest};

use crate::chart::{Dependency, HelmVersion, ImportValues, Maintainer, Metadata};
use crate::problem::Problem;

type Read<T> = Result<T, String>;

/// Reads the entries of a `Chart.yaml` or `requirements.yaml` over what is known.
pub(crate) fn read(known: &mut Metadata, map: &Map, version: HelmVersion) -> Read<()> {
    let fields = Fields {
        map,
        of: "Metadata",
    };
    fields.text("name", &mut known.name)?;
    fields.text("home", &mut known.home)?;
    fields.texts("sources", &mut known.sources)?;
    fields.text("version", &mut known.version)?;
    fields.text("description", &mut known.description)?;
    fields.texts("keywords", &mut known.keywords)?;
    fields.text("icon", &mut known.icon)?;
    fields.text("apiVersion", &mut known.api_version)?;
    fields.text("condition", &mut known.condition)?;
    fields.text("tags", &mut known.tags)?;
    fields.text("appVersion", &mut known.app_version)?;
    fields.text("kubeVersion", &mut known.kube_version)?;
    fields.text("type", &mut known.kind)?;
    fields.flag("deprecated", &mut known.deprecated)?;
    let package = match version {
        HelmVersion::V3 => "chart",
        HelmVersion::V4 => "v2",
    };
    if let Some(items) = fields.list("maintainers", &format!("[]*{package}.Maintainer"))? {
        known.maintainers = items.iter().map(maintainer).collect::<Read<_>>()?;
    }
    if let Some(items) = fields.list("dependencies", &format!("[]*{package}.Dependency"))? {
        known.dependencies = items.iter().map(dependency).collect::<Read<_>>()?;
    }
    match fields.get("annotations") {
        None | Some(Value::Null) => {}
        Some(Value::Map(annotations)) => {
            for (key, value) in annotations {
                let text =
                    scalar(value).ok_or_else(|| fields.mismatch("annotations", value, "string"))?;
                known.annotations.insert(key.clone(), text);
            }
        }
        Some(other) => return Err(fields.mismatch("annotations", other, "map[string]string")),
    }
    Ok(())
}

struct Fields<'a> {
    map: &'a Map,
    of: &'static str,
}

impl<'a> Fields<'a> {
    /// The value of a field; Go takes its name in any case.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).or_else(|| {
            let mut all = self.map.iter();
            let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value)
        })
    }

    fn mismatch(&self, name: &str, value: &Value, wanted: &str) -> String {
        let (kind, of) = (value.kind().go_name(), self.of);
        format!("json: cannot unmarshal {kind} into Go struct field {of}.{name} of type {wanted}")
    }

    fn text(&self, name: &str, into: &mut SmolStr) -> Read<()> {
        match self.get(name) {
            None | Some(Value::Null) => {}
            Some(value) => {
                *into = scalar(value).ok_or_else(|| self.mismatch(name, value, "string"))?;
            }
        }
        Ok(())
    }

    fn flag(&self, name: &str, into: &mut bool) -> Read<()> {
        match self.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Bool(flag)) => *into = *flag,
            Some(value) => return Err(self.mismatch(name, value, "bool")),
        }
        Ok(())
    }

    fn list(&self, name: &str, wanted: &str) -> Read<Option<&'a [Value]>> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::List(list)) => Ok(Some(list.as_slice())),
            Some(value) => Err(self.mismatch(name, value, wanted)),
        }
    }

    fn texts(&self, name: &str, into: &mut Vec<SmolStr>) -> Read<()> {
        if let Some(items) = self.list(name, "[]string")? {
            let read = |item| scalar(item).ok_or_else(|| self.mismatch(name, item, "string"));
            *into = items.iter().map(read).collect::<Read<_>>()?;
        }
        Ok(())
    }
}

/// A scalar as the text that it is taken for.
fn scalar(value: &Value) -> Option<SmolStr> {
    Some(match value {
        Value::Null => SmolStr::default(),
        Value::Bool(value) => value.to_string().into(),
        Value::Int(value) => value.to_string().into(),
        Value::UInt(value) => value.to_string().into(),
        Value::Float(value) => float_to_shortest(*value).into(),
        Value::Str(value) => value.clone(),
        Value::List(_) | Value::Map(_) => return None,
    })
}

fn maintainer(value: &Value) -> Read<Maintainer> {
    let Value::Map(map) = value else {
        return Err(EMPTY_MAINTAINER.to_owned());
    };
    let fields = Fields {
        map,
        of: "Metadata.maintainers",
    };
    let mut read = Maintainer::default();
    fields.text("name", &mut read.name)?;
    fields.text("email", &mut read.email)?;
    fields.text("url", &mut read.url)?;
    Ok(read)
}

const EMPTY_MAINTAINER: &str = "validation: maintainers must not contain empty or null nodes";
const EMPTY_DEPENDENCY: &str = "validation: dependencies must not contain empty or null nodes";

fn dependency(value: &Value) -> Read<Dependency> {
    let Value::Map(map) = value else {
        return Err(EMPTY_DEPENDENCY.to_owned());
    };
    let fields = Fields {
        map,
        of: "Metadata.dependencies",
    };
    let mut read = Dependency::default();
    fields.text("name", &mut read.name)?;
    fields.text("version", &mut read.version)?;
    fields.text("repository", &mut read.repository)?;
    fields.text("condition", &mut read.condition)?;
    fields.text("alias", &mut read.alias)?;
    fields.texts("tags", &mut read.tags)?;
    fields.flag("enabled", &mut read.enabled)?;
    if let Some(items) = fields.list("import-values", "[]interface {}")? {
        read.import_values = items.iter().map(import).collect();
    }
    Ok(read)
}

fn import(value: &Value) -> ImportValues {
    let shown = |value: Option<&Value>| -> SmolStr {
        let text = value.and_then(scalar);
        text.unwrap_or_else(|| "<nil>".into())
    };
    match value {
        Value::Str(name) => ImportValues::Exported(name.clone()),
        Value::Map(map) => ImportValues::Moved {
            child: shown(map.get("child")),
            parent: shown(map.get("parent")),
        },
        other => ImportValues::Other(other.clone()),
    }
}

/// Checks metadata, and cleans its texts.
///
/// Source: Helm 3.22.0 `pkg/chart/metadata.go`, `Validate`.
pub(crate) fn check(metadata: &mut Metadata) -> Result<(), Problem> {
    for text in [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ] {
        sanitize(text);
    }
    let more = metadata.sources.iter_mut().chain(&mut metadata.keywords);
    more.for_each(sanitize);
    let refused = |message: String| Err(Problem::chart(format!("validation: {message}")));
    let name = &metadata.name;
    for (text, what) in [(&metadata.api_version, "apiVersion"), (name, "name")] {
        if text.is_empty() {
            return refused(format!("chart.metadata.{what} is required"));
        }
    }
    if name == "." || name == ".." {
        return refused(format!("chart.metadata.name {name:?} is not allowed"));
    }
    if name.contains('/') {
        return refused(format!("chart.metadata.name {name:?} is invalid"));
    }
    if metadata.version.is_empty() {
        return refused("chart.metadata.version is required".to_owned());
    }
    if !toft_gotmpl::is_version(&metadata.version) {
        let version = &metadata.version;
        return refused(format!("chart.metadata.version {version:?} is invalid"));
    }
    if !["", "application", "library"].contains(&metadata.kind.as_str()) {
        return refused("chart.metadata.type must be application or library".to_owned());
    }
    check_dependencies(&mut metadata.dependencies)
}

fn check_dependencies(dependencies: &mut [Dependency]) -> Result<(), Problem> {
    let mut names: Vec<SmolStr> = Vec::new();
    for dependency in dependencies {
        for text in [
            &mut dependency.name,
            &mut dependency.version,
            &mut dependency.repository,
            &mut dependency.condition,
        ] {
            sanitize(text);
        }
        dependency.tags.iter_mut().for_each(sanitize);
        let plain = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '-';
        if !dependency.alias.chars().all(plain) {
            return Err(Problem::chart(format!(
                "validation: dependency {:?} has disallowed characters in the alias",
                dependency.name
            )));
        }
        let name = if dependency.alias.is_empty() {
            &dependency.name
        } else {
            &dependency.alias
        };
        if names.contains(name) {
            return Err(Problem::chart(format!(
                "validation: more than one dependency with name or alias {name:?}"
            )));
        }
        names.push(name.clone());
    }
    Ok(())
}

/// Every white space becomes a space; what cannot be printed goes.
fn sanitize(text: &mut SmolStr) {
    let plain = |one: char| one == ' ' || one.is_ascii_graphic();
    if text.chars().all(plain) {
        return;
    }
    let kept = text.chars().filter_map(|one| {
        if one.is_whitespace() {
            Some(' ')
        } else {
            (!one.is_control()).then_some(one)
        }
    });
    *text = kept.collect::<String>().into();
}
