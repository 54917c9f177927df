//! What a real API server does with objects: defaults, decoding, validation, patches, managed fields.
//!
//! Each case has a namespace of its own on a server whose admission changes nothing and behind which no
//! controller works; what only shall be looked at is a dry run.

mod client;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use toft_testkit::exchange;
use toft_testkit::recorded::{print, with_managers, without_registry};
use toft_value::{Value, value};

use self::client::{Client, Step};
use super::{Answer, Programs};

type Record = fn(&mut Client, &Path) -> Result<Value>;

/// Alphabetical; the name of a kind of case is that of its folder.
const KINDS: &[(&str, Record)] = &[
    ("apply", apply),
    ("decode", decode),
    ("defaults", defaults),
    ("patch-json", |client, case| {
        patch(client, case, "application/json-patch+json")
    }),
    ("patch-merge", |client, case| {
        patch(client, case, "application/merge-patch+json")
    }),
    ("patch-strategic", |client, case| {
        patch(client, case, "application/strategic-merge-patch+json")
    }),
    ("validate", validate),
];

/// How many cases with several steps are asked at once: they mostly wait for the next second.
const APART: usize = 12;

pub(super) fn answer(programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let port = programs.bare_server()?;
    // A definition is in the way of cases about definitions, so those that need one come last.
    let defines = |case: &&PathBuf| case.join("input/crd.json").is_file();
    let has_steps = |case: &&PathBuf| case.join("input/steps.json").is_file();
    let (last, first): (Vec<_>, Vec<_>) = cases.iter().partition(defines);
    let (stepwise, first): (Vec<_>, Vec<_>) = first.into_iter().partition(has_steps);
    let mut answers = std::thread::scope(|scope| {
        let parts = stepwise.chunks(stepwise.len().div_ceil(APART).max(1));
        let running: Vec<_> = parts
            .map(|part| scope.spawn(move || in_order(port, part)))
            .collect();
        let mut answers = in_order(port, &first)?;
        answers.extend(in_order(port, &last)?);
        for part in running {
            let part = part
                .join()
                .map_err(|_| anyhow!("a thread of the recorder died"))?;
            answers.extend(part?);
        }
        anyhow::Ok(answers)
    })?;
    let answers = cases.iter().map(|case| answers.remove(case));
    answers
        .collect::<Option<_>>()
        .context("every case has been asked")
}

fn in_order<'a>(port: u16, cases: &[&'a PathBuf]) -> Result<BTreeMap<&'a PathBuf, Answer>> {
    let answers = cases.iter().map(|case| {
        let answer = one(port, case).with_context(|| case.display().to_string())?;
        Ok((*case, answer))
    });
    answers.collect()
}

fn one(port: u16, case: &Path) -> Result<Answer> {
    let part = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let (kind, name) = (part(case.parent()), part(Some(case)));
    let record = KINDS.iter().find(|(known, _)| *known == kind);
    let (_, record) = record.with_context(|| format!("there is no kind of case `{kind}`"))?;
    let mut client = Client::open(port, &format!("{kind}-{name}"))?;
    if case.join("input/crd.json").is_file() {
        client.define(&read(case, "input/crd.json")?)?;
    }
    let answer = record(&mut client, case);
    // What is left would be in the way of the next case, whether this one went well or not.
    client.close()?;
    Ok(BTreeMap::from([("expected.json", print(&answer?))]))
}

fn read(case: &Path, name: &str) -> Result<Value> {
    let bytes = std::fs::read(case.join(name)).with_context(|| format!("no `{name}`"))?;
    Value::from_json(&bytes).with_context(|| name.to_owned())
}

/// A step in which an object is created for the looks of it.
const DRY_CREATE: Step<'_> = Step {
    method: "POST",
    content_type: "application/json",
    query: "dryRun=All",
    subresource: "",
};

fn defaults(client: &mut Client, case: &Path) -> Result<Value> {
    let answer = client.send(&read(case, "input/object.json")?, &DRY_CREATE)?;
    Ok(without_registry(body(&answer)?))
}

/// The object with its defaults and the fields that strict decoding would refuse; or why it cannot be decoded.
fn decode(client: &mut Client, case: &Path) -> Result<Value> {
    let object = read(case, "input/object.json")?;
    let warn = Step {
        query: "dryRun=All&fieldValidation=Warn",
        ..DRY_CREATE
    };
    let answer = client.send(&object, &warn)?;
    if answer.code >= 400 {
        let message = message(&answer)?;
        let why = message.split_once(" cannot be handled as a ");
        let why = why.and_then(|(_, rest)| rest.split_once(": "));
        let why = why.map_or(message.as_str(), |(_, why)| why);
        return Ok(value!({"error": why}));
    }
    let unknown = answer.warnings.iter().filter_map(|warning| {
        let text = warning.strip_prefix("299 - \"")?.strip_suffix('"')?;
        let text = text.replace("\\\"", "\"");
        let is_strict = text.starts_with("unknown field") || text.starts_with("duplicate field");
        is_strict.then(|| Value::from(text))
    });
    let unknown = Value::from(unknown.collect::<Vec<_>>());
    let object = without_registry(body(&answer)?);
    Ok(value!({"object": object, "unknown": unknown}))
}

