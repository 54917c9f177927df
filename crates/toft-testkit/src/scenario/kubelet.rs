//! What happens to pods on their nodes: the part of a scenario that stands for kubelets.
//!
//! `pods` has `labels` (a selector) or `name`, perhaps `first` (only so many), and `state`:
//! `running`, `ready`, `succeeded`, `failed` (with `exit`, perhaps `reason` or `conditions`),
//! `gone` (those that are being deleted), `deleted` (somebody deletes them).

use toft_value::{Value, value};

use super::{Call, Play, expect, get, merge, post};

/// Brings the chosen pods to a state.
pub(super) fn act(play: &mut Play<'_>, what: &Value) -> Result<(), String> {
    let state = what.str_at(&["state"]).ok_or("`pods` has no `state`")?;
    let chosen = choose(play, what, state)?;
    for pod in chosen {
        let name = pod.str_at(&["metadata", "name"]).unwrap_or_default();
        let target = format!("/api/v1/namespaces/{}/pods/{name}", play.namespace);
        let call = match state {
            "gone" => deletion(target, Some(0)),
            "deleted" => deletion(target, None),
            _ => {
                play.addresses += 1;
                let number = play.addresses;
                let address = format!("10.250.{}.{}", number / 250, number % 250 + 1);
                let now = play.stage.now();
                merge(
                    format!("{target}/status"),
                    status(&pod, what, (&now, &address))?,
                )
            }
        };
        play.ask(&call)?;
    }
    Ok(())
}

fn deletion(target: String, grace: Option<i64>) -> Call {
    let mut options = value!({"apiVersion": "v1", "kind": "DeleteOptions"});
    if let Some(grace) = grace {
        options.set_at(&["gracePeriodSeconds"], grace);
    }
    Call {
        method: "DELETE",
        ..post(target, options)
    }
}

fn choose(play: &mut Play<'_>, what: &Value, state: &str) -> Result<Vec<Value>, String> {
    let selector = what.str_at(&["labels"]).unwrap_or_default();
    let target = format!(
        "/api/v1/namespaces/{}/pods?labelSelector={selector}",
        play.namespace
    );
    let list = expect(play.stage, &get(target))?;
    let mut pods: Vec<Value> = list
        .items_at(&["items"])
        .iter()
        .filter(|pod| is_meant(pod, what, state))
        .cloned()
        .collect();
    let text = |pod: &Value, path: &[&str]| pod.str_at(path).unwrap_or_default().to_owned();
    let index = "batch.kubernetes.io/job-completion-index";
    pods.sort_by_cached_key(|pod| {
        (
            text(pod, &["metadata", "annotations", index]),
            text(pod, &["metadata", "creationTimestamp"]),
            text(pod, &["metadata", "name"]),
        )
    });
    let first = what
        .i64_at(&["first"])
        .and_then(|count| usize::try_from(count).ok());
    pods.truncate(first.unwrap_or(usize::MAX));
    Ok(pods)
}

fn is_meant(pod: &Value, what: &Value, state: &str) -> bool {
    let name = what.str_at(&["name"]);
    if name.is_some() && name != pod.str_at(&["metadata", "name"]) {
        return false;
    }
    let is_deleting = pod.str_at(&["metadata", "deletionTimestamp"]).is_some();
    let phase = pod.str_at(&["status", "phase"]).unwrap_or_default();
    let is_over = matches!(phase, "Succeeded" | "Failed");
    let is_placed = pod.str_at(&["spec", "nodeName"]).is_some();
    let is_ready = is_true(pod, "Ready");
    match state {
        "gone" => is_deleting,
        "deleted" => !is_deleting,
        "ready" => is_placed && !is_over && !is_deleting && !is_ready,
        "running" => is_placed && !is_over && !is_deleting && (is_ready || phase == "Pending"),
        _ => is_placed && !is_over,
    }
}

fn is_true(pod: &Value, kind: &str) -> bool {
    let conditions = pod.items_at(&["status", "conditions"]).iter();
    let mut found = conditions.filter(|one| one.str_at(&["type"]) == Some(kind));
    found.any(|one| one.str_at(&["status"]) == Some("True"))
}

fn status(pod: &Value, what: &Value, (now, address): (&str, &str)) -> Result<Value, String> {
    let state = what.str_at(&["state"]).unwrap_or_default();
    let (phase, is_ready) = match state {
        "ready" => ("Running", true),
        "running" => ("Running", false),
        "succeeded" => ("Succeeded", false),
        "failed" => ("Failed", false),
        other => return Err(format!("pods know no state `{other}`")),
    };
    let mut conditions: Vec<Value> = pod
        .items_at(&["status", "conditions"])
        .iter()
        .filter(|one| {
            !matches!(
                one.str_at(&["type"]),
                Some("Ready" | "ContainersReady" | "Initialized")
            )
        })
        .cloned()
        .collect();
    let ready = if is_ready { "True" } else { "False" };
    for (kind, status) in [
        ("Initialized", "True"),
        ("Ready", ready),
        ("ContainersReady", ready),
    ] {
        conditions.push(value!({"type": kind, "status": status, "lastTransitionTime": now}));
    }
    for condition in what.items_at(&["conditions"]) {
        let mut condition = condition.clone();
        condition.set_at(&["lastTransitionTime"], now);
        conditions.push(condition);
    }
    let address = pod.str_at(&["status", "podIP"]).unwrap_or(address);
    let mut status = value!({
        "phase": phase, "conditions": conditions, "podIP": address, "podIPs": [{"ip": address}],
        "startTime": pod.str_at(&["status", "startTime"]).unwrap_or(now),
        "containerStatuses": containers(pod, what, (now, is_ready)),
    });
    if let Some(reason) = what.str_at(&["reason"]) {
        status.set_at(&["reason"], reason);
    }
    Ok(value!({"status": status}))
}

fn containers(pod: &Value, what: &Value, (now, is_ready): (&str, bool)) -> Vec<Value> {
    let state = what.str_at(&["state"]).unwrap_or_default();
    let exit = what
        .i64_at(&["exit"])
        .unwrap_or(i64::from(state == "failed"));
    let containers = pod.items_at(&["spec", "containers"]).iter();
    let of = |container: &Value| {
        let state = match state {
            "succeeded" | "failed" => value!({"terminated": {
                "exitCode": exit, "reason": if exit == 0 { "Completed" } else { "Error" },
                "startedAt": now, "finishedAt": now,
            }}),
            _ => value!({"running": {"startedAt": now}}),
        };
        value!({
            "name": container.get("name").cloned(), "image": container.get("image").cloned(),
            "imageID": "", "ready": is_ready, "restartCount": 0, "state": state, "lastState": {},
        })
    };
    containers.map(of).collect()
}
