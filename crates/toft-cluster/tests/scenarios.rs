//! Scenarios, played against the simulated control plane; what upstream's makes of them is recorded.
//!
//! `toft_testkit::scenario` tells how they are written; `cargo x record cluster/scenarios`
//! records `expected.shown`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use toft_api::Response;
use toft_api::http::{HttpRequest, read};
use toft_cluster::{Cluster, ClusterSettings, Parts};
use toft_object::Time;
use toft_source::Source;
use toft_testkit::scenario::{self, Call, Stage};
use toft_testkit::{Case, Outputs};
use toft_value::Value;
use toft_yaml::Resolver;

const START: Time = Time::from_seconds(1_767_225_600);

fn main() -> ExitCode {
    toft_testkit::run("tests/scenarios", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let text = case.required("input/steps.yaml")?;
    let source = Source::new("steps.yaml", text.into_bytes().into());
    let steps = toft_yaml::values(&source, Resolver::Kubectl);
    let steps: Vec<Value> = steps.value.into_iter().map(|step| step.value).collect();
    let mut plane = Plane::new();
    if !scenario::is_alone(&steps) {
        scenario::furnish(&mut plane)?;
    }
    let shown = scenario::play(&scenario::name(case.dir()), &steps, &mut plane)?;
    if let Some(flapping) = plane.cluster.take_flapping().first() {
        return Err(flapping.to_string());
    }
    Ok(BTreeMap::from([("expected.shown".to_owned(), shown)]))
}

/// A simulated control plane without nodes.
struct Plane {
    cluster: Cluster,
    now: Time,
}

impl Plane {
    fn new() -> Self {
        let settings = ClusterSettings {
            parts: Parts::ControlPlane,
            nodes: Vec::new(),
            ..ClusterSettings::new(1)
        };
        let mut cluster = Cluster::new(settings, START);
        cluster.settle(START);
        Self {
            cluster,
            now: START,
        }
    }
}

impl Stage for Plane {
    fn send(&mut self, call: &Call) -> Result<(u16, Value), String> {
        let body = if call.content_type.is_empty() {
            String::new()
        } else {
            call.body.to_json()
        };
        let http = HttpRequest {
            method: call.method,
            target: &call.target,
            accept: "application/json",
            content_type: call.content_type,
            agent: "exchange",
            user: "admin",
            body: body.as_bytes(),
        };
        let response = match read(&http, self.cluster.api().schemas()) {
            Ok((request, _)) => self.cluster.handle(self.now, &request),
            Err(error) => Response::from(error),
        };
        self.cluster.settle(self.now);
        let code = response.code;
        Ok(match response.into_value() {
            Ok(value) => (code, value),
            Err(error) => (error.code, error.to_value()),
        })
    }

    fn pause(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.cluster.advance(self.now);
    }

    fn now(&self) -> String {
        self.now.to_string()
    }
}
