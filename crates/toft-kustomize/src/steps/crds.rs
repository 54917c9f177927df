//! `crds`: which fields of custom resources hold names, labels and annotations.
//!
//! The files hold the definitions of an OpenAPI, each below its type's name, with hints as extensions.
//!
//! Source: kustomize 5.8.2, `api/internal/accumulator/loadconfigfromcrds.go`.

use smol_str::SmolStr;
use toft_object::Gvk;
use toft_source::Source;
use toft_value::{Map, Value};
use toft_yaml::Resolver;

use crate::accumulate::Accumulator;
use crate::build::{Build, Stop};
use crate::config::{Config, NameReference};
use crate::directory::{Directory, Place};
use crate::fault::Fault;
use crate::field_spec::FieldSpec;

/// Definitions refer to each other at most this deep. Upstream has no limit and crashes on a circle.
const DEPTH_MAX: usize = 64;

pub(super) fn run(
    build: &mut Build<'_>,
    directory: &Directory,
    accumulator: &mut Accumulator,
) -> Result<(), Stop> {
    for entry in &directory.kustomization.crds {
        let place = (entry.field, entry.index);
        let source = directory.load_for(build, (&entry.text, place))?;
        let definitions = definitions(build, directory, (&source, place))?;
        config(&definitions)
            .and_then(|config| accumulator.config.merge(&config))
            .map_err(|fault| {
                build.refuse(directory.entry_error("KUS038", fault.to_string(), place))
            })?;
    }
    Ok(())
}

fn definitions(
    build: &mut Build<'_>,
    directory: &Directory,
    (source, place): (&Source, Place),
) -> Result<Map, Stop> {
    let values = toft_yaml::unmarshal(source, Resolver::Kubectl);
    let values = build.checked(values)?;
    match values.into_iter().next().map(|located| located.value) {
        Some(Value::Map(map)) => match map.iter().find(|(_, value)| !is_definition(value)) {
            None => Ok(map),
            Some((name, _)) => {
                let message = format!(
                    "a definition is a map, and `{name}` is none: the file holds definitions of an OpenAPI, each \
                     below the name of its type, and no CustomResourceDefinition"
                );
                Err(build.refuse(directory.entry_error("KUS038", message, place)))
            }
        },
        Some(Value::Null) | None if !source.bytes().is_empty() => Ok(Map::new()),
        _ => {
            let message = "a map of definitions is wanted, each below the name of its type";
            Err(build.refuse(directory.entry_error("KUS038", message, place)))
        }
    }
}

fn is_definition(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::Null)
}

/// A field of a map, whatever the case of its name.
fn part<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_map()?;
    let exact = map.get(name);
    exact.or_else(|| {
        let mut entries = map.iter();
        let same = entries.find(|(key, _)| key.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value)
    })
}

fn properties(definition: &Value) -> Option<&Map> {
    part(definition, "Schema")?.get("properties")?.as_map()
}

fn config(definitions: &Map) -> Result<Config, Fault> {
    let mut config = Config::empty();
    for (name, definition) in definitions {
        let is_object = properties(definition).is_some_and(|properties| {
            let mut wanted = ["kind", "apiVersion", "metadata"].into_iter();
            wanted.all(|field| properties.get(field).is_some())
        });
        if !is_object {
            continue;
        }
        let kind = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(_, kind)| kind);
        let mut reader = Reader {
            definitions,
            gvk: Gvk::new("", "", kind),
            path: Vec::new(),
            found: Found::default(),
        };
        reader.read(name)?;
        config.merge(&reader.found.config())?;
    }
    Ok(config)
}

#[derive(Default)]
struct Found {
    paths: Vec<(SmolStr, Vec<FieldSpec>)>,
    references: Vec<NameReference>,
}

impl Found {
    fn config(self) -> Config {
        Config::of(self.paths, self.references)
    }
}

struct Reader<'a> {
    definitions: &'a Map,
    gvk: Gvk,
    path: Vec<SmolStr>,
    found: Found,
}

impl Reader<'_> {
    fn read(&mut self, name: &str) -> Result<(), Fault> {
        if self.path.len() > DEPTH_MAX {
            let text = format!("definitions refer to each other more than {DEPTH_MAX} deep");
            return Err(Fault::new(text));
        }
        let Some(properties) = self.definitions.get(name).and_then(properties) else {
            return Ok(());
        };
        for (field, property) in properties {
            self.path.push(field.clone());
            self.property(property)?;
            self.path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &Value) -> Result<(), Fault> {
        let hint = |name: &str| part(property, name).and_then(Value::as_str);
        for (name, transformer) in [
            ("x-kubernetes-annotation", "commonAnnotations"),
            ("x-kubernetes-label-selector", "commonLabels"),
            ("x-kubernetes-identity", "namePrefix"),
        ] {
            if hint(name).is_some() {
                self.found.add(transformer, spec(&self.gvk, &self.path));
            }
        }
        let version = hint("x-kubernetes-object-ref-api-version");
        let kind = hint("x-kubernetes-object-ref-kind");
        if let (Some(version), Some(kind)) = (version, kind) {
            let field = hint("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let mut path = self.path.clone();
            path.push(field.into());
            self.found
                .refer(Gvk::new("", version, kind), spec(&self.gvk, &path));
        }
        match property.str_at(&["$ref"]) {
            Some(name) => self.read(name),
            None => Ok(()),
        }
    }
}

fn spec(gvk: &Gvk, path: &[SmolStr]) -> FieldSpec {
    FieldSpec {
        gvk: gvk.clone(),
        path: path.join("/").into(),
        create: false,
    }
}

impl Found {
    fn add(&mut self, transformer: &str, spec: FieldSpec) {
        match self.paths.iter_mut().find(|(name, _)| name == transformer) {
            Some((_, specs)) => specs.push(spec),
            None => self.paths.push((transformer.into(), vec![spec])),
        }
    }

    fn refer(&mut self, gvk: Gvk, spec: FieldSpec) {
        match self.references.iter_mut().find(|known| known.gvk == gvk) {
            Some(known) => known.referrers.to_mut().push(spec),
            None => self.references.push(NameReference {
                gvk,
                referrers: vec![spec].into(),
            }),
        }
    }
}
