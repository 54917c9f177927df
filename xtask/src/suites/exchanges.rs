//! Exchanges with a real API server.
//!
//! The cases are those of the simulated API server. All are sent to one server that starts empty.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use toft_testkit::exchange::{parse, transcript};

use super::{Answer, Programs, each};
use crate::http;

pub(super) fn answer(programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let port = programs.server()?;
    each(cases, |case| {
        let exchanges = std::fs::read_to_string(case.join("input/exchanges.http"))?;
        let exchanges = parse(&exchanges).map_err(|error| anyhow!(error))?;
        let text = transcript(&exchanges, &mut |exchange| {
            http::send(port, exchange).map_err(|error| format!("{error:#}"))
        });
        let text = text.map_err(|error| anyhow!(error))?;
        Ok(BTreeMap::from([("expected.answers", text)]))
    })
}
