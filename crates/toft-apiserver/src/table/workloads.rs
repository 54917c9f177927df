//! Cells of workloads, nodes, roles and events.

use toft_object::Time;
use toft_value::Value;

use super::age;
use super::cells::{self, NONE};

const TEMPLATE: &[&str] = &["spec", "template", "spec", "containers"];
const CRON: &[&str] = &[
    "spec",
    "jobTemplate",
    "spec",
    "template",
    "spec",
    "containers",
];

pub(super) fn containers(object: &Value, _now: Time) -> Value {
    cells::of_containers(object.items_at(TEMPLATE), "name").into()
}

pub(super) fn images(object: &Value, _now: Time) -> Value {
    cells::of_containers(object.items_at(TEMPLATE), "image").into()
}

pub(super) fn selector(object: &Value, _now: Time) -> Value {
    cells::selector(object.at(&["spec", "selector"])).into()
}

pub(super) fn cron_containers(object: &Value, _now: Time) -> Value {
    cells::of_containers(object.items_at(CRON), "name").into()
}

pub(super) fn cron_images(object: &Value, _now: Time) -> Value {
    cells::of_containers(object.items_at(CRON), "image").into()
}

pub(super) fn cron_selector(object: &Value, _now: Time) -> Value {
    cells::selector(object.at(&["spec", "jobTemplate", "spec", "selector"])).into()
}

pub(super) fn template_containers(object: &Value, _now: Time) -> Value {
    cells::of_containers(object.items_at(&["template", "spec", "containers"]), "name").into()
}

pub(super) fn template_images(object: &Value, _now: Time) -> Value {
    cells::of_containers(
        object.items_at(&["template", "spec", "containers"]),
        "image",
    )
    .into()
}

pub(super) fn template_labels(object: &Value, _now: Time) -> Value {
    cells::labels(object.at(&["template", "metadata", "labels"])).into()
}

pub(super) fn node_selector(object: &Value, _now: Time) -> Value {
    cells::labels(object.at(&["spec", "template", "spec", "nodeSelector"])).into()
}

/// Ready replicas of those asked for.
pub(super) fn ready(object: &Value, _now: Time) -> Value {
    format!(
        "{}/{}",
        cells::number(object, &["status", "readyReplicas"]),
        cells::number(object, &["spec", "replicas"])
    )
    .into()
}

fn amount_or_none(object: &Value, key: &str) -> Value {
    object
        .at(&["spec", key])
        .map_or_else(|| "N/A".into(), |amount| cells::int_or_text(amount).into())
}

pub(super) fn min_available(object: &Value, _now: Time) -> Value {
    amount_or_none(object, "minAvailable")
}

pub(super) fn max_unavailable(object: &Value, _now: Time) -> Value {
    amount_or_none(object, "maxUnavailable")
}

pub(super) fn job_status(object: &Value, _now: Time) -> Value {
    let is = |kind: &str| cells::condition(object, kind) == Some("True");
    let status = match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if object.at(&["metadata", "deletionTimestamp"]).is_some() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    status.into()
}

pub(super) fn completions(object: &Value, _now: Time) -> Value {
    let succeeded = cells::number(object, &["status", "succeeded"]);
    let parallelism = cells::number(object, &["spec", "parallelism"]);
    match object.i64_at(&["spec", "completions"]) {
        Some(completions) => format!("{succeeded}/{completions}").into(),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}").into(),
        None => format!("{succeeded}/1").into(),
    }
}

pub(super) fn job_duration(object: &Value, now: Time) -> Value {
    let time = |key: &str| {
        object
            .str_at(&["status", key])
            .and_then(|text| Time::parse(text).ok())
    };
    let Some(start) = time("startTime") else {
        return "".into();
    };
    age::human(time("completionTime").unwrap_or(now).since(start)).into()
}

pub(super) fn suspended(object: &Value, _now: Time) -> Value {
    match object.bool_at(&["spec", "suspend"]) {
        Some(true) => "True".into(),
        Some(false) => "False".into(),
        None => "<unset>".into(),
    }
}

pub(super) fn last_schedule(object: &Value, now: Time) -> Value {
    age::since(object.str_at(&["status", "lastScheduleTime"]), now, NONE).into()
}

pub(super) fn scale_target(object: &Value, _now: Time) -> Value {
    let text = |key: &str| {
        object
            .str_at(&["spec", "scaleTargetRef", key])
            .unwrap_or_default()
    };
    format!("{}/{}", text("kind"), text("name")).into()
}

