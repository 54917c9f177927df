//! When a container that runs counts as started and as ready.
//!
//! A program answers its probes from some seconds after its start on; probes begin at drawn offsets.
//! A probe of a port by a name that the container does not have never succeeds.

use std::time::Duration;

use toft_object::Time;
use toft_value::Value;

use super::containers::Container;
use super::program::{self, Program};
use crate::draw;

/// How long a program takes until it answers.
const START_MS: (u64, u64) = (900, 5_000);
/// The longest offset of the first probe; upstream draws from a whole period.
const OFFSET_MS_MAX: u64 = 3_000;

/// When a container is started and when it is ready; `None` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Milestones {
    pub(super) started: Option<Time>,
    pub(super) ready: Option<Time>,
}

/// The times at which a container that runs since `since` is started and ready.
pub(super) fn milestones(seed: u64, pod: &str, container: &Container, since: Time) -> Milestones {
    let draw = |purpose: &str, bounds: (u64, u64)| {
        draw::duration(seed, &[pod, container.name(), purpose], bounds)
    };
    let answers = since + draw("answers", START_MS);
    let success = |kind: &str, earliest: Time| -> Option<Time> {
        let probe = container.spec.get(kind)?;
        can_succeed(&container.spec, probe).then(|| {
            let delay = probe.i64_at(&["initialDelaySeconds"]).unwrap_or(0);
            let delay = Duration::from_secs(u64::try_from(delay).unwrap_or(0));
            let period = probe.i64_at(&["periodSeconds"]).unwrap_or(10);
            let period = u64::try_from(period).unwrap_or(10) * 1_000;
            let offset = draw(kind, (0, period.min(OFFSET_MS_MAX)));
            let successes = probe.i64_at(&["successThreshold"]).unwrap_or(1).max(1);
            let more = Duration::from_millis(
                period.saturating_mul(u64::try_from(successes - 1).unwrap_or(0)),
            );
            earliest.max(since + delay) + offset + more
        })
    };
    let started = if container.spec.get("startupProbe").is_some() {
        success("startupProbe", answers)
    } else {
        Some(since)
    };
    let ready = match started {
        Some(started) if container.spec.get("readinessProbe").is_some() => {
            success("readinessProbe", answers.max(started))
        }
        started => started,
    };
    Milestones { started, ready }
}

/// A probe that has failed as often as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// `Startup`, `Readiness`, `Liveness`
    pub(super) kind: &'static str,
    /// When: of a readiness probe the first time.
    pub(super) at: Time,
}

/// When the probes of a container fail that can only fail; of a liveness probe once the container is started.
pub(super) fn failures(
    seed: u64,
    pod: &str,
    (container, since): (&Container, Time),
) -> Vec<Failure> {
    let kinds = [
        ("startupProbe", "Startup"),
        ("readinessProbe", "Readiness"),
        ("livenessProbe", "Liveness"),
    ];
    let failing = kinds.into_iter().filter_map(|(field, kind)| {
        let probe = container.spec.get(field).filter(|probe| fails(probe))?;
        let number = |key: &str, usual: i64| {
            let found = probe.i64_at(&[key]).unwrap_or(usual);
            u64::try_from(found).unwrap_or(0)
        };
        let period = number("periodSeconds", 10) * 1_000;
        let parts = [pod, container.name(), field];
        let offset = draw::duration(seed, &parts, (0, period.min(OFFSET_MS_MAX)));
        let times = if kind == "Readiness" {
            1
        } else {
            number("failureThreshold", 3).max(1)
        };
        let delay = Duration::from_secs(number("initialDelaySeconds", 0));
        let more = Duration::from_millis(period.saturating_mul(times - 1));
        let is_running = kind == "Startup" || container.is_started();
        is_running.then_some(Failure {
            kind,
            at: since + delay + offset + more,
        })
    });
    failing.collect()
}

/// Whether the command of a probe says that it fails.
fn fails(probe: &Value) -> bool {
    let words = probe.items_at(&["exec", "command"]).iter();
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    matches!(program::of_words(&words), Program::Ends(_, code) if code != 0)
}

fn can_succeed(container: &Value, probe: &Value) -> bool {
    missing_port(container, probe).is_none() && !fails(probe)
}

/// The name of the port that a probe asks for and the container does not have.
pub(super) fn missing_port<'a>(container: &Value, probe: &'a Value) -> Option<&'a str> {
    let port = ["httpGet", "tcpSocket"]
        .iter()
        .find_map(|kind| probe.at(&[kind, "port"]))?;
    let name = port.as_str().filter(|name| name.parse::<u16>().is_err())?;
    let mut ports = container.items_at(&["ports"]).iter();
    let is_there = ports.any(|port| port.str_at(&["name"]) == Some(name));
    (!is_there).then_some(name)
}

#[cfg(test)]
mod tests {
    use toft_value::value;

    use super::super::containers;
    use super::*;

    fn container(spec: Value) -> Container {
        let pod = value!({"spec": {"containers": [spec]}});
        containers::of(&pod).remove(0)
    }

    #[test]
    fn without_probes_a_container_is_ready_when_it_runs() {
        let since = Time::from_seconds(100);
        let milestones = milestones(1, "a/b", &container(value!({"name": "c"})), since);
        assert_eq!(
            (milestones.started, milestones.ready),
            (Some(since), Some(since))
        );
    }

    #[test]
    fn readiness_waits_for_the_startup_probe_and_the_initial_delay() {
        let spec = value!({
            "name": "c", "startupProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": 20},
            "readinessProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": 60},
        });
        let milestones = milestones(1, "a/b", &container(spec), Time::from_seconds(100));
        assert!(milestones.started.unwrap() >= Time::from_seconds(120));
        assert!(milestones.ready.unwrap() >= Time::from_seconds(160));
    }

    #[test]
    fn a_probe_of_a_port_that_is_not_there_never_succeeds() {
        let spec = value!({
            "name": "c", "ports": [{"name": "http", "containerPort": 80}],
            "readinessProbe": {"httpGet": {"port": "web"}},
        });
        let milestones = milestones(1, "a/b", &container(spec), Time::from_seconds(100));
        assert!(milestones.started.is_some());
        assert_eq!(milestones.ready, None);
    }
}
