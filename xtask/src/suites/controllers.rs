//! Scenarios, played on a real control plane: etcd, API server, controllers, scheduler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Result, anyhow};
use toft_source::Source;
use toft_testkit::exchange::Exchange;
use toft_testkit::scenario::{self, Call, Stage};
use toft_value::Value;
use toft_yaml::Resolver;

use super::{Answer, Programs};
use crate::http;

/// How many are played at once; they wait most of the time.
const PLAYED_AT_ONCE: usize = 16;

/// How often a scenario is played again whose outcome is not the recorded one: a busy machine is late at times.
const REPEATED_MAX: usize = 2;

/// One scenario.
struct Scenario {
    name: String,
    steps: Vec<Value>,
    /// What was recorded before.
    recorded: Option<String>,
}

pub(super) fn answer(programs: &mut Programs, cases: &[PathBuf]) -> Result<Vec<Answer>> {
    let scenarios: Vec<Scenario> = cases.iter().map(|case| read(case)).collect::<Result<_>>()?;
    let port = programs.control()?;
    // Those with nodes of their own want to be among themselves.
    let mut shown: BTreeMap<&str, String> = BTreeMap::new();
    let is_alone = |scenario: &&Scenario| scenario::is_alone(&scenario.steps);
    for scenario in scenarios.iter().filter(is_alone) {
        shown.insert(&scenario.name, play(port, scenario)?);
    }
    scenario::furnish(&mut Upstream(port)).map_err(|error| anyhow!(error))?;
    let together: Vec<&Scenario> = scenarios.iter().filter(|one| !is_alone(one)).collect();
    for batch in together.chunks(PLAYED_AT_ONCE) {
        let played = std::thread::scope(|scope| {
            let threads: Vec<_> = batch
                .iter()
                .map(|scenario| scope.spawn(|| play(port, scenario)))
                .collect();
            let played = threads.into_iter().map(|thread| {
                let played = thread.join();
                played.map_err(|_| anyhow!("a scenario broke off"))?
            });
            played.collect::<Result<Vec<String>>>()
        })?;
        shown.extend(batch.iter().map(|one| one.name.as_str()).zip(played));
    }
    let answers = scenarios.iter().map(|scenario| {
        let text = shown.remove(scenario.name.as_str()).unwrap_or_default();
        BTreeMap::from([("expected.shown", text)])
    });
    Ok(answers.collect())
}

fn read(case: &Path) -> Result<Scenario> {
    let text = std::fs::read(case.join("input/steps.yaml"))?;
    let source = Source::new("steps.yaml", text.into());
    let steps = toft_yaml::values(&source, Resolver::Kubectl);
    Ok(Scenario {
        name: scenario::name(case),
        steps: steps.value.into_iter().map(|step| step.value).collect(),
        recorded: std::fs::read_to_string(case.join("expected.shown")).ok(),
    })
}

/// Plays a scenario; again where that gave something else than what is recorded.
fn play(port: u16, scenario: &Scenario) -> Result<String> {
    let once = || {
        let shown = scenario::play(&scenario.name, &scenario.steps, &mut Upstream(port));
        shown.map_err(|error| anyhow!("{}: {error}", scenario.name))
    };
    let mut shown = once()?;
    for _ in 0..REPEATED_MAX {
        if scenario
            .recorded
            .as_ref()
            .is_none_or(|recorded| *recorded == shown)
        {
            break;
        }
        shown = once()?;
    }
    println!("   played {}", scenario.name);
    Ok(shown)
}

/// A real control plane behind a port of this machine.
struct Upstream(u16);

impl Stage for Upstream {
    fn send(&mut self, call: &Call) -> Result<(u16, Value), String> {
        let has_body = !call.content_type.is_empty();
        let exchange = Exchange {
            title: String::new(),
            method: call.method.to_owned(),
            target: call.target.clone(),
            headers: has_body
                .then(|| ("content-type".to_owned(), call.content_type.to_owned()))
                .into_iter()
                .collect(),
            body: if has_body {
                call.body.to_json()
            } else {
                String::new()
            },
        };
        let answer = http::send(self.0, &exchange).map_err(|error| format!("{error:#}"))?;
        let body = Value::from_json(answer.body.as_bytes()).unwrap_or_default();
        Ok((answer.code, body))
    }

    fn pause(&mut self, seconds: u64) {
        std::thread::sleep(Duration::from_secs(seconds));
    }

    fn now(&self) -> String {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        time(since.as_secs())
    }
}

/// Seconds since 1970 as Kubernetes writes times.
fn time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's `civil_from_days`, for days after 1970.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
