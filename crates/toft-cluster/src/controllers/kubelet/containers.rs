//! The containers of a pod and where each of them stands.

use std::time::Duration;

use toft_object::Time;
use toft_value::{Value, value};

use crate::meta;
use crate::requests;

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Runs to its end before the next begins.
    Init,
    /// Starts in the order of init containers and keeps running.
    Sidecar,
    /// Runs beside the others.
    Main,
}

/// One container with its status.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) role: Role,
    pub(super) spec: Value,
    pub(super) status: Value,
}

/// Where a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It has not started.
    Waiting,
    /// It runs since then.
    Running(Time),
    /// It ended then, with an exit code.
    Terminated(Time, i64),
}

impl Container {
    fn new(role: Role, spec: &Value, statuses: &[Value], reason: &str) -> Self {
        let name = spec.str_at(&["name"]);
        let known = statuses
            .iter()
            .find(|status| status.str_at(&["name"]) == name);
        let status = known.cloned().unwrap_or_else(|| first_status(spec, reason));
        Self {
            role,
            spec: spec.clone(),
            status,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.spec.str_at(&["name"]).unwrap_or_default()
    }

    pub(super) fn image(&self) -> &str {
        self.spec.str_at(&["image"]).unwrap_or_default()
    }

    /// The field that events name.
    pub(super) fn field(&self) -> String {
        let list = match self.role {
            Role::Init | Role::Sidecar => "initContainers",
            Role::Main => "containers",
        };
        format!("spec.{list}{{{}}}", self.name())
    }

    pub(super) fn state(&self) -> State {
        let status = &self.status;
        if let Some(since) = meta::time_at(status, &["state", "running", "startedAt"]) {
            return State::Running(since);
        }
        match status.at(&["state", "terminated"]) {
            None => State::Waiting,
            Some(end) => State::Terminated(
                meta::time_at(end, &["finishedAt"]).unwrap_or_default(),
                end.i64_at(&["exitCode"]).unwrap_or(0),
            ),
        }
    }

    /// Whether it waits and why: the reason that the status tells.
    pub(super) fn waiting_reason(&self) -> &str {
        self.status
            .str_at(&["state", "waiting", "reason"])
            .unwrap_or_default()
    }

    /// How often it was started again.
    pub(super) fn restarts(&self) -> i64 {
        self.status.i64_at(&["restartCount"]).unwrap_or(0)
    }

    /// When it ended the last time, and how long it had run then; `None` where it never did.
    pub(super) fn last_end(&self) -> Option<(Time, Duration)> {
        let ends: [&[&str]; 2] = [&["state", "terminated"], &["lastState", "terminated"]];
        let end = ends.iter().find_map(|path| self.status.at(path))?;
        let ended = meta::time_at(end, &["finishedAt"])?;
        let started = meta::time_at(end, &["startedAt"]).unwrap_or(ended);
        Some((ended, ended.since(started)))
    }

    /// Whether it waits after it had run.
    pub(super) fn has_run_before(&self) -> bool {
        self.status.at(&["lastState", "terminated"]).is_some()
    }

    /// Keeps how it ended beside the state that it is in now.
    pub(super) fn remember_end(&mut self) {
        if let Some(end) = self.status.at(&["state", "terminated"]).cloned() {
            self.status
                .set_at(&["lastState"], value!({"terminated": end}));
        }
    }

    pub(super) fn is_started(&self) -> bool {
        self.status.bool_at(&["started"]) == Some(true)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.status.bool_at(&["ready"]) == Some(true)
    }

    /// Says that it waits.
    pub(super) fn wait(&mut self, reason: &str, message: &str) {
        let mut waiting = value!({"reason": reason});
        if !message.is_empty() {
            waiting.set_at(&["message"], message);
        }
        self.status.set_at(&["state"], value!({"waiting": waiting}));
    }

    /// Says that it ended.
    pub(super) fn end(&mut self, now: Time, exit_code: i64) {
        let started = self
            .status
            .str_at(&["state", "running", "startedAt"])
            .map_or_else(|| now.to_string(), str::to_owned);
        let id = self.status.get("containerID").cloned().unwrap_or_default();
        let terminated = value!({
            "exitCode": exit_code, "reason": if exit_code == 0 { "Completed" } else { "Error" },
            "startedAt": started, "finishedAt": now.to_string(), "containerID": id,
        });
        self.status
            .set_at(&["state"], value!({"terminated": terminated}));
        // An init container that succeeded is ready, as upstream has it.
        let is_done = self.role == Role::Init && exit_code == 0;
        self.status.set_at(&["ready"], is_done);
        self.status.set_at(&["started"], false);
    }
}

/// The containers of a pod: init containers in their order, then the others.
pub(super) fn of(pod: &Value) -> Vec<Container> {
    let init = pod.items_at(&["spec", "initContainers"]);
    let init_statuses = pod.items_at(&["status", "initContainerStatuses"]);
    let statuses = pod.items_at(&["status", "containerStatuses"]);
    let reason = if init.is_empty() {
        "ContainerCreating"
    } else {
        "PodInitializing"
    };
    let mut containers = Vec::new();
    for spec in init {
        let role = if requests::is_sidecar(spec) {
            Role::Sidecar
        } else {
            Role::Init
        };
        containers.push(Container::new(role, spec, init_statuses, "PodInitializing"));
    }
    for spec in pod.items_at(&["spec", "containers"]) {
        containers.push(Container::new(Role::Main, spec, statuses, reason));
    }
    containers
}

fn first_status(spec: &Value, reason: &str) -> Value {
    let mut status = value!({
        "name": spec.get("name").cloned(), "image": spec.get("image").cloned(), "imageID": "",
        "ready": false, "started": false, "restartCount": 0,
        "state": {"waiting": {"reason": reason}}, "lastState": {},
    });
    let mounts = spec.items_at(&["volumeMounts"]).iter().map(mount_status);
    let mounts: Vec<Value> = mounts.collect();
    if !mounts.is_empty() {
        status.set_at(&["volumeMounts"], mounts);
    }
    if let Some(resources) = spec.get("resources") {
        status.set_at(&["resources"], resources);
        if let Some(requests) = resources.get("requests") {
            status.set_at(&["allocatedResources"], requests);
        }
    }
    status
}

fn mount_status(mount: &Value) -> Value {
    let mut status = value!({
        "name": mount.get("name").cloned(), "mountPath": mount.get("mountPath").cloned(),
    });
    if mount.bool_at(&["readOnly"]) == Some(true) {
        status.set_at(&["readOnly"], true);
        status.set_at(&["recursiveReadOnly"], "Disabled");
    }
    status
}
