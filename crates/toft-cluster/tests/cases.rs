//! Cases: requests at times, and what the cluster says then.
//!
//! `input/steps.yaml` holds one document per step: `at` (seconds since the start, settling on the way), and one
//! of `create` (an object), `merge` (an object's name and a merge patch), `delete` (an object's name, perhaps
//! with `propagation`), `restart` (the process ends and begins anew) and `show` (kinds; what of them follows
//! from controllers). What `show` prints, in order, is `expected.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use toft_api::{PatchKind, Propagation, Request, ResourcePath};
use toft_cluster::{Cluster, ClusterSettings};
use toft_object::{Gvk, Time};
use toft_source::Source;
use toft_testkit::{Case, Outputs};
use toft_value::{Value, value};
use toft_yaml::Resolver;

const START: Time = Time::from_seconds(1_767_225_600);

fn main() -> ExitCode {
    toft_testkit::run("tests/cases", check)
}

fn check(case: &Case) -> Result<Outputs, String> {
    let text = case.required("input/steps.yaml")?;
    let source = Source::new("steps.yaml", text.into_bytes().into());
    let steps = toft_yaml::values(&source, Resolver::Kubectl);
    let mut world = World::new();
    for step in steps.value {
        world.step(&step.value)?;
    }
    if let Some(flapping) = world.cluster.take_flapping().first() {
        return Err(flapping.to_string());
    }
    Ok(BTreeMap::from([("expected.txt".to_owned(), world.shown)]))
}

struct World {
    cluster: Cluster,
    now: Time,
    shown: String,
}

impl World {
    fn new() -> Self {
        let mut cluster = Cluster::new(ClusterSettings::new(1), START);
        cluster.settle(START);
        Self {
            cluster,
            now: START,
            shown: String::new(),
        }
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        if let Some(seconds) = step.i64_at(&["at"]) {
            self.now = START + Duration::from_secs(seconds.unsigned_abs());
            self.cluster.advance(self.now);
        }
        if let Some(object) = step.get("create") {
            let (path, _) = self.path(object)?;
            self.send(&Request::create("test", path, object.clone()))?;
        }
        if let Some(object) = step.get("merge") {
            let (path, name) = self.path(object)?;
            let mut patch = object.clone();
            patch.remove_at(&["metadata", "name"]);
            patch.remove_at(&["metadata", "namespace"]);
            let path = path.name(&name);
            self.send(&Request::patch("test", path, PatchKind::Merge, patch))?;
        }
        if let Some(object) = step.get("delete") {
            let (path, name) = self.path(object)?;
            let mut request = Request::delete("test", path.name(&name));
            request.options.propagation = match step.str_at(&["propagation"]) {
                Some("Foreground") => Some(Propagation::Foreground),
                Some("Orphan") => Some(Propagation::Orphan),
                _ => Some(Propagation::Background),
            };
            self.send(&request)?;
        }
        if step.get("restart").is_some() {
            self.restart();
        }
        for kind in step.items_at(&["show"]) {
            self.show(kind.as_str().unwrap_or_default())?;
        }
        Ok(())
    }

    fn send(&mut self, request: &Request) -> Result<(), String> {
        let response = self.cluster.handle(self.now, request);
        self.cluster.settle(self.now);
        response
            .error()
            .map_or(Ok(()), |error| Err(error.to_string()))
    }

    /// The collection and name of an object.
    fn path(&self, object: &Value) -> Result<(ResourcePath, String), String> {
        let text = |path: &[&str]| object.str_at(path).unwrap_or_default().to_owned();
        let gvk = Gvk::of(&text(&["apiVersion"]), &text(&["kind"]));
        let resource = self.cluster.api().schemas().kind(&gvk);
        let resource = resource.ok_or_else(|| format!("no kind {gvk:?}"))?;
        let path = ResourcePath::new(&resource.group, &resource.version, &resource.plural);
        let namespace = if resource.namespaced {
            text(&["metadata", "namespace"])
        } else {
            String::new()
        };
        Ok((path.namespace(&namespace), text(&["metadata", "name"])))
    }

    fn restart(&mut self) {
        let resources = self.cluster.api().schemas().resources();
        let mut names: Vec<_> = resources
            .map(toft_schema::Resource::group_resource)
            .collect();
        names.sort();
        names.dedup();
        let mut records = Vec::new();
        for resource in &names {
            for object in self.cluster.api().list(resource, None) {
                let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
                let key = toft_apiserver::StoreKey::new(resource, text("namespace"), text("name"));
                records.push(toft_apiserver::Record {
                    key,
                    value: object.clone(),
                });
            }
        }
        let revision = self.cluster.api().revision();
        self.cluster = Cluster::restore(
            self.cluster.settings().clone(),
            revision,
            records.into_iter(),
            self.now,
        );
        self.cluster.settle(self.now);
    }