pub(super) fn min_pods(object: &Value, _now: Time) -> Value {
    object
        .i64_at(&["spec", "minReplicas"])
        .map_or_else(|| "<unset>".into(), |number| number.to_string().into())
}

/// Current and target values of at most two metrics.
pub(super) fn metrics(object: &Value, _now: Time) -> Value {
    const SHOWN: usize = 2;
    let current = object.items_at(&["status", "currentMetrics"]);
    let metrics: Vec<String> = object
        .items_at(&["spec", "metrics"])
        .iter()
        .enumerate()
        .map(|(at, one)| metric(one, current.get(at)))
        .collect();
    let shown: Vec<&str> = metrics.iter().take(SHOWN).map(String::as_str).collect();
    let shown = shown.join(", ");
    if metrics.is_empty() {
        NONE.into()
    } else if metrics.len() > SHOWN {
        format!("{shown} + {} more...", metrics.len() - SHOWN).into()
    } else {
        shown.into()
    }
}

fn metric(metric: &Value, current: Option<&Value>) -> String {
    let section = match metric.str_at(&["type"]).unwrap_or_default() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let wanted = |key: &str| metric.at(&[section, "target", key]);
    let found = |key: &str| {
        current
            .and_then(|one| one.at(&[section, "current", key]))
            .map_or("<unknown>".to_owned(), cells::int_or_text)
    };
    let named = metric
        .str_at(&[section, "name"])
        .filter(|_| section.ends_with("esource"));
    let prefix = named.map(|name| format!("{name}: ")).unwrap_or_default();
    let average = wanted("averageValue").map(cells::int_or_text);
    match (average, section) {
        (Some(target), "external" | "object") => {
            format!("{}/{target} (avg)", found("averageValue"))
        }
        (Some(target), _) => format!("{prefix}{}/{target}", found("averageValue")),
        (None, "resource" | "containerResource") => {
            let percent = |value: Option<&Value>, missing: &str| {
                value
                    .and_then(Value::as_i64)
                    .map_or(missing.to_owned(), |number| format!("{number}%"))
            };
            let now = current.and_then(|one| one.at(&[section, "current", "averageUtilization"]));
            format!(
                "{prefix}{}/{}",
                percent(now, "<unknown>"),
                percent(wanted("averageUtilization"), "<auto>")
            )
        }
        (None, _) => format!(
            "{}/{}",
            found("value"),
            wanted("value").map_or("0".to_owned(), cells::int_or_text)
        ),
    }
}

pub(super) fn controller(object: &Value, _now: Time) -> Value {
    let mut owners = object.items_at(&["metadata", "ownerReferences"]).iter();
    let Some(owner) = owners.find(|owner| owner.bool_at(&["controller"]) == Some(true)) else {
        return NONE.into();
    };
    let text = |key: &str| owner.str_at(&[key]).unwrap_or_default();
    let group = text("apiVersion")
        .split_once('/')
        .map(|(group, _)| format!(".{group}"))
        .unwrap_or_default();
    format!("{}{group}/{}", text("kind").to_lowercase(), text("name")).into()
}

pub(super) fn node_status(object: &Value, _now: Time) -> Value {
    let ready = match cells::condition(object, "Ready") {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = object.bool_at(&["spec", "unschedulable"]) == Some(true);
    if cordoned {
        format!("{ready},SchedulingDisabled").into()
    } else {
        ready.into()
    }
}

pub(super) fn node_roles(object: &Value, _now: Time) -> Value {
    let labels = object
        .at(&["metadata", "labels"])
        .and_then(Value::as_map)
        .into_iter()
        .flatten();
    let mut roles: Vec<&str> = labels
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) if !role.is_empty() => Some(role),
                _ if key == "kubernetes.io/role" => value.as_str().filter(|role| !role.is_empty()),
                _ => None,
            },
        )
        .collect();
    roles.sort_unstable();
    roles.dedup();
    cells::or_none(Some(&roles.join(","))).into()
}

fn node_info<'v>(object: &'v Value, key: &str) -> &'v str {
    object
        .str_at(&["status", "nodeInfo", key])
        .filter(|text| !text.is_empty())
        .unwrap_or("<unknown>")
}

pub(super) fn os_image(object: &Value, _now: Time) -> Value {
    node_info(object, "osImage").into()
}