/// The causes of a refused create, or of a refused change, in order of fields.
fn validate(client: &mut Client, case: &Path) -> Result<Value> {
    let mut object = unplaced(read(case, "input/object.json")?);
    let involved = &["involvedObject", "namespace"];
    if object.str_at(involved) == Some("default") {
        object.set_at(involved, client.namespace());
    }
    let answer = if case.join("input/old.json").is_file() {
        let old = unplaced(read(case, "input/old.json")?);
        let mut live = client.create(&old)?;
        if old.str_at(&["kind"]) == Some("CustomResourceDefinition") {
            live = client.established(&old)?;
        }
        let mut object = with_registry(object, &live);
        if let Some(version) = live.str_at(&["metadata", "resourceVersion"]) {
            object.set_at(&["metadata", "resourceVersion"], version);
        }
        let step = Step {
            method: "PUT",
            ..DRY_CREATE
        };
        client.send(&object, &step)?
    } else {
        client.send(&object, &DRY_CREATE)?
    };
    let status = body(&answer)?;
    let mut causes = Vec::new();
    for cause in status.items_at(&["details", "causes"]) {
        let part = |key: &str| cause.str_at(&[key]).unwrap_or_default().to_owned();
        causes.push((part("field"), part("message"), part("reason")));
    }
    causes.sort();
    let causes = causes.into_iter().map(
        |(field, message, reason)| value!({"field": field, "message": message, "reason": reason}),
    );
    Ok(Value::from(causes.collect::<Vec<_>>()))
}

/// An object without what another server gave it: each case has a namespace of its own here.
fn unplaced(mut object: Value) -> Value {
    const GIVEN: &[&str] = &["creationTimestamp", "resourceVersion", "uid"];
    if object.str_at(&["metadata", "uid"]).is_some() {
        for field in GIVEN {
            object.remove_at(&["metadata", field]);
        }
    }
    if object.str_at(&["metadata", "namespace"]) == Some("default") {
        object.remove_at(&["metadata", "namespace"]);
    }
    object
}

/// What the registry gave to the live object: who changes it keeps it.
fn with_registry(mut object: Value, live: &Value) -> Value {
    const GIVEN: &[&[&str]] = &[
        &["spec", "selector"],
        &["spec", "template", "metadata", "labels"],
    ];
    if object.str_at(&["kind"]) == Some("Job") {
        for path in GIVEN {
            if let Some(given) = live.at(path) {
                object.set_at(path, given.clone());
            }
        }
    }
    object
}

fn patch(client: &mut Client, case: &Path, content_type: &'static str) -> Result<Value> {
    let object = read(case, "input/object.json")?;
    client.create(&object)?;
    let change = std::fs::read_to_string(case.join("input/patch.json"))?;
    let step = Step {
        method: "PATCH",
        content_type,
        ..DRY_CREATE
    };
    let answer = client.send_text(&object, &change, &step)?;
    if answer.code < 400 {
        return Ok(without_registry(body(&answer)?));
    }
    Ok(value!({"status": (i64::from(answer.code)), "error": (message(&answer)?)}))
}

/// The answers to a list of requests about one object, each kept.
fn apply(client: &mut Client, case: &Path) -> Result<Value> {
    let mut answers = Vec::new();
    for (at, step) in read(case, "input/steps.json")?.items().iter().enumerate() {
        if at > 0 {
            wait_for_next_second()?;
        }
        let object = step.get("object").context("a step has an object")?;
        let text = |key: &str| step.str_at(&[key]).unwrap_or_default();
        let force = step.bool_at(&["force"]).unwrap_or_default();
        let query = format!(
            "fieldManager={}&force={force}",
            client::escaped(text("manager"))
        );
        let (method, content_type) = match text("op") {
            "apply" => ("PATCH", "application/apply-patch+yaml"),
            "create" => ("POST", "application/json"),
            "update" => ("PUT", "application/json"),
            other => bail!("there is no request `{other}`"),
        };
        let query = if text("op") == "apply" {
            query
        } else {
            query.replace(&format!("&force={force}"), "")
        };
        // An object of another kind is sent to where the first one is.
        let mut place = object.clone();
        if let Some(kind) = step.str_at(&["as"]) {
            place.set_at(&["kind"], kind);
        }
        let step = Step {
            method,
            content_type,
            query: &query,
            subresource: text("subresource"),
        };
        let answer = client.send_text(&place, &object.to_json(), &step)?;
        answers.push(applied(client, &answer)?);
    }
    Ok(Value::from(answers))
}

/// Managers are ordered by when they came, and the server's clock tells seconds.
fn wait_for_next_second() -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let rest = 1_000_000_000 - u64::from(now.subsec_nanos());
    std::thread::sleep(Duration::from_nanos(rest) + Duration::from_millis(2));
    Ok(())
}

fn applied(client: &Client, answer: &exchange::Answer) -> Result<Value> {
    let object = body(answer)?;
    if answer.code < 400 {
        return Ok(value!({"object": (with_managers(&object))}));
    }
    // The namespace is the recorder's own.
    let message = message(answer)?.replace(&format!("({}/", client.namespace()), "(/");
    let mut told = value!({"error": message, "status": (i64::from(answer.code))});
    if answer.code == 409 {
        // The server tells them in the order of a Go map.
        let mut causes = object.items_at(&["details", "causes"]).to_vec();
        causes.sort_by_key(Value::to_json);
        told.set_at(&["causes"], Value::from(causes));
    }
    Ok(told)
}

fn body(answer: &exchange::Answer) -> Result<Value> {
    Value::from_json(answer.body.as_bytes()).with_context(|| answer.body.clone())
}

fn message(answer: &exchange::Answer) -> Result<String> {
    let status = body(answer)?;
    let message = status.str_at(&["message"]);
    Ok(message
        .ok_or_else(|| anyhow!("the refusal has no message: {}", answer.body))?
        .to_owned())
}
