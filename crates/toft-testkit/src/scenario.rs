//! Scenarios: what somebody asks of a control plane over time, and what its controllers make of it.
//!
//! The same steps are played against upstream's control plane, which records the expectation, and against the
//! simulated one. Neither has kubelets: what happens to pods on their nodes is part of the scenario, so that
//! only controllers and scheduler are compared. Each step takes the same time on both sides.
//!
//! A step is one document with some of these, in this order:
//!
//! - `title`: what it shows;
//! - `create`: an object, or a list of them; `merge`: a merge patch that names its object; `status`: the same
//!   for the subresource; `delete`: an object by kind and name, perhaps with `propagation` and `grace`;
//! - `pods`: what happens to pods on their nodes, see `kubelet`;
//! - `wait`: how many seconds pass, else [`PAUSE_SECONDS`];
//! - `show`: kinds, or `Kind/name` for objects outside namespaces.
//!
//! The first document may hold `nodes`; else there are two equal ones, and which of them is taken is not told.

mod kubelet;
mod normal;
mod resources;

use std::fmt::Write as _;
use std::path::Path;

use toft_value::{Value, value};

use normal::Names;
use resources::Resource;

/// How long a step takes that does not say: enough for upstream's controllers on a busy machine.
pub const PAUSE_SECONDS: u64 = 2;

/// The nodes of scenarios that do not bring their own.
const NODES: &[&str] = &["node-1", "node-2"];

/// How often is asked for what every namespace gets.
const NAMESPACE_ATTEMPTS_MAX: u32 = 60;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `GET`, `POST`, `PATCH`, `DELETE`.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// The content type of the body; empty for no body.
    pub content_type: &'static str,
    /// The body.
    pub body: Value,
}

/// What a scenario is played against.
pub trait Stage {
    /// Sends a request; gives the status and the body of the answer.
    ///
    /// # Errors
    /// No answer came.
    fn send(&mut self, call: &Call) -> Result<(u16, Value), String>;

    /// Lets time pass.
    fn pause(&mut self, seconds: u64);

    /// What time it is.
    fn now(&self) -> String;
}

/// Whether a scenario has nodes of its own, so that nothing else may run beside it.
pub fn is_alone(steps: &[Value]) -> bool {
    steps.iter().any(|step| step.get("nodes").is_some())
}

/// Makes the nodes that scenarios have which do not bring their own.
///
/// # Errors
/// They cannot be made.
pub fn furnish(stage: &mut dyn Stage) -> Result<(), String> {
    NODES
        .iter()
        .try_for_each(|node| add_node(stage, &value!({"name": *node})))
}

/// The name of the scenario in a folder: that of the folder above, and its own.
pub fn name(folder: &Path) -> String {
    let part = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    format!("{}-{}", part(folder.parent()), part(Some(folder)))
}

/// Plays a scenario in a namespace of its name; gives what it shows.
///
/// It leaves nothing behind, so that it can be played again.
///
/// # Errors
/// A step cannot be read, or a request got no answer. A refusal is no error: it is shown.
pub fn play(name: &str, steps: &[Value], stage: &mut dyn Stage) -> Result<String, String> {
    let known = if is_alone(steps) {
        Vec::new()
    } else {
        // Which of two equal nodes is taken is chance.
        NODES
            .iter()
            .map(|node| ((*node).to_owned(), "node".to_owned()))
            .collect()
    };
    let mut play = Play {
        namespace: name.to_owned(),
        names: Names::new(known),
        addresses: 0,
        outside: Vec::new(),
        shown: String::new(),
        stage,
    };
    play.begin(steps)?;
    for step in steps {
        play.step(step)?;
    }
    play.end(steps)?;
    Ok(play.shown)
}

struct Play<'a> {
    namespace: String,
    names: Names,
    /// How many addresses pods have got.
    addresses: u32,
    /// What it made outside its namespace.
    outside: Vec<String>,
    shown: String,
    stage: &'a mut dyn Stage,
}