pub(super) fn kernel(object: &Value, _now: Time) -> Value {
    let kernel = node_info(object, "kernelVersion");
    match object
        .str_at(&["status", "nodeInfo", "architecture"])
        .filter(|text| !text.is_empty())
    {
        Some(architecture) => format!("{kernel} ({architecture})").into(),
        None => kernel.into(),
    }
}

pub(super) fn runtime(object: &Value, _now: Time) -> Value {
    node_info(object, "containerRuntimeVersion").into()
}

pub(super) fn role(object: &Value, _now: Time) -> Value {
    let text = |key: &str| object.str_at(&["roleRef", key]).unwrap_or_default();
    format!("{}/{}", text("kind"), text("name")).into()
}

fn subjects(object: &Value, kind: &str) -> Value {
    let subjects = object
        .items_at(&["subjects"])
        .iter()
        .filter(|one| one.str_at(&["kind"]) == Some(kind));
    let names = subjects.map(|one| {
        let name = one.str_at(&["name"]).unwrap_or_default();
        match one.str_at(&["namespace"]) {
            Some(namespace) if kind == "ServiceAccount" => format!("{namespace}/{name}"),
            _ => name.to_owned(),
        }
    });
    names.collect::<Vec<_>>().join(", ").into()
}

pub(super) fn users(object: &Value, _now: Time) -> Value {
    subjects(object, "User")
}

pub(super) fn groups(object: &Value, _now: Time) -> Value {
    subjects(object, "Group")
}

pub(super) fn accounts(object: &Value, _now: Time) -> Value {
    subjects(object, "ServiceAccount")
}

/// Events have other field names in `events.k8s.io`.
fn event<'v>(object: &'v Value, old: &[&str], new: &[&str]) -> Option<&'v Value> {
    object
        .at(old)
        .or_else(|| object.at(new))
        .filter(|value| !value.is_null())
}

fn event_text<'v>(object: &'v Value, old: &[&str], new: &[&str]) -> &'v str {
    event(object, old, new)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn first_seen(object: &Value, now: Time) -> Value {
    let first = event(object, &["firstTimestamp"], &["deprecatedFirstTimestamp"])
        .or_else(|| object.at(&["eventTime"]));
    age::since(first.and_then(Value::as_str), now, "<unknown>").into()
}

pub(super) fn last_seen(object: &Value, now: Time) -> Value {
    let series = object.str_at(&["series", "lastObservedTime"]);
    let last = series.or_else(|| {
        event(object, &["lastTimestamp"], &["deprecatedLastTimestamp"]).and_then(Value::as_str)
    });
    match last {
        Some(time) => age::since(Some(time), now, "<unknown>").into(),
        None => first_seen(object, now),
    }
}

pub(super) fn event_object(object: &Value, _now: Time) -> Value {
    let text = |key: &str| event_text(object, &["involvedObject", key], &["regarding", key]);
    let kind = text("kind").to_lowercase();
    if text("name").is_empty() {
        kind.into()
    } else {
        format!("{kind}/{}", text("name")).into()
    }
}

pub(super) fn event_part(object: &Value, _now: Time) -> Value {
    event_text(
        object,
        &["involvedObject", "fieldPath"],
        &["regarding", "fieldPath"],
    )
    .into()
}

pub(super) fn event_source(object: &Value, _now: Time) -> Value {
    let first = |old: &[&str], new: &[&str], other: &[&str]| {
        let text = event_text(object, old, new);
        if text.is_empty() {
            object.str_at(other).unwrap_or_default().to_owned()
        } else {
            text.to_owned()
        }
    };
    let component = first(
        &["source", "component"],
        &["deprecatedSource", "component"],
        &["reportingComponent"],
    );
    let component = if component.is_empty() {
        object
            .str_at(&["reportingController"])
            .unwrap_or_default()
            .to_owned()
    } else {
        component
    };
    let host = first(
        &["source", "host"],
        &["deprecatedSource", "host"],
        &["reportingInstance"],
    );
    if host.is_empty() {
        component.into()
    } else {
        format!("{component}, {host}").into()
    }
}

pub(super) fn event_message(object: &Value, _now: Time) -> Value {
    event_text(object, &["message"], &["note"]).trim().into()
}

pub(super) fn event_count(object: &Value, _now: Time) -> Value {
    let series = object.i64_at(&["series", "count"]);
    let count = event(object, &["count"], &["deprecatedCount"]).and_then(Value::as_i64);
    series
        .or(count.filter(|count| *count != 0))
        .unwrap_or(1)
        .into()
}
