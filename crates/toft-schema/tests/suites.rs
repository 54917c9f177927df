//! What each suite checks.

pub(crate) mod apply;
pub(crate) mod decode;
pub(crate) mod defaults;
pub(crate) mod patch;
pub(crate) mod validate;

use toft_object::Gvk;
use toft_testkit::Case;
use toft_value::Value;

/// A JSON file of a case.
pub(crate) fn read(case: &Case, name: &str) -> Result<Value, String> {
    let text = case.required(name)?;
    Value::from_json(text.as_bytes()).map_err(|error| format!("{name}: {error}"))
}

/// The text of a JSON file of a case.
pub(crate) fn print(value: &Value) -> String {
    // Go escapes these for HTML, which the recorded files do not.
    let text = value.to_json_indented("  ");
    let text = text.replace("\\u003c", "<").replace("\\u003e", ">");
    format!("{}\n", text.replace("\\u0026", "&"))
}

/// The kind of an object.
pub(crate) fn gvk(object: &Value) -> Gvk {
    let text = |key: &str| object.str_at(&[key]).unwrap_or_default();
    Gvk::of(text("apiVersion"), text("kind"))
}

/// Removes what the registry and admission of a server set, which is neither default nor patch.
pub(crate) fn without_registry(mut object: Value) -> Value {
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
    match object.str_at(&["kind"]).unwrap_or_default() {
        "Namespace" => {
            object.remove_at(&["spec"]);
        }
        "PersistentVolume" | "PersistentVolumeClaim" | "CustomResourceDefinition" => {}
        "Job" => {
            object.remove_at(&["status"]);
            object.remove_at(&["spec", "selector"]);
            object.remove_at(&["spec", "template", "metadata", "labels"]);
        }
        "Service" => {
            object.remove_at(&["status"]);
            for key in [
                "clusterIP",
                "clusterIPs",
                "ipFamilies",
                "ipFamilyPolicy",
                "healthCheckNodePort",
            ] {
                object.remove_at(&["spec", key]);
            }
        }
        _ => {
            object.remove_at(&["status"]);
        }
    }
    object
}
