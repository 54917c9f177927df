//! Objects as recordings keep them: without what the registry of a server sets by chance or by clock.
//!
//! The recorder and the tests use the same functions, so that both leave out the same.

use toft_value::{Value, value};

/// The text of a JSON file of a case.
pub fn print(value: &Value) -> String {
    // Go escapes these for HTML, which the recorded files do not.
    let text = value.to_json_indented("  ");
    let text = text.replace("\\u003c", "<").replace("\\u003e", ">");
    format!("{}\n", text.replace("\\u0026", "&"))
}

/// Removes what the registry of a server sets, which is neither default nor patch.
#[must_use]
pub fn without_registry(mut object: Value) -> Value {
    for key in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "namespace",
    ] {
        object.remove_at(&["metadata", key]);
    }
    for path in given_to(object.str_at(&["kind"]).unwrap_or_default()) {
        object.remove_at(path);
    }
    without_node_ports(&mut object);
    without_empty(&mut object, "labels");
    without_empty(&mut object, "annotations");
    object
}

/// What the registry gives to objects of a kind.
fn given_to(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "Namespace" => &[&["spec"]],
        "PersistentVolumeClaim" | "CustomResourceDefinition" => &[],
        "PersistentVolume" => &[&["status", "lastPhaseTransitionTime"]],
        "DaemonSet" => &[
            &["status"],
            &[
                "metadata",
                "annotations",
                "deprecated.daemonset.template.generation",
            ],
        ],
        "Job" => &[
            &["status"],
            &["spec", "selector"],
            &["spec", "template", "metadata", "labels"],
            &["metadata", "labels", "batch.kubernetes.io/controller-uid"],
            &["metadata", "labels", "batch.kubernetes.io/job-name"],
            &["metadata", "labels", "controller-uid"],
            &["metadata", "labels", "job-name"],
        ],
        "Service" => &[
            &["status"],
            &["spec", "clusterIP"],
            &["spec", "clusterIPs"],
            &["spec", "ipFamilies"],
            &["spec", "ipFamilyPolicy"],
            &["spec", "healthCheckNodePort"],
        ],
        _ => &[&["status"]],
    }
}

/// Node ports of Services are handed out.
fn without_node_ports(object: &mut Value) {
    if object.str_at(&["kind"]) != Some("Service") {
        return;
    }
    let ports = object
        .at_mut(&["spec", "ports"])
        .and_then(Value::as_list_mut);
    for port in ports.into_iter().flat_map(toft_value::List::make_mut) {
        port.remove_at(&["nodePort"]);
    }
}

fn without_empty(object: &mut Value, key: &str) {
    let map = object.at(&["metadata", key]).and_then(Value::as_map);
    if map.is_some_and(toft_value::Map::is_empty) {
        object.remove_at(&["metadata", key]);
    }
}

/// The same for an object of which the managers are looked at: they stay, their times become `T`.
///
/// The status of a Deployment stays too: cases write it through its subresource.
#[must_use]
pub fn with_managers(object: &Value) -> Value {
    let managed = object.at(&["metadata", "managedFields"]).cloned();
    let status = object.get("status").cloned();
    let mut kept = without_registry(object.clone());
    if let Some(mut managed) = managed {
        for entry in managed
            .as_list_mut()
            .into_iter()
            .flat_map(toft_value::List::make_mut)
        {
            if entry.get("time").is_some() {
                entry.set_at(&["time"], "T");
            }
        }
        kept.set_at(&["metadata", "managedFields"], managed);
    }
    if object.str_at(&["kind"]) == Some("Deployment")
        && let Some(status) = status.filter(|status| *status != value!({}))
    {
        kept.set_at(&["status"], status);
    }
    kept
}
