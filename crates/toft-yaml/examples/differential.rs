//! Compares this crate with upstream's programs on mutated documents.
//!
//! `differential ORACLE COUNT FOLDER…` mutates the YAML files below the folders with a fixed seed, asks the
//! oracle (`tests/oracles/yaml`) about each document in both resolvers, and prints every disagreement:
//! verdict, value, message, and what a value is written as. Exit code 1 when there is one in verdict,
//! value or writing.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for developers that reads files and prints"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use toft_source::{Severity, Source};
use toft_value::Value;
use toft_yaml::Resolver;

#[path = "differential/mutate.rs"]
mod mutate;

use mutate::Mutator;

/// How many disagreements of each kind are printed.
const SHOWN_MAX: usize = 12;

struct Oracle {
    child: std::process::Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Oracle {
    fn start(path: &str) -> Self {
        let mut command = Command::new(path);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn ask(&mut self, mode: &str, body: &[u8]) -> Value {
        let stdin = self.child.stdin.as_mut().unwrap();
        let head = format!("{{\"mode\":\"{mode}\",\"bytes\":{}}}\n", body.len());
        let frame = [head.as_bytes(), body].concat();
        stdin.write_all(&frame).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        Value::from_json(line.as_bytes()).unwrap()
    }
}

/// What one side says: a value as JSON, or a message.
#[derive(PartialEq)]
enum Verdict {
    Value(Value),
    Refused(String),
}

fn upstream(oracle: &mut Oracle, mode: &str, document: &[u8]) -> Verdict {
    let answer = oracle.ask(mode, document);
    if let Some(message) = answer.str_at(&["error"]) {
        return Verdict::Refused(message.to_owned());
    }
    let json = answer.str_at(&["json"]).unwrap_or("null");
    // Deeper than our JSON reader goes is deeper than anything here.
    match Value::from_json(json.as_bytes()) {
        Ok(value) => Verdict::Value(whole(value)),
        Err(error) => Verdict::Refused(error.to_string()),
    }
}

/// Numbers as this crate's values hold them: `1e+06` is 1000000.
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
        other => other,
    }
}

fn ours(resolver: Resolver, document: &[u8]) -> Verdict {
    let source = Source::new("document", document.into());
    let checked = toft_yaml::values(&source, resolver);
    let errors = checked.diagnostics.iter();
    let mut errors = errors.filter(|diagnostic| diagnostic.severity == Severity::Error);
    if let Some(error) = errors.next() {
        return Verdict::Refused(error.message.clone());
    }
    let first = checked.value.into_iter().next();
    Verdict::Value(first.map_or(Value::Null, |located| located.value))
}

#[derive(Default)]
struct Tally {
    asked: usize,
    counts: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn add(&mut self, kind: &'static str, document: &[u8], (theirs, ours): (&str, &str)) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= SHOWN_MAX {
            println!(
                "--- {kind}\n{}\nupstream: {theirs}\nours:     {ours}\n",
                String::from_utf8_lossy(document).escape_debug()
            );
        }
    }
}

/// The document up to the second line that begins another one.
fn first_chunk(document: &[u8]) -> &[u8] {
    let is_marker = |at: &usize| {
        let line = &document[*at + 1..];
        line.starts_with(b"---") && line.get(3).is_none_or(u8::is_ascii_whitespace)
    };
    let mut breaks = (0..document.len()).filter(|at| document[*at] == b'\n');
    breaks
        .find(is_marker)
        .map_or(document, |at| &document[..=at])
}

fn compare(tally: &mut Tally, oracle: &mut Oracle, document: &[u8]) {
    let document = first_chunk(document);
    for (mode, resolver) in [
        ("kubectl", Resolver::Kubectl),
        ("kustomize", Resolver::Kustomize),
    ] {
        tally.asked += 1;
        match (upstream(oracle, mode, document), ours(resolver, document)) {
            (Verdict::Value(theirs), Verdict::Value(ours)) if theirs != ours => {
                tally.add(
                    if mode == "kubectl" {
                        "value, kubectl"
                    } else {
                        "value, kustomize"
                    },
                    document,
                    (&theirs.to_json(), &ours.to_json()),
                );
            }
            (Verdict::Value(value), Verdict::Value(_)) => write_back(tally, oracle, &value),
            (Verdict::Value(theirs), Verdict::Refused(message)) => {
                tally.add(
                    if mode == "kubectl" {
                        "refused here, kubectl"
                    } else {
                        "refused here, kustomize"
                    },
                    document,
                    (&theirs.to_json(), &message),
                );
            }
            (Verdict::Refused(message), Verdict::Value(ours)) => {
                tally.add(
                    if mode == "kubectl" {
                        "accepted here, kubectl"
                    } else {
                        "accepted here, kustomize"
                    },
                    document,
                    (&message, &ours.to_json()),
                );
            }
            (Verdict::Refused(theirs), Verdict::Refused(ours)) if theirs != ours => {
                tally.add(
                    if mode == "kubectl" {
                        "message, kubectl"
                    } else {
                        "message, kustomize"
                    },
                    document,
                    (&theirs, &ours),
                );
            }
            (Verdict::Refused(_), Verdict::Refused(_)) => {}
        }
    }
}

fn write_back(tally: &mut Tally, oracle: &mut Oracle, value: &Value) {
    let answer = oracle.ask("write", value.to_json().as_bytes());
    let Some(theirs) = answer.str_at(&["yaml"]) else {
        return;
    };
    let ours = toft_yaml::write(value);
    if theirs != ours {
        tally.add(
            "writing",
            value.to_json().as_bytes(),
            (&format!("{theirs:?}"), &format!("{ours:?}")),
        );
    }
}

fn collect(folder: &Path, documents: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        let is_yaml = path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml");
        if path.is_dir() {
            collect(&path, documents);
        } else if is_yaml {
            // Upstream reads one document of a chunk: one chunk is one document here.
            let text = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&text).into_owned();
            documents.extend(text.split("\n---").map(|part| part.as_bytes().to_vec()));
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, oracle, count, folders @ ..] = arguments.as_slice() else {
        println!("usage: differential ORACLE COUNT FOLDER…");
        return ExitCode::from(2);
    };
    let mut documents = Vec::new();
    for folder in folders {
        collect(Path::new(folder), &mut documents);
    }
    if documents.is_empty() {
        println!("no documents");
        return ExitCode::from(2);
    }
    documents.retain(|document| document.len() < 20_000);
    let mut oracle = Oracle::start(oracle);
    let mut tally = Tally::default();
    let mut mutator = Mutator::new(7);
    for document in &documents {
        compare(&mut tally, &mut oracle, document);
    }
    for index in 0..count.parse().unwrap() {
        let mut document = mutator.mutate(&documents[index % documents.len()]);
        if index % 16 == 0 {
            mutator.damage(&mut document);
        }
        compare(&mut tally, &mut oracle, &document);
    }
    println!(
        "{} documents, {} questions; disagreements: {:?}",
        documents.len(),
        tally.asked,
        tally.counts
    );
    let only_messages = tally.counts.keys().all(|kind| kind.starts_with("message"));
    if only_messages {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
