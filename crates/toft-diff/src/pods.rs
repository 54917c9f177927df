//! Where objects hold pods.

use toft_value::Value;

/// Where the spec of a pod is, by group and kind.
const PLACES: &[(&str, &str, &[&str])] = &[
    ("", "Pod", &["spec"]),
    ("", "ReplicationController", &["spec", "template", "spec"]),
    ("apps", "DaemonSet", &["spec", "template", "spec"]),
    ("apps", "Deployment", &["spec", "template", "spec"]),
    ("apps", "ReplicaSet", &["spec", "template", "spec"]),
    ("apps", "StatefulSet", &["spec", "template", "spec"]),
    (
        "batch",
        "CronJob",
        &["spec", "jobTemplate", "spec", "template", "spec"],
    ),
    ("batch", "Job", &["spec", "template", "spec"]),
];

/// The containers of an object that runs pods: name and image, in order, init containers first.
pub(crate) fn images<'a>(group: &str, kind: &str, object: &'a Value) -> Vec<(&'a str, &'a str)> {
    let place = PLACES
        .iter()
        .find(|(of_group, of_kind, _)| group == *of_group && kind == *of_kind);
    let Some(spec) = place.and_then(|(_, _, path)| object.at(path)) else {
        return Vec::new();
    };
    let containers = ["initContainers", "containers"]
        .into_iter()
        .flat_map(|field| spec.items_at(&[field]));
    containers
        .filter_map(|container| Some((container.str_at(&["name"])?, container.str_at(&["image"])?)))
        .collect()
}
