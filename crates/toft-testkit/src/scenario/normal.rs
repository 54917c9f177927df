//! What does not differ from run to run.

use std::fmt::Write as _;

use toft_value::{Map, Value};

use super::resources::Resource;
use super::{Stage, expect, get, resources};

/// Metadata that every run has otherwise.
const CHANCE: &[&str] = &[
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "managedFields",
    "selfLink",
];

/// What every reference to an object has otherwise.
const VERSION: &str = "resourceVersion";

/// The mark of a Job that a CronJob made.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// When what endpoints say came about.
const TRIGGERED: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// Lists whose order is no promise.
const UNORDERED: &[&str] = &["endpoints", "addresses", "notReadyAddresses", "active"];

/// Kinds whose objects get drawn names or hashes.
const NAMED: &[&str] = &[
    "CronJob",
    "DaemonSet",
    "Deployment",
    "StatefulSet",
    "Service",
    "PersistentVolumeClaim",
    "ReplicaSet",
    "ReplicationController",
    "ControllerRevision",
    "Job",
    "Pod",
    "EndpointSlice",
    "PersistentVolume",
];

/// How many characters of a generated name are drawn.
const DRAWN_LENGTH: usize = 5;

/// What pods have that say nothing about it.
const USUAL: &[(&str, &str)] = &[
    ("dnsPolicy", r#""ClusterFirst""#),
    ("enableServiceLinks", "true"),
    ("preemptionPolicy", r#""PreemptLowerPriority""#),
    ("priority", "0"),
    ("restartPolicy", r#""Always""#),
    ("schedulerName", r#""default-scheduler""#),
    ("securityContext", "{}"),
    ("serviceAccount", r#""default""#),
    ("serviceAccountName", r#""default""#),
    ("terminationGracePeriodSeconds", "30"),
    (
        "tolerations",
        r#"[{"effect":"NoExecute","key":"node.kubernetes.io/not-ready","operator":"Exists","tolerationSeconds":300},{"effect":"NoExecute","key":"node.kubernetes.io/unreachable","operator":"Exists","tolerationSeconds":300}]"#,
    ),
];

/// What containers have that say nothing about it.
const USUAL_OF_CONTAINERS: &[&str] = &[
    "imagePullPolicy",
    "resources",
    "terminationMessagePath",
    "terminationMessagePolicy",
];

/// What upstream writes before events of which there are many alike.
const COMBINED: &str = "(combined from similar events): ";

/// Texts that chance chose, and what is written instead.
#[derive(Debug)]
pub(super) struct Names {
    known: Vec<(String, String)>,
    hashes: usize,
    revisions: usize,
    minutes: usize,
}

impl Names {
    /// Nothing but these texts is known, each with what is written instead.
    pub(super) fn new(known: Vec<(String, String)>) -> Self {
        Self {
            known,
            hashes: 0,
            revisions: 0,
            minutes: 0,
        }
    }

    /// Learns the names of what is in a namespace now.
    pub(super) fn learn(&mut self, namespace: &str, stage: &mut dyn Stage) -> Result<(), String> {
        for kind in NAMED {
            let resource = resources::of(kind)?;
            let list = expect(stage, &get(resource.collection(namespace)))?;
            let mut items = list.items_at(&["items"]).to_vec();
            items.sort_by_cached_key(|item| {
                let text = |path: &[&str]| item.str_at(path).unwrap_or_default().to_owned();
                let time = text(&["metadata", "creationTimestamp"]);
                (
                    item.i64_at(&["revision"]),
                    time,
                    text(&["metadata", "name"]),
                )
            });
            for item in &items {
                self.learn_one(kind, item);
            }
        }
        self.known
            .sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Ok(())
    }

    fn learn_one(&mut self, kind: &str, item: &Value) {
        let text = |path: &[&str]| item.str_at(path).unwrap_or_default().to_owned();
        let name = text(&["metadata", "name"]);
        let uid = text(&["metadata", "uid"]);
        if self.known.iter().any(|(known, _)| *known == uid) {
            return;
        }
        match kind {
            "ReplicaSet" => {
                let hash = text(&["metadata", "labels", "pod-template-hash"]);
                if !hash.is_empty() {
                    self.hashes += 1;
                    self.know(hash, format!("HASH{}", self.hashes));
                }
            }
            "ControllerRevision" => {
                self.revisions += 1;
                let hash = name.rsplit('-').next().unwrap_or_default().to_owned();
                self.know(hash, format!("REVISION{}", self.revisions));
            }
            "Job" if item.at(&["metadata", "annotations", SCHEDULED]).is_some() => {
                self.minutes += 1;
                let minute = name.rsplit('-').next().unwrap_or_default().to_owned();
                self.know(minute, format!("MINUTE{}", self.minutes));
            }
            _ => {}
        }
        if let Some(base) = drawn(item) {
            // The base may hold a hash; it is known by now.
            let base = self.text(base);
            self.know(name.clone(), format!("{base}*"));
        }
        let name = self.text(&name);
        self.know(uid, format!("uid of {kind} {name}"));
    }

    fn know(&mut self, text: String, instead: String) {
        if !text.is_empty() {
            self.known.push((text, instead));
            self.known
                .sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
    }

    /// A text without what chance chose.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (known, instead) in &self.known {
            if text.contains(known.as_str()) {
                text = text.replace(known.as_str(), instead);
            }
        }
        if is_time(&text) {
            return "TIME".to_owned();
        }
        if is_address(&text) {
            return "ADDRESS".to_owned();
        }
        text
    }

    fn value(&self, value: &Value) -> Value {
        if let Some(text) = value.as_str() {
            return self.text(text).into();
        }
        if let Some(list) = value.as_list() {
            return list
                .as_slice()
                .iter()
                .map(|item| self.value(item))
                .collect::<Vec<_>>()
                .into();
        }
        let Some(map) = value.as_map() else {
            return value.clone();
        };
        let mut new = Map::new();
        for (key, item) in map {
            if key == VERSION {
                continue;
            }
            let mut item = self.value(item);
            if UNORDERED.contains(&key.as_str()) && item.as_list().is_some() {
                let mut list = item.items().to_vec();
                list.sort_by_cached_key(Value::to_json);
                item = list.into();
            }
            new.insert(self.text(key), item);
        }
        new.into()
    }
}

/// The base of a name whose rest chance chose.
fn drawn(item: &Value) -> Option<&str> {
    let base = item.str_at(&["metadata", "generateName"])?;
    let rest = item.str_at(&["metadata", "name"])?.strip_prefix(base)?;
    (rest.len() == DRAWN_LENGTH).then_some(base)
}

fn is_address(text: &str) -> bool {
    let mut parts = text.split('.');
    text.starts_with("10.")
        && parts.clone().count() == 4
        && parts.all(|part| part.parse::<u8>().is_ok())
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20
        && bytes.get(4) == Some(&b'-')
        && bytes.get(10) == Some(&b'T')
        && bytes.last() == Some(&b'Z')
}

/// Whether every namespace has such an object.
pub(super) fn is_everywhere(item: &Value) -> bool {
    item.str_at(&["metadata", "name"]) == Some("kube-root-ca.crt")
}

/// An object as a scenario shows it.
pub(super) fn object(resource: &Resource, item: &Value, names: &Names) -> String {
    if resource.kind == "Event" {
        return event(item, names);
    }
    let mut item = item.clone();
    for key in CHANCE {
        item.remove_at(&["metadata", key]);
    }
    if matches!(resource.kind, "EndpointSlice" | "Endpoints") {
        without_writes(&mut item);
    }
    item.remove_at(&["metadata", "namespace"]);
    item.remove_at(&["apiVersion"]);
    item.remove_at(&["kind"]);
    // What the API server adds to pods is its own matter.
    let token = |volume: &Value| {
        volume
            .str_at(&["name"])
            .is_some_and(|name| name.starts_with("kube-api-access-"))
    };
    let volumes: Vec<Value> = item
        .items_at(&["spec", "volumes"])
        .iter()
        .filter(|one| !token(one))
        .cloned()
        .collect();
    if item.at(&["spec", "volumes"]).is_some() {
        item.set_at(&["spec", "volumes"], volumes);
        if item.items_at(&["spec", "volumes"]).is_empty() {
            item.remove_at(&["spec", "volumes"]);
        }
    }
    if resource.kind == "Pod" {
        without_usual(&mut item);
    }
    let mut containers = item.items_at(&["spec", "containers"]).to_vec();
    for container in &mut containers {
        for field in USUAL_OF_CONTAINERS {
            container.remove_at(&[field]);
        }
        let mounts = container.items_at(&["volumeMounts"]).iter();
        let mounts: Vec<Value> = mounts.filter(|one| !token(one)).cloned().collect();
        if mounts.is_empty() {
            container.remove_at(&["volumeMounts"]);
        } else {
            container.set_at(&["volumeMounts"], mounts);
        }
    }
    if !containers.is_empty() {
        item.set_at(&["spec", "containers"], containers);
    }
    let item = names.value(&item);
    lines(&item)
}

/// How often endpoints were written depends on how the changes behind them were batched, and when that was
/// says nothing about what is in them.
fn without_writes(item: &mut Value) {
    item.remove_at(&["metadata", "generation"]);
    item.remove_at(&["metadata", "annotations", TRIGGERED]);
    let annotations = item
        .at(&["metadata", "annotations"])
        .and_then(Value::as_map);
    if annotations.is_some_and(Map::is_empty) {
        item.remove_at(&["metadata", "annotations"]);
    }
}

fn without_usual(item: &mut Value) {
    for (field, usual) in USUAL {
        let found = item.at(&["spec", field]).map(Value::to_json);
        if found.as_deref() == Some(*usual) {
            item.remove_at(&["spec", field]);
        }
    }
}

/// An object in a few lines: one for each field of its parts, one for each object in a list.
fn lines(item: &Value) -> String {
    let name = item.str_at(&["metadata", "name"]).unwrap_or_default();
    let mut text = format!("{name}\n");
    for (part, content) in item.as_map().into_iter().flatten() {
        match content.as_map() {
            Some(fields) => {
                for (field, value) in fields {
                    line(&mut text, &format!("{part}.{field}"), value);
                }
            }
            None => line(&mut text, part, content),
        }
    }
    text
}

fn line(text: &mut String, field: &str, value: &Value) {
    let is_list_of_objects = value.items().iter().any(|item| item.as_map().is_some());
    if !is_list_of_objects {
        let _ = writeln!(text, "  {field}: {}", value.to_json());
        return;
    }
    let _ = writeln!(text, "  {field}:");
    for item in value.items() {
        let _ = writeln!(text, "  - {}", item.to_json());
    }
}

fn event(item: &Value, names: &Names) -> String {
    let text = |path: &[&str]| names.text(item.str_at(path).unwrap_or_default());
    let component = match item.str_at(&["reportingComponent"]) {
        Some("") | None => text(&["source", "component"]),
        Some(component) => component.to_owned(),
    };
    format!(
        "{component} {} {} {} {}: {}\n",
        text(&["type"]),
        text(&["reason"]),
        text(&["involvedObject", "kind"]),
        text(&["involvedObject", "name"]),
        text(&["message"]).trim_start_matches(COMBINED),
    )
}
