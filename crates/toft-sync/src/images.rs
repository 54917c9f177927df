//! The images that an object names.

use smol_str::SmolStr;
use toft_value::Value;

/// Where an object may hold its containers; the first that is there counts.
const CONTAINERS: &[&[&str]] = &[
    &["spec", "containers"],
    &["spec", "template", "spec", "containers"],
    &[
        "spec",
        "jobTemplate",
        "spec",
        "template",
        "spec",
        "containers",
    ],
];

/// The images of the containers, as they are written.
///
/// Source: gitops-engine b89b0871b414 `pkg/utils/kube/kube.go`, `GetResourceImages`.
pub(crate) fn images(object: &Value) -> Vec<SmolStr> {
    let containers = CONTAINERS.iter().find_map(|path| object.at(path));
    let containers = containers.map_or(&[][..], Value::items).iter();
    containers
        .filter_map(|container| container.str_at(&["image"]))
        .map(SmolStr::from)
        .collect()
}
