//! The life of a pod on its node, from admission to its end.

use std::time::Duration;

use toft_api::ApiError;
use toft_object::Time;
use toft_value::{Value, value};

use super::containers::{self, Container, Role, State};
use super::program::{self, Program};
use super::{addresses, environment, identity, images, probes, restart, status, volumes};
use crate::conditions;
use crate::controller::Next;
use crate::ctx::Ctx;
use crate::meta;
use crate::note::Note;
use crate::resources::{PODS, SECRETS};

/// How long mounting volumes and making the sandbox with its network take.
const SANDBOX_MS: (u64, u64) = (400, 1_900);
/// How long an init container runs.
const INIT_RUN_MS: (u64, u64) = (500, 4_000);
/// How long a container runs that is to run to its end.
const RUN_MS: (u64, u64) = (2_000, 15_000);
/// How a program ends that was killed: 128 and SIGKILL.
const KILLED: i64 = 137;
/// How long the shortest program runs.
const SHORT_RUN_MS: (u64, u64) = (80, 400);

/// A pod while its kubelet looks at it.
struct Life<'c, 'a> {
    ctx: &'c mut Ctx<'a>,
    pod: &'c Value,
    node: &'c Value,
    identity: String,
    status: Value,
    containers: Vec<Container>,
    next: Next,
}

/// Brings a pod as far as it has come by now.
pub(super) fn proceed(ctx: &mut Ctx<'_>, pod: &Value, node: &Value) -> Result<Next, ApiError> {
    let mut life = Life {
        pod,
        node,
        identity: identity(pod),
        status: pod.get("status").cloned().unwrap_or_else(|| value!({})),
        containers: containers::of(pod),
        next: Next::Nothing,
        ctx,
    };
    life.admit();
    if let Some(base) = life.sandbox() {
        life.run(base)?;
    }
    life.write()
}

impl Life<'_, '_> {
    /// Takes the pod in.
    fn admit(&mut self) {
        let host = addresses::of_node(self.node);
        if self.status.get("startTime").is_none() {
            self.status.set_at(&["startTime"], self.ctx.now.to_string());
            self.warn_of_pull_secrets();
        }
        self.status.set_at(&["hostIP"], host);
        self.status.set_at(&["hostIPs"], value!([{"ip": host}]));
    }

    fn warn_of_pull_secrets(&mut self) {
        let names = self.pod.items_at(&["spec", "imagePullSecrets"]).iter();
        let namespace = meta::namespace(self.pod);
        let missing: Vec<&str> = names
            .filter_map(|one| one.str_at(&["name"]))
            .filter(|name| self.ctx.reader().get(&SECRETS, namespace, name).is_none())
            .collect();
        if !missing.is_empty() {
            let text = format!(
                "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                missing.join(", ")
            );
            self.ctx.note(
                self.pod,
                &Note::warning("FailedToRetrieveImagePullSecret", text),
            );
        }
    }

    /// Mounts the volumes and makes the sandbox; gives the time since when it is there.
    fn sandbox(&mut self) -> Option<Time> {
        const KIND: &str = "PodReadyToStartContainers";
        let known = conditions::find_in(&self.status, KIND);
        if let Some(known) = known.filter(|known| known.str_at(&["status"]) == Some("True")) {
            return meta::time_at(known, &["lastTransitionTime"]);
        }
        if let Some(trouble) = volumes::trouble(self.ctx.reader(), self.pod) {
            self.ctx
                .note_once(self.pod, &Note::warning("FailedMount", trouble));
            return None;
        }
        let started = meta::time_at(&self.status, &["startTime"]).unwrap_or(self.ctx.now);
        let takes = self.ctx.draw(&[&self.identity, "sandbox"], SANDBOX_MS);
        if !self.is_due(started + takes) {
            return None;
        }
        let address = addresses::for_pod(self.ctx, self.pod, self.node);
        self.status
            .set_at(&["podIPs"], value!([{"ip": address.as_str()}]));
        self.status.set_at(&["podIP"], address);
        let condition = value!({
            "type": KIND, "status": "True", "lastTransitionTime": self.ctx.now.to_string(),
        });
        conditions::append(&mut self.status, condition);
        Some(self.ctx.now)
    }

    /// Whether a time has come; where it has not, it is when to look again.
    fn is_due(&mut self, at: Time) -> bool {
        if at > self.ctx.now {
            self.next = self.next.or(Next::At(at));
        }
        at <= self.ctx.now
    }

    /// Brings the containers as far as they have come; `base` is when the first may begin.
    fn run(&mut self, base: Time) -> Result<(), ApiError> {
        let mut containers = std::mem::take(&mut self.containers);
        let result = self.run_all(&mut containers, base);
        self.containers = containers;
        result
    }

