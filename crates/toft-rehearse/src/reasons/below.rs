//! What lies below an object that is not well: its replicas, its pods, and what was told about them.

use std::collections::BTreeSet;

use toft_apiserver::ApiServer;
use toft_object::GroupResource;
use toft_sync::{Health, HealthStatus, assess};
use toft_value::Value;

/// How many causes are told of one object; replicas of one pod have the same.
const CAUSES_MAX: usize = 3;

/// How deep owners are followed: a CronJob has Jobs, and they have pods.
const DEPTH_MAX: usize = 3;

/// What can stand between an object and its pods, and the pods.
const OWNED: &[(&str, &str)] = &[("apps", "replicasets"), ("batch", "jobs"), ("", "pods")];

/// Why an object is not well: what is wrong with its pods, else what was told about it, else what its
/// status says.
pub(super) fn causes(api: &ApiServer, object: &Value, health: &Health) -> Vec<String> {
    let namespace = text(object, &["metadata", "namespace"]);
    let owned = owned(api, namespace, object);
    let unwell = owned.iter().filter(|object| is_unwell(object));
    if let Some(cause) = claim_cause(api, object) {
        return vec![cause];
    }
    let mut causes: BTreeSet<String> = unwell
        .clone()
        .flat_map(|object| pod_causes(object))
        .collect();
    if causes.is_empty() {
        // The newest warning about the deepest object says most.
        let around = unwell.rev().copied().chain([object]);
        causes.extend(
            around
                .filter_map(|object| newest_event(api, namespace, object))
                .take(1),
        );
    }
    if causes.is_empty() && !health.message.is_empty() {
        causes.insert(health.message.clone());
    }
    causes.into_iter().take(CAUSES_MAX).collect()
}

/// What a claim waits for, where Kubernetes says nothing about it.
fn claim_cause(api: &ApiServer, claim: &Value) -> Option<String> {
    if text(claim, &["kind"]) != "PersistentVolumeClaim" {
        return None;
    }
    let get = |resource: (&str, &str), name: &str| {
        api.get(&GroupResource::new(resource.0, resource.1), "", name)
    };
    let volume = text(claim, &["spec", "volumeName"]);
    if !volume.is_empty() && get(("", "persistentvolumes"), volume).is_none() {
        return Some(format!(
            "there is no PersistentVolume `{volume}`, which it asks for"
        ));
    }
    let class = text(claim, &["spec", "storageClassName"]);
    let class = get(("storage.k8s.io", "storageclasses"), class)?;
    let makes_none = text(class, &["provisioner"]) == "kubernetes.io/no-provisioner";
    makes_none.then(|| {
        let class = text(class, &["metadata", "name"]);
        format!("no PersistentVolume fits, and StorageClass `{class}` makes none")
    })
}

/// What an object owns, directly or not, nearest first.
fn owned<'a>(api: &'a ApiServer, namespace: &str, object: &Value) -> Vec<&'a Value> {
    let mut owners = BTreeSet::from([text(object, &["metadata", "uid"])]);
    let mut found: Vec<&Value> = Vec::new();
    for _ in 0..DEPTH_MAX {
        let next: Vec<&Value> = OWNED
            .iter()
            .flat_map(|(group, resource)| {
                api.list(&GroupResource::new(group, resource), Some(namespace))
            })
            .filter(|object| owner(object).is_some_and(|owner| owners.contains(owner)))
            .collect();
        owners = next
            .iter()
            .map(|object| text(object, &["metadata", "uid"]))
            .collect();
        found.extend(next);
        if owners.is_empty() {
            break;
        }
    }
    found
}

fn owner(object: &Value) -> Option<&str> {
    let owners = object.items_at(&["metadata", "ownerReferences"]).iter();
    let mut owners = owners.filter(|owner| owner.bool_at(&["controller"]) == Some(true));
    owners.next()?.str_at(&["uid"])
}

fn is_unwell(object: &Value) -> bool {
    assess(object).is_some_and(|health| health.status != HealthStatus::Healthy)
}

/// What keeps a pod from running, as scheduler and kubelet say it.
fn pod_causes(pod: &Value) -> Vec<String> {
    if text(pod, &["kind"]) != "Pod" {
        return Vec::new();
    }
    let mut conditions = pod.items_at(&["status", "conditions"]).iter();
    let unscheduled = conditions.find(|condition| {
        text(condition, &["type"]) == "PodScheduled" && text(condition, &["status"]) == "False"
    });
    if let Some(condition) = unscheduled {
        return vec![format!(
            "no node takes its pod: {}",
            text(condition, &["message"])
        )];
    }
    let lists = ["initContainerStatuses", "containerStatuses"];
    let statuses = lists
        .iter()
        .flat_map(|list| pod.items_at(&["status", list]));
    statuses.filter_map(container_cause).collect()
}

fn container_cause(status: &Value) -> Option<String> {
    let name = text(status, &["name"]);
    if let Some(waiting) = status.at(&["state", "waiting"]) {
        let (reason, message) = (text(waiting, &["reason"]), text(waiting, &["message"]));
        let waits = !matches!(reason, "ContainerCreating" | "PodInitializing");
        return waits.then(|| match message {
            "" => format!("container `{name}`: {reason}"),
            message => format!("container `{name}`: {reason}: {message}"),
        });
    }
    let ended = status.at(&["state", "terminated"])?;
    let code = ended.i64_at(&["exitCode"]).filter(|code| *code != 0)?;
    Some(format!("container `{name}` ended with exit code {code}"))
}

/// The newest event about an object: warnings first, and for a claim what it waits for too.
fn newest_event(api: &ApiServer, namespace: &str, object: &Value) -> Option<String> {
    let namespace = if namespace.is_empty() {
        "default"
    } else {
        namespace
    };
    let uid = text(object, &["metadata", "uid"]);
    let is_claim = text(object, &["kind"]) == "PersistentVolumeClaim";
    let events = api.list(&GroupResource::new("", "events"), Some(namespace));
    let about = events.filter(|event| {
        let is_warning = text(event, &["type"]) == "Warning";
        text(event, &["involvedObject", "uid"]) == uid && (is_warning || is_claim)
    });
    let newest = about.max_by_key(|event| {
        let times = [text(event, &["eventTime"]), text(event, &["lastTimestamp"])];
        let time = times.into_iter().max().unwrap_or_default();
        (text(event, &["type"]) == "Warning", time)
    })?;
    let (reason, message) = (text(newest, &["reason"]), text(newest, &["message"]));
    Some(match reason {
        "WaitForFirstConsumer" => {
            "no pod uses it, and its class makes a volume for the first that does".to_owned()
        }
        _ => format!("{reason}: {message}"),
    })
}

fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    object.str_at(path).unwrap_or_default()
}