    fn show(&mut self, kind: &str) -> Result<(), String> {
        let offset = self.now.seconds() - START.seconds();
        let (kind, version) = kind
            .split_once('.')
            .map_or((kind, "v1"), |(kind, rest)| (kind, rest));
        let gvk = Gvk::of(version, kind);
        let resource = self.cluster.api().schemas().kind(&gvk);
        let name = resource
            .ok_or_else(|| format!("no kind {gvk:?}"))?
            .group_resource();
        let _ = writeln!(self.shown, "# T+{offset}s {kind}");
        let objects: Vec<Value> = self.cluster.api().list(&name, None).cloned().collect();
        let mut lines: Vec<(String, String)> = Vec::new();
        for object in objects.iter().filter(|object| is_interesting(object)) {
            let text = if kind == "Event" {
                event(object)
            } else {
                summary(object)
            };
            lines.push((order(object), text));
        }
        lines.sort();
        for (_, line) in lines {
            self.shown.push_str(&self.normalised(&line));
        }
        Ok(())
    }

    /// Uids and times as they are to people who compare.
    fn normalised(&self, text: &str) -> String {
        let mut out = text.to_owned();
        let resources = self.cluster.api().schemas().resources();
        let mut names: Vec<_> = resources
            .map(toft_schema::Resource::group_resource)
            .collect();
        names.sort();
        names.dedup();
        let objects = names
            .iter()
            .flat_map(|name| self.cluster.api().list(name, None));
        for object in objects {
            let uid = object.str_at(&["metadata", "uid"]).unwrap_or_default();
            let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
            if !uid.is_empty() && out.contains(uid) {
                let name = if name.contains(uid) { "it" } else { name };
                out = out.replace(uid, &format!("<uid of {name}>"));
            }
        }
        relative(&out)
    }
}

/// Times as seconds since the start, whatever their fraction of a second.
fn relative(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("2026-01-01T") {
        let end = rest
            .get(at..)
            .and_then(|tail| tail.find('Z'))
            .map_or(rest.len(), |end| at + end + 1);
        let time = rest.get(at..end).and_then(|time| Time::parse(time).ok());
        out.push_str(rest.get(..at).unwrap_or_default());
        match time {
            Some(time) => {
                let _ = write!(out, "T+{}", time.seconds() - START.seconds());
            }
            None => out.push_str(rest.get(at..end).unwrap_or_default()),
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    out + rest
}

/// What a fresh cluster has is left out.
fn is_interesting(object: &Value) -> bool {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
    let system = ["kube-system", "kube-public", "kube-node-lease", "argocd"];
    !system.contains(&text("namespace"))
        && !system.contains(&text("name"))
        && text("name") != "kubernetes"
        && !text("name").starts_with("kube-root-ca")
}

fn order(object: &Value) -> String {
    let times: [&[&str]; 3] = [
        &["lastTimestamp"],
        &["eventTime"],
        &["metadata", "namespace"],
    ];
    let first = times
        .iter()
        .find_map(|path| object.str_at(path))
        .unwrap_or_default();
    let first = first.trim_end_matches('Z').trim_end_matches(".000000");
    let message = object.str_at(&["message"]).unwrap_or_default();
    format!(
        "{first} {message} {}",
        object.str_at(&["metadata", "name"]).unwrap_or_default()
    )
}

fn event(event: &Value) -> String {
    let text = |path: &[&str]| event.str_at(path).unwrap_or_default().to_owned();
    let time = event
        .str_at(&["lastTimestamp"])
        .or(event.str_at(&["eventTime"]))
        .unwrap_or_default();
    let count = event
        .i64_at(&["count"])
        .or(event.i64_at(&["series", "count"]))
        .unwrap_or(1);
    format!(
        "{time} {} {} {} {}/{}: {}{}\n",
        text(&["reportingComponent"]),
        text(&["type"]),
        text(&["reason"]),
        text(&["involvedObject", "kind"]),
        text(&["involvedObject", "name"]),
        text(&["message"]),
        if count > 1 {
            format!(" (x{count})")
        } else {
            String::new()
        },
    )
}

/// What controllers have a say in: metadata without the server's part, the node of a pod, and the status.
fn summary(object: &Value) -> String {
    let mut kept = value!({});
    let fields: [&[&str]; 14] = [
        &["metadata", "name"],
        &["metadata", "labels"],
        &["metadata", "annotations"],
        &["metadata", "finalizers"],
        &["metadata", "ownerReferences"],
        &["metadata", "deletionTimestamp"],
        &["spec", "nodeName"],
        &["spec", "replicas"],
        &["spec", "volumeName"],
        &["spec", "nodeAffinity"],
        &["spec", "taints"],
        &["endpoints"],
        &["ports"],
        &["subsets"],
    ];
    for path in fields {
        if let Some(found) = object.at(path) {
            kept.set_at(path, found);
        }
    }
    if let Some(status) = object.get("status") {
        let mut status = status.clone();
        for field in ["images", "nodeInfo", "capacity", "allocatable"] {
            status.remove_at(&[field]);
        }
        for list in ["containerStatuses", "initContainerStatuses"] {
            let mut statuses = status.items_at(&[list]).to_vec();
            for one in &mut statuses {
                for field in [
                    "containerID",
                    "imageID",
                    "resources",
                    "allocatedResources",
                    "volumeMounts",
                ] {
                    one.remove_at(&[field]);
                }
                one.remove_at(&["state", "terminated", "containerID"]);
            }
            if !statuses.is_empty() {
                status.set_at(&[list], statuses);
            }
        }
        kept.set_at(&["status"], status);
    }
    format!("{}---\n", toft_yaml::write(&kept))
}