    fn run_all(&mut self, containers: &mut [Container], base: Time) -> Result<(), ApiError> {
        let mut base = base;
        for container in containers.iter_mut().filter(|one| one.role != Role::Main) {
            match self.initialize(container, base)? {
                Some(done) => base = base.max(done),
                None => return Ok(()),
            }
        }
        for container in containers.iter_mut().filter(|one| one.role == Role::Main) {
            self.bring(container, base)?;
        }
        let pod = self.pod;
        let is_over = |one: &Container| match one.state() {
            State::Terminated(_, code) => !restart::is_due(pod, one, code),
            State::Waiting | State::Running(_) => false,
        };
        if containers
            .iter()
            .filter(|one| one.role == Role::Main)
            .all(is_over)
        {
            let now = self.ctx.now;
            let sidecars = containers
                .iter_mut()
                .filter(|one| one.role == Role::Sidecar);
            sidecars.for_each(|one| one.end(now, 0));
        }
        Ok(())
    }

    /// Brings an init container or sidecar on; gives the time since when the next one may begin.
    fn initialize(
        &mut self,
        container: &mut Container,
        base: Time,
    ) -> Result<Option<Time>, ApiError> {
        self.bring(container, base)?;
        Ok(match (container.role, container.state()) {
            (Role::Sidecar, State::Running(since)) => container.is_started().then_some(since),
            (Role::Init, State::Terminated(at, 0)) => Some(at),
            _ => None,
        })
    }

    /// Brings one container on that may begin at `base`.
    fn bring(&mut self, container: &mut Container, base: Time) -> Result<(), ApiError> {
        match container.state() {
            State::Waiting if container.has_run_before() => self.start_again(container),
            State::Waiting => self.start(container, base)?,
            State::Terminated(_, code) if restart::is_due(self.pod, container, code) => {
                self.start_again(container);
            }
            State::Running(_) | State::Terminated(..) => {}
        }
        if let State::Running(since) = container.state() {
            self.observe(container, since);
        }
        Ok(())
    }

    fn start(&mut self, container: &mut Container, base: Time) -> Result<(), ApiError> {
        if let Some(trouble) = environment::trouble(self.ctx.reader(), self.pod, container) {
            self.tell_trouble(container, &trouble);
            return Ok(());
        }
        if container.role != Role::Init && container.waiting_reason() == "PodInitializing" {
            container.wait("PodInitializing", "");
        }
        let seed = self.ctx.settings.seed;
        let begun = self.ctx.was_told(self.pod, &images::pulling(container));
        let pull = images::pull(seed, &self.identity, (container, self.node, begun));
        if pull.fetches {
            self.ctx.note_once(self.pod, &images::pulling(container));
        }
        if !self.is_due(base + pull.duration) {
            return Ok(());
        }
        self.ctx
            .note(self.pod, &images::pulled(seed, container, &pull));
        images::remember(self.ctx, meta::name(self.node), container.image())?;
        self.set_running(container);
        Ok(())
    }

    /// Starts a container again that ended, when its pause is over.
    fn start_again(&mut self, container: &mut Container) {
        let Some((ended, ran)) = container.last_end() else {
            return;
        };
        let pause = restart::pause(container, ran);
        if !self.is_due(restart::at(ended, pause)) {
            if !pause.is_zero() {
                let note = restart::wait(self.pod, container, pause);
                self.ctx.note_once(self.pod, &note);
            }
            return;
        }
        if let Some(trouble) = environment::trouble(self.ctx.reader(), self.pod, container) {
            container.remember_end();
            self.tell_trouble(container, &trouble);
            return;
        }
        let seed = self.ctx.settings.seed;
        let pull = images::pull(seed, &self.identity, (container, self.node, false));
        self.ctx
            .note(self.pod, &images::pulled(seed, container, &pull));
        container.remember_end();
        let restarts = container.restarts() + 1;
        container.status.set_at(&["restartCount"], restarts);
        container.status.set_at(&["started"], false);
        self.set_running(container);
    }

    fn set_running(&mut self, container: &mut Container) {
        let seed = self.ctx.settings.seed;
        for (reason, text) in [
            ("Created", "Container created"),
            ("Started", "Container started"),
        ] {
            self.ctx.note(
                self.pod,
                &Note::normal(reason, text).field(container.field()),
            );
        }
        let restarts = container.restarts().to_string();
        let parts = [
            &self.identity,
            meta::uid(self.pod),
            container.name(),
            &restarts,
        ];
        let id = images::hex(seed, &parts);
        let status = &mut container.status;
        status.set_at(
            &["state"],
            value!({"running": {"startedAt": self.ctx.now.to_string()}}),
        );
        status.set_at(
            &["image"],
            images::full_name(container.spec.str_at(&["image"]).unwrap_or_default()),
        );
        status.set_at(
            &["imageID"],
            images::image_id(seed, container.spec.str_at(&["image"]).unwrap_or_default()),
        );
        status.set_at(&["containerID"], format!("containerd://{id}"));
    }

