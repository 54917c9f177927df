//! Compares this crate with upstream's libraries on generated operations.
//!
//! `differential ORACLE MODE SEED COUNT [FOLDER]` generates COUNT requests from a seed, asks the oracle
//! (`tests/oracles/schema`) and this crate, and prints the first disagreements. Exit code 1 when there is one. With a FOLDER each request
//! is written there as a case.
//! Modes: `apply`, `json`, `merge`, `strategic`, `quantity`, `selector`, `name`.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for developers that reads files and prints"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

use toft_value::{Value, value};

#[path = "../tests/suites/answers.rs"]
mod answers;
#[path = "differential/apply.rs"]
mod apply;
#[path = "differential/kinds.rs"]
mod kinds;
#[path = "differential/patches.rs"]
mod patches;
#[path = "differential/random.rs"]
mod random;
#[path = "differential/words.rs"]
mod words;

use random::Random;

/// How many disagreements are printed.
const SHOWN_MAX: usize = 5;

type Ask = fn(&mut Random) -> Value;

/// What makes the requests of a mode, alphabetical.
const MODES: &[(&str, Ask)] = &[
    ("apply", apply::ask),
    ("json", patches::ask_json),
    ("merge", patches::ask_merge),
    ("name", words::ask_name),
    ("quantity", words::ask_quantity),
    ("selector", words::ask_selector),
    ("strategic", patches::ask_strategic),
];

struct Oracle {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    fn start(path: &str) -> Self {
        let mut command = Command::new(path);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn ask(&mut self, mode: &str, body: &Value) -> Value {
        let request = value!({"mode": mode, "body": (body.clone())});
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{}", request.to_json()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        Value::from_json(line.as_bytes()).unwrap()
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [oracle, mode, seed, count, rest @ ..] = arguments.as_slice() else {
        println!("differential ORACLE MODE SEED COUNT [FOLDER]");
        return ExitCode::from(2);
    };
    let (_, ask) = MODES.iter().find(|(name, _)| name == mode).unwrap();
    let (first, count): (u64, u64) = (seed.parse().unwrap(), count.parse().unwrap());
    let mut oracle = Oracle::start(oracle);
    let mut wrong = 0;
    for seed in first..first + count {
        let request = answers::reread(&ask(&mut Random::new(seed)));
        let recorded = oracle.ask(mode, &request);
        if let Some(folder) = rest.first() {
            record(
                &format!("{folder}/{mode}-{seed}"),
                mode,
                (&request, &recorded),
            );
        }
        let theirs = sorted(&recorded);
        let ours = sorted(&answers::answer(mode, &request).unwrap());
        if ours != theirs {
            wrong += 1;
            if wrong <= SHOWN_MAX {
                show(seed, &request, (&theirs, &ours));
            }
        }
    }
    println!("{wrong} of {count} differ");
    ExitCode::from(u8::from(wrong > 0))
}

/// Writes a case.
fn record(folder: &str, mode: &str, (request, answer): (&Value, &Value)) {
    std::fs::create_dir_all(format!("{folder}/input")).unwrap();
    let about = format!(
        "A generated request of mode `{mode}`.\n\nRecorded from upstream's libraries as `tests/oracles/schema` pins them: Kubernetes 1.36.3.\n"
    );
    std::fs::write(format!("{folder}/case.md"), about).unwrap();
    let request = value!({"mode": mode, "body": (request.clone())});
    let write = |name: &str, value: &Value| {
        let text = value.to_json_indented("  ").replace("\\u003c", "<");
        let text = text.replace("\\u003e", ">").replace("\\u0026", "&");
        std::fs::write(format!("{folder}/{name}"), format!("{text}\n")).unwrap();
    };
    write("input/request.json", &request);
    write("expected.json", answer);
}

/// What stands before the list of all that does not fit a type.
const TYPED: &str = "(/thing; example.org/v1, Kind=Thing)";

/// With causes sorted and no list of what does not fit: upstream walks maps in any order, and gives up early.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Str(text) if text.contains(TYPED) => {
            text.split(TYPED).next().unwrap_or_default().into()
        }
        Value::List(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            if items.iter().any(|one| one.get("reason").is_some()) {
                items.sort_by_key(Value::to_json);
            }
            items.into()
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Map(entries.collect())
        }
        other => other.clone(),
    }
}

/// The request, and where the answers part.
fn show(seed: u64, request: &Value, (theirs, ours): (&Value, &Value)) {
    println!("--- seed {seed}\n{}", request.to_json());
    let pairs = theirs.items_at(&["value"]).iter();
    let pairs = pairs.zip(ours.items_at(&["value"]));
    let at = pairs.clone().position(|(left, right)| left != right);
    match at.and_then(|at| Some((at, pairs.clone().nth(at)?))) {
        Some((at, (left, right))) => {
            println!(
                "step {at}\nupstream {}\nours     {}",
                left.to_json(),
                right.to_json()
            );
        }
        None => println!("upstream {}\nours     {}", theirs.to_json(), ours.to_json()),
    }
}
