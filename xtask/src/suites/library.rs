//! Upstream's libraries of objects (`tests/oracles/schema`): patches, merges, names, quantities, selectors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use toft_testkit::recorded::print;
use toft_value::Value;

use super::{Answer, Programs, each};

/// Several errors of one object come in the order of Go's maps, which is none: so often they are asked for again.
const ASKED_MAX: usize = 16;

/// The answer to `input/request.json`; where several are right, the recorded one if it is among them.
pub(super) fn answer(programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let oracle = programs.schema()?;
    each(cases, |case| {
        let request = std::fs::read(case.join("input/request.json"))?;
        let request = Value::from_json(&request).context("input/request.json")?;
        let request = [request.to_json().as_bytes(), b"\n"].concat();
        let recorded = std::fs::read_to_string(case.join("expected.json")).ok();
        let mut answer = print(&oracle.ask(&request)?);
        for _ in 1..ASKED_MAX {
            if recorded.as_ref().is_none_or(|recorded| *recorded == answer) {
                break;
            }
            answer = print(&oracle.ask(&request)?);
        }
        Ok(BTreeMap::from([("expected.json", answer)]))
    })
}