    fn tell_trouble(&mut self, container: &mut Container, trouble: &environment::Trouble) {
        if let Some(event) = trouble.event {
            let note = Note::warning(event, trouble.message.clone());
            self.ctx.note_once(self.pod, &note.field(container.field()));
        }
        let text = match trouble.event {
            None => format!("Error: {}", trouble.message),
            Some(_) => format!("Error: {}", trouble.reason),
        };
        self.ctx.note_once(
            self.pod,
            &Note::warning("Failed", text).field(container.field()),
        );
        container.wait(trouble.reason, &trouble.message);
    }

    /// Says of a container that runs whether it is started, ready, at its end.
    fn observe(&mut self, container: &mut Container, since: Time) {
        if let Some((takes, code)) = self.run_time(container)
            && self.is_due(since + takes)
        {
            container.end(self.ctx.now, code);
            if restart::is_due(self.pod, container, code) {
                self.next = self
                    .next
                    .or(Next::At(restart::at(self.ctx.now, Duration::ZERO)));
            }
            return;
        }
        if container.role == Role::Init {
            container.status.set_at(&["started"], true);
            return;
        }
        let seed = self.ctx.settings.seed;
        let milestones = probes::milestones(seed, &self.identity, container, since);
        let is_started = milestones.started.is_some_and(|at| self.is_due(at));
        container.status.set_at(&["started"], is_started);
        let is_ready = is_started && milestones.ready.is_some_and(|at| self.is_due(at));
        container.status.set_at(&["ready"], is_ready);
        self.tell_missing_ports(container);
        self.kill_unhealthy(container, since);
    }

    /// Ends a container whose liveness or startup probe fails, when it has failed often enough.
    fn kill_unhealthy(&mut self, container: &mut Container, since: Time) {
        let seed = self.ctx.settings.seed;
        for failure in probes::failures(seed, &self.identity, (container, since)) {
            if !self.is_due(failure.at) {
                continue;
            }
            let text = format!("{} probe failed: ", failure.kind);
            self.ctx.note_once(
                self.pod,
                &Note::warning("Unhealthy", text).field(container.field()),
            );
            if failure.kind == "Readiness" {
                continue;
            }
            let kind = failure.kind.to_lowercase();
            let name = container.name();
            let text = format!("Container {name} failed {kind} probe, will be restarted");
            self.ctx.note(
                self.pod,
                &Note::normal("Killing", text).field(container.field()),
            );
            container.end(self.ctx.now, KILLED);
            self.next = self
                .next
                .or(Next::At(restart::at(self.ctx.now, Duration::ZERO)));
            return;
        }
    }

    /// How long a container runs, and how it ends then; `None` where it does not by itself.
    fn run_time(&self, container: &Container) -> Option<(Duration, i64)> {
        let draw = |bounds| {
            let parts = [&self.identity, container.name(), "run"];
            self.ctx.draw(&parts, bounds)
        };
        match program::of(&container.spec) {
            Program::Ends(time, code) => return Some((time + draw(SHORT_RUN_MS), code)),
            Program::Runs => return None,
            Program::Unknown => {}
        }
        let policy = self.pod.str_at(&["spec", "restartPolicy"]);
        match container.role {
            Role::Init => Some((draw(INIT_RUN_MS), 0)),
            Role::Main if policy.unwrap_or("Always") != "Always" => Some((draw(RUN_MS), 0)),
            Role::Main | Role::Sidecar => None,
        }
    }

    /// Source: `prober/prober.go`; `pkg/probe/util.go` takes a port name that is not there for a number.
    fn tell_missing_ports(&mut self, container: &Container) {
        for (field, kind) in [
            ("startupProbe", "Startup"),
            ("readinessProbe", "Readiness"),
            ("livenessProbe", "Liveness"),
        ] {
            let Some(probe) = container.spec.get(field) else {
                continue;
            };
            if let Some(port) = probes::missing_port(&container.spec, probe) {
                let text = format!(
                    "{kind} probe errored and resulted in unknown state: strconv.Atoi: parsing {port:?}: invalid syntax"
                );
                self.ctx.note_once(
                    self.pod,
                    &Note::warning("Unhealthy", text).field(container.field()),
                );
            }
        }
    }

    fn write(self) -> Result<Next, ApiError> {
        let status = status::complete(self.pod, self.status, &self.containers, self.ctx.now);
        if Some(&status) != self.pod.get("status") {
            let mut pod = self.pod.clone();
            pod.set_at(&["status"], status);
            self.ctx.update_status(&PODS, pod)?;
        }
        Ok(self.next)
    }
}
