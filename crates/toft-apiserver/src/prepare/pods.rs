//! Pods begin as pending, with the class of service that their resources give.
//!
//! Source: Kubernetes 1.36.3 `pkg/registry/core/pod/strategy.go`, `pkg/apis/core/helper/qos/qos.go`.

use std::collections::BTreeMap;

use toft_api::ApiError;
use toft_object::Quantity;
use toft_value::{Value, value};

use crate::call::Call;
use crate::store::Store;

#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn created(call: &Call<'_>, _store: &Store, object: &mut Value) -> Result<(), ApiError> {
    let mut status = value!({"phase": "Pending", "qosClass": quality(object)});
    if !object.items_at(&["spec", "schedulingGates"]).is_empty() {
        status.set_at(
            &["conditions"],
            value!([{
                "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
                "lastTransitionTime": Value::Null, "lastProbeTime": Value::Null,
            }]),
        );
    }
    object.set_at(&["status"], status);
    let _ = call;
    Ok(())
}

/// A status that comes without the class of service keeps it; owners are not changed through the status.
#[expect(clippy::unnecessary_wraps, reason = "one entry of the table of kinds")]
pub(super) fn updated(
    call: &Call<'_>,
    _store: &Store,
    (live, new): (&Value, &mut Value),
) -> Result<(), ApiError> {
    if call.path.subresource != "status" {
        return Ok(());
    }
    if new
        .str_at(&["status", "qosClass"])
        .unwrap_or_default()
        .is_empty()
        && let Some(class) = live.at(&["status", "qosClass"])
    {
        new.set_at(&["status", "qosClass"], class);
    }
    match live.at(&["metadata", "ownerReferences"]) {
        Some(owners) => new.set_at(&["metadata", "ownerReferences"], owners),
        None => {
            new.remove_at(&["metadata", "ownerReferences"]);
        }
    }
    Ok(())
}

type Amounts = BTreeMap<String, Quantity>;

/// `Guaranteed`, `Burstable` or `BestEffort`.
fn quality(pod: &Value) -> &'static str {
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let mut guaranteed = true;
    let containers = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| pod.items_at(&["spec", list]));
    for container in containers {
        add(&mut requests, container, "requests");
        let limited = add(&mut limits, container, "limits");
        guaranteed &= limited == 2;
    }
    if requests.is_empty() && limits.is_empty() {
        "BestEffort"
    } else if guaranteed && requests == limits {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// Adds what a container asks of CPU and memory; tells how many of the two it asks for.
fn add(amounts: &mut Amounts, container: &Value, kind: &str) -> usize {
    let mut found = 0;
    for name in ["cpu", "memory"] {
        let Some(text) = container.str_at(&["resources", kind, name]) else {
            continue;
        };
        let Ok(amount) = Quantity::parse(text) else {
            continue;
        };
        if amount.as_milli() <= 0 {
            continue;
        }
        found += 1;
        let sum = amounts
            .get(name)
            .map_or_else(|| amount.clone(), |sum| sum.clone() + &amount);
        amounts.insert(name.to_owned(), sum);
    }
    found
}
