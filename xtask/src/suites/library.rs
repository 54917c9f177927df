//! Upstream's libraries of objects (`tests/oracles/schema`): patches, merges, names, quantities, selectors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use toft_testkit::recorded::print;
use toft_value::Value;

use super::{Answer, Programs, each};

/// The answer to `input/request.json`.
pub(super) fn answer(programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let oracle = programs.schema()?;
    each(cases, |case| {
        let request = std::fs::read(case.join("input/request.json"))?;
        let request = Value::from_json(&request).context("input/request.json")?;
        let mut answer = oracle.ask(&[request.to_json().as_bytes(), b"\n"].concat())?;
        sort_errors(&mut answer);
        Ok(BTreeMap::from([("expected.json", print(&answer))]))
    })
}

/// Several errors of one object come in the order of Go's maps, which is none.
fn sort_errors(value: &mut Value) {
    const SEVERAL: &str = " errors:\n";
    match value {
        Value::Str(text) => {
            let Some((before, errors)) = text.split_once(SEVERAL) else {
                return;
            };
            let mut errors: Vec<&str> = errors.split('\n').collect();
            errors.sort_unstable();
            *value = format!("{before}{SEVERAL}{}", errors.join("\n")).into();
        }
        Value::List(list) => list.make_mut().iter_mut().for_each(sort_errors),
        Value::Map(map) => map.values_mut().for_each(sort_errors),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => {}
    }
}