fn add_node(stage: &mut dyn Stage, wanted: &Value) -> Result<(), String> {
    let name = wanted.str_at(&["name"]).ok_or("a node has no name")?;
    let mut labels = value!({
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
    });
    for (key, label) in wanted
        .get("labels")
        .and_then(Value::as_map)
        .into_iter()
        .flatten()
    {
        labels.set_at(&[key], label);
    }
    let amount = |key: &str, usual: &str| wanted.str_at(&[key]).unwrap_or(usual).to_owned();
    let resources = value!({
        "cpu": amount("cpu", "8"), "memory": amount("memory", "32Gi"), "pods": amount("pods", "110"),
    });
    let now = stage.now();
    let node = value!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
        "spec": {
            "taints": wanted.get("taints").cloned(),
            "unschedulable": wanted.get("unschedulable").cloned(),
        },
    });
    let status = value!({"status": {
        "capacity": resources.clone(), "allocatable": resources,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is ready",
            "lastHeartbeatTime": now.as_str(), "lastTransitionTime": now.as_str(),
        }],
    }});
    expect(stage, &post("/api/v1/nodes", node))?;
    expect(
        stage,
        &merge(format!("/api/v1/nodes/{name}/status"), status),
    )?;
    // The API server marks new nodes; without kubelets nobody else does away with it in time.
    let taints = wanted.get("taints").cloned().unwrap_or_default();
    expect(
        stage,
        &merge(
            format!("/api/v1/nodes/{name}"),
            value!({"spec": {"taints": taints}}),
        ),
    )?;
    Ok(())
}

fn post(target: impl Into<String>, body: Value) -> Call {
    Call {
        method: "POST",
        target: target.into(),
        content_type: "application/json",
        body,
    }
}

fn merge(target: impl Into<String>, body: Value) -> Call {
    Call {
        method: "PATCH",
        target: target.into(),
        content_type: "application/merge-patch+json",
        body,
    }
}

fn get(target: impl Into<String>) -> Call {
    Call {
        method: "GET",
        target: target.into(),
        content_type: "",
        body: Value::Null,
    }
}

/// Sends what cannot be refused.
fn expect(stage: &mut dyn Stage, call: &Call) -> Result<Value, String> {
    let (code, body) = stage.send(call)?;
    if code < 400 {
        return Ok(body);
    }
    let message = body.str_at(&["message"]).unwrap_or_default();
    Err(format!("{} {}: {code} {message}", call.method, call.target))
}

