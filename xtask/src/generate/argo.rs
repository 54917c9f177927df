//! The definitions of Argo CD's kinds: structure only, repeated parts written once.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use toft_source::Source;
use toft_value::{List, Map, Value, value};
use toft_yaml::{Resolver, values};

use super::Upstream;

/// The release whose definitions these are.
pub(super) const VERSION: &str = "3.2.0";

const FILES: &[&str] = &[
    "application-crd.yaml",
    "applicationset-crd.yaml",
    "appproject-crd.yaml",
];

/// A part that is shorter costs more as a reference than as itself.
const SHARED_BYTES_MIN: usize = 120;

/// The definitions as JSON: `definitions`, and `parts` that they and later parts refer to by `{"$": n}`.
pub(super) fn write(upstream: &Upstream) -> Result<Vec<u8>> {
    let mut definitions = Vec::new();
    for file in FILES {
        let path = upstream.argo().join("manifests/crds").join(file);
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let read = values(&Source::new(*file, bytes.into()), Resolver::Kubectl);
        let [definition] = read.value.as_slice() else {
            bail!("{file} is not one document")
        };
        definitions.push(strip(&definition.value, Place::Schema));
    }
    let mut counts = BTreeMap::new();
    for definition in &definitions {
        count(definition, &mut counts);
    }
    let mut parts = Parts {
        counts,
        numbers: BTreeMap::new(),
        list: Vec::new(),
    };
    let definitions: Vec<Value> = definitions
        .iter()
        .map(|definition| parts.shorten(definition))
        .collect();
    let whole =
        value!({"definitions": definitions, "parts": List::from(parts.list), "version": VERSION});
    Ok((whole.to_json() + "\n").into_bytes())
}

/// Where in a definition a map stands: names of properties are not words of the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Schema,
    Properties,
}

fn strip(value: &Value, place: Place) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map
                .iter()
                .filter(|(key, _)| place == Place::Properties || *key != "description");
            let place = |key: &str| {
                if place == Place::Schema && key == "properties" {
                    Place::Properties
                } else {
                    Place::Schema
                }
            };
            Value::Map(
                kept.map(|(key, value)| (key.clone(), strip(value, place(key))))
                    .collect(),
            )
        }
        Value::List(list) => {
            Value::List(list.iter().map(|item| strip(item, Place::Schema)).collect())
        }
        scalar => scalar.clone(),
    }
}

fn count(value: &Value, counts: &mut BTreeMap<String, usize>) {
    if let Value::Map(map) = value {
        *counts.entry(value.to_json()).or_default() += 1;
        map.values().for_each(|value| count(value, counts));
    }
    value.items().iter().for_each(|item| count(item, counts));
}

struct Parts {
    counts: BTreeMap<String, usize>,
    numbers: BTreeMap<String, usize>,
    list: Vec<Value>,
}

impl Parts {
    fn shorten(&mut self, value: &Value) -> Value {
        let Value::Map(map) = value else {
            let Value::List(list) = value else {
                return value.clone();
            };
            return Value::List(list.iter().map(|item| self.shorten(item)).collect());
        };
        let text = value.to_json();
        if let Some(number) = self.numbers.get(&text) {
            return value!({"$": *number});
        }
        let short: Map = map
            .iter()
            .map(|(key, value)| (key.clone(), self.shorten(value)))
            .collect();
        let shared = self.counts.get(&text).is_some_and(|count| *count > 1)
            && text.len() >= SHARED_BYTES_MIN;
        if !shared {
            return Value::Map(short);
        }
        let number = self.list.len();
        self.list.push(Value::Map(short));
        self.numbers.insert(text, number);
        value!({"$": number})
    }
}
