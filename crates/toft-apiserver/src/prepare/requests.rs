//! Requests for certificates carry who asks; nobody approves them while making them.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/certificates/certificates/strategy.go`.

use toft_api::ApiError;
use toft_value::{Value, value};

use crate::call::Call;
use crate::store::Store;

/// The fields that only the server says.
const ASKER: &[&str] = &["username", "uid", "groups", "extra"];

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn created(call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let user = call.request.user.clone();
    object.set_at(&["spec", "username"], user.clone());
    object.set_at(&["spec", "uid"], user);
    object.set_at(
        &["spec", "groups"],
        value!(["system:masters", "system:authenticated"]),
    );
    object.remove_at(&["spec", "extra"]);
    Ok(())
}

/// The spec stays as it was; through `approval` only conditions are written. They say when they came.
#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn updated(
    call: &Call<'_>,
    _store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    for field in ASKER {
        match live.at(&["spec", field]) {
            Some(value) => new.set_at(&["spec", field], value),
            None => {
                new.remove_at(&["spec", field]);
            }
        }
    }
    match call.path.subresource.as_str() {
        "approval" => approve(live, new),
        "status" => keep_approvals(live, new),
        _ => {}
    }
    if !call.path.subresource.is_empty() {
        date_conditions(call, live, new);
    }
    Ok(())
}

const CONDITIONS: &[&str] = &["status", "conditions"];

fn approve(live: &Value, new: &mut Value) {
    let conditions = new.items_at(CONDITIONS).to_vec();
    for part in ["spec", "status"] {
        new.set_at(&[part], live.get(part).cloned().unwrap_or_default());
    }
    if conditions.is_empty() {
        new.remove_at(CONDITIONS);
    } else {
        new.set_at(CONDITIONS, Value::from(conditions));
    }
}

/// A status that repeats what was approved or denied repeats it word for word.
///
/// Source: the same, `preserveConditionInstances`.
fn keep_approvals(live: &Value, new: &mut Value) {
    let mut conditions = new.items_at(CONDITIONS).to_vec();
    for kind in ["Approved", "Denied"] {
        let is_kind = |condition: &&Value| condition.str_at(&["type"]) == Some(kind);
        let old: Vec<&Value> = live.items_at(CONDITIONS).iter().filter(is_kind).collect();
        if conditions.iter().filter(is_kind).count() != old.len() {
            continue;
        }
        let places = conditions.iter_mut().filter(|one| is_kind(&&**one));
        for (place, old) in places.zip(old) {
            place.clone_from(old);
        }
    }
    if !conditions.is_empty() {
        new.set_at(CONDITIONS, Value::from(conditions));
    }
}

/// Source: the same, `populateConditionTimestamps`.
fn date_conditions(call: &Call<'_>, live: &Value, new: &mut Value) {
    let now = call.now.to_string();
    let date = |condition: &Value| {
        let mut condition = condition.clone();
        if condition.str_at(&["lastUpdateTime"]).is_none() {
            condition.set_at(&["lastUpdateTime"], now.as_str());
        }
        if condition.str_at(&["lastTransitionTime"]).is_none() {
            let same = |old: &&Value| {
                ["type", "status"]
                    .iter()
                    .all(|key| old.str_at(&[key]) == condition.str_at(&[key]))
            };
            let old = live.items_at(CONDITIONS).iter().find(same);
            let since = old.and_then(|old| old.str_at(&["lastTransitionTime"]));
            let since = since.unwrap_or(&now).to_owned();
            condition.set_at(&["lastTransitionTime"], since);
        }
        condition
    };
    let conditions: Vec<Value> = new.items_at(CONDITIONS).iter().map(date).collect();
    if !conditions.is_empty() {
        new.set_at(CONDITIONS, Value::from(conditions));
    }
}
