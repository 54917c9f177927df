//! Logs of containers that never ran: a few lines that say so.

use toft_api::{ApiError, LogOptions, Request, Response};
use toft_object::Time;
use toft_value::Value;

use crate::cluster::Cluster;
use crate::conditions;
use crate::meta;
use crate::reader::Reader;
use crate::resources::PODS;

/// Answers a request for logs; `None` where it is another one.
pub(crate) fn answer(cluster: &Cluster, request: &Request) -> Option<Response> {
    let path = request.path()?;
    if path.subresource != "log" || path.resource != "pods" || !path.group.is_empty() {
        return None;
    }
    let text = cluster.logs((&path.namespace, &path.name), &request.options.log);
    Some(text.map_or_else(Response::from, Response::text))
}

/// One line with its time.
type Line = (Time, String);

/// The simulated log of a container of a pod.
///
/// # Errors
/// There is no such pod or container, none was named where there are several, or it has not started; in
/// upstream's words (Kubernetes 1.36.3 `pkg/registry/core/pod/strategy.go`, `pkg/kubelet/kubelet_pods.go`).
pub(crate) fn of(
    reader: Reader<'_>,
    (namespace, name): (&str, &str),
    options: &LogOptions,
) -> Result<String, ApiError> {
    let pod = reader.get(&PODS, namespace, name);
    let pod = pod.ok_or_else(|| ApiError::not_found(&PODS.name, name))?;
    let container = container(pod, options)?;
    let status = status(pod, &container);
    if options.previous {
        let text = format!("previous terminated container {container:?} in pod {name:?} not found");
        return Err(ApiError::bad_request(text));
    }
    let Some(lines) = status.and_then(|status| lines(pod, &container, status)) else {
        let reason = status.and_then(|status| status.str_at(&["state", "waiting", "reason"]));
        let reason = reason.unwrap_or("ContainerCreating");
        let text = format!("container {container:?} in pod {name:?} is waiting to start: {reason}");
        return Err(ApiError::bad_request(text));
    };
    Ok(print(lines, options))
}

fn names(pod: &Value, list: &str) -> Vec<String> {
    let containers = pod.items_at(&["spec", list]).iter();
    containers
        .filter_map(|one| one.str_at(&["name"]))
        .map(str::to_owned)
        .collect()
}

fn container(pod: &Value, options: &LogOptions) -> Result<String, ApiError> {
    let (main, init) = (names(pod, "containers"), names(pod, "initContainers"));
    let name = meta::name(pod);
    match &options.container {
        Some(wanted) if main.iter().chain(&init).any(|one| one == wanted) => Ok(wanted.to_string()),
        Some(wanted) => Err(ApiError::bad_request(format!(
            "container {wanted} is not valid for pod {name}"
        ))),
        None => {
            if let [only] = main.as_slice() {
                return Ok(only.clone());
            }
            let also = if init.is_empty() {
                String::new()
            } else {
                format!(" or one of the init containers: [{}]", init.join(" "))
            };
            let main = main.join(" ");
            Err(ApiError::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{main}]{also}"
            )))
        }
    }
}

fn status<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let lists = ["containerStatuses", "initContainerStatuses"];
    let mut all = lists
        .iter()
        .flat_map(|list| pod.items_at(&["status", list]));
    all.find(|status| status.str_at(&["name"]) == Some(container))
}

/// What can be told of a container that has started; `None` where it has not.
fn lines(pod: &Value, container: &str, status: &Value) -> Option<Vec<Line>> {
    let paths: [&[&str]; 2] = [
        &["state", "running", "startedAt"],
        &["state", "terminated", "startedAt"],
    ];
    let started = paths.iter().find_map(|path| meta::time_at(status, path))?;
    let image = status.str_at(&["image"]).unwrap_or_default();
    let mut lines = vec![
        (
            started,
            format!(
                "[simulated] no program runs here: container {container} of {image} is taken to work"
            ),
        ),
        (started, "[simulated] started".to_owned()),
    ];
    let ready =
        conditions::find(pod, "Ready").filter(|found| found.str_at(&["status"]) == Some("True"));
    if let Some(at) = ready.and_then(|found| meta::time_at(found, &["lastTransitionTime"])) {
        lines.push((at, "[simulated] the pod is ready".to_owned()));
    }
    if let Some(at) = meta::time_at(status, &["state", "terminated", "finishedAt"]) {
        let code = status
            .i64_at(&["state", "terminated", "exitCode"])
            .unwrap_or(0);
        lines.push((at, format!("[simulated] ended with exit code {code}")));
    }
    Some(lines)
}

fn print(lines: Vec<Line>, options: &LogOptions) -> String {
    let skipped = options
        .tail_lines
        .map_or(0, |tail| lines.len().saturating_sub(tail));
    let mut text = String::new();
    for (at, line) in lines.into_iter().skip(skipped) {
        if options.timestamps {
            text.push_str(&at.to_string());
            text.push(' ');
        }
        text.push_str(&line);
        text.push('\n');
    }
    if let Some(limit) = options.limit_bytes {
        text.truncate(limit.min(text.len()));
    }
    text
}
