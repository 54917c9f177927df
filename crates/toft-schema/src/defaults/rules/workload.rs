//! Defaults of workloads and autoscalers.

use toft_value::{Map, Value, value};

use super::{is_zero, map_at, set, set_missing, text};

pub(super) fn deployment(spec: &mut Map) {
    let Some(strategy) = map_at(spec, "strategy") else {
        return;
    };
    set(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate"
        && let Some(update) = map_at(strategy, "rollingUpdate")
    {
        set_missing(update, "maxUnavailable", "25%");
        set_missing(update, "maxSurge", "25%");
    }
}

pub(super) fn daemon_set(spec: &mut Map) {
    let Some(strategy) = map_at(spec, "updateStrategy") else {
        return;
    };
    set(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate"
        && let Some(update) = map_at(strategy, "rollingUpdate")
    {
        set_missing(update, "maxUnavailable", 1);
        set_missing(update, "maxSurge", 0);
    }
}

pub(super) fn stateful_set(spec: &mut Map) {
    let Some(strategy) = map_at(spec, "updateStrategy") else {
        return;
    };
    if text(strategy, "type").is_empty() {
        strategy.insert("type", "RollingUpdate");
        set_missing(strategy, "rollingUpdate", Map::new());
    }
    if text(strategy, "type") == "RollingUpdate"
        && let Some(Value::Map(update)) = strategy.get_mut("rollingUpdate")
    {
        set_missing(update, "partition", 0);
    }
}

pub(super) fn job(job: &mut Map) {
    let labels = job
        .get("spec")
        .and_then(|spec| spec.at(&["template", "metadata", "labels"]))
        .filter(|labels| labels.as_map().is_some())
        .cloned();
    if let (Some(labels), Some(metadata)) = (labels, map_at(job, "metadata")) {
        set(metadata, "labels", labels);
    }
    let Some(spec) = map_at(job, "spec") else {
        return;
    };
    let missing = |field: &str| spec.get(field).is_none_or(Value::is_null);
    if missing("completions") && missing("parallelism") {
        spec.insert("completions", 1);
    }
    set_missing(spec, "parallelism", 1);
    let has_limit_per_index = !is_zero(spec.get("backoffLimitPerIndex"))
        || spec
            .get("backoffLimitPerIndex")
            .is_some_and(|limit| !limit.is_null());
    set_missing(
        spec,
        "backoffLimit",
        if has_limit_per_index { i32::MAX } else { 6 },
    );
    set_missing(spec, "completionMode", "NonIndexed");
    set_missing(spec, "suspend", false);
    let replacement = if spec
        .get("podFailurePolicy")
        .is_some_and(|policy| !policy.is_null())
    {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    set_missing(spec, "podReplacementPolicy", replacement);
    set_missing(spec, "manualSelector", false);
}

pub(super) fn replication_controller(controller: &mut Map) {
    let labels = controller
        .get("spec")
        .and_then(|spec| spec.at(&["template", "metadata", "labels"]))
        .filter(|labels| labels.as_map().is_some())
        .cloned();
    let Some(labels) = labels else {
        return;
    };
    if let Some(spec) = map_at(controller, "spec") {
        set(spec, "selector", &labels);
    }
    if let Some(metadata) = map_at(controller, "metadata") {
        set(metadata, "labels", &labels);
    }
}

pub(super) fn autoscaler(spec: &mut Map) {
    let metrics = value!([{
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }]);
    set(spec, "metrics", metrics);
    let Some(Value::Map(behavior)) = spec.get_mut("behavior") else {
        return;
    };
    if let Some(up) = map_at(behavior, "scaleUp") {
        set_missing(up, "stabilizationWindowSeconds", 0);
        set_missing(up, "selectPolicy", "Max");
        let policies = value!([
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ]);
        set_missing(up, "policies", policies);
    }
    if let Some(down) = map_at(behavior, "scaleDown") {
        set_missing(down, "selectPolicy", "Max");
        let policies = value!([{"type": "Percent", "value": 100, "periodSeconds": 15}]);
        set_missing(down, "policies", policies);
    }
}
