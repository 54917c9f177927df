//! This house's YAML beside upstream's: values, refusals and writing of one text, both resolvers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use anyhow::Result;
use toft_source::{Severity, Source};
use toft_value::Value;
use toft_yaml::Resolver;

use crate::suites::YamlOracle;

/// A text of some kilobytes that takes longer hangs.
const READ_SECONDS_MAX: u64 = 5;

const RESOLVERS: &[(&str, Resolver)] = &[
    ("kubectl", Resolver::Kubectl),
    ("kustomize", Resolver::Kustomize),
];

/// How often upstream is asked to write a map whose keys its order puts in a circle, which it then writes in
/// the order of a Go map: by chance.
const WRITTEN_MAX: usize = 32;

/// Two byte order marks.
const TWO_MARKS: &[u8] = b"\xef\xbb\xbf\xef\xbb\xbf";

/// In what the two differ.
pub(crate) struct Difference {
    /// What is compared and with which library.
    pub(crate) kind: String,
    /// Both refuse the same documents, with other words.
    pub(crate) is_of_words: bool,
    pub(crate) upstream: String,
    pub(crate) ours: String,
}

/// What one side makes of a text: the values of its documents, and what it refuses them with.
#[derive(PartialEq, Eq, Debug, Default)]
struct Reading {
    values: Vec<String>,
    refusals: Vec<String>,
}

/// Reads a text with both libraries and ours, and writes what was read; the first difference.
pub(crate) fn compare(oracle: &mut YamlOracle, text: &[u8]) -> Result<Option<Difference>> {
    for (library, resolver) in RESOLVERS {
        let begin = Instant::now();
        let Ok((ours, values)) = catch_unwind(AssertUnwindSafe(|| ours(*resolver, text))) else {
            return Ok(Some(difference("panic", library, Default::default())));
        };
        if begin.elapsed() > Duration::from_secs(READ_SECONDS_MAX) {
            return Ok(Some(difference("time", library, Default::default())));
        }
        let upstream = upstream(oracle, library, text)?;
        let told =
            |upstream: &[String], ours: &[String]| (format!("{upstream:?}"), format!("{ours:?}"));
        if is_known(*resolver, text, &ours) {
            continue;
        }
        if upstream.values != ours.values {
            let told = told(&upstream.values, &ours.values);
            return Ok(Some(difference("values", library, told)));
        }
        if upstream.refusals != ours.refusals {
            let is_of_words = upstream.refusals.len() == ours.refusals.len();
            let told = told(&upstream.refusals, &ours.refusals);
            return Ok(Some(Difference {
                is_of_words,
                ..difference("refusals", library, told)
            }));
        }
        for value in &values {
            if let Some(told) = written(oracle, value)? {
                return Ok(Some(difference("writing", library, told)));
            }
        }
    }
    Ok(None)
}

/// What is otherwise here, and stays so.
///
/// kyaml has no bound on aliases, we have the one of the library below it. An empty collection as a key
/// (`{}: x`) is one to v3 and none to v2, which share our tree. What v3 prints between a block scalar that keeps
/// its line breaks and a comment at the end of the text becomes part of the scalar. After two byte order marks the
/// libraries skip a character at the start of some lines.
fn is_known(resolver: Resolver, text: &[u8], ours: &Reading) -> bool {
    if text.starts_with(TWO_MARKS) {
        return true;
    }
    if resolver != Resolver::Kustomize {
        return false;
    }
    let text = String::from_utf8_lossy(text);
    let has_empty_key = ["{}", "[]", "{ }", "[ ]"]
        .iter()
        .flat_map(|key| text.match_indices(key).map(|(at, key)| at + key.len()))
        .any(|end| {
            let rest = text.get(end..).unwrap_or_default();
            rest.trim_start_matches([' ', '\t']).starts_with(':')
        });
    let keeps_and_comments = ["|+", "|1+", "|2+", ">+"]
        .iter()
        .any(|mark| text.contains(mark))
        && text.contains('#');
    let is_bound = |told: &String| told.ends_with("excessive aliasing");
    has_empty_key || keeps_and_comments || ours.refusals.iter().any(is_bound)
}

fn difference(kind: &str, library: &str, (upstream, ours): (String, String)) -> Difference {
    Difference {
        kind: format!("{kind}, {library}"),
        is_of_words: false,
        upstream,
        ours,
    }
}

/// What both write, where ours is nothing that upstream writes.
fn written(oracle: &mut YamlOracle, value: &Value) -> Result<Option<(String, String)>> {
    let (json, ours) = (value.to_json(), toft_yaml::write(value));
    let mut last = String::new();
    for _ in 0..WRITTEN_MAX {
        let Some(upstream) = oracle.write(&json)? else {
            return Ok(None);
        };
        if upstream == ours {
            return Ok(None);
        }
        last = upstream;
    }
    Ok(Some((last, ours)))
}

fn ours(resolver: Resolver, text: &[u8]) -> (Reading, Vec<Value>) {
    let source = Source::new("document", text.into());
    let checked = toft_yaml::values(&source, resolver);
    let errors = checked
        .diagnostics
        .iter()
        .filter(|told| told.severity == Severity::Error);
    let refusals = errors.map(|told| told.message.clone()).collect();
    let values: Vec<Value> = checked
        .value
        .into_iter()
        .map(|located| located.value)
        .collect();
    let reading = Reading {
        values: values.iter().map(Value::to_json).collect(),
        refusals,
    };
    (reading, values)
}

fn upstream(oracle: &mut YamlOracle, library: &str, text: &[u8]) -> Result<Reading> {
    let mut reading = Reading::default();
    for document in oracle.read(library, text)? {
        match document {
            Ok(json) if json == "null" => {}
            // Deeper than our JSON reader goes is deeper than anything here.
            Ok(json) => match Value::from_json(json.as_bytes()) {
                Ok(value) => reading.values.push(whole(value).to_json()),
                Err(error) => reading.refusals.push(error.to_string()),
            },
            Err(message) => reading.refusals.push(message),
        }
    }
    Ok(reading)
}

/// Numbers as our values hold them: `1e+06` is 1000000.
fn whole(value: Value) -> Value {
    match value {
        Value::Float(number) => {
            let text = toft_value::float_to_json(number);
            let integer = text.parse().map(Value::Int).ok();
            let integer = integer.or_else(|| text.parse().map(Value::from_u64).ok());
            integer.unwrap_or(Value::Float(number))
        }
        Value::List(list) => Value::List(list.iter().cloned().map(whole).collect()),
        Value::Map(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| (key.clone(), whole(value.clone())));
            Value::Map(entries.collect())
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Str(_) => value,
    }
}
