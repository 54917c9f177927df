//! Fields that say the same twice: one value for old clients, a list for new ones.
//!
//! Source: Kubernetes 1.36.3 `pkg/apis/core/v1/conversion.go`.

use toft_value::{Value, value};

/// The networks of a node follow its network.
pub(super) fn node(object: &mut Value) {
    const LIST: &[&str] = &["spec", "podCIDRs"];
    let first = object.items_at(LIST).first().cloned();
    match object.at(&["spec", "podCIDR"]).cloned() {
        Some(one) if first.as_ref() != Some(&one) => {
            object.set_at(LIST, Value::from(vec![one]));
        }
        None if first.is_some() => {
            object.set_at(&["spec", "podCIDR"], first.unwrap_or_default());
        }
        Some(_) | None => {}
    }
}

/// The addresses of a pod follow its address.
pub(super) fn pod(object: &mut Value) {
    const LIST: &[&str] = &["status", "podIPs"];
    let first = object.items_at(LIST).first();
    let first = first.and_then(|entry| entry.get("ip")).cloned();
    match object.at(&["status", "podIP"]).cloned() {
        Some(one) if first.as_ref() != Some(&one) => {
            object.set_at(LIST, value!([{"ip": one}]));
        }
        None if first.is_some() => {
            object.set_at(&["status", "podIP"], first.unwrap_or_default());
        }
        Some(_) | None => {}
    }
}
