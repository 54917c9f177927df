//! Compares validation and defaults with answers that were recorded from an API server.
//!
//! `recorded FILE` reads one JSON document a line: `object` and, for a change, `old`; then `status`, and either
//! `causes` or `message` of a refusal, or `result`. It prints one JSON line for each that differs.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a tool for developers that reads files and prints"
)]

use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use toft_object::Gvk;
use toft_schema::{FieldError, Schemas, apply_defaults, decode, validate, validate_update};
use toft_value::{Value, value};

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap();
    let file = BufReader::new(std::fs::File::open(path).unwrap());
    let schemas = Schemas::builtin();
    let (mut count, mut wrong) = (0, 0);
    for line in file.lines() {
        let recorded = Value::from_json(line.unwrap().as_bytes()).unwrap();
        let theirs = theirs(&recorded);
        let ours = ours(&schemas, &recorded);
        count += 1;
        if ours != theirs {
            wrong += 1;
            let field = |key: &str| recorded.at(&[key]).cloned().unwrap_or_default();
            let shown = value!({
                "kind": (field("kind")),
                "path": (field("path")),
                "mut": (field("mut")),
                "update": (recorded.at(&["old"]).is_some()),
                "theirs": theirs,
                "ours": ours,
            });
            println!("{}", shown.to_json());
        }
    }
    eprintln!("{wrong} of {count} differ");
    ExitCode::from(u8::from(wrong > 0))
}

fn causes(mut causes: Vec<Value>) -> Value {
    causes.sort_by_key(Value::to_json);
    causes.into()
}

fn theirs(recorded: &Value) -> Value {
    match recorded.i64_at(&["status"]).unwrap_or_default() {
        200 | 201 => value!({"object": (scrub(recorded.at(&["result"]).unwrap()))}),
        422 => {
            let items = recorded.items_at(&["causes"]).iter();
            let items = items.map(|cause| {
                let text = |key| cause.str_at(&[key]).unwrap_or_default();
                value!([(text("field")), (text("reason")), (text("message"))])
            });
            value!({"causes": (causes(items.collect()))})
        }
        _ => value!({"error": (recorded.str_at(&["message"]).unwrap_or_default())}),
    }
}

fn finish(schemas: &Schemas, object: &Value) -> Result<Value, String> {
    let gvk = gvk(object);
    let decoded = decode(schemas, &gvk, object);
    let mut object = decoded.map_err(|error| error.to_string())?.value;
    apply_defaults(schemas, &gvk, &mut object);
    Ok(object)
}

fn gvk(object: &Value) -> Gvk {
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default();
    Gvk::of(text("apiVersion"), text("kind"))
}

fn ours(schemas: &Schemas, recorded: &Value) -> Value {
    let written = recorded.at(&["object"]).unwrap();
    let gvk = gvk(written);
    let object = match finish(schemas, written) {
        Ok(object) => object,
        Err(error) => return value!({"error": error}),
    };
    let errors = match recorded.at(&["old"]) {
        None => validate(schemas, &gvk, &object),
        Some(old) => {
            let old = finish(schemas, old).unwrap();
            validate_update(schemas, &gvk, &old, &object)
        }
    };
    if errors.is_empty() {
        return value!({"object": (scrub(&object))});
    }
    let cause =
        |error: &FieldError| value!([(error.field.clone()), (error.reason()), (error.message())]);
    value!({"causes": (causes(errors.iter().map(cause).collect()))})
}

/// Without what a server sets.
fn scrub(object: &Value) -> Value {
    let mut object = object.clone();
    object.remove_at(&["metadata"]);
    object.remove_at(&["status"]);
    if object.str_at(&["kind"]) == Some("Service") {
        for field in [
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "healthCheckNodePort",
            "ports",
        ] {
            object.remove_at(&["spec", field]);
        }
    }
    if object.str_at(&["kind"]) == Some("Job") {
        object.remove_at(&["spec", "selector"]);
        object.remove_at(&["spec", "template", "metadata"]);
    }
    object
}
