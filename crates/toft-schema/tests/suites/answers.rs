//! What this crate answers to the requests that upstream's libraries answered (`tests/oracles/schema`).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "requests are our own"
)]

#[path = "answers/apply.rs"]
mod apply;
#[path = "answers/patches.rs"]
mod patches;
#[path = "answers/words.rs"]
mod words;

use toft_value::Value;

type Answer = fn(&Value) -> Value;

/// By mode, alphabetical.
const ANSWERS: &[(&str, Answer)] = &[
    ("apply", apply::answer),
    ("json", patches::json),
    ("merge", patches::merge),
    ("name", words::name),
    ("quantity", words::quantity),
    ("selector", words::selector),
    ("strategic", patches::strategic),
];

/// The answer to the request of a mode; `None` where there is no such mode.
pub(crate) fn answer(mode: &str, request: &Value) -> Option<Value> {
    let (_, answer) = ANSWERS.iter().find(|(name, _)| *name == mode)?;
    Some(reread(&answer(request)))
}

/// As text numbers are what everybody reads.
pub(crate) fn reread(value: &Value) -> Value {
    Value::from_json(value.to_json().as_bytes()).unwrap_or_default()
}
