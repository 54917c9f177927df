//! Conditions in the status of objects.

use toft_object::Time;
use toft_value::{Value, value};

/// A condition as a controller sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Its type, such as `Available`.
    pub(crate) kind: &'static str,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'static str,
    /// For machines; empty for none.
    pub(crate) reason: String,
    /// For people; empty for none.
    pub(crate) message: String,
}

impl Condition {
    /// A condition with reason and message.
    pub(crate) fn new(
        kind: &'static str,
        status: &'static str,
        reason: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            status,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// The condition as an object carries it, with its time.
    pub(crate) fn to_value(&self, changed: &str) -> Value {
        let mut condition = value!({
            "type": self.kind, "status": self.status, "lastTransitionTime": changed,
        });
        for (key, text) in [("reason", &self.reason), ("message", &self.message)] {
            if !text.is_empty() {
                condition.set_at(&[key], text.as_str());
            }
        }
        condition
    }
}

/// The condition of a type in `status.conditions` of an object.
pub(crate) fn find<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    find_in(object.get("status")?, kind)
}

/// The condition of a type in a status.
pub(crate) fn find_in<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = status.items_at(&["conditions"]).iter();
    conditions
        .into_iter()
        .find(|condition| condition.str_at(&["type"]) == Some(kind))
}

/// Whether the condition of a type is `True`.
pub(crate) fn is_true(object: &Value, kind: &str) -> bool {
    find(object, kind).is_some_and(|found| found.str_at(&["status"]) == Some("True"))
}

/// Puts a condition into a status. The time changes with the status alone; nothing changes where status
/// and reason are the same. A changed condition goes to the end.
///
/// Source: Kubernetes 1.36.3 `pkg/controller/deployment/util/deployment_util.go`, `SetDeploymentCondition`,
/// and its likes for other workloads.
pub(crate) fn put(status: &mut Value, condition: &Condition, now: Time) {
    let now = now.to_string();
    let mut new = condition.to_value(&now);
    if let Some(current) = find_in(status, condition.kind) {
        let same = |key: &str| current.get(key) == new.get(key);
        if same("status") && same("reason") {
            return;
        }
        if same("status") {
            let time = current.get("lastTransitionTime").cloned();
            new.set_at(&["lastTransitionTime"], time.unwrap_or_default());
        }
    }
    append(status, new);
}

/// Puts a condition into a status at its place; the message follows what is seen now.
///
/// Source: apimachinery 0.36.3 `pkg/api/meta/conditions.go`, `SetStatusCondition`.
pub(crate) fn put_in_place(status: &mut Value, condition: &Condition, now: Time) {
    let mut new = condition.to_value(&now.to_string());
    let mut list = status.items_at(&["conditions"]).to_vec();
    let found = list
        .iter_mut()
        .find(|one| one.str_at(&["type"]) == Some(condition.kind));
    match found {
        None => list.push(new),
        Some(current) => {
            if current.get("status") == new.get("status") {
                let time = current.get("lastTransitionTime").cloned();
                new.set_at(&["lastTransitionTime"], time.unwrap_or_default());
            }
            for (key, text) in new.as_map().into_iter().flatten() {
                current.set_at(&[key], text);
            }
            for key in ["reason", "message"] {
                if new.get(key).is_none() {
                    current.remove_at(&[key]);
                }
            }
        }
    }
    status.set_at(&["conditions"], list);
}

/// Puts a ready-made condition at the end, in place of the one of its type.
pub(crate) fn append(status: &mut Value, condition: Value) {
    let kind = condition.str_at(&["type"]).unwrap_or_default().to_owned();
    let mut list = others(status, &kind);
    list.push(condition);
    status.set_at(&["conditions"], list);
}

/// Takes the condition of a type out of a status.
pub(crate) fn remove(status: &mut Value, kind: &str) {
    if find_in(status, kind).is_none() {
        return;
    }
    let list = others(status, kind);
    if list.is_empty() {
        status.remove_at(&["conditions"]);
    } else {
        status.set_at(&["conditions"], list);
    }
}

fn others(status: &Value, kind: &str) -> Vec<Value> {
    let conditions = status.items_at(&["conditions"]).iter();
    conditions
        .filter(|condition| condition.str_at(&["type"]) != Some(kind))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_changes_with_the_status_alone() {
        let (first, second) = (Time::from_seconds(0), Time::from_seconds(60));
        let mut status = value!({});
        let available = |reason, status| Condition::new("Available", status, reason, "words");
        put(&mut status, &available("A", "True"), first);
        put(&mut status, &available("B", "True"), second);
        let time = |status: &Value| {
            find_in(status, "Available")
                .unwrap()
                .str_at(&["lastTransitionTime"])
                .unwrap()
                .to_owned()
        };
        assert_eq!(time(&status), "1970-01-01T00:00:00Z");
        put(&mut status, &available("C", "False"), second);
        assert_eq!(time(&status), "1970-01-01T00:01:00Z");
        remove(&mut status, "Available");
        assert_eq!(status, value!({}));
    }
}