impl Play<'_> {
    fn begin(&mut self, steps: &[Value]) -> Result<(), String> {
        for node in steps.iter().flat_map(|step| step.items_at(&["nodes"])) {
            add_node(self.stage, node)?;
        }
        let namespace = value!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace.as_str()},
        });
        expect(self.stage, &post("/api/v1/namespaces", namespace))?;
        let account = get(format!(
            "/api/v1/namespaces/{}/serviceaccounts/default",
            self.namespace
        ));
        for _ in 0..NAMESPACE_ATTEMPTS_MAX {
            self.stage.pause(1);
            if self.stage.send(&account)?.0 == 200 {
                return Ok(());
            }
        }
        Err("the namespace got no service account".to_owned())
    }

    fn end(&mut self, steps: &[Value]) -> Result<(), String> {
        let namespace = format!("/api/v1/namespaces/{}", self.namespace);
        self.delete_at(namespace.clone())?;
        for _ in 0..NAMESPACE_ATTEMPTS_MAX {
            // Nobody stops the pods, so that they would hold their namespace for ever.
            let options =
                value!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
            let pods = post(format!("{namespace}/pods"), options);
            self.stage.send(&Call {
                method: "DELETE",
                ..pods
            })?;
            if self.stage.send(&get(namespace.clone()))?.0 == 404 {
                break;
            }
            self.stage.pause(1);
        }
        for target in std::mem::take(&mut self.outside) {
            self.delete_at(target)?;
        }
        for node in steps.iter().flat_map(|step| step.items_at(&["nodes"])) {
            let name = node.str_at(&["name"]).unwrap_or_default();
            self.delete_at(format!("/api/v1/nodes/{name}"))?;
        }
        Ok(())
    }

    fn delete_at(&mut self, target: String) -> Result<(), String> {
        let call = Call {
            method: "DELETE",
            ..get(target)
        };
        self.stage.send(&call).map(drop)
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        if let Some(title) = step.str_at(&["title"]) {
            let _ = writeln!(self.shown, "### {title}");
        }
        if let Some(object) = step.get("create") {
            let list: Vec<Value> = match object.as_list() {
                Some(list) => list.as_slice().to_vec(),
                None => vec![object.clone()],
            };
            for object in list {
                self.create(object)?;
            }
        }
        if let Some(patch) = step.get("merge") {
            let target = self.target(patch)?;
            self.ask(&merge(target, patch.clone()))?;
        }
        if let Some(patch) = step.get("status") {
            let target = self.target(patch)?;
            self.ask(&merge(format!("{target}/status"), patch.clone()))?;
        }
        if let Some(object) = step.get("delete") {
            self.delete(object)?;
        }
        if let Some(what) = step.get("pods") {
            kubelet::act(self, what)?;
        }
        let changes = ["create", "merge", "status", "delete", "pods", "wait"];
        if changes.iter().any(|key| step.get(key).is_some()) {
            let wait = step
                .i64_at(&["wait"])
                .and_then(|seconds| u64::try_from(seconds).ok());
            self.stage.pause(wait.unwrap_or(PAUSE_SECONDS));
        }
        self.names.learn(&self.namespace, self.stage)?;
        for shown in step.items_at(&["show"]) {
            self.show(shown.as_str().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Sends what may be refused; a refusal is shown.
    fn ask(&mut self, call: &Call) -> Result<(), String> {
        let (code, body) = self.stage.send(call)?;
        if code >= 400 {
            let message = body.str_at(&["message"]).unwrap_or_default();
            let _ = writeln!(self.shown, "refused: {}", self.names.text(message));
        }
        Ok(())
    }

    fn create(&mut self, mut object: Value) -> Result<(), String> {
        let resource = resources::of(object.str_at(&["kind"]).unwrap_or_default())?;
        if object.get("apiVersion").is_none() {
            object.set_at(&["apiVersion"], resource.api_version());
        }
        // A status that a request brings along is sent for itself: creation ignores it.
        let status = object.remove_at(&["status"]);
        let target = self.collection(resource);
        if resource.is_global() {
            let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
            self.outside.push(format!("{target}/{name}"));
        }
        self.ask(&post(target.clone(), object.clone()))?;
        if let Some(status) = status {
            let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
            self.ask(&merge(
                format!("{target}/{name}/status"),
                value!({"status": status}),
            ))?;
        }
        Ok(())
    }

    fn delete(&mut self, object: &Value) -> Result<(), String> {
        let target = self.target(object)?;
        let mut options = value!({"apiVersion": "v1", "kind": "DeleteOptions"});
        let propagation = object.str_at(&["propagation"]).unwrap_or("Background");
        options.set_at(&["propagationPolicy"], propagation);
        if let Some(grace) = object.i64_at(&["grace"]) {
            options.set_at(&["gracePeriodSeconds"], grace);
        }
        self.ask(&Call {
            method: "DELETE",
            ..post(target, options)
        })
    }

    fn collection(&self, resource: &Resource) -> String {
        resource.collection(&self.namespace)
    }

    fn target(&self, object: &Value) -> Result<String, String> {
        let resource = resources::of(object.str_at(&["kind"]).unwrap_or_default())?;
        let name = object
            .str_at(&["metadata", "name"])
            .or(object.str_at(&["name"]));
        let name = name.ok_or("an object has no name")?;
        Ok(format!("{}/{name}", self.collection(resource)))
    }

    fn show(&mut self, what: &str) -> Result<(), String> {
        let (kind, name) = what.split_once('/').unwrap_or((what, ""));
        let resource = resources::of(kind)?;
        let target = self.collection(resource);
        let list = expect(self.stage, &get(target))?;
        let items = list.items_at(&["items"]).iter();
        let items = items
            .filter(|item| name.is_empty() || item.str_at(&["metadata", "name"]) == Some(name));
        let mut texts: Vec<String> = items
            .filter(|item| !normal::is_everywhere(item))
            .map(|item| normal::object(resource, item, &self.names))
            .collect();
        texts.sort();
        if kind == "Event" {
            texts.dedup();
        }
        let _ = writeln!(self.shown, "--- {what}: {}", texts.len());
        self.shown.extend(texts);
        Ok(())
    }
}
